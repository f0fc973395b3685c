/** What is measured: a tool of either SDK over transports in memory, and of servers that createMcpHandler builds per request. */
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { createMcpHandler, McpServer as McpServerV2, InMemoryTransport as MemoryV2 } from '@modelcontextprotocol/server'
import { z } from 'zod'
import type { Instrumentation } from './variants.ts'

export const STAGES = ['v1', 'v2', 'handler'] as const
export type Stage = (typeof STAGES)[number]
/** noop: B8 (i). content: B8 (ii), 1 KB of arguments and 4 KB of result, as text that people write. */
export const LOADS = ['noop', 'content'] as const
export type Load = (typeof LOADS)[number]

const SENTENCE =
  'The delivery of order 4711 to 12 Harbour Street was moved to Thursday; the customer was told by mail. '
const prose = (bytes: number): string => SENTENCE.repeat(Math.ceil(bytes / SENTENCE.length)).slice(0, bytes)
const CONTENT: Record<Load, { readonly args: Record<string, unknown>; readonly result: string }> = {
  noop: { args: {}, result: '' },
  content: {
    args: {
      note: prose(700),
      path: '/srv/orders/2026/11/4711.json',
      url: 'https://shop.example/orders/4711',
      count: 3,
    },
    result: prose(4_096),
  },
}
const shape = {
  note: z.string().optional(),
  path: z.string().optional(),
  url: z.string().optional(),
  count: z.number().optional(),
}
CONTENT.content.args['note'] = prose(1_024 - JSON.stringify({ ...CONTENT.content.args, note: '' }).length)

/** One call of the tool, to the end of its answer. */
export type Call = () => Promise<unknown>

export async function openStage(stage: Stage, load: Load, { wrap, handled }: Instrumentation): Promise<Call> {
  const { args, result } = CONTENT[load]
  const answer = () => {
    handled?.()
    return { content: [{ type: 'text' as const, text: result }] }
  }
  if (stage === 'handler') return handlerCall(args, answer, wrap)
  const [clientSide, serverSide] = stage === 'v2' ? MemoryV2.createLinkedPair() : InMemoryTransport.createLinkedPair()
  const info = { name: 'bench', version: '1' }
  const server = stage === 'v2' ? (new McpServerV2(info) as unknown as McpServer) : new McpServer(info)
  server.registerTool('tool', { description: 'Does nothing', inputSchema: shape }, answer)
  await wrap(server).connect(serverSide as never)
  const client = new Client(info)
  await client.connect(clientSide as never)
  return () => client.callTool({ name: 'tool', arguments: args })
}

/** A server per request, without a socket: what instrumenting a server costs is paid with every call. */
function handlerCall(args: object, answer: () => object, wrap: Instrumentation['wrap']): Call {
  const inputSchema = z.object(shape)
  const handler = createMcpHandler(() => {
    const server = new McpServerV2({ name: 'bench', version: '1' })
    server.registerTool('tool', { description: 'Does nothing', inputSchema }, answer as never)
    return wrap(server)
  })
  const headers = {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': 'tools/call',
    'mcp-name': 'tool',
  }
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientCapabilities': {},
    'io.modelcontextprotocol/clientInfo': { name: 'bench', version: '1' },
  }
  let id = 0
  return async () => {
    const params = { name: 'tool', arguments: args, _meta }
    const body = JSON.stringify({ jsonrpc: '2.0', id: id++, method: 'tools/call', params })
    const response = await handler.fetch(new Request('http://localhost/mcp', { method: 'POST', headers, body }))
    if (response.status !== 200) throw new Error(`bench: handler: status ${response.status}`)
    return response.text()
  }
}
