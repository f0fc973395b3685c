/** A run of an authorization server that the MCP server hosts: clients register, people consent, codes and refresh tokens are redeemed. */
import { createHash, randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import { InvalidGrantError } from '@modelcontextprotocol/sdk/server/auth/errors.js'
import { mcpAuthRouter } from '@modelcontextprotocol/sdk/server/auth/router.js'
import express from 'express'
import { auditExpress } from '../../../collector/instrument/express.ts'
import {
  auditCallback,
  auditConsent,
  auditOAuthProvider,
  auditUpstreamRedirect,
} from '../../../collector/instrument/oauth.ts'
import { AUDIENCE, type Bed, ISSUER, tokenFor } from './order-desk.ts'

const VERIFIER = 'recorded-verifier-0123456789-abcdefghijklmnopqrstuv'
const CHALLENGE = createHash('sha256').update(VERIFIER).digest('base64url')
const REDIRECT = 'https://app.corp.example/callback'

export async function oauthRun(bed: Bed): Promise<void> {
  const codes = new Map<string, string>()
  const refreshes = new Set<string>()
  const clients = new Map<string, object>()
  const issue = async (scopes: readonly string[]) => {
    const refresh = randomUUID()
    refreshes.add(refresh)
    return {
      access_token: await tokenFor('u-1001', scopes.join(' ')),
      token_type: 'bearer',
      expires_in: 3600,
      scope: scopes.join(' '),
      refresh_token: refresh,
    }
  }
  const provider = {
    clientsStore: {
      getClient: (id: string) => clients.get(id),
      registerClient: (client: object) => {
        const made = { ...client, client_id: randomUUID() }
        clients.set(made.client_id, made)
        return made
      },
    },
    async authorize(
      _client: object,
      params: { redirectUri: string; state?: string; codeChallenge: string },
      response: express.Response,
    ) {
      const code = randomUUID()
      codes.set(code, params.codeChallenge)
      response.redirect(`${params.redirectUri}?code=${code}&state=${params.state ?? ''}`)
    },
    async challengeForAuthorizationCode(_client: object, code: string) {
      const challenge = codes.get(code)
      if (challenge === undefined) throw new InvalidGrantError('no such code')
      return challenge
    },
    async exchangeAuthorizationCode(_client: object, code: string) {
      codes.delete(code)
      return issue(['orders:read'])
    },
    async exchangeRefreshToken(_client: object, refresh: string, scopes?: string[]) {
      if (!refreshes.delete(refresh)) throw new InvalidGrantError('unknown refresh token')
      return issue(scopes ?? ['orders:read'])
    },
    async revokeToken() {},
    async verifyAccessToken(token: string) {
      return { token, clientId: 'desk', scopes: [], expiresAt: 9e9 }
    },
  }
  const app = express()
  app.use(auditExpress(bed.options))
  const rateLimit = { rateLimit: false } as const
  app.use(
    mcpAuthRouter({
      provider: auditOAuthProvider(provider as never, { ...bed.options, consentState: () => 'granted' } as never),
      issuerUrl: new URL('https://auth.corp.example'),
      authorizationOptions: rateLimit,
      tokenOptions: rateLimit,
      clientRegistrationOptions: rateLimit,
      revocationOptions: rateLimit,
    }),
  )
  const url = await bed.listen(createServer(app))
  const form = async (path: string, fields: Record<string, string>) =>
    (await fetch(new URL(path, url), { method: 'POST', body: new URLSearchParams(fields), redirect: 'manual' }))
      .json()
      .catch(() => ({}))
  for (const name of ['Desk', 'Editor', 'Reporting']) {
    const made = (await (
      await fetch(new URL('/register', url), {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ redirect_uris: [REDIRECT], client_name: name, token_endpoint_auth_method: 'none' }),
      })
    ).json()) as { client_id: string }
    const state = randomUUID()
    const query = new URLSearchParams({
      response_type: 'code',
      client_id: made.client_id,
      redirect_uri: REDIRECT,
      code_challenge: CHALLENGE,
      code_challenge_method: 'S256',
      state,
      scope: 'orders:read',
      resource: AUDIENCE,
    })
    const upstream = `https://login.corp.example/authorize?client_id=gateway&state=${randomUUID()}`
    auditConsent(
      { clientId: made.client_id, granted: true, scopes: ['orders:read'], cookieBound: true, beforeConsent: false },
      bed.options,
    )
    auditUpstreamRedirect({ clientId: made.client_id, url: upstream, consentState: 'granted' }, bed.options)
    const upstreamState = new URL(upstream).searchParams.get('state')!
    auditCallback(
      {
        url: `http://127.0.0.1/callback?code=${randomUUID()}&state=${upstreamState}&iss=${encodeURIComponent(ISSUER)}`,
        expectedIssuer: ISSUER,
        ok: true,
      } as never,
      bed.options,
    )
    const answer = await fetch(new URL(`/authorize?${query}`, url), { redirect: 'manual' })
    const code = new URL(answer.headers.get('location') ?? 'http://x/').searchParams.get('code') ?? ''
    const tokens = (await form('/token', {
      grant_type: 'authorization_code',
      client_id: made.client_id,
      code,
      code_verifier: VERIFIER,
    })) as Record<string, string>
    const fresh = (await form('/token', {
      grant_type: 'refresh_token',
      client_id: made.client_id,
      refresh_token: tokens['refresh_token'] ?? '',
    })) as Record<string, string>
    if (name === 'Reporting') {
      await form('/token', {
        grant_type: 'authorization_code',
        client_id: made.client_id,
        code: 'mistyped',
        code_verifier: VERIFIER,
      })
      await form('/revoke', { client_id: made.client_id, token: fresh['refresh_token'] ?? '' })
    }
  }
}
