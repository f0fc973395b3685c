/** Beside Sentry 11, which instruments MCP servers by itself from `Sentry.init()`: a call is told once by us, and once by Sentry. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { INSTRUMENT, type Programs, programs, type Ran, REGISTER } from './audited-program.ts'

let bed: Programs
let sentry: string
beforeAll(async () => {
  bed = await programs()
  // What it would send is kept in the process: nobody listens at that address.
  sentry = bed.file(
    `import * as Sentry from '@sentry/node'
    globalThis.spans = []
    const hear = (span) => (spans.push(span.name ?? span.description), span)
    Sentry.init({ dsn: 'http://key@127.0.0.1:9/1', tracesSampleRate: 1, beforeSendSpan: hear })
    globalThis.toldToSentry = async () => (await Sentry.flush(200), spans.sort().join())
    globalThis.wrapByHand = Sentry.wrapMcpServerWithSentry`,
    'mjs',
  )
})
afterAll(() => bed.close())

const SDKS = {
  'SDK v1': `import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js'
    import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'`,
  'SDK v2': `import { InMemoryTransport, McpServer } from '@modelcontextprotocol/server'`,
}
const program = (sdk: keyof typeof SDKS, code: string): string => `${SDKS[sdk]}
  import { Client } from '@modelcontextprotocol/sdk/client/index.js'
  import { instrumentMcpServer } from ${JSON.stringify(INSTRUMENT)}
  const server = new McpServer({ name: 'beside', version: '1' })
  server.registerTool('hello', { description: 'Says hello' }, () => ({ content: [{ type: 'text', text: 'hello' }] }))
  ${code}
  const [clientSide, serverSide] = InMemoryTransport.createLinkedPair()
  await server.connect(serverSide)
  const client = new Client({ name: 'caller', version: '1' })
  await client.connect(clientSide)
  for (let call = 0; call < 2; call++) console.log(JSON.stringify(await client.callTool({ name: 'hello', arguments: {} })))
  await client.close()
  console.log(await toldToSentry())`
const SAID = `${'{"content":[{"type":"text","text":"hello"}]}\n'.repeat(2)}initialize,notifications/initialized,tools/call hello,tools/call hello\n`

function expectOnce({ stdout, code, of, stderr }: Ran): void {
  expect({ stdout, code, stderr }).toEqual({ stdout: SAID, code: 0, stderr: '' })
  for (const type of ['tool.call', 'tool.result']) {
    const told = of(type)
    expect(told.map(({ serverId }) => serverId)).toEqual(['beside', 'beside'])
    expect(new Set(told.map(({ event }) => event['requestUid'])).size).toBe(2)
  }
}

describe.each(['SDK v1', 'SDK v2'] as const)('beside Sentry, %s', (sdk) => {
  const ways = [
    ['register, loaded after Sentry', '', () => ['--import', sentry, '--import', REGISTER]],
    ['register, loaded before Sentry', '', () => ['--import', REGISTER, '--import', sentry]],
    ['code alone', 'instrumentMcpServer(server)', () => ['--import', sentry]],
    ['register and code', 'instrumentMcpServer(server)', () => ['--import', sentry, '--import', REGISTER]],
    [
      'code, where Sentry wraps the server by hand as well',
      'instrumentMcpServer(wrapByHand(server))',
      () => ['--import', sentry],
    ],
  ] as const
  it.each(ways)('a call is one call by %s', async (_, code, flags) => {
    expectOnce(await bed.run(program(sdk, code), { flags: flags() }))
  })
})
