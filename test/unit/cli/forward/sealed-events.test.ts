/** Sealed events on the real engine: pages by position up to the last manifest, filters, copies, sizes. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Cursor, type EventFilter, EXCHANGE_BYTES, sealedEvents } from '../../../../cli/forward/sealed-events.ts'
import { type ClickHouseStores, createEmbeddedStore } from '../../../../connectors/clickhouse/store.ts'
import type { EventFields } from '../../../../schemas/event.ts'
import type { EventRow } from '../../../../schemas/ports.ts'
import type { ProofManifest } from '../../../../schemas/proof.ts'
import { rowText } from '../../../../schemas/row.ts'
import { ENRICHMENT, recordingTelemetry, sampleEvent } from '../../../contract/samples.ts'

let folder = ''
let store: ClickHouseStores
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sealed-events-'))
  const retentionDays = { security: 100_000, activity: 100_000 }
  store = createEmbeddedStore({ path: folder, database: 'd', retentionDays, telemetry: recordingTelemetry() })
  await store.open()
})
afterAll(async () => {
  await store.close()
  await rm(folder, { recursive: true, force: true })
})

const ALL: EventFilter = { tenants: [], servers: [] }
let tokens = 0
/** Messages of `perMessage` events from `offset` on, received at this time. */
async function stored(log: string, offset: number, events: readonly EventFields[], receivedAt: string, perMessage = 2) {
  const rows = events.map((event, at) =>
    rowText(sampleEvent({ eventId: `${log}-${offset}-${at}`, receivedAt, ...event }), ENRICHMENT, {
      log,
      partition: 1,
      offset: offset + Math.floor(at / perMessage),
      index: at % perMessage,
    }),
  )
  await store.insertEvents({ token: `t${tokens++}`, count: rows.length, source: { rows: `${rows.join('\n')}\n` } })
}
const column = (time: string) => time.replace('T', ' ').slice(0, 23)
const sealed = (log: string, number: number, first: number, next: number, from: string, to = from): Promise<void> =>
  store.proof.insertManifests([
    {
      ...{ log, partition: 1, number, first, next, count: 1, receivedFrom: column(from), receivedTo: column(to) },
      ...{ contentHash: 'c', previous: '', keyId: 'k', hash: `${log}${number}${next}`, signature: 's' },
      ...{ positions: '', rowHashes: [], identityHashes: [] },
    } satisfies ProofManifest,
  ])
const ids = (rows: readonly EventRow[]) => rows.map((row) => row['event_id'])
const some = (count: number, event: EventFields = {}) => Array.from({ length: count }, () => event)
const DAY_1 = '2026-11-23T23:59:59.000Z'
const DAY_2 = '2026-11-24T00:00:01.000Z'

async function all(log: string, from: Cursor, filter = ALL): Promise<{ rows: EventRow[]; pages: number; end: Cursor }> {
  const source = sealedEvents(store)
  const rows: EventRow[] = []
  for (let pages = 0, at = from; ; pages++) {
    const page = await source.page(log, 1, at, filter)
    if (page === undefined) return { rows, pages, end: at }
    rows.push(...page.exchanges.flat())
    at = page.after
  }
}

describe('sealed events', () => {
  it('are read by position, over midnight, up to the last manifest and not beyond', async () => {
    await stored('a', 5, some(4), DAY_1)
    await stored('a', 7, some(4), DAY_2)
    await stored('a', 9, some(2), DAY_2)
    await sealed('a', 1, 5, 7, DAY_1)
    await sealed('a', 2, 7, 9, DAY_2)
    const { rows, end } = await all('a', { offset: 0, index: 0 })
    expect(ids(rows)).toEqual(['a-5-0', 'a-5-1', 'a-5-2', 'a-5-3', 'a-7-0', 'a-7-1', 'a-7-2', 'a-7-3'])
    expect(end).toEqual({ offset: 9, index: 0 })
    const source = sealedEvents(store)
    expect((await source.ends()).filter(({ log }) => log === 'a')).toEqual([{ log: 'a', partition: 1, next: 9 }])
    const half = await source.page('a', 1, { offset: 5, index: 1 }, ALL)
    expect(ids(half!.exchanges.flat())).toEqual(['a-5-1', 'a-5-2', 'a-5-3'])
    expect(half!.receivedFromMs).toBe(Date.parse(DAY_1))
  })
  it('a row that stands there twice comes once, and a manifest of an owner that was over changes nothing', async () => {
    await stored('b', 0, some(6), DAY_1)
    await stored('b', 0, some(6), DAY_1)
    await sealed('b', 1, 0, 2, DAY_1)
    await sealed('b', 1, 0, 1, DAY_1)
    await sealed('b', 2, 2, 3, DAY_1)
    const { rows } = await all('b', { offset: 0, index: 0 })
    expect(ids(rows)).toEqual([0, 1, 2, 3, 4, 5].map((at) => `b-0-${at}`))
  })
  it('carry every column, times as the engine writes them, and the fields as text', async () => {
    await stored('c', 0, [{ toolName: 'read_file', eventTime: '2026-11-24T01:02:03.5Z' }], DAY_2)
    await sealed('c', 1, 0, 1, DAY_2)
    const [row] = (await all('c', { offset: 0, index: 0 })).rows
    expect(row).toMatchObject({
      event_time: '2026-11-24 01:02:03.500000000',
      received_at: '2026-11-24 00:00:01.000',
      tool_name: 'read_file',
      position_log: 'c',
      position_offset: 0,
    })
    expect(JSON.parse(String(row!['fields']))).toBeTypeOf('object')
  })
  it('are left out by tenant and server, and the cursor passes them', async () => {
    await stored('d', 0, some(2, { tenant: 'acme', serverId: 'files' }), DAY_2)
    await stored('d', 1, some(2, { tenant: 'acme', serverId: "mail'%_" }), DAY_2)
    await stored('d', 2, some(2, { tenant: 'globex', serverId: 'files' }), DAY_2)
    await sealed('d', 1, 0, 3, DAY_2)
    const start = { offset: 0, index: 0 }
    expect(ids((await all('d', start, { tenants: ['acme'], servers: ['files'] })).rows)).toEqual(['d-0-0', 'd-0-1'])
    expect(ids((await all('d', start, { tenants: [], servers: ["mail'*"] })).rows)).toEqual(['d-1-0', 'd-1-1'])
    expect(await all('d', start, { tenants: ['none'], servers: [] })).toEqual({
      rows: [],
      pages: 1,
      end: { offset: 3, index: 0 },
    })
  })
  it('exchanges hold at most 1,000 rows and 900 KB, and a page ends within a message too', async () => {
    await stored('e', 0, some(9_300), DAY_2, 9_300)
    await stored('e', 1, some(8), DAY_2, 8)
    await sealed('e', 1, 0, 2, DAY_2)
    const { rows, pages } = await all('e', { offset: 0, index: 0 })
    expect([rows.length, new Set(ids(rows)).size, pages]).toEqual([9_308, 9_308, 2])
    const first = await sealedEvents(store).page('e', 1, { offset: 0, index: 0 }, ALL)
    expect(first!.after).toEqual({ offset: 0, index: 8_000 })
    for (const exchange of first!.exchanges) {
      expect(exchange.length).toBeLessThanOrEqual(1_000)
      expect(Buffer.byteLength(JSON.stringify(exchange))).toBeLessThan(EXCHANGE_BYTES * 1.01)
    }
  })
})
