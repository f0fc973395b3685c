/** Spawned stdio servers: what they did arrives at an OTLP receiver although they end by themselves right after. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { Client as ClientV2 } from '@modelcontextprotocol/client'
import { StdioClientTransport as StdioClientV2 } from '@modelcontextprotocol/client/stdio'
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport as StdioClientV1 } from '@modelcontextprotocol/sdk/client/stdio.js'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { decodeLogs } from '../../collector/otlp/decode-logs.ts'

const records: { name: string; event: Readonly<Record<string, unknown>>; server: unknown }[] = []
const receiver = createServer((request, response) => {
  const chunks: Buffer[] = []
  request
    .on('data', (chunk) => chunks.push(chunk))
    .on('end', () => {
      const raw = Buffer.concat(chunks)
      const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw
      for (const batch of decodeLogs(body))
        for (const { eventName, body: text } of batch.records)
          records.push({
            name: eventName.slice('mcp_audit.'.length),
            event: JSON.parse(String(text)),
            server: batch.resource['mcp_audit.server.id'],
          })
      response.writeHead(200).end()
    })
})
beforeAll(() => new Promise<void>((resolve) => void receiver.listen(0, '127.0.0.1', resolve)))
afterAll(() => new Promise((resolve) => receiver.close(resolve)))
beforeEach(() => void records.splice(0))

const command = (sdk: string) => ({
  command: process.execPath,
  args: [join(import.meta.dirname, 'instrument-stdio-child.ts'), sdk],
  env: {
    PATH: process.env['PATH'] ?? '',
    MCP_AUDIT_OTLP_ENDPOINT: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`,
  },
})
const of = (name: string) => records.filter((record) => record.name === name)

describe('stdio', () => {
  it('SDK v1: calls, results and the registry of a child arrive, the stream of the protocol untouched', async () => {
    const client = new ClientV1({ name: 'spawner', version: '1' })
    await client.connect(new StdioClientV1(command('v1')) as never)
    for (let i = 0; i < 5; i++) await client.callTool({ name: 'echo', arguments: { text: `${i}` } })
    await client.callTool({ name: 'missing' })
    await client.close()
    await expect.poll(() => of('tool.result').length).toBe(6)
    expect(of('tool.call')).toHaveLength(6)
    expect(of('tools.registry')).toHaveLength(1)
    expect(of('server.started')).toHaveLength(1)
    await expect.poll(() => of('server.stopped').length).toBe(1)
    expect(of('server.stopped')[0]!.event).toMatchObject({
      reason: 'the process ended',
      drops: 0,
    })
    expect(of('tool.call')[0]!.event).toMatchObject({
      transport: 'stdio',
      era: 'legacy',
      principalKind: 'anonymous',
    })
    expect(records[0]!.server).toBe('pipe')
    expect(of('http.request').map(({ event }) => [event['method'], event['status']])).toEqual([['initialize', 0]])
  })
  it('SDK v2: the modern era over stdio through a factory', async () => {
    const client = new ClientV2({ name: 'spawner', version: '1' }, { versionNegotiation: { mode: 'auto' } })
    await client.connect(new StdioClientV2(command('v2')))
    for (let i = 0; i < 3; i++) await client.callTool({ name: 'echo', arguments: { text: `${i}` } })
    await client.close()
    await expect.poll(() => of('tool.result').length).toBe(3)
    expect(of('tool.call').map(({ event }) => event['era'])).toEqual(['modern', 'modern', 'modern'])
    expect(of('tool.call')[0]!.event).toMatchObject({
      transport: 'stdio',
      protocolVersion: '2026-07-28',
    })
    expect(of('tool.call').every(({ event }) => /^[0-9a-f]{64}$/.test(String(event['definitionHash'])))).toBe(true)
  })
})
