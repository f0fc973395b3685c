/** Tools that a server registers when it knows its client belong to its start; later ones are changes. */
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { expect, it } from 'vitest'
import { instrumentMcpServer, memorySink } from '../../../../collector/instrument/index.ts'

it('tools registered in oninitialized are part of the first registry, tools registered later are a mutation', async () => {
  const sink = memorySink()
  const server = new McpServer({ name: 'late', version: '1' }, { capabilities: { tools: { listChanged: true } } })
  const register = (name: string) => server.registerTool(name, {}, () => ({ content: [] }))
  register('first')
  let sawInitialized = () => {}
  const initialized = new Promise<void>((resolve) => {
    sawInitialized = resolve
  })
  server.server.oninitialized = () => {
    register('second')
    sawInitialized()
  }
  instrumentMcpServer(server, { sink, serverId: 'late', keys: '22'.repeat(32), heartbeatMs: 0 })
  const client = new Client({ name: 'c', version: '1' })
  const [near, far] = InMemoryTransport.createLinkedPair()
  await server.connect(far as Parameters<McpServer['connect']>[0])
  await client.connect(near as Parameters<Client['connect']>[0])
  await initialized
  // No client has asked for a list: the registry is told all the same.
  await expect.poll(() => registries(sink.events)).toEqual([['startup', 'first', 'second']])

  register('third')
  await client.listTools()
  expect(registries(sink.events)).toEqual([
    ['startup', 'first', 'second'],
    ['mutation', 'first', 'second', 'third'],
  ])
  await client.close()
})

it('a request in the same breath as initialized waits for the tools that are registered then', async () => {
  const sink = memorySink()
  const server = new McpServer({ name: 'late', version: '1' })
  const register = (name: string) => server.registerTool(name, {}, () => ({ content: [] }))
  register('first')
  server.server.oninitialized = () => void register('second')
  instrumentMcpServer(server, { sink, serverId: 'breath', keys: '22'.repeat(32), heartbeatMs: 0 })
  const [near, far] = InMemoryTransport.createLinkedPair()
  await server.connect(far as Parameters<McpServer['connect']>[0])
  await near.start()
  const initialize = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'c', version: '1' } }
  await near.send({ jsonrpc: '2.0', id: 1, method: 'initialize', params: initialize })
  await expect.poll(() => sink.events.some(({ method }) => method === 'initialize')).toBe(true)
  // Delivered in one turn, as one read of a pipe delivers two lines.
  void near.send({ jsonrpc: '2.0', method: 'notifications/initialized' })
  void near.send({ jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name: 'second', arguments: {} } })

  await expect.poll(() => sink.events.some(({ eventType }) => eventType === 'tool.result')).toBe(true)
  expect(registries(sink.events)).toEqual([['startup', 'first', 'second']])
  const call = sink.events.find(({ eventType }) => eventType === 'tool.call')
  expect(call?.definitionHash).toMatch(/^[0-9a-f]{64}$/)
  await near.close()
})

const registries = (events: ReturnType<typeof memorySink>['events']) =>
  events.flatMap((event) =>
    event.eventType === 'tools.registry'
      ? [[event.registrySource, ...(event.definitions ?? []).map(({ name }) => name)]]
      : [],
  )
