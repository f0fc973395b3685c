/** A server of ours on the npm package fastmcp from a given node_modules, which makes its SDK servers itself. */
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { z } from 'zod'

interface FastMcpLike {
  addTool(tool: object): void
  start(options: object): Promise<void>
}
const [modules = '', port] = process.argv.slice(2)
const { FastMCP } = (await import(pathToFileURL(join(modules, 'fastmcp/dist/FastMCP.js')).href)) as {
  FastMCP: new (options: object) => FastMcpLike
}
const server = new FastMCP({ name: 'calculator', version: '1.0.0' })
server.addTool({
  name: 'add',
  description: 'Adds',
  parameters: z.object({ a: z.number(), b: z.number() }),
  execute: async ({ a, b }: { a: number; b: number }) => String(a + b),
})
await server.start({
  transportType: 'httpStream',
  httpStream: { port: Number(port), host: '127.0.0.1', endpoint: '/mcp' },
})
