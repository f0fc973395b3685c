/** tool.result beyond its shape: output schema, rows, data tags; and calls whose headers say something else than their body. */
import { CallToolRequestSchema, ListToolsRequestSchema } from '@modelcontextprotocol/sdk/types.js'
import { McpServer as McpServerV2 } from '@modelcontextprotocol/server'
import { afterEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { instrumentMcpServer, memorySink, shutdownAudit } from '../../../../collector/instrument/index.ts'
import { CANARY, type Fields, legacy, SDKS, valid as validEvents } from './observed-servers.ts'

afterEach(() => shutdownAudit())

describe.each(SDKS)('%s', (sdk) => {
  it('says whether structured content satisfies the output schema, and how many rows it has', async () => {
    const { client, open, of, valid } = await legacy(sdk, (server) => {
      const outputSchema = { rows: z.array(z.object({ id: z.number() })) }
      server.registerTool('good', { outputSchema }, () => ({
        content: [],
        structuredContent: { rows: [{ id: 1 }, { id: 2 }, { id: 3 }] },
      }))
      server.registerTool('bad', { outputSchema }, () => ({ content: [], structuredContent: { rows: [CANARY] } }))
      server.registerTool('none', { outputSchema }, () => ({ content: [] }))
      server.registerTool('failed', { outputSchema }, () => ({ content: [], isError: true }))
      server.registerTool('plain', {}, () => ({ content: [] }))
    })
    await open()
    for (const name of ['good', 'bad', 'none', 'failed', 'plain'])
      await client.callTool({ name }).catch(() => undefined)
    expect(of('tool.result').map((event) => [event['toolName'], event['schemaOk'], event['rows']])).toEqual([
      ['good', true, 3],
      ['bad', false, undefined],
      ['none', false, undefined],
      ['failed', undefined, undefined],
      ['plain', undefined, undefined],
    ])
    valid()
  })
  it('tags data by tool or by a function, whose errors stay ours', async () => {
    const build = (server: Parameters<Parameters<typeof legacy>[1]>[0]) => {
      server.registerTool('people', {}, () => ({ content: [{ type: 'text', text: CANARY }] }))
      server.registerTool('weather', {}, () => ({ content: [] }))
    }
    const tagsWith = async (dataTags: never) => {
      const { client, open, of, valid } = await legacy(sdk, build, { options: { dataTags } })
      await open()
      await client.callTool({ name: 'people' })
      await client.callTool({ name: 'weather' })
      valid()
      return of('tool.result').map((event) => event['dataTags'])
    }
    expect(await tagsWith({ people: ['pii', 'pii', 'hr'] } as never)).toEqual([['pii', 'hr'], undefined])
    const byContent = (_: string, { content }: { content: unknown[] }) => (content.length > 0 ? ['text'] : [])
    expect(await tagsWith(byContent as never)).toEqual([['text'], undefined])
    const throwing = () => {
      throw new Error('mine')
    }
    expect(await tagsWith(throwing as never)).toEqual([undefined, undefined])
    expect(await tagsWith((() => ({ toString: 1 })) as never)).toEqual([undefined, undefined])
  })
})

it('a low-level server checks nothing: a small check stands in, and says where it has no verdict', async () => {
  const { client, open, of } = await legacy('SDK v1', ({ server }) => {
    server.registerCapabilities({ tools: {} })
    const inputSchema = { type: 'object' as const }
    server.setRequestHandler(ListToolsRequestSchema, () => ({
      tools: [
        { name: 'simple', inputSchema, outputSchema: { type: 'object' as const, required: ['id'] } },
        { name: 'hard', inputSchema, outputSchema: { type: 'object' as const, patternProperties: { x: {} } } },
      ],
    }))
    server.setRequestHandler(CallToolRequestSchema, ({ params }) => ({
      content: [],
      structuredContent: (params.arguments ?? {}) as Record<string, unknown>,
    }))
  })
  await open()
  // Behind the client's own check of results.
  const call = (name: string, args: object) =>
    client.request({ method: 'tools/call', params: { name, arguments: args as never } }, z.looseObject({}) as never)
  await call('simple', { id: 1 })
  await call('simple', { no: 1 })
  await call('hard', { x: 1 })
  expect(of('tool.result').map((event) => [event['schemaOk'], event['flags']])).toEqual([
    [true, undefined],
    [false, undefined],
    [undefined, ['schema_unchecked']],
  ])
})

describe('mirrored headers at a server that compares nothing itself', () => {
  /** A transport that hands on whatever it is given, as an entry of an author's own may. */
  async function careless() {
    const sink = memorySink()
    const server = new McpServerV2({ name: 'careless', version: '1' })
    const inputSchema = z.object({ region: z.string().meta({ 'x-mcp-header': 'Region' }).optional() })
    for (const name of ['get_weather', 'execute_sql'])
      server.registerTool(name, { inputSchema }, () => ({ content: [] }))
    instrumentMcpServer(server, { sink, serverId: 'careless', keys: 'ab'.repeat(32), heartbeatMs: 0 })
    const answers: unknown[] = []
    const transport = {
      handleMessage: true,
      onmessage: undefined as ((message: unknown, extra: unknown) => void) | undefined,
      start: async () => undefined,
      close: async () => undefined,
      send: async (message: unknown) => void answers.push(message),
    }
    await server.connect(transport as never)
    let id = 0
    const meta = {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientCapabilities': {},
    }
    const send = async (headers: Record<string, string>, method: string, params: object) => {
      const before = answers.length
      const request = new Request('http://localhost/', {
        method: 'POST',
        headers: { 'mcp-protocol-version': '2026-07-28', ...headers },
      })
      transport.onmessage!({ jsonrpc: '2.0', id: ++id, method, params: { ...params, _meta: meta } }, { request })
      await expect.poll(() => answers.length).toBe(before + 1)
    }
    const of = (type: string) => sink.events.filter((event) => event.eventType === type) as unknown as Fields[]
    return { send, of, valid: () => validEvents(sink.events) }
  }
  it('a call that they do not describe has an http.request beside its row, an honest one has none', async () => {
    const { send, of, valid } = await careless()
    await send({ 'mcp-method': 'tools/list' }, 'tools/list', {})
    const call = { 'mcp-method': 'tools/call', 'mcp-name': 'get_weather' }
    await send(call, 'tools/call', { name: 'get_weather', arguments: {} })
    await send(call, 'tools/call', { name: 'execute_sql', arguments: {} })
    await send({ ...call, 'mcp-param-region': 'eu' }, 'tools/call', {
      name: 'get_weather',
      arguments: { region: 'us' },
    })
    await send(call, 'tools/call', { name: 'get_weather', arguments: { region: 'us' } })
    await send({ 'mcp-method': 'ping' }, 'tools/list', {})
    expect(of('tool.call')).toHaveLength(4)
    expect(
      of('http.request').map((event) => [
        event['method'],
        event['toolName'],
        event['headerCheck'],
        event['headerMismatches'],
      ]),
    ).toEqual([
      ['tools/list', undefined, 'ok', undefined],
      ['tools/call', 'execute_sql', 'mismatch', ['mcp-name']],
      ['tools/call', 'get_weather', 'mismatch', ['mcp-param-region']],
      ['tools/call', 'get_weather', 'missing', ['mcp-param-region']],
      ['tools/list', undefined, 'mismatch', ['mcp-method']],
    ])
    expect(of('http.request')[2]).toMatchObject({ mirroredParameters: ['region'], processed: true })
    const uids = of('http.request').map((event) => event['requestUid'])
    expect(of('tool.call').filter(({ requestUid }) => uids.includes(requestUid))).toHaveLength(3)
    valid()
  })
})
