/** Real SDK servers over Streamable HTTP, both eras, OAuth-protected: identity, sessions, rounds and canaries end to end. */
import { randomBytes, randomUUID } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Client as ClientV2, StreamableHTTPClientTransport as HttpClientV2 } from '@modelcontextprotocol/client'
import { toNodeHandler } from '@modelcontextprotocol/node'
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport as HttpClientV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { InvalidTokenError } from '@modelcontextprotocol/sdk/server/auth/errors.js'
import { requireBearerAuth } from '@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js'
import { McpServer as McpServerV1 } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import {
  createMcpHandler,
  requireBearerAuth as gateOf,
  inputRequired,
  McpServer as McpServerV2,
} from '@modelcontextprotocol/server'
import express from 'express'
import { SignJWT } from 'jose'
import { afterEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import {
  auditTokenVerifier,
  createSink,
  instrumentMcpServer,
  memorySink,
  shutdownAudit,
} from '../../collector/instrument/index.ts'
import { type AuditEvent, parseEvent } from '../../schemas/event.ts'

type Fields = Readonly<Record<string, unknown>>
const key = randomBytes(32)
const AUDIENCE = 'https://orders.example/mcp'
const open: { close(): unknown }[] = []
afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close()
  await shutdownAudit()
})

const tokenFor = (claims: Record<string, unknown>) =>
  new SignJWT({ aud: AUDIENCE, scope: 'orders:read', client_id: 'shop', jti: randomUUID(), ...claims })
    .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt' })
    .setIssuer('https://id.example')
    .setIssuedAt()
    .setExpirationTime('1h')
    .sign(randomBytes(32))

/** Accepts every JWT but those of Mallory: what is tested is what is recorded, not the verifier. */
const verifier = {
  async verifyAccessToken(token: string) {
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString() || '{}')
    if (claims.sub === undefined || claims.sub === 'mallory') throw new InvalidTokenError(`token ${token} is not good`)
    return {
      token,
      clientId: claims.client_id,
      scopes: String(claims.scope).split(' '),
      expiresAt: claims.exp,
      extra: { sub: claims.sub },
    }
  },
}
let next = 0
function audit() {
  const sink = memorySink()
  return {
    sink,
    options: { sink, serverId: `http-${next++}`, keys: key, authRequired: true, expectedAudiences: [AUDIENCE] },
    of: (type: string) => sink.events.filter((event) => event.eventType === type) as unknown as Fields[],
  }
}
const listen = async (server: Server): Promise<URL> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  open.push({ close: () => new Promise((resolve) => server.close(resolve).closeAllConnections()) })
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`)
}
const headers = (token: string) => ({ requestInit: { headers: { authorization: `Bearer ${token}` } } })
const valid = (events: readonly AuditEvent[]) => {
  for (const event of events) expect(parseEvent(JSON.parse(JSON.stringify(event)))).toHaveProperty('event')
}

async function startV1(recorded: ReturnType<typeof audit>) {
  const sessions = new Map<string, StreamableHTTPServerTransport>()
  const app = express()
  app.use(express.json())
  app.use(requireBearerAuth({ verifier: auditTokenVerifier(verifier, recorded.options) }))
  app.all('/mcp', async (request, response) => {
    let transport = sessions.get(String(request.headers['mcp-session-id']))
    if (transport === undefined) {
      const server = new McpServerV1({ name: 'orders', version: '1.0.0' })
      server.registerTool('order', { description: 'Order', inputSchema: { sku: z.string() } }, ({ sku }) => ({
        content: [{ type: 'text', text: `ordered ${sku}` }],
      }))
      const made = new StreamableHTTPServerTransport({
        sessionIdGenerator: () => randomUUID(),
        onsessioninitialized: (id) => void sessions.set(id, made),
      })
      transport = made
      instrumentMcpServer(server, recorded.options)
      await server.connect(made as never)
    }
    await transport.handleRequest(request, response, request.body)
  })
  return { url: await listen(createServer(app)), sessions }
}

describe('SDK v1, Streamable HTTP with sessions', () => {
  it('ties each call to the verification that let it in, and to person, client and session', async () => {
    const recorded = audit()
    const { url, sessions } = await startV1(recorded)
    const alice = new ClientV1({ name: 'cli', version: '2' })
    await alice.connect(new HttpClientV1(url, headers(await tokenFor({ sub: 'alice' }))) as never)
    await alice.callTool({ name: 'order', arguments: { sku: 'a' } })
    await alice.callTool({ name: 'order', arguments: { sku: 'b' } })
    const bob = new ClientV1({ name: 'cli', version: '2' })
    await bob.connect(new HttpClientV1(url, headers(await tokenFor({ sub: 'bob' }))) as never)
    await bob.callTool({ name: 'order', arguments: { sku: 'c' } })
    const calls = recorded.of('tool.call')
    expect(calls).toHaveLength(3)
    const auths = recorded.of('auth.token.validated')
    for (const call of calls) {
      const own = auths.filter((auth) => auth['requestUid'] === call['requestUid'])
      expect(own).toHaveLength(1)
      expect(own[0]).toMatchObject({
        decision: 'allow',
        iss: 'https://id.example',
        aud: [AUDIENCE],
        expectedAud: [AUDIENCE],
        scopes: ['orders:read'],
        tokenKind: 'jwt',
        jtiKind: 'jti',
        joseAlg: 'HS256',
      })
      expect(own[0]!['principalKey']).toBe(call['principalKey'])
      expect(call).toMatchObject({
        transport: 'http',
        era: 'legacy',
        clientKey: 'shop',
        clientName: 'cli',
        principalKind: 'user',
      })
      expect(call['correlationKey']).toBe(call['sessionFp'])
      expect((own[0]!['producerSeq'] as number) < (call['producerSeq'] as number)).toBe(true)
    }
    expect(calls[0]!['principalKey']).toBe(calls[1]!['principalKey'])
    expect(calls[0]!['principalKey']).not.toBe(calls[2]!['principalKey'])
    expect(calls[0]!['sessionFp']).not.toBe(calls[2]!['sessionFp'])
    const created = recorded.of('session.created')
    expect(
      created.map((event) => [event['idLength'], event['idAlphabet'], event['idUuidVersion'], event['idBits']]),
    ).toEqual([
      [36, 'uuid', 4, 122],
      [36, 'uuid', 4, 122],
    ])
    const listed = recorded
      .of('http.request')
      .map((event) => [event['method'], event['status'], event['verb'], event['credentialLocation']])
    expect(listed).toEqual([
      ['initialize', 200, 'POST', 'header'],
      ['initialize', 200, 'POST', 'header'],
    ])
    await [...sessions.values()][0]!.close()
    expect(recorded.of('session.terminated').map((event) => event['sessionFp'])).toEqual([created[0]!['sessionFp']])
    expect(recorded.of('server.started')).toHaveLength(1)
    expect(recorded.of('tools.registry')).toHaveLength(1)
    expect(recorded.of('server.identity')).toHaveLength(1)
    valid(recorded.sink.events)
  })
  it('records a refused token with decision deny and no verified identity', async () => {
    const recorded = audit()
    const { url } = await startV1(recorded)
    const token = await tokenFor({ sub: 'mallory' })
    const client = new ClientV1({ name: 'x', version: '1' })
    await expect(client.connect(new HttpClientV1(url, headers(token)) as never)).rejects.toThrow()
    const [denied] = recorded.of('auth.token.validated') as [Fields]
    expect(denied).toMatchObject({ decision: 'deny', iss: 'https://id.example', flags: ['claims_unverified'] })
    expect(denied['principalKey']).toBeUndefined()
    expect(denied['reason']).toBe('invalid_token: token [redacted] is not good')
    expect(recorded.of('tool.call')).toHaveLength(0)
    valid(recorded.sink.events)
  })
})

function startV2(recorded: ReturnType<typeof audit>, more: (server: McpServerV2) => void = () => undefined) {
  let built = 0
  const factory = () => {
    built++
    const server = new McpServerV2({ name: 'notes', version: '1.0.0' })
    server.registerTool('note', { description: 'Note', inputSchema: z.object({ text: z.string() }) }, ({ text }) => ({
      content: [{ type: 'text', text }],
    }))
    more(server)
    return server
  }
  const handler = createMcpHandler(instrumentMcpServer(factory, recorded.options))
  open.push(handler)
  const gate = gateOf({ verifier: auditTokenVerifier(verifier, recorded.options) })
  const serve = toNodeHandler({
    async fetch(request, options) {
      const caller = await gate(request)
      return caller instanceof Response ? caller : handler.fetch(request, { ...options, authInfo: caller })
    },
  })
  return {
    start: () => listen(createServer((request, response) => void serve(request as never, response))),
    built: () => built,
  }
}

describe('SDK v2, a server per request', () => {
  it('gives one call per call, one registry and one start for many servers', async () => {
    const recorded = audit()
    const stage = startV2(recorded)
    const client = new ClientV2({ name: 'm', version: '3' }, { versionNegotiation: { mode: 'auto' } })
    await client.connect(new HttpClientV2(await stage.start(), headers(await tokenFor({ sub: 'alice' }))))
    for (let i = 0; i < 5; i++) await client.callTool({ name: 'note', arguments: { text: 'x' } })
    await client.callTool({ name: 'nobody' }).catch(() => undefined)
    await client.listTools()
    expect(stage.built()).toBeGreaterThanOrEqual(7)
    const calls = recorded.of('tool.call')
    const results = recorded.of('tool.result')
    expect(calls).toHaveLength(6)
    expect(new Set(results.map((event) => event['requestUid']))).toEqual(
      new Set(calls.map((event) => event['requestUid'])),
    )
    expect(results.map((event) => event['outcome'])).toEqual(['ok', 'ok', 'ok', 'ok', 'ok', 'protocol_error'])
    expect(calls[0]).toMatchObject({
      era: 'modern',
      protocolVersion: '2026-07-28',
      transport: 'http',
      clientName: 'm',
      clientKey: 'shop',
    })
    expect(calls[0]!['sessionFp']).toBeUndefined()
    expect(calls[0]!['correlationKey']).toMatch(/^[0-9a-f]{32}$/)
    expect(calls.slice(0, 5).every((call) => /^[0-9a-f]{64}$/.test(String(call['definitionHash'])))).toBe(true)
    expect(recorded.of('server.started')).toHaveLength(1)
    expect(recorded.of('tools.registry')).toHaveLength(1)
    const allowed = new Set(recorded.of('auth.token.validated').map((event) => event['requestUid']))
    expect(calls.every((call) => allowed.has(call['requestUid']))).toBe(true)
    expect(recorded.of('http.request').map((event) => event['method'])).toEqual(['server/discover', 'tools/list'])
    valid(recorded.sink.events)
  })
  it('joins the rounds of a multi-round-trip call', async () => {
    const recorded = audit()
    const stage = startV2(recorded, (server) =>
      server.registerTool('confirm', { description: 'Asks back', inputSchema: z.object({}) }, (_args, ctx) =>
        ctx.mcpReq.inputResponses === undefined
          ? inputRequired({
              inputRequests: {
                sure: inputRequired.elicit({
                  message: 'Sure?',
                  requestedSchema: { type: 'object', properties: { password: { type: 'string' } } },
                }),
              },
              requestState: 'state-of-round-1',
            })
          : { content: [{ type: 'text', text: 'done' }] },
      ),
    )
    const client = new ClientV2(
      { name: 'm', version: '3' },
      { capabilities: { elicitation: { form: {} } }, versionNegotiation: { mode: 'auto' } },
    )
    client.setRequestHandler('elicitation/create', async () => ({ action: 'accept', content: { password: 'p' } }))
    await client.connect(new HttpClientV2(await stage.start(), headers(await tokenFor({ sub: 'alice' }))))
    await client.callTool({ name: 'confirm', arguments: {} })
    const calls = recorded.of('tool.call')
    expect(calls.map((call) => call['round'])).toEqual([1, 2])
    expect(calls[0]!['requestUid']).not.toBe(calls[1]!['requestUid'])
    expect(calls[1]!['logicalCallId']).toBe(calls[0]!['requestUid'])
    expect(recorded.of('tool.result').map((event) => event['resultType'])).toEqual(['input_required', 'complete'])
    const [asked] = recorded.of('mrtr.input_required') as [Fields]
    const [retried] = recorded.of('mrtr.retry') as [Fields]
    expect(asked).toMatchObject({
      requestKinds: ['elicitation'],
      stateFp: retried['stateFp'],
      logicalCallId: retried['logicalCallId'],
    })
    expect(recorded.of('elicitation.requested')[0]).toMatchObject({ mode: 'form', fieldClasses: ['credential'] })
    valid(recorded.sink.events)
  })
  it('ends a call as cancelled when the client leaves', async () => {
    const recorded = audit()
    let started: () => void = () => undefined
    const running = new Promise<void>((resolve) => {
      started = resolve
    })
    const stage = startV2(recorded, (server) =>
      server.registerTool('slow', { description: 'Waits' }, async (ctx) => {
        started()
        await new Promise<void>((resolve) => ctx.mcpReq.signal.addEventListener('abort', () => resolve()))
        return { content: [] }
      }),
    )
    const client = new ClientV2({ name: 'm', version: '3' }, { versionNegotiation: { mode: 'auto' } })
    await client.connect(new HttpClientV2(await stage.start(), headers(await tokenFor({ sub: 'alice' }))))
    const abort = new AbortController()
    const call = client.callTool({ name: 'slow' }, { signal: abort.signal }).catch(() => undefined)
    await running
    abort.abort()
    await call
    await expect.poll(() => recorded.of('tool.result').map((event) => event['outcome'])).toEqual(['cancelled'])
  })
  it('sees the legacy era through the same factory', async () => {
    const recorded = audit()
    const stage = startV2(recorded)
    const client = new ClientV1({ name: 'old', version: '1' })
    await client.connect(new HttpClientV1(await stage.start(), headers(await tokenFor({ sub: 'alice' }))) as never)
    await client.callTool({ name: 'note', arguments: { text: 'x' } })
    expect(recorded.of('tool.call')[0]).toMatchObject({
      era: 'legacy',
      protocolVersion: '2025-11-25',
      transport: 'http',
    })
    expect(recorded.of('tool.result')).toHaveLength(1)
  })
})

describe('no secret leaves the process', () => {
  it('holds in every emitted byte, raw and encoded, for tokens, session ids, arguments, results, states and headers', async () => {
    const chunks: Buffer[] = []
    const sink = createSink({
      export: async (batch) => {
        chunks.push(...batch.parts.map((part) => Buffer.from(part.bytes)))
        return { kind: 'sent' as const }
      },
      shutdown: async () => undefined,
    })
    const recorded = { ...audit(), sink: sink as never }
    const options = { ...recorded.options, sink }
    const canary = () => `${randomBytes(8).toString('hex')}Canary${randomBytes(12).toString('base64url')}`
    const planted = {
      argument: canary(),
      argumentKey: canary(),
      tool: canary(),
      method: canary(),
      client: canary(),
      state: canary(),
      header: canary(),
      meta: canary(),
      result: canary(),
    }
    const { url, sessions } = await startV1({ ...recorded, options } as never)
    const good = await tokenFor({ sub: 'alice@private.example', email: planted.client })
    const bad = await tokenFor({ sub: 'mallory' })
    await fetch(url, { method: 'POST', headers: { authorization: `Bearer ${bad}`, cookie: `sid=${planted.header}` } })
    const post = (body: object, session?: string) =>
      fetch(url, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${good}`,
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
          cookie: `sid=${planted.header}`,
          origin: `https://${planted.header}.example`,
          'last-event-id': planted.header,
          ...(session !== undefined && { 'mcp-session-id': session }),
        },
        body: JSON.stringify({ jsonrpc: '2.0', ...body }),
      }).then((response) => response.text())
    await post({
      id: planted.meta,
      method: 'initialize',
      params: {
        protocolVersion: '2025-11-25',
        capabilities: {},
        clientInfo: { name: planted.client, version: planted.client },
      },
    })
    const [session] = [...sessions.keys()]
    const _meta = {
      progressToken: planted.meta,
      baggage: `a=${planted.meta}`,
      traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
    }
    await post(
      {
        id: 2,
        method: 'tools/call',
        params: { name: 'order', arguments: { sku: planted.argument, [planted.argumentKey]: 1 }, _meta },
      },
      session,
    )
    await post(
      {
        id: 3,
        method: 'tools/call',
        params: { name: planted.tool, arguments: { deep: [{ x: `a ${planted.argument} b` }] } },
      },
      session,
    )
    await post({ id: 4, method: planted.method, params: { requestState: planted.state } }, session)
    await post(
      {
        id: 5,
        method: 'tools/call',
        params: { name: 'order', requestState: planted.state, inputResponses: { a: planted.argument } },
      },
      session,
    )
    expect(await sink.flush()).toBe(true)
    expect(sink.stats.sent).toBeGreaterThan(10)
    const bytes = Buffer.concat(chunks)
    const text = bytes.toString('latin1').toLowerCase()
    const secrets = [
      ...Object.values(planted),
      ...good.split('.').slice(1),
      ...bad.split('.').slice(1),
      session!,
      'alice@private.example',
    ]
    for (const secret of secrets) {
      const forms = [
        secret,
        Buffer.from(secret).toString('base64').replace(/=+$/, ''),
        Buffer.from(secret).toString('hex'),
        encodeURIComponent(secret),
        [...Buffer.from(secret)].map((octet) => `%${octet.toString(16)}`).join(''),
      ]
      for (const form of forms) expect(text.includes(form.toLowerCase()), `${secret} as ${form}`).toBe(false)
    }
    // The search is not idle: what is recorded stands there in clear.
    for (const known of ['mcp_audit.tool.call', 'tools/call', 'order', 'https://id.example'])
      expect(text).toContain(known)
  })
})
