/** A server of ours on SDK v2, both eras, a server per request; `code` puts one call of instrumentation around its factory. */
import { createServer } from 'node:http'
import { toNodeHandler } from '@modelcontextprotocol/node'
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server'
import { z } from 'zod'
import { instrumentMcpServer } from '../../../collector/instrument/index.ts'

const [how, port] = process.argv.slice(2)
const factory = (): McpServer => {
  const server = new McpServer({ name: 'calculator', version: '1.0.0' })
  const inputSchema = z.object({ a: z.number(), b: z.number() })
  server.registerTool('add', { description: 'Adds', inputSchema }, ({ a, b }) => ({
    content: [{ type: 'text', text: String(a + b) }],
  }))
  return server
}
const serve = toNodeHandler(createMcpHandler(how === 'code' ? instrumentMcpServer(factory) : factory))
createServer((request, response) => void serve(request as never, response)).listen(Number(port), '127.0.0.1')
