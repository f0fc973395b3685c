// An authorization server that the MCP server hosts: the router of SDK v1 around audited providers, driven as clients and attackers do.
import { createHash, randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import { InvalidGrantError } from '@modelcontextprotocol/sdk/server/auth/errors.js'
import type { OAuthServerProvider } from '@modelcontextprotocol/sdk/server/auth/provider.js'
import { ProxyOAuthServerProvider } from '@modelcontextprotocol/sdk/server/auth/providers/proxyProvider.js'
import { mcpAuthRouter } from '@modelcontextprotocol/sdk/server/auth/router.js'
import type { OAuthClientInformationFull } from '@modelcontextprotocol/sdk/shared/auth.js'
import express from 'express'
import { UnsecuredJWT } from 'jose'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { auditExpress } from '../../collector/instrument/express.ts'
import {
  auditCallback,
  auditClientMetadata,
  auditConsent,
  auditOAuthProvider,
  auditUpstreamRedirect,
  type OAuthAuditOptions,
} from '../../collector/instrument/oauth.ts'
import { type Audit, audit, closeAll, type Fields, listen, sound } from './edge-servers.ts'

afterEach(closeAll)
const REDIRECT = 'https://app.example/callback'
const VERIFIER = 'planted-verifier-0123456789-abcdefghijklmnopqrstuv'
const CHALLENGE = createHash('sha256').update(VERIFIER).digest('base64url')
const PLANTED = [
  'planted-code-77aa88bb99cc',
  'planted-refresh-1a2b3c4d5e6f',
  'planted-state-q1w2e3r4t5y6',
  VERIFIER,
  REDIRECT,
]
const [CODE, REFRESH, STATE] = PLANTED as [string, string, string]

/** A provider with private state, as real ones have it. */
class OwnProvider implements OAuthServerProvider {
  readonly #clients = new Map<string, OAuthClientInformationFull>()
  readonly #codes = new Map<string, string>([[CODE, CHALLENGE]])
  get clientsStore() {
    return {
      getClient: (id: string) => this.#clients.get(id),
      registerClient: (client: object) => {
        const made = { ...client, client_id: randomUUID() } as OAuthClientInformationFull
        this.#clients.set(made.client_id, made)
        return made
      },
    }
  }
  async authorize(
    _client: object,
    params: { redirectUri: string; state?: string },
    response: { redirect(to: string): void },
  ) {
    response.redirect(`${params.redirectUri}?code=${CODE}&state=${params.state ?? ''}`)
  }
  async challengeForAuthorizationCode(_client: object, code: string) {
    const challenge = this.#codes.get(code)
    if (challenge === undefined) throw new InvalidGrantError(`no such code ${code}`)
    return challenge
  }
  async exchangeAuthorizationCode(_client: object, code: string) {
    this.#codes.delete(code)
    return { access_token: TOKEN, token_type: 'bearer', scope: 'orders:read', refresh_token: REFRESH }
  }
  async exchangeRefreshToken(_client: object, refresh: string, scopes?: string[]) {
    if (refresh !== REFRESH) throw new InvalidGrantError(`unknown ${refresh}`)
    return { access_token: TOKEN, token_type: 'bearer', scope: scopes?.join(' ') ?? '' }
  }
  async revokeToken() {}
  async verifyAccessToken(token: string) {
    return { token, clientId: 'c', scopes: [], expiresAt: 9e9 }
  }
}
const TOKEN = new UnsecuredJWT({ sub: 'alice', iss: 'https://id.example', jti: 'j-1', client_id: 'c' }).encode()

async function start(trail: Audit, provider: OAuthServerProvider, more: OAuthAuditOptions = {}) {
  const app = express()
  app.use(auditExpress(trail.options))
  const issuerUrl = new URL('https://auth.example')
  const rateLimit = { rateLimit: false } as const
  app.use(
    mcpAuthRouter({
      provider: auditOAuthProvider(provider, { ...trail.options, ...more }),
      issuerUrl,
      authorizationOptions: rateLimit,
      tokenOptions: rateLimit,
      clientRegistrationOptions: rateLimit,
      revocationOptions: rateLimit,
    }),
  )
  const url = await listen(createServer(app))
  const form = (path: string, fields: Record<string, string>) =>
    fetch(new URL(path, url), { method: 'POST', body: new URLSearchParams(fields), redirect: 'manual' })
  return {
    authorize: (query: Record<string, string>) =>
      fetch(new URL(`/authorize?${new URLSearchParams({ response_type: 'code', ...query })}`, url), {
        redirect: 'manual',
      }),
    token: (fields: Record<string, string>) => form('/token', fields),
    revoke: (fields: Record<string, string>) => form('/revoke', fields),
    async register(more: object = {}) {
      const response = await fetch(new URL('/register', url), {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          redirect_uris: [REDIRECT],
          client_name: 'Shop',
          token_endpoint_auth_method: 'none',
          ...more,
        }),
      })
      return (await response.json()) as { client_id: string; client_secret?: string }
    },
  }
}
/** `sound`, and none of what is secret here; redirect URLs are keyed hashes too. */
function secret(trail: Audit, more: readonly string[] = []): void {
  sound(trail)
  const text = JSON.stringify(trail.events)
  for (const planted of [...PLANTED, TOKEN, ...TOKEN.split('.').slice(0, 2), ...more])
    expect(text).not.toContain(planted)
}
const good = (client_id: string) => ({
  client_id,
  redirect_uri: REDIRECT,
  code_challenge: CHALLENGE,
  code_challenge_method: 'S256',
  state: STATE,
  scope: 'orders:read',
  resource: 'https://orders.example/mcp',
})

describe('a provider of one’s own', () => {
  it('its own consent page is no way upstream, nor is any page while consent is to be given', async () => {
    for (const page of ['/consent', 'https://consent.example/']) {
      const trail = audit()
      const provider = new OwnProvider()
      provider.authorize = async (_client, _params, response) => response.redirect(page)
      const server = await start(trail, provider as never, { consentState: () => 'required' })
      const { client_id } = await server.register()
      expect((await server.authorize(good(client_id))).status).toBe(302)
      expect(trail.of('oauth.authorize')).toMatchObject([{ consentState: 'required' }])
      expect(trail.of('oauth.upstream_redirect')).toEqual([])
    }
  })
  it('registration, authorization, exchange and refresh are one event each, with hosts and keyed hashes', async () => {
    const trail = audit()
    const server = await start(trail, new OwnProvider() as never)
    const { client_id } = await server.register({ client_name: 'Ѕhоp\u200b', scope: 'orders:read' })
    expect((await server.authorize(good(client_id))).status).toBe(302)
    const exchanged = await server.token({
      grant_type: 'authorization_code',
      client_id,
      code: CODE,
      code_verifier: VERIFIER,
    })
    expect(await exchanged.json()).toMatchObject({ access_token: TOKEN })
    await server.token({ grant_type: 'refresh_token', client_id, refresh_token: REFRESH, scope: 'orders:write' })
    await server.revoke({ client_id, token: TOKEN })
    await vi.waitFor(() => expect(trail.of('identity.revoked')).toHaveLength(1))
    expect(trail.told().map(({ eventType }) => eventType)).toEqual([
      'oauth.client_registered',
      'oauth.authorize',
      'oauth.token',
      'oauth.token',
      'identity.revoked',
    ])
    const [registered, authorized, token, refreshed] = trail.told() as [Fields, Fields, Fields, Fields]
    expect(registered).toMatchObject({
      decision: 'allow',
      oauthClientId: client_id,
      registrationKind: 'dcr',
      redirectHosts: ['app.example'],
      redirectSchemes: ['https'],
      clientNameKey: 'shop',
      wildcardRedirect: false,
      tokenAuthMethod: 'none',
      addressClass: 'loopback',
    })
    expect(authorized).toMatchObject({
      decision: 'allow',
      redirectMatch: 'exact',
      redirectHost: 'app.example',
      pkcePresent: true,
      pkceMethod: 'S256',
      statePresent: true,
      scopes: ['orders:read'],
      resource: ['https://orders.example/mcp'],
      consentState: 'unknown',
    })
    expect(token).toMatchObject({
      decision: 'allow',
      grantType: 'authorization_code',
      tokenKind: 'jwt',
      // It names no audience, and says so.
      aud: [],
      verifierOk: true,
      pkcePresent: true,
      scopes: ['orders:read'],
      codeFp: expect.stringMatching(/^[0-9a-f]{32}$/),
      issuedFp: trail.of('identity.revoked')[0]!['subjectKey'],
      principalKind: 'user',
      clientKey: client_id,
    })
    expect(refreshed).toMatchObject({
      grantType: 'refresh_token',
      requestedScopes: ['orders:write'],
      scopes: ['orders:write'],
      refreshFp: token['issuedRefreshFp'],
    })
    secret(trail)
  })

  it('what the router refuses before the provider is asked is a deny with its reason', async () => {
    const trail = audit()
    const server = await start(trail, new OwnProvider() as never)
    const { client_id } = await server.register({ redirect_uris: [REDIRECT, 'http://127.0.0.1:1/cb'] })
    const { code_challenge: _, ...withoutPkce } = good(client_id)
    await server.authorize({ ...good(client_id), redirect_uri: 'https://attacker.example/cb' })
    await server.authorize(withoutPkce)
    await server.authorize({ ...good('nobody') })
    await server.authorize({ ...good(client_id), redirect_uri: 'http://127.0.0.1:51734/cb' })
    await server.token({ grant_type: 'authorization_code', client_id, code: CODE, code_verifier: 'x'.repeat(43) })
    await server.token({
      grant_type: 'authorization_code',
      client_id,
      code: 'guessed-code-5566',
      code_verifier: VERIFIER,
    })
    await server.token({ grant_type: 'refresh_token', client_id, refresh_token: 'stolen-refresh-7788' })
    await server.token({ grant_type: 'client_credentials', client_id })
    await vi.waitFor(() => expect(trail.of('oauth.token')).toHaveLength(4))
    expect(trail.of('oauth.authorize')).toMatchObject([
      { decision: 'deny', redirectMatch: 'mismatch', redirectHost: 'attacker.example', oauthClientId: client_id },
      { decision: 'deny', redirectMatch: 'exact', pkcePresent: false, reason: 'invalid_request' },
      { decision: 'deny', redirectMatch: 'unregistered', oauthClientId: 'nobody' },
      { decision: 'allow', redirectMatch: 'loopback_port' },
    ])
    expect(trail.of('oauth.token')).toMatchObject([
      { decision: 'deny', verifierOk: false, pkcePresent: true, reason: 'code_verifier does not fit' },
      { decision: 'deny', reason: 'invalid_grant: no such code [redacted]' },
      { decision: 'deny', grantType: 'refresh_token', reason: 'invalid_grant: unknown [redacted]' },
      { decision: 'deny', grantType: 'client_credentials' },
    ])
    // Refusals of the authorization server are not told again as requests of MCP.
    expect(trail.of('http.request', 'auth.challenge.sent')).toEqual([])
    secret(trail, ['guessed-code-5566', 'stolen-refresh-7788'])
  })

  it('errors are the same object, and members that are frozen or private work as before', async () => {
    const trail = audit()
    const fault = new Error('mine')
    const given = Object.freeze({
      clientsStore: Object.freeze({ getClient: () => undefined }),
      authorize: () => Promise.reject(fault),
    })
    const frozen = auditOAuthProvider(given, trail.options)
    await expect(frozen.authorize()).rejects.toBe(fault)
    expect('registerClient' in frozen.clientsStore).toBe(false)
    const throwing = auditOAuthProvider(
      {
        clientsStore: {},
        exchangeRefreshToken(): Promise<object> {
          throw fault
        },
      },
      trail.options,
    )
    expect(() => throwing.exchangeRefreshToken()).toThrow(fault)
    expect(trail.of('oauth.token')).toMatchObject([{ decision: 'deny', reason: 'Error: mine' }])
  })
})

describe('ProxyOAuthServerProvider', () => {
  it('the way upstream is seen by its host, and what upstream issues by its keyed hash', async () => {
    const trail = audit()
    const provider = new ProxyOAuthServerProvider({
      endpoints: { authorizationUrl: 'https://up.example/authorize', tokenUrl: 'https://up.example/token' },
      verifyAccessToken: async (token) => ({ token, clientId: 'c', scopes: [] }),
      getClient: async (client_id) => ({ client_id, redirect_uris: [REDIRECT] }),
      fetch: async () => Response.json({ access_token: TOKEN, token_type: 'bearer', refresh_token: REFRESH }),
    })
    const server = await start(trail, provider)
    await server.authorize(good('shop'))
    await server.token({ grant_type: 'authorization_code', client_id: 'shop', code: CODE, code_verifier: VERIFIER })
    await vi.waitFor(() => expect(trail.of('oauth.token')).toHaveLength(1))
    expect(trail.of('oauth.authorize')).toMatchObject([{ decision: 'allow', redirectMatch: 'exact' }])
    expect(trail.of('oauth.upstream_redirect')).toMatchObject([
      {
        upstreamHost: 'up.example',
        upstreamClientId: 'shop',
        oauthClientId: 'shop',
        consentState: 'unknown',
        stateFp: trail.of('oauth.authorize')[0]!['stateFp'],
      },
    ])
    expect(trail.of('oauth.token')).toMatchObject([{ verifierOk: true, pkceMethod: 'S256', decision: 'allow' }])
    secret(trail)
  })
})

describe('a flow of one’s own', () => {
  it('consent, upstream and callback join by state; a state is good once', () => {
    const trail = audit()
    const url = `https://up.example/a?client_id=ours&state=${STATE}`
    const back = `https://us.example/cb?code=${CODE}&state=${STATE}&iss=https://up.example`
    auditConsent({ clientId: 'shop', granted: true, scopes: ['orders:read'], cookieBound: true }, trail.options)
    auditUpstreamRedirect({ clientId: 'shop', url, consentState: 'granted' }, trail.options)
    auditCallback({ url: back, expectedIssuer: 'https://up.example' }, trail.options)
    auditCallback({ url: back, expectedIssuer: 'https://up.example' }, trail.options)
    auditCallback(
      { url: new URLSearchParams({ state: 'foreign', error: 'access_denied' }), expectedIssuer: 'x' },
      trail.options,
    )
    auditUpstreamRedirect({ clientId: 'shop', url: 'not a url' }, trail.options)
    expect(trail.of('oauth.consent')).toMatchObject([{ granted: true, cookieBound: true, decision: 'allow' }])
    expect(trail.of('oauth.upstream_redirect')).toMatchObject([{ upstreamClientId: 'ours', consentState: 'granted' }])
    expect(trail.of('oauth.callback')).toMatchObject([
      { decision: 'allow', stateOk: true, stateReused: false, issuerOk: 'ok' },
      { decision: 'deny', stateOk: false, stateReused: true },
      { decision: 'deny', stateOk: false, issuerOk: 'missing', error: 'access_denied' },
    ])
    secret(trail)
  })

  it('a client metadata document is read beside its reader', async () => {
    const trail = audit()
    const clientId = 'https://client.example/oauth.json'
    const document = {
      client_id: clientId,
      client_name: 'Desk',
      redirect_uris: ['http://127.0.0.1/cb', 'http://localhost/cb'],
    }
    const answered = await auditClientMetadata(clientId, async () => Response.json(document), {
      ...trail.options,
      address: '203.0.113.9',
    })
    expect(await answered.json()).toEqual(document)
    await auditClientMetadata(
      'https://169.254.169.254/x',
      async () => new Response('no', { status: 404 }),
      trail.options,
    )
    const fault = new TypeError('blocked')
    await expect(auditClientMetadata('nonsense', () => Promise.reject(fault), trail.options)).rejects.toBe(fault)
    await vi.waitFor(() => expect(trail.of('oauth.cimd_fetched')).toHaveLength(3))
    expect(trail.of('oauth.cimd_fetched')).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          decision: 'allow',
          documentHost: 'client.example',
          documentIpClass: 'public',
          clientIdMatch: true,
          localhostOnly: true,
          clientKind: 'cimd',
          documentHash: expect.stringMatching(/^[0-9a-f]{64}$/),
        }),
        expect.objectContaining({ decision: 'deny', documentIpClass: 'link_local', status: 404, clientIdMatch: false }),
        expect.objectContaining({ decision: 'deny', status: 0, errorCode: 'TypeError: blocked' }),
      ]),
    )
    sound(trail)
  })
})
