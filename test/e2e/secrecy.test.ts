/** No secret of client or server is anywhere that audit data goes: files, tables, letters, logs, metrics, alerts; also after a kill. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client as ClientV2, StreamableHTTPClientTransport as HttpClientV2 } from '@modelcontextprotocol/client'
import { StdioClientTransport as StdioClientV2 } from '@modelcontextprotocol/client/stdio'
import { toNodeHandler } from '@modelcontextprotocol/node'
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport as StdioClientV1 } from '@modelcontextprotocol/sdk/client/stdio.js'
import { StreamableHTTPClientTransport as HttpClientV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import { CreateMessageRequestSchema, ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js'
import { createMcpHandler } from '@modelcontextprotocol/server'
import { afterAll, beforeAll, expect, it } from 'vitest'
import {
  auditTokenVerifier,
  createSink,
  instrumentMcpServer,
  OtlpAuditExporter,
} from '../../collector/instrument/index.ts'
import { type Canaries, CanarySearch, plant } from '../fakes/canaries.ts'
import { StandardWebhooksReceiver } from '../fakes/standard-webhooks-receiver.ts'
import { run, stop, type Up, up } from '../unit/cli/command-line.ts'
import { elicited, type LeakyClient, leakyV1, leakyV2, misuse, sampled } from './leaky-servers.ts'
import { careless, foreignLogs, foreignSpans, unreadable } from './planted-telemetry.ts'
import { wrongAudience } from './telemetry-in.ts'

const KEY = Buffer.alloc(32, 5).toString('base64')
const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
const canaries = plant()
let dataDir: string
let hooks: StandardWebhooksReceiver
const running: Up[] = []
beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'secrecy-'))
  hooks = await StandardWebhooksReceiver.start({ secret: SECRET })
})
afterAll(async () => {
  for (const { child } of running) if (child.exitCode === null) child.kill('SIGKILL')
  await hooks.close()
  rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 })
})

async function begin(): Promise<Up> {
  const config = join(dataDir, 'config.yaml')
  const targets = { siem: { type: 'webhook', url: hooks.url, secret: 'env:HOOK', minimumSeverity: 'info' } }
  writeFileSync(config, JSON.stringify({ targets, allowPrivateTargets: true }))
  const env = { HOOK: SECRET, MCP_AUDIT_KEY: KEY, MCP_AUDITD_LOG_LEVEL: 'debug' }
  const service = await up(dataDir, ['--config', config], env)
  running.push(service)
  return service
}
const send = async (service: Up, path: 'logs' | 'traces', body: unknown): Promise<number> =>
  (
    await fetch(`${service.otlpUrl}/v1/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  ).status
/** Events as OTLP log records, as our own exporter would send them. */
const asLogs = (events: readonly object[]) => ({
  resourceLogs: [
    {
      resource: { attributes: [{ key: 'service.name', value: { stringValue: 'careless' } }] },
      scopeLogs: [
        {
          scope: { name: 'careless' },
          logRecords: events.map((event) => ({
            timeUnixNano: `${Date.now()}000000`,
            eventName: `mcp_audit.${(event as { eventType: string }).eventType}`,
            body: { stringValue: JSON.stringify(event) },
          })),
        },
      ],
    },
  ],
})
async function counters(service: Up): Promise<{ text: string; of: (name: string) => number }> {
  const text = await (await fetch(`${service.adminUrl}/metrics`)).text()
  const of = (name: string) =>
    [...text.matchAll(new RegExp(`^mcp_auditd_${name}(?:\\{[^}]*\\})? (\\d+)`, 'gm'))].reduce(
      (sum, [, value]) => sum + Number(value),
      0,
    )
  return { text, of }
}

/** Both SDKs' clients against both SDKs' servers, over HTTP in this process. */
async function overHttp(service: Up): Promise<void> {
  const sink = createSink(new OtlpAuditExporter({ url: service.otlpUrl }))
  const options = { sink, serverId: 'leaky-http', keys: KEY, authRequired: true }
  const verifier = auditTokenVerifier(
    {
      async verifyAccessToken(token: string) {
        if (token !== canaries.accessJwt && token !== canaries.accessToken)
          throw new Error(`no such token: ${token}, ${canaries.refreshToken}`)
        return { token, clientId: canaries.clientSecret, scopes: ['a'], extra: { sub: canaries.sessionId } }
      },
    },
    options,
  )
  const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: () => canaries.sessionId })
  await instrumentMcpServer(leakyV1(canaries), options).connect(transport as never)
  const handler = createMcpHandler(instrumentMcpServer(() => leakyV2(canaries), options))
  const modern = toNodeHandler(handler)
  const server = createServer(async (request, response) => {
    const token = (request.headers.authorization ?? '').replace(/^Bearer /, '')
    const auth = await verifier.verifyAccessToken(token).catch(() => undefined)
    if (auth === undefined) return void response.writeHead(401).end()
    Object.assign(request, { auth })
    if (request.url?.startsWith('/v2')) await modern(request as never, response)
    else await transport.handleRequest(request as never, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = (path: string) =>
    new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/${path}?access_token=${canaries.queryToken}`)
  const headers = {
    cookie: `sid=${canaries.cookie}`,
    origin: `https://${canaries.stateHandle}.example`,
    'last-event-id': canaries.taskId,
    'user-agent': canaries.apiKey,
    'x-api-key': canaries.apiKey,
  }
  const given = (token: string) => ({ requestInit: { headers: { ...headers, authorization: `Bearer ${token}` } } })
  await fetch(address('mcp'), { method: 'POST', headers: { authorization: `Bearer ${canaries.code}` } })
  const first = clientV1()
  await first.connect(new HttpClientV1(address('mcp'), given(canaries.accessJwt)) as never)
  await misuse(first as unknown as LeakyClient, canaries)
  await first.close()
  const second = clientV2()
  await second.connect(new HttpClientV2(address('v2'), given(canaries.accessToken)))
  await misuse(second as unknown as LeakyClient, canaries)
  await second.close()
  await handler.close()
  await new Promise((resolve) => server.close(resolve).closeAllConnections())
  expect(await sink.flush()).toBe(true)
  expect(sink.stats.sent).toBeGreaterThan(200)
  await sink.shutdown()
}
function clientV1(): ClientV1 {
  const capabilities = { sampling: {}, elicitation: {} }
  const client = new ClientV1({ name: canaries.clientSecret, version: canaries.code }, { capabilities })
  client.setRequestHandler(ElicitRequestSchema, () => elicited(canaries))
  client.setRequestHandler(CreateMessageRequestSchema, () => sampled(canaries))
  return client
}
function clientV2(): ClientV2 {
  const options = {
    capabilities: { elicitation: { form: {} } },
    versionNegotiation: { mode: 'auto' as const },
  }
  const client = new ClientV2({ name: canaries.clientSecret, version: canaries.code }, options)
  client.setRequestHandler('elicitation/create', () => elicited(canaries))
  return client
}

/** Spawned servers that report by themselves. */
async function overStdio(service: Up): Promise<void> {
  const command = (sdk: string) => ({
    command: process.execPath,
    args: [join(import.meta.dirname, 'leaky-servers.ts'), sdk],
    env: {
      PATH: process.env['PATH'] ?? '',
      CANARIES: JSON.stringify(canaries satisfies Canaries),
      MCP_AUDIT_OTLP_ENDPOINT: service.otlpUrl,
      MCP_AUDIT_KEY: KEY,
    },
  })
  const first = clientV1()
  await first.connect(new StdioClientV1(command('v1')) as never)
  await misuse(first as unknown as LeakyClient, canaries)
  await first.close()
  const second = clientV2()
  await second.connect(new StdioClientV2(command('v2')))
  await misuse(second as unknown as LeakyClient, canaries)
  await second.close()
}

/** Every column of every table and view, as the service answers them: the store's files are compressed. */
async function tables(search: CanarySearch): Promise<void> {
  const ask = async (sql: string) => {
    const { code, stdout, stderr } = await run(['query', sql, '--data', dataDir, '--format', 'JSONEachRow'])
    if (code !== 0) throw new Error(stderr)
    return stdout
  }
  const names = (await ask('SELECT name FROM system.tables WHERE database = currentDatabase()'))
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => (JSON.parse(line) as { name: string }).name)
  expect(names.length).toBeGreaterThan(3)
  for (const name of names) search.look(`table ${name}`, await ask(`SELECT * FROM \`${name}\` LIMIT 100000`))
}

it('holds for instrumented servers, careless producers and telemetry of others', { timeout: 120_000 }, async () => {
  const search = new CanarySearch(canaries)
  const first = await begin()
  await overHttp(first)
  await overStdio(first)
  expect(await send(first, 'logs', asLogs(careless(canaries)))).toBe(200)
  for (const spans of foreignSpans(canaries)) expect(await send(first, 'traces', spans)).toBe(200)
  expect(await send(first, 'logs', foreignLogs(canaries))).toBe(200)
  expect(await send(first, 'logs', unreadable(canaries))).toBe(200)
  const before = await counters(first)
  search.look('metrics', before.text)
  expect(before.of('events_rejected_total')).toBeGreaterThan(20)
  // In the middle of detection and storing.
  first.child.kill('SIGKILL')
  search.look('log of the first life', (await first.ended).stderr)
  search.folder(dataDir)

  const second = await begin()
  const alarming = { ...wrongAudience('abcd'), serverId: 'careless', reason: `it was ${canaries.accessToken}` }
  const more = [alarming, ...careless(canaries)]
  expect(await send(second, 'logs', asLogs(more))).toBe(200)
  await expect
    .poll(async () => (await counters(second)).of('events_stored_total'), { timeout: 60_000, interval: 200 })
    .toBeGreaterThanOrEqual(more.length)
  await expect.poll(() => hooks.taken.length, { timeout: 60_000, interval: 100 }).toBeGreaterThan(0)
  await tables(search)
  search.look('metrics', (await counters(second)).text)
  for (const { headers, body } of hooks.server.received) search.look('alert', JSON.stringify(headers) + body)
  const ended = await stop(second)
  expect(ended.code).toBe(0)
  search.look('log of the second life', ended.stderr + ended.stdout)
  search.folder(dataDir)
  expect(search.bytes).toBeGreaterThan(1_000_000)
  expect([...new Set(search.found)]).toEqual([])
})
