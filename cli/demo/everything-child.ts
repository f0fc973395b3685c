/** Runs `@modelcontextprotocol/server-everything` as published, with one call of instrumentation around its server. */
import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js'
import { instrumentMcpServer, shutdownAudit } from '../../collector/instrument/index.ts'
import { CHILD_SETTINGS, type ChildSettings } from './server-everything.ts'
import { openSink } from './sink.ts'

/** What the package's own launcher does for `stdio`, from the same factory (dist/transports/stdio.js). */
interface Everything {
  createServer(): { readonly server: McpServer; cleanup(sessionId?: string): void }
}
const everything = (await import(
  import.meta.resolve('@modelcontextprotocol/server-everything/dist/server/index.js')
)) as Everything

const { serverId, keys, address } = JSON.parse(process.env[CHILD_SETTINGS] ?? '{}') as ChildSettings
const sink = await openSink(address)
const { server, cleanup } = everything.createServer()
instrumentMcpServer(server, { serverId, keys, sink, authRequired: false })
await server.connect(new StdioServerTransport())

/** The client hangs up by closing our standard input: say what is left to say, then end. */
process.stdin.once('end', () => void end())
process.once('SIGTERM', () => void end())
let isEnding = false
async function end(): Promise<void> {
  if (isEnding) return
  isEnding = true
  await server.close()
  cleanup()
  await shutdownAudit(1_500)
  await sink.shutdown(1_500)
  process.exit(0)
}
