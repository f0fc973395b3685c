/** `@modelcontextprotocol/server-everything` from a given node_modules over stdio, with one call of instrumentation around it. */
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import type { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js'
import { instrumentMcpServer } from '../../../collector/instrument/index.ts'

const [modules = ''] = process.argv.slice(2)
const load = async <T>(path: string): Promise<T> => (await import(pathToFileURL(join(modules, path)).href)) as T
const { createServer } = await load<{ createServer(): { readonly server: McpServer; cleanup(): void } }>(
  '@modelcontextprotocol/server-everything/dist/server/index.js',
)
const { StdioServerTransport: Transport } = await load<{ StdioServerTransport: typeof StdioServerTransport }>(
  '@modelcontextprotocol/sdk/dist/esm/server/stdio.js',
)
const { server, cleanup } = createServer()
await instrumentMcpServer(server).connect(new Transport() as never)
process.stdin.once('end', () => void server.close().then(cleanup))
