/** What the server writer sends, and what it does when the answer is lost. The server is the HTTP shim over the embedded engine. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { createServerStore } from '../../../../connectors/clickhouse/store.ts'
import { EVENTS } from '../../../../connectors/clickhouse/tables.ts'
import type { EventStore } from '../../../../schemas/ports.ts'
import { type Cut, type Shim, startClickHouseHttp } from '../../../clickhouse-http.ts'
import { recordingTelemetry, sampleEvent, sampleRow } from '../../../contract/samples.ts'

let path: string
let shim: Shim
let store: EventStore
let cuts: Cut[] = []
const log = 'a'.repeat(32)
const settings = (url: string) => ({
  url,
  username: 'default',
  password: 'secret',
  database: 'wire',
  retentionDays: { security: 100_000, activity: 100_000 },
  telemetry: recordingTelemetry(),
  retryWaitsMs: [1, 1],
})
beforeAll(async () => {
  path = await mkdtemp(join(tmpdir(), 'server-writer-'))
  shim = await startClickHouseHttp({
    path: join(path, 'chdb'),
    password: 'secret',
    cut: ({ query }) => (query.startsWith('INSERT INTO events') ? cuts.shift() : undefined),
  })
  store = createServerStore(settings(shim.url))
  await store.open()
})
afterAll(async () => {
  await store.close()
  await shim.close()
  await rm(path, { recursive: true, force: true })
})
beforeEach(() => {
  cuts = []
  shim.requests.length = 0
})
const row = (offset: number) => sampleRow(sampleEvent(), { log, partition: 0, offset, index: 0 })
const stored = async (from: number, to: number) => (await store.storedPositions(log, 0, from, to)).size
const count = async (from: number, to: number) =>
  Number(
    await store.query(`SELECT count() FROM events WHERE position_offset >= ${from} AND position_offset < ${to}`, {
      format: 'TSV',
    }),
  )

it('streams the lines of files as one insert with token, columns and settings in the URL', async () => {
  const rows = [row(1), row(2)]
  const files = rows.map((_, i) => join(path, `${i}.rows`))
  for (const [i, file] of files.entries()) await writeFile(file, `${rows[i]}\n`)
  await store.insertEvents({ token: 'log/0/1-3', count: 2, source: { files } })
  const [request] = shim.requests
  expect(request).toMatchObject({
    method: 'POST',
    database: 'wire',
    user: 'default',
    query: `INSERT INTO events (${EVENTS.columnList}) FORMAT JSONCompactEachRow`,
    bodyBytes: Buffer.byteLength(rows.join('\n')) + 1,
    settings: { insert_deduplication_token: 'log/0/1-3', async_insert: '0', max_insert_threads: '1' },
  })
  expect(await stored(1, 3)).toBe(2)
})

it.each([
  ['before', 100],
  ['after', 200],
] as const)(
  'repeats an insert whose line broke %s it was done, with the same token, and stores it once',
  async (cut, offset) => {
    cuts = [cut, cut]
    expect(await store.insertEvents({ token: `t-${cut}`, count: 1, source: { rows: `${row(offset)}\n` } })).toEqual([])
    const inserts = shim.requests.filter(({ query }) => query.startsWith('INSERT'))
    expect(inserts.map((request) => request.settings['insert_deduplication_token'])).toEqual(Array(3).fill(`t-${cut}`))
    expect(await count(offset, offset + 1)).toBe(1)
  },
)

it('gives up after its retries with a transient error, and the same batch can come again later', async () => {
  cuts = ['after', 'after', 'after']
  const batch = { token: 'later', count: 1, source: { rows: `${row(300)}\n` } }
  await expect(store.insertEvents(batch)).rejects.toMatchObject({ code: 'store_unavailable', kind: 'transient' })
  expect(await store.insertEvents(batch)).toEqual([])
  expect(await count(300, 301)).toBe(1)
})

it('sends limits and readonly with a query, and nothing of it stays for the next insert', async () => {
  await store.query('SELECT 1', { format: 'TSV', maxRows: 5 })
  expect(shim.requests[0]!.settings).toMatchObject({
    readonly: '1',
    max_result_rows: '5',
    result_overflow_mode: 'throw',
  })
  await store.insertEvents({ token: 'next', count: 1, source: { rows: `${row(400)}\n` } })
  expect(shim.requests[1]!.settings).not.toHaveProperty('readonly')
})

it('says that the store is not available when the password is wrong or nobody listens', async () => {
  const wrong = createServerStore({ ...settings(shim.url), password: 'guess' })
  await expect(wrong.open()).rejects.toMatchObject({ code: 'store_unavailable' })
  const nobody = createServerStore(settings('http://127.0.0.1:1'))
  await expect(nobody.open()).rejects.toMatchObject({ code: 'store_unavailable', kind: 'transient' })
})
