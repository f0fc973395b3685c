/** Every way a tools/call can end gives exactly one call and one result, on SDK v1 and v2, over the in-memory transport. */
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js'
import { InMemoryTransport as MemoryV1 } from '@modelcontextprotocol/sdk/inMemory.js'
import { Server as ServerV1 } from '@modelcontextprotocol/sdk/server/index.js'
import { McpServer as McpServerV1 } from '@modelcontextprotocol/sdk/server/mcp.js'
import { CallToolRequestSchema, ListToolsRequestSchema } from '@modelcontextprotocol/sdk/types.js'
import { McpServer as McpServerV2, InMemoryTransport as MemoryV2 } from '@modelcontextprotocol/server'
import { afterEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { instrumentMcpServer, memorySink, shutdownAudit } from '../../../../collector/instrument/index.ts'
import { type AuditEvent, parseEvent } from '../../../../schemas/event.ts'

type Fields = Readonly<Record<string, unknown>>
interface Sdk {
  readonly name: string
  readonly server: () => McpServerV1
  readonly pair: () => [MemoryV1, MemoryV1]
}
const SDKS: readonly Sdk[] = [
  {
    name: 'SDK v1',
    server: () => new McpServerV1({ name: 'matrix', version: '1.0.0' }),
    pair: () => MemoryV1.createLinkedPair(),
  },
  {
    name: 'SDK v2',
    server: () => new McpServerV2({ name: 'matrix', version: '1.0.0' }) as unknown as McpServerV1,
    pair: () => MemoryV2.createLinkedPair() as unknown as [MemoryV1, MemoryV1],
  },
]
const fields = (event: AuditEvent | undefined): Fields => event as unknown as Fields
afterEach(() => shutdownAudit())

let next = 0
async function stage(sdk: Sdk) {
  const sink = memorySink()
  const server = sdk.server()
  let release: (() => void) | undefined
  server.registerTool('echo', { description: 'Echo', inputSchema: { text: z.string() } }, ({ text }) => ({
    content: [{ type: 'text', text }],
  }))
  server.registerTool('fail', { description: 'Says that it failed' }, () => ({
    content: [{ type: 'text', text: 'no' }],
    isError: true,
  }))
  server.registerTool('throw', { description: 'Throws' }, () => {
    throw new Error('boom')
  })
  server.registerTool('slow', { description: 'Waits' }, async () => {
    await new Promise<void>((resolve) => {
      release = resolve
    })
    return { content: [] }
  })
  instrumentMcpServer(server, { sink, serverId: `matrix-${next++}` })
  const [clientSide, serverSide] = sdk.pair()
  await server.connect(serverSide)
  const client = new ClientV1({ name: 'tester', version: '9' })
  await client.connect(clientSide)
  const of = (type: string) => sink.events.filter((event) => event.eventType === type)
  const calls = () =>
    of('tool.call').map((call) => {
      const results = of('tool.result').filter((result) => result.requestUid === call.requestUid)
      expect(results).toHaveLength(1)
      return { call: fields(call), result: fields(results[0]) }
    })
  return { sink, server, client, clientSide, serverSide, of, calls, release: () => release?.() }
}

describe.each(SDKS)('$name', (sdk) => {
  it('gives one call and one result for a success, with the definition in force', async () => {
    const { client, calls, of, sink } = await stage(sdk)
    await client.callTool({ name: 'echo', arguments: { text: 'hello' } })
    const [{ call, result }] = calls() as [{ call: Fields; result: Fields }]
    expect(call).toMatchObject({ toolName: 'echo', method: 'tools/call', transport: 'inproc', era: 'legacy', round: 1 })
    expect(call['logicalCallId']).toBe(call['requestUid'])
    expect(result).toMatchObject({
      outcome: 'ok',
      isError: false,
      resultType: 'complete',
      parts: 1,
      contentTypes: ['text'],
      bytes: '{"content":[{"type":"text","text":"hello"}]}'.length,
      durationMs: expect.any(Number),
    })
    const registry = of('tools.registry').map(fields) as [Fields]
    expect(registry).toHaveLength(1)
    const listed = registry[0]['definitions'] as { name: string; hash: string }[]
    expect(call['definitionHash']).toBe(listed.find(({ name }) => name === 'echo')?.hash)
    expect(result['definitionHash']).toBe(call['definitionHash'])
    expect(sink.events.map((event) => event.producerSeq)).toEqual(sink.events.map((_, index) => index + 1))
  })
  it('gives events that the schema takes as they are', async () => {
    const { client, sink } = await stage(sdk)
    await client.callTool({ name: 'echo', arguments: { text: 'x' } })
    await client.listTools()
    await client.callTool({ name: 'nobody' }).catch(() => undefined)
    for (const event of sink.events) {
      const parsed = parseEvent(JSON.parse(JSON.stringify(event)))
      expect(parsed).toHaveProperty('event')
      if ('event' in parsed)
        expect(Object.keys(parsed.event).sort()).toEqual(Object.keys(JSON.parse(JSON.stringify(event))).sort())
    }
  })
  it('records an unknown tool, invalid arguments, isError and a throwing handler once each', async () => {
    const { client, calls } = await stage(sdk)
    for (const name of ['missing', 'fail', 'throw']) await client.callTool({ name }).catch(() => undefined)
    await client.callTool({ name: 'echo', arguments: { text: 7 } }).catch(() => undefined)
    const outcomes = calls().map(({ call, result }) => [call['toolName'], result['outcome'], result['errorCode']])
    expect(outcomes).toEqual([
      ['missing', sdk.name === 'SDK v1' ? 'tool_error' : 'protocol_error', '-32602'],
      ['fail', 'tool_error', undefined],
      ['throw', 'tool_error', undefined],
      ['echo', 'tool_error', '-32602'],
    ])
  })
  it('leaves results and errors of the server as they are', async () => {
    const { client } = await stage(sdk)
    const { isError, content } = (await client.callTool({ name: 'throw' })) as {
      isError: boolean
      content: { text: string }[]
    }
    expect([isError, content[0]!.text]).toEqual([true, 'boom'])
  })
  it('ends a cancelled call as cancelled and ignores the answer that still comes', async () => {
    const { client, calls, release, clientSide } = await stage(sdk)
    const abort = new AbortController()
    const call = client.callTool({ name: 'slow' }, undefined, { signal: abort.signal }).catch(() => undefined)
    await new Promise((resolve) => setTimeout(resolve, 5))
    abort.abort()
    await call
    await new Promise((resolve) => setTimeout(resolve, 5))
    release()
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect(calls().map(({ result }) => result['outcome'])).toEqual(['cancelled'])
    await clientSide.close()
    expect(calls()).toHaveLength(1)
  })
  it('ends a call that the client timed out as timeout', async () => {
    const { client, calls } = await stage(sdk)
    await client.callTool({ name: 'slow' }, undefined, { timeout: 10 }).catch(() => undefined)
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect(calls().map(({ result }) => result['outcome'])).toEqual(['timeout'])
  })
  it('ends calls that are pending when the transport closes', async () => {
    const { client, calls, server } = await stage(sdk)
    const open = [client.callTool({ name: 'slow' }), client.callTool({ name: 'slow' })].map((call) =>
      call.catch(() => undefined),
    )
    await new Promise((resolve) => setTimeout(resolve, 5))
    await server.close()
    await Promise.all(open)
    expect(calls().map(({ result }) => [result['outcome'], result['errorCode']])).toEqual([
      ['cancelled', 'connection_closed'],
      ['cancelled', 'connection_closed'],
    ])
  })
  it('counts a duplicate response once and two requests with one id twice', async () => {
    const { serverSide, calls, clientSide } = await stage(sdk)
    const request = {
      jsonrpc: '2.0',
      id: 'same',
      method: 'tools/call',
      params: { name: 'echo', arguments: { text: 'a' } },
    } as const
    await clientSide.send(request)
    await clientSide.send(request)
    await new Promise((resolve) => setTimeout(resolve, 10))
    await serverSide.send({ jsonrpc: '2.0', id: 'same', result: { content: [] } })
    expect(calls()).toHaveLength(2)
  })
  it('gives one http.request for every other request, unknown methods included', async () => {
    const { client, of, clientSide } = await stage(sdk)
    await client.listTools()
    await client.ping()
    await clientSide.send({ jsonrpc: '2.0', id: 'u', method: 'nobody/knows' })
    await new Promise((resolve) => setTimeout(resolve, 5))
    const seen = of('http.request')
      .map(fields)
      .map(({ method, outcome, errorCode, status, transport }) => [method, outcome, errorCode, status, transport])
    expect(seen).toEqual([
      ['initialize', 'ok', undefined, 0, 'inproc'],
      ['tools/list', 'ok', undefined, 0, 'inproc'],
      ['ping', 'ok', undefined, 0, 'inproc'],
      ['nobody/knows', 'protocol_error', '-32601', 0, 'inproc'],
    ])
    expect(of('tool.call')).toHaveLength(0)
  })
  it('records nothing twice when it is installed twice', async () => {
    const sink = memorySink()
    const server = sdk.server()
    const once = instrumentMcpServer(server, { sink })
    expect(instrumentMcpServer(once, { sink })).toBe(server)
    instrumentMcpServer(server.server, { sink })
    const [clientSide, serverSide] = sdk.pair()
    await server.connect(serverSide)
    await new ClientV1({ name: 't', version: '1' }).connect(clientSide)
    expect(sink.events.filter(({ eventType }) => eventType === 'http.request')).toHaveLength(1)
    expect(sink.events.filter(({ eventType }) => eventType === 'server.started')).toHaveLength(1)
    expect(sink.events[0]?.serverId).toBe('matrix')
  })
  it('survives a sink that throws', async () => {
    const server = sdk.server()
    server.registerTool('ok', {}, () => ({ content: [] }))
    const broken = {
      ...memorySink(),
      emit: () => {
        throw new Error('sink')
      },
      countsOf: () => {
        throw new Error('sink')
      },
    }
    instrumentMcpServer(server, { sink: broken, serverId: 'broken' })
    const [clientSide, serverSide] = sdk.pair()
    await server.connect(serverSide)
    const client = new ClientV1({ name: 't', version: '1' })
    await client.connect(clientSide)
    expect(await client.callTool({ name: 'ok' })).toMatchObject({ content: [] })
    expect((await client.listTools()).tools).toHaveLength(1)
    await client.close()
  })
  it('tells the registry again after every mutation, and calls carry the new fingerprint at once', async () => {
    const { client, server, of, calls } = await stage(sdk)
    const tool = server.registerTool('late', { description: 'first' }, () => ({ content: [] }))
    await client.callTool({ name: 'late' })
    tool.update({ description: 'second' })
    await client.callTool({ name: 'late' })
    tool.disable()
    tool.enable()
    tool.update({ description: 'first' })
    await client.callTool({ name: 'late' })
    tool.remove()
    await client.listTools()
    const [first, second, third] = calls().map(({ call }) => call['definitionHash'])
    expect(first).toMatch(/^[0-9a-f]{64}$/)
    expect(second).not.toBe(first)
    expect(third).toBe(first)
    const told = of('tools.registry').map(fields)
    expect(told.length).toBeGreaterThanOrEqual(5)
    expect(told[0]!['registrySource']).toBe('startup')
    expect(new Set(told.slice(1).map((event) => event['registrySource']))).toEqual(new Set(['mutation']))
    expect((told.at(-1)!['definitions'] as unknown[]).length).toBe(4)
    expect(of('notification.sent').length).toBeGreaterThan(0)
  })
})

describe('low-level Server', () => {
  it('merges the pages of a list and fingerprints what is really shown', async () => {
    const sink = memorySink()
    const server = new ServerV1({ name: 'low', version: '1' }, { capabilities: { tools: {} } })
    let description = 'one'
    server.setRequestHandler(ListToolsRequestSchema, ({ params }) =>
      params?.cursor === 'p2'
        ? { tools: [{ name: 'b', inputSchema: { type: 'object' as const } }] }
        : { tools: [{ name: 'a', description, inputSchema: { type: 'object' as const } }], nextCursor: 'p2' },
    )
    server.setRequestHandler(CallToolRequestSchema, () => ({ content: [] }))
    instrumentMcpServer(server, { sink, serverId: 'low' })
    const [clientSide, serverSide] = MemoryV1.createLinkedPair()
    await server.connect(serverSide)
    const client = new ClientV1({ name: 't', version: '1' })
    await client.connect(clientSide)
    await client.listTools()
    await client.listTools({ cursor: 'p2' })
    description = 'changed behind everyone'
    await client.listTools()
    await client.listTools({ cursor: 'p2' })
    await client.callTool({ name: 'a' })
    const told = sink.events.filter(({ eventType }) => eventType === 'tools.registry').map(fields)
    expect(
      told.map((event) => [event['registrySource'], (event['definitions'] as unknown[]).length, event['pages']]),
    ).toEqual([
      ['startup', 2, undefined],
      ['list', 2, 2],
    ])
    const call = fields(sink.events.find(({ eventType }) => eventType === 'tool.call'))
    expect(call['definitionHash']).toBe((told[1]!['definitions'] as { hash: string }[])[0]!.hash)
  })
})
