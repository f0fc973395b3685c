/** One measured process of the instrument bench: tool calls over the in-memory transport, plain, instrumented or under Sentry. */
import { setImmediate } from 'node:timers/promises'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { createMcpHandler, McpServer as McpServerV2, InMemoryTransport as MemoryV2 } from '@modelcontextprotocol/server'
import { z } from 'zod'

export interface Measured {
  readonly microsPerCall: number
  readonly calls: number
  readonly sent: number
}
const [variant = 'plain', load = 'noop', url = '', callsText = '6000'] = process.argv.slice(2)
const CALLS = Number(callsText)
const WARM_UP = 8_000
/** A loop of microtasks alone would starve the timers that send telemetry. */
const CALLS_PER_TURN = 20

const LOADS: Record<string, { arguments: Record<string, unknown>; result: string }> = {
  noop: { arguments: {}, result: '' },
  echo: { arguments: { text: 'x'.repeat(150), id: 'order-1', count: 3 }, result: 'y'.repeat(250) },
}
const { arguments: args, result } = LOADS[load.replace(/^(v2|factory)-/, '')]!
const shape = { text: z.string().optional(), id: z.string().optional(), count: z.number().optional() }
const answer = () => ({ content: [{ type: 'text' as const, text: result }] })

interface Stage {
  call(): Promise<unknown>
  finish(): Promise<number>
}

async function instrumentation() {
  if (variant !== 'instrumented') return { wrap: <T extends object>(server: T): T => server, finish: async () => 0 }
  const { createSink, instrumentMcpServer, OtlpAuditExporter } = await import('../../collector/instrument/index.ts')
  // As much room as the loop may fill before its first turn: what is measured is work, not loss.
  const sink = createSink(new OtlpAuditExporter({ url }), { maxQueued: 200_000 })
  const options = { sink, serverId: 'bench', keys: 'ab'.repeat(32) }
  return {
    wrap: <T extends object>(server: T): T => instrumentMcpServer(server, options),
    async finish() {
      await sink.flush()
      return sink.stats.sent
    },
  }
}

async function sentry() {
  const name = '@sentry/node'
  const Sentry = (await import(name)) as {
    init(options: object): void
    flush(ms: number): Promise<boolean>
    wrapMcpServerWithSentry<T>(server: T): T
  }
  Sentry.init({
    dsn: `http://key@${new URL(url).host}/1`,
    tracesSampleRate: 1,
    integrations: (all: { name: string }[]) => all.filter((integration) => integration.name !== 'Context'),
  })
  return {
    wrap: <T extends object>(server: T): T => Sentry.wrapMcpServerWithSentry(server),
    finish: async () => Number(await Sentry.flush(5_000)),
  }
}

async function memoryStage(): Promise<Stage> {
  const { wrap, finish } = variant === 'sentry' ? await sentry() : await instrumentation()
  const isV2 = load.startsWith('v2-')
  const [clientSide, serverSide] = isV2 ? MemoryV2.createLinkedPair() : InMemoryTransport.createLinkedPair()
  const server = isV2
    ? new McpServerV2({ name: 'bench', version: '1' })
    : new McpServer({ name: 'bench', version: '1' })
  ;(server as McpServer).registerTool('tool', { description: 'Does nothing', inputSchema: shape }, answer)
  await wrap(server).connect(serverSide as never)
  const client = new Client({ name: 'bench', version: '1' })
  await client.connect(clientSide as never)
  return { call: () => client.callTool({ name: 'tool', arguments: args }), finish }
}

/** What installing costs when a server is built per request: the modern handler without a socket. */
async function factoryStage(): Promise<Stage> {
  const { wrap, finish } = await instrumentation()
  const inputSchema = z.object(shape)
  const factory = () => {
    const server = new McpServerV2({ name: 'bench', version: '1' })
    server.registerTool('tool', { description: 'Does nothing', inputSchema }, answer)
    return server
  }
  const handler = createMcpHandler(wrap(factory))
  let id = 0
  const meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientCapabilities': {},
    'io.modelcontextprotocol/clientInfo': { name: 'bench', version: '1' },
  }
  return {
    async call() {
      const body = {
        jsonrpc: '2.0',
        id: id++,
        method: 'tools/call',
        params: { name: 'tool', arguments: args, _meta: meta },
      }
      const request = new Request('http://localhost/mcp', {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
          'mcp-protocol-version': '2026-07-28',
          'mcp-method': 'tools/call',
          'mcp-name': 'tool',
        },
        body: JSON.stringify(body),
      })
      const response = await handler.fetch(request)
      if (response.status !== 200) throw new Error(`status ${response.status}`)
      return response.text()
    },
    finish,
  }
}

const stage = load.startsWith('factory-') ? await factoryStage() : await memoryStage()
const run = async (calls: number) => {
  for (let i = 0; i < calls; i++) {
    await stage.call()
    if (i % CALLS_PER_TURN === 0) await setImmediate()
  }
}
await run(WARM_UP)
await stage.finish()
const before = process.cpuUsage()
await run(CALLS)
const sent = await stage.finish()
const { user, system } = process.cpuUsage(before)
process.stdout.write(
  `${JSON.stringify({ microsPerCall: (user + system) / CALLS, calls: WARM_UP + CALLS, sent } satisfies Measured)}\n`,
)
process.exit(0)
