/** Runs of protected servers for the recording, as people use them: Express, Fastify, Hono and plain HTTP, and an OAuth provider. */
import { createHash, randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { Client, StreamableHTTPClientTransport as ModernHttp } from '@modelcontextprotocol/client'
import { Client as LegacyClient } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport as LegacyHttp } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import {
  type AuditSink,
  createSink,
  type InstrumentOptions,
  OtlpAuditExporter,
  shutdownAudit,
} from '../../../collector/instrument/index.ts'
import { oauthRun } from './oauth-run.ts'

import { AUDIENCE, type Bed, closers, expressOf, modernOver, PEOPLE, tokenFor } from './order-desk.ts'
import { KEY, type RecordedRun } from './runs.ts'

const FLUSH_MS = 5_000
type Run = (bed: Bed) => Promise<void>

export async function recordProtected(otlp: string, say: (text: string) => void): Promise<RecordedRun[]> {
  const runs: RecordedRun[] = []
  for (const [kind, run] of Object.entries(RUNS)) {
    const open: Server[] = []
    const sink: AuditSink = createSink(new OtlpAuditExporter({ url: otlp }), { delayMs: 20 })
    const listen = async (server: Server): Promise<URL> => {
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      open.push(server)
      return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`)
    }
    const folder = mkdtempSync(join(tmpdir(), 'recorded-'))
    const fromMs = Date.now()
    const inner = createServer((_request, response) => response.writeHead(200).end('{"stock":12}'))
    const innerUrl = await listen(inner)
    const posture = { audienceCheck: true, originCheck: true, tls: false } as const
    const options: InstrumentOptions = {
      sink,
      serverId: kind,
      keys: KEY,
      authRequired: true,
      expectedAudiences: [AUDIENCE],
      heartbeatMs: 0,
      outbound: true,
      sideEffects: true,
      buildDigest: `sha256:${createHash('sha256').update(kind).digest('hex')}`,
      posture,
    }
    try {
      await run({ options, folder, inner: innerUrl.origin, listen })
      say(`recorded ${kind}`)
    } catch (error) {
      say(`not recorded ${kind}: ${error instanceof Error ? error.stack : String(error)}`)
    } finally {
      await wait(200)
      await shutdownAudit()
      await sink.flush(FLUSH_MS)
      await sink.shutdown(FLUSH_MS)
      for (const server of open) server.close().closeAllConnections()
      rmSync(folder, { recursive: true, force: true })
    }
    runs.push({ kind, way: 'code', serverId: kind, fromMs, toMs: Date.now() })
  }
  return runs
}

type AnyClient = {
  callTool(call: object): Promise<object>
  listTools(): Promise<object>
  close(): Promise<void>
}
async function legacyClient(url: URL, token: () => Promise<string>): Promise<AnyClient & { end(): Promise<void> }> {
  const transport = new LegacyHttp(url, {
    fetch: async (address, init) => {
      const headers = new Headers(init?.headers)
      headers.set('authorization', `Bearer ${await token()}`)
      return fetch(address, { ...init, headers })
    },
  })
  const client = new LegacyClient({ name: 'desk', version: '4.1.0' })
  await client.connect(transport as never)
  return Object.assign(client as unknown as AnyClient, {
    end: async () => {
      await transport.terminateSession()
      await client.close()
    },
  })
}
async function modernClient(url: URL, token: () => Promise<string>): Promise<AnyClient> {
  const client = new Client(
    { name: 'editor', version: '1.92.2' },
    { versionNegotiation: { mode: { pin: '2026-07-28' } } },
  )
  await client.connect(new ModernHttp(url, { authProvider: { token } }))
  return client as unknown as AnyClient
}
const call = (client: AnyClient, name: string, args: object = {}): Promise<unknown> =>
  client.callTool({ name, arguments: args }).catch((error: unknown) => error)

/** A day at the desk. */
async function desk(client: AnyClient, which: number): Promise<void> {
  await client.listTools()
  const calls: [string, object][] = [
    ['get_order', { sku: 'A-17' }],
    ['place_order', { sku: 'B-2', note: 'Please deliver before Friday; ring twice. Do not leave it at the door.' }],
    ['stock', { sku: 'A-17' }],
    ['export_orders', {}],
    ['version', {}],
    ['delete_order', { sku: 'B-2' }],
    ['get_order', { sku: 42 }],
    ['no_such_tool', {}],
    ['get_order', { sku: 'C-9' }],
    ['stock', { sku: 'C-9' }],
  ]
  for (const [name, args] of calls.slice(which * 2, which * 2 + 6)) await call(client, name, args)
}

const modernRuns = Object.fromEntries(
  Object.entries(modernOver).map(([edge, start]): [string, Run] => [
    `orders-${edge}-v2`,
    async (bed) => {
      const url = await start(bed)
      for (const [n, person] of PEOPLE.entries()) {
        const kept = await tokenFor(person, n === 2 ? 'orders:read' : undefined)
        const client = await modernClient(url, async () => kept)
        await desk(client, n)
        await client.close()
      }
      // Step-up: refused with a challenge, then a token with the scope that was asked for.
      let current = await tokenFor('u-1001')
      const client = await modernClient(url, async () => current)
      await call(client, 'refund', { sku: 'A-17' })
      current = await tokenFor('u-1001', 'orders:read orders:write orders:refund')
      await call(client, 'refund', { sku: 'A-17' })
      await client.close()
      for (const close of closers.splice(0)) await close()
    },
  ]),
)

const RUNS: Readonly<Record<string, Run>> = {
  'orders-express-v1': async (bed) => {
    const url = await expressOf(bed)
    for (const [n, person] of PEOPLE.entries()) {
      const kept = await tokenFor(person, n === 2 ? 'orders:read' : undefined)
      const client = await legacyClient(url, async () => kept)
      await desk(client, n)
      await client.end()
    }
  },
  'orders-express-expiry': async (bed) => {
    const url = await expressOf(bed)
    // A token ends while its session goes on: refused once, then a fresh one of the same person.
    let current = await tokenFor('u-1002')
    const client = await legacyClient(url, async () => current)
    await call(client, 'get_order', { sku: 'A-1' })
    current = await tokenFor('u-1002', undefined, -60)
    await call(client, 'get_order', { sku: 'A-2' })
    current = await tokenFor('u-1002')
    await call(client, 'get_order', { sku: 'A-3' })
    await client.end()
    await fetch(url, { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } })
    await fetch(url, {
      method: 'POST',
      body: 'not json',
      headers: { authorization: `Bearer ${await tokenFor('u-1002')}`, 'content-type': 'application/json' },
    })
    // A session that the server no longer knows.
    await fetch(url, {
      method: 'POST',
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' }),
      headers: {
        authorization: `Bearer ${await tokenFor('u-1002')}`,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        'mcp-session-id': randomUUID(),
      },
    })
  },
  ...modernRuns,
  'orders-oauth': oauthRun,
}
