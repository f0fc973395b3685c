/** Every event reaches a file and Elasticsearch from the real service, which is killed on the way; and a target that is down delays no other. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { API_KEY, FakeElasticsearch } from '../fakes/elasticsearch.ts'
import { type Up, up } from '../unit/cli/command-line.ts'
import { post, sent } from './telemetry-in.ts'

let folder = ''
let elastic: FakeElasticsearch
const running: Up[] = []
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'forward-events-'))
  elastic = await FakeElasticsearch.start()
})
afterEach(async () => {
  for (const { child } of running.splice(0)) if (child.exitCode === null) child.kill('SIGKILL')
  await elastic.close()
  rmSync(folder, { recursive: true, maxRetries: 3 })
})

function settings(): string {
  const file = join(folder, 'config.yaml')
  const targets = {
    shipped: { type: 'file', path: join(folder, 'events.jsonl'), events: true, filter: { servers: ['h*'] } },
    elastic: { type: 'elasticsearch', url: elastic.url, apiKey: 'env:ELASTIC_KEY', events: true },
    down: { type: 'splunk', url: 'http://127.0.0.1:9', token: 'env:ELASTIC_KEY', events: true },
  }
  const proof = { sealRows: 1, sealEveryMs: 0 }
  const limits = { snapshotEveryMs: 100, insertEveryMs: 0 }
  writeFileSync(file, JSON.stringify({ targets, proof, limits, allowPrivateTargets: true }))
  return file
}
async function begin(): Promise<Up> {
  const service = await up(join(folder, 'data'), ['--config', settings()], { ELASTIC_KEY: API_KEY })
  running.push(service)
  return service
}
interface Line {
  readonly kind: string
  readonly uid: string
  readonly event: { readonly event_id: string; readonly position_offset: number; readonly position_index: number }
}
const lines = (): readonly Line[] => {
  const path = join(folder, 'events.jsonl')
  if (!existsSync(path)) return []
  return readFileSync(path, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Line)
    .filter(({ kind }) => kind === 'event')
}
const inElastic = (): ReadonlySet<string> =>
  new Set(
    [...elastic.documents.values()]
      .map(({ event }) => event as { kind: string; id: string })
      .filter(({ kind }) => kind === 'event')
      .map(({ id }) => id),
  )

it('events of a service that is killed while it forwards are all there, in the order of their positions', async () => {
  const wanted: string[] = []
  let service = await begin()
  // A target's first look says where it begins.
  for (const target of ['shipped', 'elastic'])
    await expect.poll(() => lagOf(service, target), { timeout: 20_000 }).toBe(0)
  const publish = async () => {
    const events = Array.from({ length: 25 }, () => sent())
    expect((await post(service.otlpUrl, [...events, sent({ serverId: 'other' })])).status).toBe(200)
    wanted.push(...events.map(({ eventId }) => String(eventId)))
  }
  for (let request = 0; request < 4; request++) await publish()
  // Killed while it forwards: some have arrived, and what the cursors know may be behind.
  await expect.poll(() => inElastic().size, { timeout: 20_000, interval: 20 }).toBeGreaterThan(0)
  for (let request = 0; request < 4; request++) await publish()
  service.child.kill('SIGKILL')
  await service.ended
  service = await begin()
  await expect
    .poll(() => new Set(lines().map(({ event }) => event.event_id)).size, { timeout: 30_000 })
    .toBe(wanted.length)
  await expect.poll(() => wanted.filter((id) => !inElastic().has(id)), { timeout: 30_000 }).toEqual([])
  const uids = lines().map(({ event }) => event.event_id)
  expect([...new Set(uids)].sort()).toEqual([...wanted].sort())
  // At their first coming they are in order.
  const places = lines()
    .filter(({ event }, at) => uids.indexOf(event.event_id) === at)
    .map(({ event }) => event.position_offset * 100_000 + event.position_index)
  expect(places).toEqual([...places].sort((a, b) => a - b))
  expect(service.log.some(({ event, target }) => event === 'forward_failed' && target === 'down')).toBe(true)
  service.child.kill('SIGTERM')
  expect((await service.ended).code).toBe(0)
}, 90_000)

async function lagOf({ adminUrl }: Up, target: string): Promise<number | undefined> {
  const text = await (await fetch(`${adminUrl}/metrics`)).text()
  const line = text
    .split('\n')
    .find((one) => one.startsWith('mcp_auditd_forward_lag_seconds{') && one.includes(`"${target}"`))
  return line === undefined ? undefined : Number(line.split(' ').at(-1))
}
