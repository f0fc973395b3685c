/** A server of ours on SDK v1 with sessions, over Streamable HTTP; `code` puts one call of instrumentation around it. */
import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import { createMcpExpressApp } from '@modelcontextprotocol/sdk/server/express.js'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import { z } from 'zod'
import { instrumentMcpServer } from '../../../collector/instrument/index.ts'

const [how, port] = process.argv.slice(2)
const sessions = new Map<string, StreamableHTTPServerTransport>()
// Refuses hosts and origins that are not local, as the SDK does for whoever asks it.
const app = createMcpExpressApp()
app.all('/mcp', async (request, response) => {
  let transport = sessions.get(String(request.headers['mcp-session-id']))
  if (transport === undefined) {
    const made: StreamableHTTPServerTransport = new StreamableHTTPServerTransport({
      sessionIdGenerator: () => randomUUID(),
      onsessioninitialized: (id) => void sessions.set(id, made),
    })
    transport = made
    const server = new McpServer({ name: 'calculator', version: '1.0.0' })
    server.registerTool('add', { description: 'Adds', inputSchema: { a: z.number(), b: z.number() } }, ({ a, b }) => ({
      content: [{ type: 'text', text: String(a + b) }],
    }))
    await (how === 'code' ? instrumentMcpServer(server) : server).connect(made as never)
  }
  await transport.handleRequest(request, response, request.body)
})
createServer(app).listen(Number(port), '127.0.0.1')
