/** Real servers of both SDKs and both eras, instrumented into memory, with real clients: shared by the tests of events. */
import { Client as ClientV2, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { createMcpHandler, McpServer as McpServerV2, InMemoryTransport as MemoryV2 } from '@modelcontextprotocol/server'
import { expect } from 'vitest'
import { type InstrumentOptions, instrumentMcpServer, memorySink } from '../../../../collector/instrument/index.ts'
import { type AuditEvent, parseEvent } from '../../../../schemas/event.ts'

export type Fields = Readonly<Record<string, unknown>>
/** Stands in content that no event may carry: in none of the forms that a hash or a class has. */
export const CANARY = 'Kanarienvogel im Käfig'

let next = 0
function recorder(more: Partial<InstrumentOptions>) {
  const sink = memorySink()
  const options = { sink, serverId: `observed-${next++}`, keys: 'ab'.repeat(32), heartbeatMs: 0, ...more }
  const of = (type: string): Fields[] =>
    sink.events.filter(({ eventType }) => eventType === type) as unknown as Fields[]
  return { sink, options, of, valid: () => valid(sink.events) }
}

/** Every event as the service takes it, whole, and without content. */
export function valid(events: readonly AuditEvent[]): void {
  for (const event of events) {
    const text = JSON.stringify(event)
    expect(text).not.toContain('Kanarienvogel')
    const parsed = parseEvent(JSON.parse(text))
    expect(parsed).toHaveProperty('event')
    if ('event' in parsed) expect(Object.keys(parsed.event).sort()).toEqual(Object.keys(JSON.parse(text)).sort())
  }
}

export type Sdk = 'SDK v1' | 'SDK v2'
export const SDKS: readonly Sdk[] = ['SDK v1', 'SDK v2']
export interface LegacyOptions {
  readonly capabilities?: object
  readonly server?: object
  readonly options?: Partial<InstrumentOptions>
}

/** A server of either SDK and a client of the legacy era, in memory. The two McpServer classes have the methods that are used in common. */
export async function legacy(sdk: Sdk, build: (server: McpServer) => unknown, given: LegacyOptions = {}) {
  const recorded = recorder(given.options ?? {})
  const info = { name: 'observed', version: '1' }
  const server =
    sdk === 'SDK v1' ? new McpServer(info, given.server) : (new McpServerV2(info, given.server) as unknown as McpServer)
  await build(server)
  instrumentMcpServer(server, recorded.options)
  const [near, far] = (sdk === 'SDK v1' ? InMemoryTransport : MemoryV2).createLinkedPair() as ReturnType<
    typeof InMemoryTransport.createLinkedPair
  >
  const client = new Client({ name: 'tester', version: '9' }, { capabilities: given.capabilities ?? {} })
  return {
    ...recorded,
    server,
    client,
    /** The client's side of the wire, for messages that no client would send. */
    near,
    async open() {
      await server.connect(far)
      await client.connect(near)
    },
  }
}

/** A factory of SDK v2 behind createMcpHandler, and a client of the modern era that reaches it without a socket. */
export async function modern(
  build: (server: McpServerV2) => void,
  given: {
    readonly capabilities?: object
    readonly server?: object
    readonly options?: Partial<InstrumentOptions>
  } = {},
) {
  const recorded = recorder(given.options ?? {})
  const factory = () => {
    const server = new McpServerV2({ name: 'observed', version: '1' }, given.server)
    build(server)
    return server
  }
  const handler = createMcpHandler(instrumentMcpServer(factory, recorded.options))
  const client = new ClientV2(
    { name: 'tester', version: '9' },
    { capabilities: given.capabilities ?? {}, versionNegotiation: { mode: 'auto' } },
  )
  const fetch = (url: string | URL | globalThis.Request, init?: RequestInit) => handler.fetch(new Request(url, init))
  await client.connect(new StreamableHTTPClientTransport(new URL('http://localhost/mcp'), { fetch }))
  return { ...recorded, handler, client, fetch }
}
