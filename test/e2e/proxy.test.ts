/** Real SDK servers behind the proxy, untouched: sessions, streams, both eras, both openings, tokens and refusals, as events. */
import { Client as ClientV2, StreamableHTTPClientTransport as HttpClientV2 } from '@modelcontextprotocol/client'
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js'
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js'
import { StreamableHTTPClientTransport as HttpClientV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { afterEach, describe, expect, it } from 'vitest'
import { memorySink } from '../../collector/instrument/index.ts'
import { type ProxyOptions, type RunningProxy, startProxy } from '../../collector/proxy/proxy.ts'
import { parseEvent } from '../../schemas/event.ts'
import { headers, tokenFor } from './protected-servers.ts'
import { gate, type Listening, legacySse, sessionsV1, statelessV2 } from './proxy-servers.ts'

const open: { close(): Promise<unknown> }[] = []
afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close()
})
type Fields = Readonly<Record<string, unknown>>
const soon = <T>(read: () => T) => expect.poll(read, { timeout: 15_000 })
let proxies = 0
async function proxied(server: Listening, options: Partial<ProxyOptions> = {}) {
  const sink = memorySink()
  const proxy = await startProxy({
    target: server.url,
    host: '127.0.0.1',
    port: 0,
    sink,
    serverId: `proxied-${proxies++}`,
    heartbeatMs: 0,
    holdMs: 200,
    keys: 'ab'.repeat(32),
    ...options,
  })
  open.push({ close: () => proxy.close(0) })
  const of = (type: string) => sink.events.filter(({ eventType }) => eventType === type) as unknown as Fields[]
  /** No event is told that the service would refuse. */
  const valid = () => {
    for (const event of sink.events) expect(parseEvent(JSON.parse(JSON.stringify(event)))).toHaveProperty('event')
  }
  return { proxy, sink, of, valid, mcp: new URL(`${proxy.url}/mcp`) }
}
const started = async (server: Promise<Listening>): Promise<Listening> => {
  const listening = await server
  open.push(listening)
  return listening
}
const clientV1 = () => new ClientV1({ name: 'proxied', version: '1' })
const clientV2 = () => new ClientV2({ name: 'proxied', version: '2' }, { versionNegotiation: { mode: 'auto' } })
const post = (proxy: RunningProxy, body: unknown, more: Record<string, string> = {}, query = '') =>
  fetch(`${proxy.url}/mcp${query}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...more },
    body: JSON.stringify(body),
  })
const call = (name: string, id = 1) => ({ jsonrpc: '2.0', id, method: 'tools/call', params: { name, arguments: {} } })

describe('a server with sessions', () => {
  it.each([
    ['event streams', false],
    ['JSON', true],
  ])('is seen through %s from its opening to the end of its session', async (_how, json) => {
    const { mcp, of, valid, proxy } = await proxied(await started(sessionsV1(gate(), { json })))
    const client = clientV1()
    const transport = new HttpClientV1(mcp)
    await client.connect(transport as never)
    await client.listTools()
    for (let at = 0; at < 3; at++)
      expect(await client.callTool({ name: 'echo', arguments: { text: `${at}` } })).toMatchObject({
        content: [{ text: `${at}` }],
      })
    await client.callTool({ name: 'nobody' })
    await transport.terminateSession()
    await client.close()
    await soon(() => of('session.terminated')).toMatchObject([{ reason: 'deleted by the client' }])
    const calls = of('tool.call')
    expect(calls).toHaveLength(4)
    expect(of('tool.result').map(({ outcome }) => outcome)).toEqual(['ok', 'ok', 'ok', 'tool_error'])
    expect(calls[0]).toMatchObject({
      vantage: 'gateway',
      transport: 'http',
      era: 'legacy',
      protocolVersion: '2025-11-25',
      clientName: 'proxied',
      toolName: 'echo',
      decision: 'allow',
      flags: ['no_principal'],
      addressClass: 'loopback',
      principalKind: 'anonymous',
    })
    expect(calls[0]!['definitionHash']).toMatch(/^[0-9a-f]{64}$/)
    const session = of('session.created')
    expect(session).toMatchObject([{ idAlphabet: 'uuid', idUuidVersion: 4 }])
    expect(new Set(calls.map(({ sessionFp }) => sessionFp))).toEqual(new Set([session[0]!['sessionFp']]))
    const asked = of('http.request').map(({ method, verb, status }) => [method || verb, status])
    expect(asked).toEqual(
      expect.arrayContaining([
        ['initialize', 200],
        ['tools/list', 200],
        ['DELETE', 200],
      ]) as unknown,
    )
    expect(of('tools.registry')).toMatchObject([{ registrySource: 'list', era: 'legacy' }])
    expect(of('stream.opened')).toMatchObject([{ streamKind: 'get' }])
    expect(of('server.identity')).toHaveLength(1)
    await proxy.close(0)
    expect(of('server.stopped')).toMatchObject([{ serverName: 'orders', serverVersion: '1.0.0', drops: 0 }])
    valid()
  })
  it('is seen although its session began before the proxy', async () => {
    const server = await started(sessionsV1(gate(), { json: true }))
    const opening = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'a', version: '1' } }
    const direct = await fetch(`${server.url}/mcp`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 0, method: 'initialize', params: opening }),
    })
    const session = { 'mcp-session-id': direct.headers.get('mcp-session-id')! }
    const { proxy, of } = await proxied(server)
    await (await post(proxy, call('nobody'), session)).text()
    await soon(() => of('tool.call')[0]?.['sessionFp']).toMatch(/^[0-9a-f]{32}$/)
    await (await post(proxy, call('nobody', 2), { 'mcp-session-id': 'unknown' })).text()
    await soon(() => of('http.request')).toMatchObject([{ refusal: 'session', status: 404, processed: false }])
    expect(of('tool.result').map(({ outcome }) => outcome)).toEqual(['tool_error', 'denied'])
    // What another path answers says nothing of a session.
    await (await fetch(`${proxy.url}/elsewhere`, { method: 'DELETE', headers: session })).text()
    await (await post(proxy, call('nobody', 3), session)).text()
    await soon(() => of('tool.call').length).toBe(3)
    expect(of('session.terminated')).toEqual([])
  })
  it('a stream that broke is resumed by its last event id, and the answer still belongs to its call', async () => {
    const slow = gate()
    const { proxy, of, mcp } = await proxied(await started(sessionsV1(slow)))
    const client = clientV1()
    const transport = new HttpClientV1(mcp)
    await client.connect(transport as never)
    const session = { 'mcp-session-id': transport.sessionId!, 'mcp-protocol-version': '2025-11-25' }
    const aborting = new AbortController()
    const answer = await fetch(mcp, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...session },
      body: JSON.stringify(call('slow', 77)),
      signal: aborting.signal,
    })
    // A server that can be resumed says an id first.
    const reader = answer.body!.getReader()
    const first = new TextDecoder().decode((await reader.read()).value)
    const id = /^id: (.*)$/m.exec(first)![1]!
    aborting.abort()
    await soon(() => of('tool.call').length).toBe(1)
    slow.open()
    const resumed = await fetch(mcp, { headers: { accept: 'text/event-stream', 'last-event-id': id, ...session } })
    const rest = resumed.body!.getReader()
    let text = ''
    while (!text.includes('at last')) text += new TextDecoder().decode((await rest.read()).value)
    await rest.cancel()
    await expect
      .poll(() => of('tool.result'))
      .toMatchObject([{ outcome: 'ok', requestUid: of('tool.call')[0]!['requestUid'] }])
    expect(of('stream.opened').some(({ lastEventFp }) => /^[0-9a-f]{32}$/.test(String(lastEventFp)))).toBe(true)
    await client.close()
    await proxy.close(0)
    expect(of('tool.result')).toHaveLength(1)
  })
  it('a stream that broke and is not resumed ends its call as cancelled', async () => {
    const { of, mcp } = await proxied(await started(sessionsV1(gate())), { resumeMs: 10 })
    const client = clientV1()
    const transport = new HttpClientV1(mcp)
    await client.connect(transport as never)
    const aborting = new AbortController()
    await fetch(mcp, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        'mcp-session-id': transport.sessionId!,
      },
      body: JSON.stringify(call('slow', 78)),
      signal: aborting.signal,
    })
    aborting.abort()
    await soon(() => of('tool.result')).toMatchObject([{ outcome: 'cancelled' }])
    await client.close()
  })
})

describe('a server of both eras', () => {
  it('is seen in the modern one, with the headers that mirror the body', async () => {
    const { mcp, of, valid, proxy } = await proxied(await started(statelessV2(gate())))
    const client = clientV2()
    await client.connect(new HttpClientV2(mcp))
    await client.listTools()
    await client.callTool({ name: 'note', arguments: { text: 'x' } })
    await client.callTool({ name: 'nobody', arguments: {} }).catch(() => undefined)
    await client.close()
    expect(of('tool.call').map(({ era, protocolVersion }) => [era, protocolVersion])).toEqual([
      ['modern', '2026-07-28'],
      ['modern', '2026-07-28'],
    ])
    expect(of('tool.result').map(({ outcome }) => outcome)).toEqual(['ok', 'protocol_error'])
    expect(of('http.request').map(({ method, headerCheck }) => [method, headerCheck])).toEqual([
      ['server/discover', 'ok'],
      ['tools/list', 'ok'],
    ])
    expect(of('tool.call')[0]!['definitionHash']).toMatch(/^[0-9a-f]{64}$/)
    expect(of('tools.registry')).toMatchObject([{ era: 'modern' }])
    expect(of('session.created')).toEqual([])
    await proxy.close(0)
    valid()
  })
  it('is seen in the legacy one', async () => {
    const { mcp, of } = await proxied(await started(statelessV2(gate())))
    const client = clientV1()
    await client.connect(new HttpClientV1(mcp) as never)
    await client.callTool({ name: 'note', arguments: { text: 'x' } })
    await client.close()
    expect(of('tool.call')).toMatchObject([{ era: 'legacy', toolName: 'note' }])
    expect(of('tool.result')).toMatchObject([{ outcome: 'ok' }])
  })
  it('headers that disagree with the body are refused by the server and told', async () => {
    const { proxy, of } = await proxied(await started(statelessV2(gate())))
    const meta = {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientInfo': { name: 'x', version: '1' },
      'io.modelcontextprotocol/clientCapabilities': {},
    }
    const body = {
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name: 'note', arguments: { text: 'x' }, _meta: meta },
    }
    const mirrored = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/list', 'mcp-name': 'note' }
    const answer = await post(proxy, body, mirrored)
    expect(answer.status).toBe(400)
    await answer.text()
    await soon(() => of('http.request')).toMatchObject([
      { refusal: 'header_mismatch', headerCheck: 'mismatch', status: 400 },
    ])
    expect(of('tool.call')).toMatchObject([{ decision: 'deny', toolName: 'note' }])
    expect(of('tool.result')).toMatchObject([{ outcome: 'denied', errorCode: '-32020' }])
  })
  it('a client that leaves during a call: the server learns of it, and the call is cancelled', async () => {
    const slow = gate()
    const { mcp, of } = await proxied(await started(statelessV2(slow)))
    const client = clientV2()
    await client.connect(new HttpClientV2(mcp))
    const abort = new AbortController()
    const pending = client.callTool({ name: 'slow', arguments: {} }, { signal: abort.signal }).catch(() => undefined)
    // Told after a second, although the server has not answered yet.
    await soon(() => of('tool.call').length).toBe(1)
    abort.abort()
    await pending
    await soon(() => slow.aborted).toEqual(['slow'])
    await soon(() => of('tool.result')).toMatchObject([{ outcome: 'cancelled' }])
    await client.close()
  })
  it('a server that dies during a call: its client sees the break, and the call is told', async () => {
    const server = await started(statelessV2(gate()))
    const { mcp, of } = await proxied(server)
    const client = clientV2()
    await client.connect(new HttpClientV2(mcp))
    const pending = client.callTool({ name: 'slow', arguments: {} }).then(
      () => 'answered',
      () => 'failed',
    )
    await soon(() => of('tool.call').length).toBe(1)
    for (const socket of server.sockets) socket.destroy()
    expect(await pending).toBe('failed')
    await soon(() => of('tool.result').length).toBe(1)
    expect(['protocol_error', 'cancelled']).toContain(of('tool.result')[0]!['outcome'])
    await client.close()
  })
})

describe('the transport of 2024', () => {
  it('answers on its stream belong to what was posted', async () => {
    const { proxy, of, valid } = await proxied(await started(legacySse(gate())))
    const client = clientV1()
    await client.connect(new SSEClientTransport(new URL(`${proxy.url}/sse`)) as never)
    await client.listTools()
    await client.callTool({ name: 'echo', arguments: { text: 'x' } })
    await client.close()
    await soon(() => of('session.terminated').length).toBe(1)
    expect(of('tool.call')).toMatchObject([{ transport: 'sse_legacy', toolName: 'echo', clientName: 'proxied' }])
    expect(of('tool.result')).toMatchObject([{ outcome: 'ok', sessionFp: of('tool.call')[0]!['sessionFp'] }])
    expect(of('tool.call')[0]!['definitionHash']).toMatch(/^[0-9a-f]{64}$/)
    valid()
  })
})

describe('a protected server', () => {
  const options = { authRequired: true, expectedAudiences: ['https://orders.example/mcp'] }
  it('challenges and refusals are told, and what was asked', async () => {
    const { proxy, of, valid, sink } = await proxied(await started(sessionsV1(gate(), { isProtected: true })), options)
    const mallory = await tokenFor({ sub: 'mallory' })
    const poor = await tokenFor({ sub: 'alice', scope: 'nothing' })
    for (const [more, status] of [
      [{}, 401],
      [{ authorization: `Bearer ${mallory}` }, 401],
      [{ authorization: `Bearer ${poor}` }, 403],
    ] as const) {
      const answer = await post(proxy, call('echo'), more)
      expect(answer.status).toBe(status)
      expect(answer.headers.get('www-authenticate')).toContain('Bearer')
      await answer.text()
    }
    await soon(() => of('http.request').length).toBe(3)
    expect(of('auth.challenge.sent').map(({ status, error }) => [status, error])).toEqual([
      [401, 'invalid_token'],
      [401, 'invalid_token'],
      [403, 'insufficient_scope'],
    ])
    expect(of('tool.call').map(({ decision }) => decision)).toEqual(['challenge', 'challenge', 'challenge'])
    expect(of('tool.result').map(({ outcome, errorCode }) => [outcome, errorCode])).toEqual([
      ['denied', '401'],
      ['denied', '401'],
      ['denied', '403'],
    ])
    expect(of('auth.token.validated')).toMatchObject([
      { decision: 'deny', iss: 'https://id.example', tokenKind: 'jwt' },
    ])
    valid()
    expect(JSON.stringify(sink.events)).not.toContain(mallory.split('.')[2])
  })
  it('who was let in stays unverified: claims are marked, and no column of a verified identity is filled', async () => {
    const { mcp, of, valid, sink } = await proxied(await started(sessionsV1(gate(), { isProtected: true })), options)
    const token = await tokenFor({ sub: 'alice' })
    const client = clientV1()
    await client.connect(new HttpClientV1(mcp, headers(token)) as never)
    await client.listTools()
    await client.callTool({ name: 'echo', arguments: { text: 'x' } })
    await client.close()
    const [allowed] = of('auth.token.validated').filter(
      ({ requestUid }) => requestUid === of('tool.call')[0]!['requestUid'],
    )
    expect(allowed).toMatchObject({
      decision: 'allow',
      iss: 'https://id.example',
      scopes: ['orders:read'],
      aud: ['https://orders.example/mcp'],
      expectedAud: ['https://orders.example/mcp'],
      scheme: 'bearer',
      flags: ['claims_unverified', 'no_principal'],
    })
    expect(allowed!['tokenFp']).toMatch(/^[0-9a-f]{32}$/)
    for (const event of sink.events as unknown as Fields[])
      for (const field of ['principalKey', 'principalKind', 'clientKey', 'tenantKey', 'actorKeys', 'signatureOk'])
        expect([event['eventType'], field, event[field]]).toEqual([event['eventType'], field, undefined])
    expect(of('tools.registry')[0]!['scopeSetHash']).toMatch(/^[0-9a-f]{32}$/)
    valid()
    const [, payload, signature] = token.split('.') as [string, string, string]
    for (const secret of [payload, signature]) expect(JSON.stringify(sink.events)).not.toContain(secret)
  })
  it('a token in the query is told as such, and its documents pass untouched', async () => {
    const { proxy, of, sink } = await proxied(await started(sessionsV1(gate(), { isProtected: true })), options)
    const token = await tokenFor({ sub: 'alice' })
    await (await post(proxy, call('echo'), {}, `?access_token=${token}`)).text()
    await soon(() => of('http.request')).toMatchObject([
      { credentialLocation: 'query', credentialParameter: 'access_token', status: 401 },
    ])
    const path = '/.well-known/oauth-protected-resource'
    expect(await (await fetch(`${proxy.url}${path}`)).json()).toEqual({
      resource: 'https://orders.example/mcp',
      authorization_servers: ['https://id.example'],
    })
    await soon(() => of('auth.metadata.published')).toMatchObject([{ metadataKind: 'protected_resource' }])
    expect(JSON.stringify(sink.events)).not.toContain(token.split('.')[1])
  })
})
