/** Beside Sentry, which instruments MCP servers by itself: calls are told once here, Sentry keeps its spans, results stay what they are. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { INSTRUMENT, type Programs, programs, type Ran, REGISTER } from './audited-program.ts'

let bed: Programs
let sentry: string
beforeAll(async () => {
  bed = await programs()
  // Its spans go to a list, which the program prints at its end.
  sentry = bed.file(
    `import * as Sentry from '@sentry/node'
    globalThis.spans = []
    Sentry.init({
      dsn: 'http://key@127.0.0.1:9/1',
      tracesSampleRate: 1,
      traceLifecycle: 'static',
      transport: () => ({ send: async () => ({}), flush: async () => true }),
      beforeSendTransaction: (event) => {
        if (event.contexts?.trace?.op === 'mcp.server') globalThis.spans.push(event.transaction)
        return event
      },
    })
    globalThis.wrapWithSentry = Sentry.wrapMcpServerWithSentry
    globalThis.sentryFlush = () => Sentry.flush(2000)`,
    'mjs',
  )
})
afterAll(() => bed.close())

/** What happens to the server after it was built. */
type Order = 'nothing' | 'ours' | 'ours, then theirs' | 'theirs, then ours'
const wrapped = (order: Order): string => {
  const ours = "instrumentMcpServer(server, { serverId: 'beside' })\n"
  const theirs = 'globalThis.wrapWithSentry(server)\n'
  return { nothing: '', ours, 'ours, then theirs': ours + theirs, 'theirs, then ours': theirs + ours }[order]
}
const REPORT = `await globalThis.sentryFlush()
  console.log(JSON.stringify(globalThis.spans.filter((name) => name.includes('tools/call'))))`
const INSTRUMENT_IMPORT = `const { instrumentMcpServer } = await import(${JSON.stringify(INSTRUMENT)})\n`
const TOOLS = `server.registerTool('hello', {}, () => ({ content: [{ type: 'text', text: 'hello' }] }))
  server.registerTool('fails', {}, () => { throw new Error('no') })\n`
/** A server of either SDK in memory: one call that succeeds, one that fails. */
const memory = (sdk: 'v1' | 'v2', order: Order, before = ''): string => `${before}
  const { Client } = await import('@modelcontextprotocol/sdk/client/index.js')
  const { InMemoryTransport } = await import('@modelcontextprotocol/${sdk === 'v1' ? 'sdk/inMemory.js' : 'server'}')
  const { McpServer } = await import('@modelcontextprotocol/${sdk === 'v1' ? 'sdk/server/mcp.js' : 'server'}')
  ${INSTRUMENT_IMPORT}
  const server = new McpServer({ name: 'beside', version: '1' })
  ${TOOLS}${wrapped(order)}
  const [clientSide, serverSide] = InMemoryTransport.createLinkedPair()
  await server.connect(serverSide)
  const client = new Client({ name: 'caller', version: '1' })
  await client.connect(clientSide)
  console.log(JSON.stringify(await client.callTool({ name: 'hello', arguments: {} })))
  console.log(JSON.stringify(await client.callTool({ name: 'fails', arguments: {} })))
  ${REPORT}`
const handler = (order: Order): string => `
  const { createMcpHandler, McpServer } = await import('@modelcontextprotocol/server')
  ${INSTRUMENT_IMPORT}
  const handler = createMcpHandler(() => {
    const server = new McpServer({ name: 'beside', version: '1' })
    ${TOOLS}${wrapped(order)}
    return server
  })
  const meta = { 'io.modelcontextprotocol/protocolVersion': '2026-07-28', 'io.modelcontextprotocol/clientCapabilities': {},
    'io.modelcontextprotocol/clientInfo': { name: 'caller', version: '1' } }
  for (const name of ['hello', 'fails']) {
    const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': name }
    const params = { name, arguments: {}, _meta: meta }
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params })
    const answer = await handler.fetch(new Request('http://localhost/mcp', { method: 'POST', headers, body }))
    const { content, isError } = (await answer.json()).result
    console.log(JSON.stringify({ content, isError }))
  }
  ${REPORT}`

const ANSWERS = [
  '{"content":[{"type":"text","text":"hello"}]}',
  '{"content":[{"type":"text","text":"no"}],"isError":true}',
]
function expectBoth({ stdout, stderr, code, of }: Ran): void {
  const [first, second, spans] = stdout.trim().split('\n')
  expect({ answers: [first, second], stderr, code }).toEqual({ answers: ANSWERS, stderr: '', code: 0 })
  expect(JSON.parse(spans!)).toEqual(['tools/call hello', 'tools/call fails'])
  const calls = of('tool.call').map(({ event, serverId }) => [serverId, event['toolName']])
  expect(calls).toEqual([
    ['beside', 'hello'],
    ['beside', 'fails'],
  ])
  expect(of('tool.result').map(({ event }) => event['outcome'])).toEqual(['ok', 'tool_error'])
}

describe.each(['v1', 'v2'] as const)('a server of SDK %s has one row per call and one span', (sdk) => {
  it('Sentry before register', async () => {
    expectBoth(await bed.run(memory(sdk, 'nothing'), { flags: ['--import', sentry, '--import', REGISTER] }))
  })
  it('Sentry after register', async () => {
    expectBoth(await bed.run(memory(sdk, 'nothing'), { flags: ['--import', REGISTER, '--import', sentry] }))
  })
  it('Sentry and register, and both by hand as well', async () => {
    const flags = ['--import', REGISTER, '--import', sentry]
    expectBoth(await bed.run(memory(sdk, 'ours, then theirs'), { flags }))
  })
  it('Sentry from its init alone, and instrumentMcpServer', async () => {
    expectBoth(await bed.run(memory(sdk, 'ours', `await import(${JSON.stringify(sentry)})`), { flags: [] }))
  })
  it('instrumentMcpServer below wrapMcpServerWithSentry', async () => {
    expectBoth(await bed.run(memory(sdk, 'ours, then theirs'), { flags: ['--import', sentry] }))
  })
  it('instrumentMcpServer above wrapMcpServerWithSentry', async () => {
    expectBoth(await bed.run(memory(sdk, 'theirs, then ours'), { flags: ['--import', sentry] }))
  })
})

describe('servers that createMcpHandler builds per request have one row per call and one span', () => {
  it('with register', async () => {
    expectBoth(await bed.run(handler('nothing'), { flags: ['--import', REGISTER, '--import', sentry] }))
  })
  it('with instrumentMcpServer', async () => {
    expectBoth(await bed.run(handler('ours'), { flags: ['--import', sentry] }))
  })
})
