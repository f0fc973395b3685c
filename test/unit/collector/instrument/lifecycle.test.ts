/** Events of the server itself: start, heartbeat, stop, and streams that no server object ever sees. */
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { createMcpHandler, McpServer as McpServerV2 } from '@modelcontextprotocol/server'
import { afterEach, describe, expect, it } from 'vitest'
import { contextFor } from '../../../../collector/instrument/audit-context.ts'
import { instrumentMcpServer, memorySink, type Posture, shutdownAudit } from '../../../../collector/instrument/index.ts'
import { parseEvent } from '../../../../schemas/event.ts'

afterEach(() => shutdownAudit())
type Fields = Readonly<Record<string, unknown>>

async function start(options: object) {
  const sink = memorySink()
  const server = new McpServer({ name: 'life', version: '1.2.3' }, { instructions: 'Be kind.' })
  instrumentMcpServer(server, { sink, serverId: 'life', ...options })
  const [clientSide, serverSide] = InMemoryTransport.createLinkedPair()
  await server.connect(serverSide)
  await new Client({ name: 'c', version: '1' }).connect(clientSide)
  return {
    sink,
    of: (type: string) => sink.events.filter(({ eventType }) => eventType === type) as unknown as Fields[],
  }
}

const POSTURE = {
  ...{ sessionMode: 'stateful', audienceCheck: true, originCheck: true, requestStateProtected: false },
  ...{ tls: false, bindAddress: '127.0.0.1', allowedOrigins: ['https://app.example.com'] },
} satisfies Posture

describe('lifecycle', () => {
  it('tells start with posture, heartbeats with counts, and the stop', async () => {
    const { sink, of } = await start({
      heartbeatMs: 5,
      authRequired: true,
      anonymousMethods: ['server/discover'],
      buildDigest: 'sha256:abc',
      posture: POSTURE,
    })
    await expect.poll(() => of('server.heartbeat').length).toBeGreaterThan(1)
    await shutdownAudit()
    expect(of('server.started')).toMatchObject([
      {
        authRequired: true,
        anonymousMethods: ['server/discover'],
        ...POSTURE,
        buildDigest: 'sha256:abc',
        serverName: 'life',
        serverVersion: '1.2.3',
        sdk: '@modelcontextprotocol/sdk',
        flags: ['ephemeral_keys'],
      },
    ])
    expect(of('server.heartbeat')[0]).toMatchObject({ drops: 0, queued: 0, flags: ['ephemeral_keys'] })
    expect(of('server.stopped')).toMatchObject([{ reason: 'shutdown', drops: 0 }])
    for (const event of sink.events) expect(parseEvent(JSON.parse(JSON.stringify(event)))).toHaveProperty('event')
  })
  it('says nothing of keys when keys are configured', async () => {
    const { of } = await start({ keys: 'cd'.repeat(32), heartbeatMs: 0 })
    expect(of('server.started')[0]!['flags']).toBeUndefined()
  })
  it('tells the identity once, as hashes', async () => {
    const { of } = await start({ heartbeatMs: 0 })
    expect(of('server.identity')).toHaveLength(1)
    expect(of('server.identity')[0]!['instructionsHash']).toMatch(/^[0-9a-f]{64}$/)
    expect(JSON.stringify(of('server.identity'))).not.toContain('Be kind')
  })
  it('gives subscriptions/listen its http.request although createMcpHandler answers it itself', async () => {
    const sink = memorySink()
    const factory = (_: unknown) => {
      const server = new McpServerV2(
        { name: 'listen', version: '1' },
        { capabilities: { tools: { listChanged: true } } },
      )
      server.registerTool('t', {}, () => ({ content: [] }))
      return server
    }
    const handler = createMcpHandler(instrumentMcpServer(factory, { sink, serverId: 'listen' }))
    const meta = {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientCapabilities': {},
    }
    const abort = new AbortController()
    const response = await handler.fetch(
      new Request('http://localhost/mcp', {
        method: 'POST',
        signal: abort.signal,
        headers: {
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
          'mcp-protocol-version': '2026-07-28',
          'mcp-method': 'subscriptions/listen',
        },
        body: JSON.stringify({
          jsonrpc: '2.0',
          id: 1,
          method: 'subscriptions/listen',
          params: { notifications: { toolsListChanged: true }, _meta: meta },
        }),
      }),
    )
    expect(response.status).toBe(200)
    abort.abort()
    await handler.close()
    const requests = sink.events.filter(({ eventType }) => eventType === 'http.request') as unknown as Fields[]
    expect(requests.map(({ method, era }) => [method, era])).toEqual([['subscriptions/listen', 'modern']])
  })

  it('goes on under one name where a process makes one for each session', () => {
    const sink = memorySink()
    const names = Array.from({ length: 1_100 }, (_, at) => contextFor({ sink, serverId: `session-${at}` }, '').serverId)
    expect(new Set(names).size).toBe(1_001)
    expect(names.at(-1)).toBe('unknown')
    expect(contextFor({ sink, serverId: 'session-0' }, '').serverId).toBe('session-0')
  })
})
