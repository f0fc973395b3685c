/** Embedded only: paths, vanished files, readers that wait their turn and never disturb the writer. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { READ_LIMITS } from '../../../../connectors/clickhouse/reader.ts'
import { createEmbeddedStore } from '../../../../connectors/clickhouse/store.ts'
import type { EventStore } from '../../../../schemas/ports.ts'
import { recordingTelemetry, sampleEvent, sampleRow } from '../../../contract/samples.ts'

let path: string
let store: EventStore
const settings = () => ({
  path,
  database: 'mcp_auditd',
  retentionDays: { security: 100_000, activity: 100_000 },
  telemetry: recordingTelemetry(),
  readLimits: { ...READ_LIMITS, concurrent: 1, waiting: 2 },
})
beforeAll(async () => {
  path = await mkdtemp(join(tmpdir(), 'embedded-'))
  store = createEmbeddedStore(settings())
  await store.open()
})
afterAll(async () => {
  await store.close()
  await rm(path, { recursive: true, force: true })
})
const batch = (token: string) => ({
  token,
  count: 1,
  source: { rows: `${sampleRow(sampleEvent(), { log: 'a'.repeat(32), partition: 0, offset: 0, index: 0 })}\n` },
})

it('says which file of a batch is gone instead of storing less', async () => {
  const source = { files: [join(path, 'gone.rows')] }
  await expect(store.insertEvents({ token: 'gone', count: 1, source })).rejects.toMatchObject({
    code: 'spool_corrupt',
    field: 'gone.rows',
  })
})

it('refuses a path that the engine would take for a pattern, and a token that is none', async () => {
  const source = { files: [join(path, 'a*.rows')] }
  await expect(store.insertEvents({ token: 'x', count: 1, source })).rejects.toMatchObject({ code: 'config_invalid' })
  await expect(store.insertEvents(batch("x', '"))).rejects.toMatchObject({ code: 'row_refused', field: 'token' })
})

it('refuses a database name that is not plain', () => {
  expect(() => createEmbeddedStore({ ...settings(), database: 'a; DROP' })).toThrow(
    expect.objectContaining({ code: 'config_invalid' }),
  )
})

it('lets queries wait for their turn, refuses more than may wait, and inserts meanwhile', async () => {
  const slow = () => store.query('SELECT sum(sleepEachRow(0.02)) FROM numbers(20)', { format: 'TSV' })
  const asked = [slow(), slow(), slow(), slow()]
  const settled = Promise.allSettled(asked)
  await store.insertEvents(batch('meanwhile'))
  // The service’s own question, such as that of /readyz, does not wait behind people’s.
  expect(await store.query('SELECT 1', { format: 'TSV', own: true })).toBe('1\n')
  const results = await settled
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'rejected'])
  expect(results[3]).toMatchObject({ reason: { code: 'store_unavailable' } })
})

it('stops a query at its seconds and keeps answering others', async () => {
  await expect(
    store.query('SELECT count() FROM numbers(100000000000) WHERE sipHash64(number) = 1', {
      format: 'TSV',
      maxSeconds: 1,
    }),
  ).rejects.toMatchObject({ code: 'query_refused' })
  expect(await store.query('SELECT 1', { format: 'TSV' })).toBe('1\n')
})

it('gives another service that opens the folder later the same rows', async () => {
  await store.insertEvents(batch('kept'))
  const before = await store.query('SELECT count() FROM events', { format: 'TSV' })
  await store.close()
  store = createEmbeddedStore(settings())
  await store.open()
  expect(await store.query('SELECT count() FROM events', { format: 'TSV' })).toBe(before)
  await store.insertEvents(batch('kept'))
  expect(await store.query('SELECT count() FROM events', { format: 'TSV' })).toBe(before)
})
