/** A stdio server of SDK v2, both eras, that nobody instrumented; run by wrap.test.ts. */
import { McpServer } from '@modelcontextprotocol/server'
import { serveStdio } from '@modelcontextprotocol/server/stdio'
import { z } from 'zod'

serveStdio(() => {
  const server = new McpServer({ name: 'modern', version: '1.0.0' })
  server.registerTool('echo', { description: 'Echo', inputSchema: z.object({ text: z.string() }) }, ({ text }) => ({
    content: [{ type: 'text', text }],
  }))
  server.registerTool('crash', { description: 'Ends the process in the middle of the call' }, () => process.exit(9))
  return server
})
