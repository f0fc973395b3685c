/** A stdio server of either SDK, instrumented with no more than the environment: run by instrument-stdio.test.ts. */
import { McpServer as McpServerV1 } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StdioServerTransport as StdioV1 } from '@modelcontextprotocol/sdk/server/stdio.js'
import { McpServer as McpServerV2 } from '@modelcontextprotocol/server'
import { serveStdio } from '@modelcontextprotocol/server/stdio'
import { z } from 'zod'
import { instrumentMcpServer } from '../../collector/instrument/index.ts'

const [sdk] = process.argv.slice(2)
const answer = ({ text }: { text: string }) => ({ content: [{ type: 'text' as const, text }] })
if (sdk === 'v1') {
  const server = instrumentMcpServer(new McpServerV1({ name: 'pipe', version: '1.0.0' }))
  server.registerTool('echo', { description: 'Echo', inputSchema: { text: z.string() } }, answer)
  await server.connect(new StdioV1())
} else
  serveStdio(
    instrumentMcpServer(() => {
      const server = new McpServerV2({ name: 'pipe', version: '1.0.0' })
      server.registerTool('echo', { description: 'Echo', inputSchema: z.object({ text: z.string() }) }, answer)
      return server
    }),
  )
