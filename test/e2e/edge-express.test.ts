// What Express refuses before any transport is told once, and what reaches one is told by its connection alone.
import { createServer } from 'node:http'
import { createMcpExpressApp, requireBearerAuth as requireBearerAuthV2 } from '@modelcontextprotocol/express'
import { toNodeHandler } from '@modelcontextprotocol/node'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { requireBearerAuth } from '@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js'
import { mcpAuthMetadataRouter } from '@modelcontextprotocol/sdk/server/auth/router.js'
import { createMcpHandler } from '@modelcontextprotocol/server'
import express from 'express'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { auditExpress } from '../../collector/instrument/express.ts'
import { auditHttp } from '../../collector/instrument/http.ts'
import { instrumentMcpServer } from '../../collector/instrument/index.ts'
import {
  type Audit,
  asMcp,
  atEnd,
  audit,
  BAD,
  bearer,
  call,
  closeAll,
  GOOD,
  listen,
  modernCall,
  modernHeaders,
  post,
  SECRETS,
  serverV2,
  sessionsOfV1,
  sound,
  verifierV1,
  verifierV2,
  WEAK,
} from './edge-servers.ts'

afterEach(closeAll)
const METADATA = 'https://orders.example/.well-known/oauth-protected-resource'

/** SDK v1: sessions, bearer gate, metadata router; as an author writes it. */
async function startV1(trail: Audit, more: object = {}) {
  const app = express()
  app.use(auditExpress({ ...trail.options, ...more }))
  const issuer = 'https://id.example'
  app.use(
    mcpAuthMetadataRouter({
      oauthMetadata: {
        issuer,
        authorization_endpoint: `${issuer}/a`,
        token_endpoint: `${issuer}/t`,
        response_types_supported: ['code'],
      },
      resourceServerUrl: new URL('https://orders.example/mcp'),
      scopesSupported: ['orders:read'],
    }),
  )
  app.get('/health', (_request, response) => void response.json({ ok: true }))
  app.use(express.json({ limit: '2kb' }))
  app.use(
    '/mcp',
    requireBearerAuth({
      verifier: verifierV1(trail.options),
      requiredScopes: ['orders:write'],
      resourceMetadataUrl: METADATA,
    }),
  )
  const serve = sessionsOfV1(trail.options)
  app.all('/mcp', (request, response) => serve(request as never, response as never, request.body))
  return listen(createServer(app))
}

describe('Express with SDK v1', () => {
  it('a call without a token is a challenge, a refused call and one http.request, under one uid', async () => {
    const trail = audit()
    const url = await startV1(trail)
    expect((await post(url, call())).status).toBe(401)
    await vi.waitFor(() => expect(trail.of('http.request')).toHaveLength(1))
    const told = trail.told()
    expect(told.map(({ eventType }) => eventType).sort()).toEqual([
      'auth.challenge.sent',
      'http.request',
      'tool.call',
      'tool.result',
    ])
    expect(new Set(told.map(({ requestUid }) => requestUid)).size).toBe(1)
    expect(trail.of('auth.challenge.sent')).toMatchObject([
      {
        status: 401,
        error: 'invalid_token',
        challengeSchemes: ['bearer'],
        scopesChallenged: ['orders:write'],
        resourceMetadataHash: expect.stringMatching(/^[0-9a-f]{32}$/),
        decision: 'challenge',
        method: 'tools/call',
      },
    ])
    expect(trail.of('http.request')).toMatchObject([
      {
        status: 401,
        refusal: 'authorization',
        outcome: 'denied',
        processed: false,
        verb: 'POST',
        credentialLocation: 'none',
        toolName: 'order',
        userAgentFamily: 'probe',
        tlsVersion: 'none',
        bindAddress: expect.stringMatching(/^(127\.0\.0\.1|\[::1?\]):\d+$/),
        addressClass: 'loopback',
        sourceAddressFp: expect.stringMatching(/^[0-9a-f]{32}$/),
        bytesIn: JSON.stringify(call()).length,
      },
    ])
    expect(trail.of('tool.result')).toMatchObject([{ outcome: 'denied', errorCode: '401', toolName: 'order' }])
    sound(trail)
  })

  it('a token that is refused shares its uid with the challenge, and stands nowhere', async () => {
    const trail = audit()
    const url = await startV1(trail)
    expect((await post(url, { ...call(), method: 'tools/list' }, bearer(BAD))).status).toBe(401)
    await vi.waitFor(() => expect(trail.of('http.request')).toHaveLength(1))
    const told = trail.told()
    expect(told.map(({ eventType }) => eventType).sort()).toEqual([
      'auth.challenge.sent',
      'auth.token.validated',
      'http.request',
    ])
    expect(new Set(told.map(({ requestUid }) => requestUid)).size).toBe(1)
    expect(trail.of('auth.token.validated')).toMatchObject([
      { decision: 'deny', scheme: 'bearer', userAgentFamily: 'probe', addressClass: 'loopback' },
    ])
    expect(trail.of('http.request')).toMatchObject([{ credentialLocation: 'header', method: 'tools/list' }])
    sound(trail)
  })

  it('a good token without the scope is 403 by a known caller', async () => {
    const trail = audit()
    const url = await startV1(trail)
    expect((await post(url, call(), bearer(WEAK))).status).toBe(403)
    await vi.waitFor(() => expect(trail.of('http.request')).toHaveLength(1))
    expect(trail.of('auth.challenge.sent')).toMatchObject([
      { status: 403, error: 'insufficient_scope', clientKey: 'shop', principalKind: 'user' },
    ])
    expect(trail.of('http.request')).toMatchObject([{ refusal: 'scope', status: 403, clientKey: 'shop' }])
    expect(trail.of('tool.result')).toMatchObject([{ outcome: 'denied', clientKey: 'shop' }])
    expect(trail.of('auth.token.validated')).toHaveLength(1)
    expect(new Set(trail.told().map(({ requestUid }) => requestUid)).size).toBe(1)
    sound(trail)
  })

  it('a session of a real client: one event a request, enriched, and its stream and its end', async () => {
    const trail = audit()
    const url = await startV1(trail)
    const client = new Client({ name: 'c', version: '1' })
    const transport = new StreamableHTTPClientTransport(...asMcp(url, GOOD))
    await client.connect(transport)
    await client.listTools()
    await client.callTool({ name: 'order', arguments: { sku: 'A' } })
    await vi.waitFor(() => expect(trail.of('stream.opened')).toHaveLength(1))
    await transport.terminateSession()
    await client.close()
    await vi.waitFor(() => expect(trail.of('stream.closed')).toHaveLength(1))
    await vi.waitFor(() => expect(trail.of('http.request').filter(({ verb }) => verb === 'DELETE')).toHaveLength(1))
    const requests = trail.of('http.request')
    expect(requests.map(({ verb, method }) => `${verb} ${method}`).sort()).toEqual([
      'DELETE ',
      'GET ',
      'POST initialize',
      'POST tools/list',
    ])
    for (const request of requests)
      expect(request).toMatchObject({ status: 200, decision: 'allow', processed: true, addressClass: 'loopback' })
    expect(trail.of('tool.call')).toMatchObject([{ addressClass: 'loopback', clientKey: 'shop' }])
    expect(trail.of('tool.result')).toHaveLength(1)
    expect(trail.of('session.created')).toHaveLength(1)
    expect(trail.of('session.terminated')).toMatchObject([{ reason: 'deleted by the client' }])
    expect(trail.of('stream.opened')).toMatchObject([
      { streamKind: 'get', clientKey: 'shop', sessionFp: trail.of('session.created')[0]!['sessionFp'] },
    ])
    // Every request that was carried out has its verified token.
    const verified = new Set(trail.of('auth.token.validated').map(({ requestUid }) => requestUid))
    for (const { requestUid } of [...requests, ...trail.of('tool.call')]) expect(verified).toContain(requestUid)
    sound(trail)
  })

  it('an unknown session is 404 with the keyed hash of what was presented', async () => {
    const trail = audit()
    const url = await startV1(trail)
    const session = SECRETS[3]!
    expect((await post(url, call(), { ...bearer(GOOD), 'mcp-session-id': session })).status).toBe(404)
    await vi.waitFor(() => expect(trail.of('http.request')).toHaveLength(1))
    expect(trail.of('http.request')).toMatchObject([
      {
        refusal: 'session',
        status: 404,
        sessionHeaderPresent: true,
        sessionFp: expect.stringMatching(/^[0-9a-f]{32}$/),
      },
    ])
    const { sessionFp } = trail.of('http.request')[0]!
    expect(trail.of('auth.token.validated')).toMatchObject([{ sessionFp, decision: 'allow' }])
    sound(trail)
  })

  it('a server that answers 400 to an unknown session says so in words', async () => {
    const trail = audit()
    const app = express()
    app.use(auditExpress(trail.options))
    app.post('/mcp', (_request, response) => {
      const error = { code: -32_000, message: 'Bad Request: No valid session ID provided' }
      response.status(400).json({ jsonrpc: '2.0', error, id: null })
    })
    const url = await listen(createServer(app))
    await post(url, call(), { 'mcp-session-id': SECRETS[3]! })
    await vi.waitFor(() => expect(trail.of('http.request')).toHaveLength(1))
    expect(trail.of('http.request')).toMatchObject([{ refusal: 'session', status: 400 }])
    sound(trail)
  })

  it('a body that is too large and one that is no JSON are refused before anybody read them', async () => {
    const trail = audit()
    const url = await startV1(trail)
    expect((await post(url, { ...call(), pad: 'x'.repeat(4_000) }, bearer(GOOD))).status).toBe(413)
    expect((await post(url, '{"a":', bearer(GOOD))).status).toBe(400)
    await vi.waitFor(() => expect(trail.told()).toHaveLength(2))
    expect(trail.told()).toMatchObject([
      { eventType: 'http.request', status: 413, refusal: 'size', method: '', processed: false },
      { eventType: 'http.request', status: 400, refusal: 'other' },
    ])
    sound(trail)
  })

  it('a token in the query, a cookie and two credentials at once are said by name only', async () => {
    const trail = audit()
    const url = await startV1(trail)
    const inQuery = new URL(`?access_token=${BAD}&token_type=x`, url)
    await post(inQuery, call())
    await post(inQuery, call(), bearer(BAD))
    await post(url, call(), { cookie: `connect.sid=${SECRETS[3]}; theme=dark` })
    await vi.waitFor(() => expect(trail.of('http.request')).toHaveLength(3))
    expect(trail.of('http.request')).toMatchObject([
      { credentialLocation: 'query', credentialParameter: 'access_token' },
      { credentialLocation: 'query', credentialPlaces: ['authorization', 'query'] },
      { credentialLocation: 'cookie' },
    ])
    sound(trail)
  })

  it('metadata is told when first served and not again; health checks are nobody’s business', async () => {
    const trail = audit()
    const url = await startV1(trail)
    for (let round = 0; round < 3; round++) {
      await post(new URL('/.well-known/oauth-protected-resource/mcp', url), undefined, {}, 'GET')
      await post(new URL('/health', url), undefined, { accept: '*/*' }, 'GET')
    }
    await vi.waitFor(() => expect(trail.told()).toHaveLength(1))
    expect(trail.told()).toMatchObject([
      {
        eventType: 'auth.metadata.published',
        metadataKind: 'protected_resource',
        resource: ['https://orders.example/mcp'],
        authorizationServers: ['https://id.example'],
        scopesSupported: ['orders:read'],
        changed: false,
      },
    ])
    sound(trail)
  })

  it('trustProxy takes the address that the outermost of our proxies saw, and nobody is believed without it', async () => {
    const trail = audit()
    const behind = await startV1(trail, { trustProxy: 1 })
    const plain = await startV1(trail)
    const forwarded = { 'x-forwarded-for': '10.1.1.1, 198.51.100.7', 'x-forwarded-proto': 'https' }
    await post(behind, call(), forwarded)
    await post(plain, call(), forwarded)
    await vi.waitFor(() => expect(trail.of('http.request')).toHaveLength(2))
    expect(trail.of('http.request')).toMatchObject([
      { addressClass: 'public', forwardedProto: 'https' },
      { addressClass: 'loopback' },
    ])
    expect(JSON.stringify(trail.events)).not.toContain('198.51.100.7')
  })
})

describe('Express with SDK v2', () => {
  /** createMcpExpressApp brings Host and Origin checks that stand before everything: its server is watched. */
  async function startV2(trail: Audit) {
    const app = createMcpExpressApp()
    app.use('/mcp', requireBearerAuthV2({ verifier: verifierV2(trail.options) }))
    const handler = createMcpHandler(instrumentMcpServer(serverV2, trail.options))
    atEnd(() => handler.close())
    const serve = toNodeHandler(handler)
    app.all('/mcp', (request, response) => void serve(request as never, response as never, request.body))
    return listen(auditHttp(createServer(app), trail.options))
  }

  it('foreign Origin and Host are refused with what was refused, and an expected caller', async () => {
    const trail = audit()
    const url = await startV2(trail)
    expect((await post(url, modernCall(), { ...bearer(GOOD), origin: 'https://evil.example' })).status).toBe(403)
    await vi.waitFor(() => expect(trail.of('http.request')).toHaveLength(1))
    expect(trail.of('http.request')).toMatchObject([
      { refusal: 'origin', origin: 'https://evil.example', status: 403, decision: 'deny', processed: false },
    ])
    expect(trail.of('auth.challenge.sent')).toHaveLength(0)
    sound(trail)
  })

  it('a header that contradicts the body and an unknown revision carry their codes', async () => {
    const trail = audit()
    const url = await startV2(trail)
    await post(url, modernCall(), { ...bearer(GOOD), ...modernHeaders('other') })
    const future = modernCall()
    future.params._meta = { ...future.params._meta, 'io.modelcontextprotocol/protocolVersion': '2999-01-01' }
    await post(url, future, { ...bearer(GOOD), ...modernHeaders(), 'mcp-protocol-version': '2999-01-01' })
    await vi.waitFor(() => expect(trail.of('http.request')).toHaveLength(2))
    expect(trail.of('http.request')).toMatchObject([
      {
        refusal: 'header_mismatch',
        errorCode: '-32020',
        status: 400,
        headerCheck: 'mismatch',
        headerMismatches: ['mcp-name'],
        clientKey: 'shop',
        era: 'modern',
      },
      { refusal: 'protocol_version', errorCode: '-32022', status: 400 },
    ])
    expect(trail.of('tool.result').map(({ errorCode }) => errorCode)).toEqual(['-32020', '-32022'])
    sound(trail)
  })

  it('a served call is one row of calls; a scope challenge of the SDK is told once', async () => {
    const trail = audit()
    const url = await startV2(trail)
    expect((await post(url, modernCall(), { ...bearer(WEAK), ...modernHeaders() })).status).toBe(200)
    expect((await post(url, modernCall('refund'), { ...bearer(WEAK), ...modernHeaders('refund') })).status).toBe(403)
    expect((await post(url, undefined, bearer(GOOD), 'GET')).status).toBe(405)
    await vi.waitFor(() => expect(trail.of('http.request')).toHaveLength(2))
    expect(trail.of('tool.result')).toMatchObject([{ outcome: 'ok' }, { outcome: 'denied', toolName: 'refund' }])
    expect(trail.of('auth.challenge.sent')).toMatchObject([{ scopesChallenged: ['orders:write'] }])
    expect(trail.of('http.request')).toMatchObject([
      { status: 403, refusal: 'scope', requestUid: trail.of('tool.result')[1]!['requestUid'] },
      { status: 405, refusal: 'method', verb: 'GET' },
    ])
    const verified = new Set(trail.of('auth.token.validated').map(({ requestUid }) => requestUid))
    for (const { requestUid } of trail.of('tool.call')) expect(verified).toContain(requestUid)
    sound(trail)
  })

  it('a session header has no meaning beside the headers of the modern era', async () => {
    const trail = audit()
    const url = await startV2(trail)
    await post(url, modernCall(), { ...bearer(GOOD), ...modernHeaders(), 'mcp-session-id': SECRETS[3]! })
    await vi.waitFor(() => expect(trail.of('auth.token.validated')).toHaveLength(1))
    expect(trail.of('auth.token.validated')[0]!['sessionFp'] ?? '').toBe('')
    sound(trail)
  })

  it('a call from a page of a browser has an http.request beside its row, with the Origin', async () => {
    const trail = audit()
    const url = await startV2(trail)
    const local = { ...bearer(GOOD), ...modernHeaders(), origin: 'http://localhost:6274' }
    expect((await post(url, modernCall(), local)).status).toBe(200)
    await vi.waitFor(() => expect(trail.of('http.request')).toHaveLength(1))
    expect(trail.of('http.request')).toMatchObject([
      { origin: 'http://localhost:6274', status: 200, processed: true, toolName: 'order', method: 'tools/call' },
    ])
    expect(trail.of('tool.call')).toHaveLength(1)
    sound(trail)
  })
})
