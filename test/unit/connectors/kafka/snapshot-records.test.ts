// Snapshots in the state topic: torn ones are never restored, and deletes hit exactly one version.
import { expect, test } from 'vitest'
import type { KafkaMessage, KafkaRecord } from '../../../../connectors/kafka/driver.ts'
import { SnapshotView, snapshotRecords, tombstones } from '../../../../connectors/kafka/snapshot-records.ts'
import type { Snapshot } from '../../../../schemas/ports.ts'

const LOG = 'a'.repeat(32)
const snapshot = (next: number, chunks: Record<string, string>): Snapshot => ({
  log: LOG,
  partition: 2,
  next,
  ruleSetHash: 'rules',
  watermarkMs: next * 10,
  chunks: new Map(Object.entries(chunks).map(([name, text]) => [name, new Uint8Array(Buffer.from(text))])),
})
const message = (record: KafkaRecord): KafkaMessage => ({
  ...record,
  topic: 's',
  partition: 2,
  offset: 0,
  timestampMs: 0,
})
const viewOf = (...records: readonly KafkaRecord[]) => {
  const view = new SnapshotView(LOG, 2)
  for (const record of records) view.add(message(record))
  return view
}
const all = (of: ReturnType<typeof snapshotRecords>) => [...of.parts, of.manifest]
const texts = (found: Snapshot | undefined) =>
  found && Object.fromEntries([...found.chunks].map(([name, bytes]) => [name, String(Buffer.from(bytes))]))

test('a snapshot comes back as it was, chunks over a record’s size and empty ones included', () => {
  const large = 'x'.repeat(1_300_000)
  const records = snapshotRecords(snapshot(7, { a: 'one', b: large, empty: '' }), 'w1')
  expect(records.parts.every((part) => part.value!.length <= 512 * 1024)).toBe(true)
  const found = viewOf(...all(records)).latest()
  expect(found).toMatchObject({ log: LOG, partition: 2, next: 7, ruleSetHash: 'rules', watermarkMs: 70 })
  expect(texts(found)).toEqual({ a: 'one', b: large, empty: '' })
})

test('without its manifest, without a part, or with another part a snapshot is not there', () => {
  const old = snapshotRecords(snapshot(5, { a: 'old' }), 'w1')
  const torn = snapshotRecords(snapshot(9, { a: 'new', b: 'new' }), 'w1')
  const swapped = { ...torn.parts[1]!, value: Buffer.from('NEW') }
  for (const records of [torn.parts, [torn.parts[0]!, torn.manifest], [torn.parts[0]!, swapped, torn.manifest]])
    expect(viewOf(...all(old), ...records).latest()?.next).toBe(5)
  expect(viewOf(...all(old), ...all(torn)).latest()?.next).toBe(9)
})

test('the highest position at or below the wanted one is taken, whoever wrote it and whenever it landed', () => {
  const of = (next: number, writer: string) => all(snapshotRecords(snapshot(next, { a: writer }), writer))
  const view = viewOf(...of(12, 'owner'), ...of(10, 'zombie'), ...of(11, 'zombie'))
  expect(texts(view.latest())).toEqual({ a: 'owner' })
  expect(view.latest(11)?.next).toBe(11)
  expect(view.latest(9)).toBeUndefined()
})

test('two writers at one position do not touch each other’s records', () => {
  const first = snapshotRecords(snapshot(5, { a: 'first' }), 'w1')
  const second = snapshotRecords(snapshot(5, { a: 'second' }), 'w2')
  const view = viewOf(...first.parts, ...second.parts, second.manifest)
  expect(texts(view.latest())).toEqual({ a: 'second' })
  expect(view.versions().map(({ writer, parts }) => [writer, parts])).toEqual([
    ['w1', 1],
    ['w2', 1],
  ])
})

test('tombstones of a version delete it alone, and a late one of another version deletes nothing of it', () => {
  const low = snapshotRecords(snapshot(5, { a: 'low' }), 'w1')
  const high = snapshotRecords(snapshot(6, { a: 'high' }), 'w1')
  const view = viewOf(...all(low), ...all(high), ...tombstones(low.version))
  expect(view.latest()?.next).toBe(6)
  expect(view.versions()).toEqual([high.version])
})

test('snapshots of another log or partition, and records of nobody, are left out', () => {
  const foreign = snapshotRecords({ ...snapshot(50, { a: 'x' }), log: 'b'.repeat(32) }, 'w1')
  const neighbour = snapshotRecords({ ...snapshot(50, { a: 'x' }), partition: 3 }, 'w1')
  const noise: KafkaRecord = { key: Buffer.from('manifest/junk'), value: Buffer.from('{'), headers: {} }
  const unreadable = { ...snapshotRecords(snapshot(60, {}), 'w9').manifest, value: Buffer.from('not json') }
  expect(viewOf(...all(foreign), ...all(neighbour), noise, unreadable).latest()).toBeUndefined()
})
