// A real SDK v1 server whose one tool does what the test says, with a caller's token, over the in-memory transport.
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { z } from 'zod'
import { type InstrumentOptions, instrumentMcpServer, memorySink } from '../../../../../collector/instrument/index.ts'

import { parseEvent } from '../../../../../schemas/event.ts'

export type Fields = Readonly<Record<string, unknown>>
let next = 0

/** Calls the tool once and gives all events of `type` that came of it. */
export async function stage(options: InstrumentOptions, token: string | undefined, act: (text: string) => unknown) {
  const sink = memorySink()
  const server = new McpServer({ name: 'effects', version: '1.0.0' })
  server.registerTool('act', { description: 'Acts', inputSchema: { text: z.string() } }, async ({ text }) => {
    await act(text)
    return { content: [] }
  })
  instrumentMcpServer(server, { sink, ...options, serverId: `effects-${next++}` })
  const [clientSide, serverSide] = InMemoryTransport.createLinkedPair()
  const send = clientSide.send.bind(clientSide)
  const authInfo = token === undefined ? undefined : { token, clientId: 'tester', scopes: [] }
  clientSide.send = (message, more) => send(message, { ...more, ...(authInfo !== undefined && { authInfo }) })
  await server.connect(serverSide)
  const client = new Client({ name: 'tester', version: '9' })
  await client.connect(clientSide)
  const call = (text: string) => client.callTool({ name: 'act', arguments: { text } })
  const of = (type: string): Fields[] =>
    sink.events
      .filter((event) => event.eventType === type)
      .map((event) => {
        const parsed = parseEvent(event)
        if ('fault' in parsed) throw new Error(`${parsed.fault.field}: ${parsed.fault.reason}`)
        return event as unknown as Fields
      })
  return { call, of, sink }
}
