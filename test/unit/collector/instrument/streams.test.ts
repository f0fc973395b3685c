/** Streams and queues: the GET stream of a session, subscriptions of the modern era over HTTP and stdio, event stores and the bus. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { PassThrough } from 'node:stream'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { SSEClientTransport } from '@modelcontextprotocol/sdk/client/sse.js'
import { InMemoryEventStore } from '@modelcontextprotocol/sdk/examples/shared/inMemoryEventStore.js'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { SSEServerTransport } from '@modelcontextprotocol/sdk/server/sse.js'
import { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js'
import {
  McpServer as McpServerV2,
  WebStandardStreamableHTTPServerTransport as TransportV2,
} from '@modelcontextprotocol/server'
import { StdioServerTransport, serveStdio } from '@modelcontextprotocol/server/stdio'
import { afterEach, describe, expect, it } from 'vitest'
import {
  auditEventStore,
  instrumentMcpHandler,
  instrumentMcpServer,
  memorySink,
  shutdownAudit,
} from '../../../../collector/instrument/index.ts'
import { type Fields, modern, SDKS, type Sdk, valid } from './observed-servers.ts'

const open: { close(): unknown }[] = []
afterEach(async () => {
  for (const each of open.splice(0)) await each.close()
  await shutdownAudit()
})
let next = 0
const META = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': {},
}
const INITIALIZE = {
  jsonrpc: '2.0',
  id: 0,
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'c', version: '1' } },
}
const BOTH = { accept: 'application/json, text/event-stream', 'content-type': 'application/json' }
const ALICE = { token: 't', clientId: 'cli', scopes: [], extra: { sub: 'alice' } }

/** A session over web-standard Streamable HTTP, without a socket. */
async function session(sdk: Sdk, sessionId = `session-${'x'.repeat(20)}`) {
  const sink = memorySink()
  const options = { sink, serverId: `streams-${next++}`, keys: 'ab'.repeat(32), heartbeatMs: 0 }
  const eventStore = auditEventStore(new InMemoryEventStore(), { ...options, sessionId })
  const given = { sessionIdGenerator: () => sessionId, eventStore }
  const info = { name: 'streams', version: '1' }
  const server = sdk === 'SDK v1' ? new McpServer(info) : (new McpServerV2(info) as unknown as McpServer)
  server.registerTool('grow', {}, () => {
    server.registerTool(`tool-${next++}`, {}, () => ({ content: [] }))
    return { content: [] }
  })
  instrumentMcpServer(server, options)
  const transport = sdk === 'SDK v1' ? new WebStandardStreamableHTTPServerTransport(given) : new TransportV2(given)
  await server.connect(transport as never)
  open.push(server)
  const send = (init: RequestInit & { headers?: Record<string, string> }) =>
    transport.handleRequest(
      new Request('http://localhost/mcp', {
        ...init,
        headers: { ...BOTH, 'mcp-session-id': sessionId, ...init.headers },
      }),
      { authInfo: ALICE },
    )
  const post = async (message: object) => (await send({ method: 'POST', body: JSON.stringify(message) })).text()
  await post(INITIALIZE)
  await post({ jsonrpc: '2.0', method: 'notifications/initialized' })
  const of = (type: string) => sink.events.filter((event) => event.eventType === type) as unknown as Fields[]
  const call = () => post({ jsonrpc: '2.0', id: next++, method: 'tools/call', params: { name: 'grow', arguments: {} } })
  return { sink, of, send, post, call, server }
}

describe.each(SDKS)('the GET stream of a session, %s', (sdk) => {
  it('is told with its caller when it opens, and with its messages when the client leaves', async () => {
    const { of, send, call, sink } = await session(sdk)
    const response = await send({ method: 'GET' })
    expect(response.headers.get('content-type')).toBe('text/event-stream')
    const reader = response.body!.getReader()
    await call()
    const { value } = await reader.read()
    expect(new TextDecoder().decode(value)).toContain('notifications/tools/list_changed')
    await reader.cancel()
    const [opened] = of('stream.opened')
    expect(opened).toMatchObject({
      streamKind: 'get',
      transport: 'http',
      sessionFp: of('session.created')[0]!['sessionFp'],
    })
    expect(opened!['principalKey']).toBe(of('tool.call')[0]!['principalKey'])
    expect(opened!['lastEventFp']).toBeUndefined()
    await expect
      .poll(() => of('stream.closed'))
      .toMatchObject([
        { streamKind: 'get', closedBy: 'client', early: true, messages: 1, requestUid: opened!['requestUid'] },
      ])
    valid(sink.events)
  })
  it('that is resumed says so with a keyed hash of the event id', async () => {
    const { of, send, call, sink } = await session(sdk)
    const first = await send({ method: 'GET' })
    const reader = first.body!.getReader()
    await call()
    const frame = new TextDecoder().decode((await reader.read()).value)
    const id = /^id: (.+)$/m.exec(frame)![1]!
    await reader.cancel()
    const again = await send({ method: 'GET', headers: { 'last-event-id': id } })
    expect(again.status).toBe(200)
    await again.body!.cancel()
    expect(of('stream.opened').map((event) => typeof event['lastEventFp'])).toEqual(['undefined', 'string'])
    expect(JSON.stringify(sink.events)).not.toContain(id)
    valid(sink.events)
  })
  it('that is refused opens nothing', async () => {
    const { of, send } = await session(sdk)
    expect((await send({ method: 'GET', headers: { 'mcp-session-id': 'another' } })).status).toBe(404)
    expect((await send({ method: 'GET', headers: { accept: 'text/plain' } })).status).toBe(406)
    expect(of('stream.opened')).toEqual([])
  })
  it('ends with the server, and a session ends with who ended it', async () => {
    const { of, send, server } = await session(sdk)
    const response = await send({ method: 'GET' })
    const rest = response.text()
    expect((await send({ method: 'DELETE' })).status).toBe(200)
    await rest
    expect(of('stream.closed')).toMatchObject([{ closedBy: 'server', early: false, messages: 0 }])
    expect(of('session.terminated')).toMatchObject([{ reason: 'deleted by the client' }])
    const other = await session(sdk)
    expect((await other.send({ method: 'DELETE', headers: { 'mcp-session-id': 'another' } })).status).toBe(404)
    await other.server.close()
    expect(other.of('session.terminated')).toMatchObject([{ reason: 'connection closed' }])
    await server.close()
  })
  it('waits in an event store: notifications are told with who caused them, answers are not', async () => {
    const { of, call, sink, server } = await session(sdk)
    await call()
    const [caused] = of('queue.enqueued')
    const [cause] = of('tool.call')
    expect(of('queue.enqueued')).toHaveLength(1)
    expect(caused).toMatchObject({
      queueKind: 'notification',
      broadcast: false,
      causeRequestUid: cause!['requestUid'],
      producerPrincipal: cause!['principalKey'],
      targetSessionFp: cause!['sessionFp'],
      sessionFp: cause!['sessionFp'],
      notification: of('notification.sent')[0]!['notification'],
    })
    expect(of('notification.sent')[0]).toMatchObject({ causeRequestUid: cause!['requestUid'] })
    server.registerTool('later', {}, () => ({ content: [] }))
    await expect.poll(() => of('queue.enqueued').length).toBe(2)
    expect(of('queue.enqueued')[1]).toMatchObject({ producerPrincipal: '' })
    valid(sink.events)
  })
})

describe('the stream of the SSE transport before Streamable HTTP', () => {
  it('is told when it opens and when it ends, with all its messages', async () => {
    const sink = memorySink()
    const server = new McpServer({ name: 'sse', version: '1' })
    instrumentMcpServer(server, { sink, serverId: `sse-${next++}`, keys: 'ab'.repeat(32), heartbeatMs: 0 })
    let transport: SSEServerTransport | undefined
    const http = createServer((request, response) => {
      if (request.method === 'GET') {
        transport = new SSEServerTransport('/messages', response)
        void server.connect(transport as never)
      } else void transport?.handlePostMessage(request, response)
    })
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
    open.push({ close: () => new Promise((resolve) => http.close(resolve).closeAllConnections()) })
    const client = new Client({ name: 'c', version: '1' })
    const { port } = http.address() as AddressInfo
    await client.connect(new SSEClientTransport(new URL(`http://127.0.0.1:${port}/sse`)) as never)
    await client.ping()
    const of = (type: string) => sink.events.filter((event) => event.eventType === type) as unknown as Fields[]
    expect(of('stream.opened')).toMatchObject([{ streamKind: 'get', transport: 'sse_legacy' }])
    expect(of('stream.opened')[0]!['sessionFp']).toBe(of('session.created')[0]!['sessionFp'])
    await client.close()
    await expect.poll(() => of('stream.closed')).toMatchObject([{ closedBy: 'unknown', messages: 2 }])
    valid(sink.events)
  })
})

it('a frozen store or handler stays as it is', () => {
  const store = Object.freeze({ storeEvent: async () => 'id' })
  expect(auditEventStore(store, { sink: memorySink() })).toBe(store)
  const handler = Object.freeze({ fetch: async () => new Response() })
  expect(instrumentMcpHandler(handler, { sink: memorySink() })).toBe(handler)
})

const listenMessage = (id: number | string, notifications: object) => ({
  jsonrpc: '2.0',
  id,
  method: 'subscriptions/listen',
  params: { notifications, _meta: META },
})
const CAPABILITIES = { tools: { listChanged: true }, resources: { subscribe: true, listChanged: true } }
const FILTER = { toolsListChanged: true, resourceSubscriptions: ['docs://a', 'file:///etc/passwd'] }

describe('subscriptions over HTTP', () => {
  const build = (server: McpServerV2) => {
    server.registerTool('t', {}, () => ({ content: [] }))
  }
  async function listening(isWhole: boolean, notifications: object = FILTER) {
    const stage = await modern(build, { server: { capabilities: CAPABILITIES } })
    const { handler, options } = stage
    if (isWhole) instrumentMcpHandler(handler, options)
    open.push(handler)
    const leave = new AbortController()
    const response = await handler.fetch(
      new Request('http://localhost/mcp', {
        method: 'POST',
        signal: leave.signal,
        headers: { ...BOTH, 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'subscriptions/listen' },
        body: JSON.stringify(listenMessage('sub-1', notifications)),
      }),
    )
    return { ...stage, response, leave }
  }
  it('are told whole where the handler is instrumented: filter, resources, notifications, end', async () => {
    const { handler, response, of, valid } = await listening(true)
    const reader = response.body!.getReader()
    await reader.read()
    handler.notify.toolsChanged()
    handler.notify.promptsChanged()
    handler.notify.resourceUpdated('docs://a')
    const texts = [await reader.read(), await reader.read()].map(({ value }) => new TextDecoder().decode(value))
    expect(texts.join('')).toContain('docs://a')
    expect(of('stream.opened')).toMatchObject([
      { streamKind: 'listen', era: 'modern', filter: ['toolsListChanged', 'resourceSubscriptions'] },
    ])
    const read = of('resource.read')
    expect(read.map((event) => [event['method'], event['uriClass']])).toEqual([
      ['subscriptions/listen', 'unknown'],
      ['subscriptions/listen', 'sensitive_path'],
    ])
    const told = of('notification.sent')
    expect(told.map((event) => event['notification'])).toEqual([
      'notifications/tools/list_changed',
      'notifications/resources/updated',
    ])
    expect(new Set(told.map((event) => event['subscriptionIdHash'])).size).toBe(1)
    expect(of('queue.enqueued').map((event) => [event['broadcast'], event['producerPrincipal']])).toEqual([
      [true, ''],
      [true, ''],
      [false, ''],
    ])
    await handler.close()
    while (!(await reader.read()).done);
    expect(of('stream.closed')).toMatchObject([{ streamKind: 'listen', closedBy: 'server', early: false, messages: 2 }])
    expect(of('http.request').filter(({ method }) => method === 'subscriptions/listen')).toHaveLength(1)
    valid()
  })
  it('reach the client byte for byte', async () => {
    const [watched, plain] = await Promise.all([listening(true), listening(false)])
    for (const { handler } of [watched, plain]) {
      handler.notify.toolsChanged()
      await handler.close()
    }
    expect(await watched.response.text()).toBe(await plain.response.text())
    expect([...watched.response.headers]).toEqual([...plain.response.headers])
  })
  it('that are refused open nothing, and the refusal passes', async () => {
    const { response, of } = await listening(true, 'nonsense' as never)
    expect(await response.text()).toContain('-32602')
    expect(of('stream.opened')).toEqual([])
  })
  it('tell at least begin and end where only the factory is instrumented', async () => {
    const { leave, of, valid } = await listening(false)
    leave.abort()
    expect(of('stream.opened')).toMatchObject([{ streamKind: 'listen', flags: ['filter_unseen'] }])
    expect(of('stream.closed')).toMatchObject([{ streamKind: 'listen', closedBy: 'client' }])
    valid()
  })
})

describe('subscriptions over stdio', () => {
  async function serving() {
    const sink = memorySink()
    const options = { sink, serverId: `wire-${next++}`, keys: 'ab'.repeat(32), heartbeatMs: 0 }
    const [input, output] = [new PassThrough(), new PassThrough()]
    let server: McpServerV2 | undefined
    const factory = () => {
      server = new McpServerV2({ name: 'wire', version: '1' }, { capabilities: CAPABILITIES })
      server.registerTool('t', {}, () => ({ content: [] }))
      return server
    }
    const handle = serveStdio(instrumentMcpServer(factory, options), {
      transport: new StdioServerTransport(input, output),
    })
    open.push(handle as { close(): unknown })
    const lines: string[] = []
    output.on('data', (chunk) =>
      lines.push(
        ...String(chunk)
          .split('\n')
          .filter((line) => line !== ''),
      ),
    )
    const of = (type: string) => sink.events.filter((event) => event.eventType === type) as unknown as Fields[]
    const send = async (message: object, answers: number) => {
      const expected = lines.length + answers
      input.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)
      await expect.poll(() => lines.length).toBeGreaterThanOrEqual(expected)
    }
    return { sink, of, send, lines, input, server: () => server! }
  }
  const list = (id: number) => ({ id, method: 'tools/list', params: { _meta: META } })

  it('are told from the wire: request, filter, what went out on which subscription, and the end', async () => {
    const { sink, of, send, server, input } = await serving()
    await send(list(1), 1)
    await send(listenMessage(7, FILTER), 1)
    await send(listenMessage('eight', { toolsListChanged: true }), 1)
    server().sendToolListChanged()
    await expect.poll(() => of('notification.sent').length).toBe(2)
    await send({ method: 'notifications/cancelled', params: { requestId: 7 } }, 0)
    await expect.poll(() => of('stream.closed').length).toBe(1)
    expect(of('stream.opened').map((event) => event['filter'])).toEqual([
      ['toolsListChanged', 'resourceSubscriptions'],
      ['toolsListChanged'],
    ])
    expect(new Set(of('notification.sent').map((event) => event['subscriptionIdHash'])).size).toBe(2)
    expect(of('stream.closed')).toMatchObject([{ closedBy: 'client', messages: 1, streamKind: 'listen' }])
    expect(of('http.request').map((event) => event['method'])).toEqual([
      'tools/list',
      'subscriptions/listen',
      'subscriptions/listen',
    ])
    expect(of('resource.read').map((event) => event['uriClass'])).toEqual(['unknown', 'sensitive_path'])
    input.end()
    await expect.poll(() => of('stream.closed').length).toBe(2)
    valid(sink.events)
  })
  it('that come first of all are told too, and refused ones open nothing', async () => {
    const { of, send } = await serving()
    await send(listenMessage(1, { toolsListChanged: true }), 1)
    expect(of('stream.opened')).toHaveLength(1)
    await send(listenMessage(2, 'nonsense' as never), 1)
    expect(of('stream.opened')).toHaveLength(1)
    expect(of('http.request').map((event) => [event['method'], event['outcome']])).toEqual([
      ['subscriptions/listen', 'ok'],
      ['subscriptions/listen', 'protocol_error'],
    ])
  })
  it('that nobody asked for go nowhere and are told nowhere', async () => {
    const { of, send, server, lines } = await serving()
    await send(list(1), 1)
    server().sendToolListChanged()
    await send(list(2), 1)
    expect(lines).toHaveLength(2)
    expect(of('notification.sent')).toEqual([])
  })
})
