/** Protected servers of ours behind Express, Fastify and Hono, an OAuth provider, outbound requests and programs, used as people use them. */
import { execFile } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { promisify } from 'node:util'
import { getRequestListener } from '@hono/node-server'
import { Client, StreamableHTTPClientTransport as ModernHttp } from '@modelcontextprotocol/client'
import { createMcpFastifyApp } from '@modelcontextprotocol/fastify'
import { createMcpHonoApp } from '@modelcontextprotocol/hono'
import { toNodeHandler } from '@modelcontextprotocol/node'
import { Client as LegacyClient } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport as LegacyHttp } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { InvalidGrantError, InvalidTokenError } from '@modelcontextprotocol/sdk/server/auth/errors.js'
import { requireBearerAuth } from '@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js'
import { mcpAuthRouter } from '@modelcontextprotocol/sdk/server/auth/router.js'
import { McpServer as McpServerV1 } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import {
  createMcpHandler,
  requireBearerAuth as gateOf,
  McpServer as McpServerV2,
  OAuthError,
  OAuthErrorCode,
  requireScopes,
} from '@modelcontextprotocol/server'
import express from 'express'
import { SignJWT } from 'jose'
import { z } from 'zod'
import { auditDecision } from '../../../collector/instrument/authz.ts'
import { auditExpress } from '../../../collector/instrument/express.ts'
import { auditFastify } from '../../../collector/instrument/fastify.ts'
import { auditHono } from '../../../collector/instrument/hono.ts'
import { auditHttp } from '../../../collector/instrument/http.ts'
import {
  type AuditSink,
  auditTokenVerifier,
  createSink,
  type InstrumentOptions,
  instrumentMcpServer,
  OtlpAuditExporter,
  shutdownAudit,
} from '../../../collector/instrument/index.ts'
import {
  auditCallback,
  auditConsent,
  auditOAuthProvider,
  auditUpstreamRedirect,
} from '../../../collector/instrument/oauth.ts'
import { KEY, type RecordedRun } from './runs.ts'

const ISSUER = 'https://login.corp.example'
const AUDIENCE = 'https://orders.corp.example/mcp'
const SIGNING = Buffer.alloc(32, 7)
const PEOPLE = ['u-1001', 'u-1002', 'u-1003'] as const
const FLUSH_MS = 5_000

const exec = promisify(execFile)
const tokenFor = (
  sub: string,
  scope = 'orders:read orders:write',
  seconds = 3600,
  more: object = {},
): Promise<string> =>
  new SignJWT({ scope, client_id: 'desk', jti: randomUUID(), ...more })
    .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt' })
    .setIssuer(ISSUER)
    .setSubject(sub)
    .setAudience(AUDIENCE)
    .setIssuedAt(Math.floor(Date.now() / 1000) - (seconds < 0 ? 7200 : 0))
    .setExpirationTime(Math.floor(Date.now() / 1000) + seconds)
    .sign(SIGNING)
const verifierThat = (refuse: (reason: string) => Error) => ({
  async verifyAccessToken(token: string) {
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString() || '{}')
    if (claims.sub === undefined) throw refuse('not a token of ours')
    if (claims.exp * 1000 < Date.now()) throw refuse('the token has expired')
    if (claims.aud !== AUDIENCE) throw refuse('the token is for another service')
    const { client_id, scope, exp, sub, iss } = claims
    return { token, clientId: client_id, scopes: String(scope).split(' '), expiresAt: exp, extra: { sub, iss } }
  },
})
const verifierV1 = (options: InstrumentOptions) =>
  auditTokenVerifier(
    verifierThat((reason) => new InvalidTokenError(reason)),
    options,
  )
const verifierV2 = (options: InstrumentOptions) =>
  auditTokenVerifier(
    verifierThat((reason) => new OAuthError(OAuthErrorCode.InvalidToken, reason)),
    options,
  )

interface Bed {
  readonly options: InstrumentOptions
  readonly folder: string
  /** A service inside that a tool asks. */
  readonly inner: string
  listen(server: Server): Promise<URL>
}
type Run = (bed: Bed) => Promise<void>

export async function recordProtected(otlp: string, say: (text: string) => void): Promise<RecordedRun[]> {
  const runs: RecordedRun[] = []
  for (const [kind, run] of Object.entries(RUNS)) {
    const open: Server[] = []
    const sink: AuditSink = createSink(new OtlpAuditExporter({ url: otlp }), { delayMs: 20 })
    const listen = async (server: Server): Promise<URL> => {
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      open.push(server)
      return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`)
    }
    const folder = mkdtempSync(join(tmpdir(), 'recorded-'))
    const fromMs = Date.now()
    const inner = createServer((_request, response) => response.writeHead(200).end('{"stock":12}'))
    const innerUrl = await listen(inner)
    const posture = { audienceCheck: true, originCheck: true, tls: false } as const
    const options: InstrumentOptions = {
      sink,
      serverId: kind,
      keys: KEY,
      authRequired: true,
      expectedAudiences: [AUDIENCE],
      heartbeatMs: 0,
      outbound: true,
      sideEffects: true,
      buildDigest: `sha256:${createHash('sha256').update(kind).digest('hex')}`,
      posture,
    }
    try {
      await run({ options, folder, inner: innerUrl.origin, listen })
      say(`recorded ${kind}`)
    } catch (error) {
      say(`not recorded ${kind}: ${error instanceof Error ? error.stack : String(error)}`)
    } finally {
      await wait(200)
      await shutdownAudit()
      await sink.flush(FLUSH_MS)
      await sink.shutdown(FLUSH_MS)
      for (const server of open) server.close().closeAllConnections()
      rmSync(folder, { recursive: true, force: true })
    }
    runs.push({ kind, way: 'code', serverId: kind, fromMs, toMs: Date.now() })
  }
  return runs
}

/** What an order desk offers: reads, writes, asks a service inside, starts a program, writes a file, hands out a handle. */
function orderTools(
  register: (name: string, config: object, run: (args: never) => unknown) => void,
  { folder, inner }: Bed,
): void {
  const text = (value: unknown) => ({ content: [{ type: 'text', text: JSON.stringify(value) }] })
  const sku = { sku: z.string() }
  register('get_order', { description: 'Reads an order', inputSchema: sku, annotations: { readOnlyHint: true } }, () =>
    auditDecision({ tool: 'get_order', policyId: 'orders', requiredScopes: ['orders:read'] }, () => true)
      ? text({ state: 'open', contact: 'ada@example.org', phone: '+49 30 1234567' })
      : text('no'),
  )
  register(
    'place_order',
    { description: 'Places an order', inputSchema: { ...sku, note: z.string().optional() } },
    () => text({ placed: true }),
  )
  register('stock', { description: 'Asks the warehouse how many are left', inputSchema: sku }, async () =>
    text(await (await fetch(`${inner}/stock`)).json()),
  )
  register('export_orders', { description: 'Writes the orders of today into a file', inputSchema: {} }, () => {
    writeFileSync(join(folder, 'orders.csv'), 'id,total\n1,12.5\n')
    return text('orders.csv')
  })
  register('version', { description: 'Version of the program', inputSchema: {} }, async () =>
    text((await exec(process.execPath, ['--version'])).stdout.trim()),
  )
  register(
    'delete_order',
    { description: 'Deletes an order for good', inputSchema: sku, annotations: { destructiveHint: true } },
    () => text({ deleted: true }),
  )
}
const serverV1 = (bed: Bed): McpServerV1 => {
  const server = new McpServerV1({ name: 'orders', version: '1.3.0' })
  orderTools(
    ((name: string, config: object, run: never) => server.registerTool(name, config as never, run)) as never,
    bed,
  )
  return server
}
const serverV2 = (bed: Bed): McpServerV2 => {
  const server = new McpServerV2({ name: 'orders', version: '2.3.0' })
  const register = (name: string, { inputSchema, ...config }: { inputSchema: Record<string, z.ZodType> }, run: never) =>
    server.registerTool(name, { ...config, inputSchema: z.object(inputSchema) } as never, run)
  orderTools(register as never, bed)
  server.registerTool(
    'refund',
    {
      description: 'Pays an order back',
      inputSchema: z.object({ sku: z.string() }),
      scopeChallenge: requireScopes('orders:refund'),
    },
    () => ({ content: [] }),
  )
  return server
}
function sessionsV1(bed: Bed) {
  const sessions = new Map<string, StreamableHTTPServerTransport>()
  return async (request: express.Request, response: express.Response): Promise<void> => {
    const id = request.headers['mcp-session-id']
    let transport = sessions.get(String(id))
    if (transport === undefined) {
      if (id !== undefined) return void response.status(404).json({ error: 'no such session' })
      const made = new StreamableHTTPServerTransport({
        sessionIdGenerator: () => randomUUID(),
        onsessioninitialized: (session) => void sessions.set(session, made),
        onsessionclosed: (session) => void sessions.delete(session),
      })
      transport = made
      await instrumentMcpServer(serverV1(bed), bed.options).connect(made as never)
    }
    await transport.handleRequest(request, response, request.body)
  }
}
async function expressOf(bed: Bed): Promise<URL> {
  const app = express()
  app.use(auditExpress(bed.options))
  app.use(express.json())
  app.use('/mcp', requireBearerAuth({ verifier: verifierV1(bed.options) }))
  app.all('/mcp', sessionsV1(bed))
  return bed.listen(createServer(app))
}
function modernFetch(bed: Bed) {
  const handler = createMcpHandler(instrumentMcpServer(() => serverV2(bed), bed.options))
  const gate = gateOf({ verifier: verifierV2(bed.options) })
  return async (request: Request): Promise<Response> => {
    const caller = await gate(request)
    return caller instanceof Response ? caller : handler.fetch(request, { authInfo: caller })
  }
}
const modernOver: Record<string, (bed: Bed) => Promise<URL>> = {
  fastify: async (bed) => {
    const app = createMcpFastifyApp()
    await app.register(auditFastify(bed.options) as never)
    const serve = toNodeHandler({ fetch: modernFetch(bed) })
    app.all('/mcp', async (request, reply) => {
      reply.hijack()
      await serve(request.raw as never, reply.raw, request.body)
    })
    await app.listen({ port: 0, host: '127.0.0.1' })
    closers.push(() => app.close())
    return new URL(`http://127.0.0.1:${(app.server.address() as AddressInfo).port}/mcp`)
  },
  hono: async (bed) => {
    const app = createMcpHonoApp()
    app.use('*', auditHono(bed.options) as never)
    const serve = modernFetch(bed)
    app.all('/mcp', (context) => serve(context.req.raw))
    return bed.listen(createServer(getRequestListener(app.fetch) as never))
  },
  http: (bed) =>
    bed.listen(createServer(auditHttp(toNodeHandler({ fetch: modernFetch(bed) }) as never, bed.options) as never)),
}
const closers: (() => unknown)[] = []

type AnyClient = {
  callTool(call: object): Promise<object>
  listTools(): Promise<object>
  close(): Promise<void>
}
async function legacyClient(url: URL, token: () => Promise<string>): Promise<AnyClient & { end(): Promise<void> }> {
  const transport = new LegacyHttp(url, {
    fetch: async (address, init) => {
      const headers = new Headers(init?.headers)
      headers.set('authorization', `Bearer ${await token()}`)
      return fetch(address, { ...init, headers })
    },
  })
  const client = new LegacyClient({ name: 'desk', version: '4.1.0' })
  await client.connect(transport as never)
  return Object.assign(client as unknown as AnyClient, {
    end: async () => {
      await transport.terminateSession()
      await client.close()
    },
  })
}
async function modernClient(url: URL, token: () => Promise<string>): Promise<AnyClient> {
  const client = new Client(
    { name: 'editor', version: '1.92.2' },
    { versionNegotiation: { mode: { pin: '2026-07-28' } } },
  )
  await client.connect(new ModernHttp(url, { authProvider: { token } }))
  return client as unknown as AnyClient
}
const call = (client: AnyClient, name: string, args: object = {}): Promise<unknown> =>
  client.callTool({ name, arguments: args }).catch((error: unknown) => error)

/** A day at the desk. */
async function desk(client: AnyClient, which: number): Promise<void> {
  await client.listTools()
  const calls: [string, object][] = [
    ['get_order', { sku: 'A-17' }],
    ['place_order', { sku: 'B-2', note: 'Please deliver before Friday; ring twice. Do not leave it at the door.' }],
    ['stock', { sku: 'A-17' }],
    ['export_orders', {}],
    ['version', {}],
    ['delete_order', { sku: 'B-2' }],
    ['get_order', { sku: 42 }],
    ['no_such_tool', {}],
    ['get_order', { sku: 'C-9' }],
    ['stock', { sku: 'C-9' }],
  ]
  for (const [name, args] of calls.slice(which * 2, which * 2 + 6)) await call(client, name, args)
}

const modernRuns = Object.fromEntries(
  Object.entries(modernOver).map(([edge, start]): [string, Run] => [
    `orders-${edge}-v2`,
    async (bed) => {
      const url = await start(bed)
      for (const [n, person] of PEOPLE.entries()) {
        const kept = await tokenFor(person, n === 2 ? 'orders:read' : undefined)
        const client = await modernClient(url, async () => kept)
        await desk(client, n)
        await client.close()
      }
      // Step-up: refused with a challenge, then a token with the scope that was asked for.
      let current = await tokenFor('u-1001')
      const client = await modernClient(url, async () => current)
      await call(client, 'refund', { sku: 'A-17' })
      current = await tokenFor('u-1001', 'orders:read orders:write orders:refund')
      await call(client, 'refund', { sku: 'A-17' })
      await client.close()
      for (const close of closers.splice(0)) await close()
    },
  ]),
)

const VERIFIER = 'recorded-verifier-0123456789-abcdefghijklmnopqrstuv'
const CHALLENGE = createHash('sha256').update(VERIFIER).digest('base64url')
const REDIRECT = 'https://app.corp.example/callback'

const RUNS: Readonly<Record<string, Run>> = {
  'orders-express-v1': async (bed) => {
    const url = await expressOf(bed)
    for (const [n, person] of PEOPLE.entries()) {
      const kept = await tokenFor(person, n === 2 ? 'orders:read' : undefined)
      const client = await legacyClient(url, async () => kept)
      await desk(client, n)
      await client.end()
    }
  },
  'orders-express-expiry': async (bed) => {
    const url = await expressOf(bed)
    // A token ends while its session goes on: refused once, then a fresh one of the same person.
    let current = await tokenFor('u-1002')
    const client = await legacyClient(url, async () => current)
    await call(client, 'get_order', { sku: 'A-1' })
    current = await tokenFor('u-1002', undefined, -60)
    await call(client, 'get_order', { sku: 'A-2' })
    current = await tokenFor('u-1002')
    await call(client, 'get_order', { sku: 'A-3' })
    await client.end()
    await fetch(url, { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } })
    await fetch(url, {
      method: 'POST',
      body: 'not json',
      headers: { authorization: `Bearer ${await tokenFor('u-1002')}`, 'content-type': 'application/json' },
    })
    // A session that the server no longer knows.
    await fetch(url, {
      method: 'POST',
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' }),
      headers: {
        authorization: `Bearer ${await tokenFor('u-1002')}`,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        'mcp-session-id': randomUUID(),
      },
    })
  },
  ...modernRuns,
  'orders-oauth': async (bed) => {
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
  },
}
