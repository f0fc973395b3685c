/** No secret of client or server is anywhere that audit data goes: files, tables, letters, logs, metrics, alerts; also after a kill. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createSink, OtlpAuditExporter } from '../../collector/instrument/index.ts'
import { CanarySearch, plant } from '../fakes/canaries.ts'
import { StandardWebhooksReceiver } from '../fakes/standard-webhooks-receiver.ts'
import { stop, type Up, up } from '../unit/cli/command-line.ts'
import { asLogs, KEY, overHttp, overStdio, send } from './leaky-clients.ts'
import { plantedBodies } from './planted-records.ts'
import { careless, foreignLogs, foreignSpans, unreadable } from './planted-telemetry.ts'
import { wrongAudience } from './telemetry-in.ts'

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
async function counters(service: Up): Promise<{ text: string; of: (name: string) => number }> {
  const text = await (await fetch(`${service.adminUrl}/metrics`)).text()
  const of = (name: string) =>
    [...text.matchAll(new RegExp(`^mcp_auditd_${name}(?:\\{[^}]*\\})? (\\d+)`, 'gm'))].reduce(
      (sum, [, value]) => sum + Number(value),
      0,
    )
  return { text, of }
}

/** SQL at the admin address. */
async function ask(sql: string): Promise<string> {
  const { url, token } = JSON.parse(readFileSync(join(dataDir, 'admin.json'), 'utf8')) as { url: string; token: string }
  const response = await fetch(`${url}/v1/query`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ sql, format: 'JSONEachRow' }),
  })
  const text = await response.text()
  if (!response.ok) throw new Error(text)
  return text
}
/** Every column of every table and view, as the service answers them: the store's files are compressed. */
async function tables(search: CanarySearch): Promise<void> {
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
  const sink = createSink(new OtlpAuditExporter({ url: first.otlpUrl }))
  await overHttp(canaries, sink)
  expect(sink.stats.sent).toBeGreaterThan(100)
  await sink.shutdown()
  await overStdio(canaries, first.otlpUrl)
  expect(await send(first.otlpUrl, 'logs', asLogs(careless(canaries)))).toBe(200)
  for (const spans of foreignSpans(canaries)) expect(await send(first.otlpUrl, 'traces', spans)).toBe(200)
  expect(await send(first.otlpUrl, 'logs', foreignLogs(canaries))).toBe(200)
  expect(await send(first.otlpUrl, 'logs', unreadable(canaries))).toBe(200)
  for (const { path, body } of plantedBodies(canaries)) {
    const answer = await fetch(first.otlpUrl + path, { method: 'POST', body })
    expect([path, answer.status]).toEqual([path, 200])
    search.look('answer to a record', await answer.text())
  }
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
  expect(await send(second.otlpUrl, 'logs', asLogs(more))).toBe(200)
  await expect
    .poll(async () => (await counters(second)).of('events_stored_total'), { timeout: 60_000, interval: 200 })
    .toBeGreaterThanOrEqual(more.length)
  await expect.poll(() => hooks.taken.length, { timeout: 60_000, interval: 100 }).toBeGreaterThan(0)
  // The search is not idle: each way in left rows.
  const ways = await ask('SELECT DISTINCT server_id, source FROM events ORDER BY ALL')
  for (const way of [
    '{"server_id":"leaky-http","source":"native"}',
    '{"server_id":"leaky","source":"native"}',
    '{"server_id":"careless","source":"native"}',
    '{"server_id":"srv","source":"span"}',
    '{"server_id":"elsewhere","source":"otlp_log"}',
    '{"server_id":"github-mcp","source":"adapter"}',
  ])
    expect(ways).toContain(way)
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

it('holds for the spool of a producer that nobody listens to, after it was killed', async () => {
  const search = new CanarySearch(canaries)
  const spool = join(dataDir, 'spool-of-a-producer')
  await overStdio(canaries, 'http://127.0.0.1:9', spool)
  search.folder(spool)
  const segments = readdirSync(spool, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.seg'))
  const text = segments.map((name) => readFileSync(join(spool, name), 'latin1')).join()
  for (const type of ['tool.call', 'tool.result', 'prompt.get']) expect(text).toContain(`mcp_audit.${type}`)
  expect(segments.length).toBeGreaterThanOrEqual(2)
  expect(search.found).toEqual([])
})
