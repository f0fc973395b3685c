/** Merging a day: copies of an event that two inserts left stand once in `events` afterwards, and the earliest stays. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { createEmbeddedStore } from '../../../../connectors/clickhouse/store.ts'
import { recordingTelemetry, sampleEvent, sampleRow } from '../../../contract/samples.ts'

const path = await mkdtemp(join(tmpdir(), 'merge-day-'))
const store = createEmbeddedStore({
  path,
  database: 'mcp_auditd',
  retentionDays: { security: 100_000, activity: 100_000 },
  telemetry: recordingTelemetry(),
})
afterAll(async () => {
  await store.close()
  await rm(path, { recursive: true, force: true })
})
const ask = async (sql: string): Promise<string> => (await store.query(sql, { format: 'TabSeparated' })).trim()

it('leaves one copy, the one received first, and changes no other day', async () => {
  await store.open()
  const event = sampleEvent({ receivedAt: '2026-11-23T10:00:00.000Z' })
  const copies = [
    event,
    { ...event, receivedAt: '2026-11-23T10:00:05.000Z' },
    sampleEvent({ receivedAt: '2026-11-24T10:00:00.000Z' }),
  ]
  for (const [offset, copy] of copies.entries()) {
    const row = sampleRow(copy as typeof event, { log: 'a'.repeat(32), partition: 0, offset, index: 0 })
    await store.insertEvents({ token: `merge-${offset}`, count: 1, source: { rows: `${row}\n` } })
  }
  await store.mergeDay('2026-11-23')
  expect(await ask(`SELECT count(), min(received_at) FROM events WHERE event_id = '${event.eventId}'`)).toBe(
    '1\t2026-11-23 10:00:00.000',
  )
  expect(await ask('SELECT count() FROM events')).toBe('2')
})
it('refuses what is no day', async () => {
  await expect(store.mergeDay("2026' FINAL; DROP TABLE events --")).rejects.toMatchObject({ code: 'usage' })
})
