// The materialised alerts partition: highest revision wins, deliveries end, memory of findings expires.
import { expect, test } from 'vitest'
import {
  alertRecord,
  decisionRecord,
  deliveryRecord,
  seenRecord,
  settledRecord,
} from '../../../../connectors/kafka/outbox-records.ts'
import { OutboxView } from '../../../../connectors/kafka/outbox-view.ts'
import { sampleAlert, sampleChange } from '../../../contract/samples.ts'

const viewOf = (...records: { key: Buffer | null; value: Buffer | null }[]) => {
  const view = new OutboxView()
  for (const record of records) view.apply(record)
  return view
}

test('a zombie’s late record of a lower revision does not take an alert back', () => {
  const first = sampleAlert()
  const second = { ...first, revision: 2, count: 2 }
  const view = viewOf(alertRecord(first, 'a'), alertRecord(second, 'b'), alertRecord(first, 'a'))
  expect(view.alert(first.alertId)).toEqual(second)
  expect(view.superseded(second, 'b').map(({ key, value }) => [String(key), value])).toEqual([
    [`alert/${first.alertId}/a`, null],
  ])
  expect(view.superseded(first, 'c')).toEqual([])
})

test('a delivery is due from its time on, for its target only, until it is settled', () => {
  const alert = sampleAlert()
  const other = sampleAlert()
  const view = viewOf(
    deliveryRecord('slack', alert, 0),
    deliveryRecord('slack', other, 0),
    deliveryRecord('hook', alert, 0),
  )
  const [first, second] = view.due('slack', 0, 10)
  expect(first).toEqual({ target: 'slack', alert, attempt: 1, idempotencyKey: `${alert.alertId}-1` })
  expect(view.due('slack', 0, 1)).toHaveLength(1)
  view.apply(settledRecord(first!, { kind: 'delivered' }, 0))
  view.apply(settledRecord(second!, { kind: 'retry', notBeforeMs: 500, reason: '503' }, 0))
  expect(view.due('slack', 499, 10)).toEqual([])
  expect(view.due('slack', 500, 10)).toEqual([{ ...second, attempt: 2 }])
  expect(view.hasDelivery('slack', alert.alertId, 1)).toBe(true)
  view.apply(settledRecord({ ...second!, attempt: 2 }, { kind: 'dead', reason: '410' }, 0))
  expect(view.due('slack', 500, 10)).toEqual([])
  expect(view.due('hook', 500, 10)).toHaveLength(1)
})

test('a later revision waits for the earlier one, which may come into the topic after it', () => {
  const first = sampleAlert()
  const second = { ...first, revision: 2 }
  const view = viewOf(deliveryRecord('slack', second, 0), deliveryRecord('slack', first, 0))
  expect(view.due('slack', 0, 10).map((one) => one.alert.revision)).toEqual([1])
  view.apply(settledRecord(view.due('slack', 0, 10)[0]!, { kind: 'delivered' }, 0))
  expect(view.due('slack', 0, 10).map((one) => one.alert.revision)).toEqual([2])
})

test('the decision of the highest offset counts, also when a zombie writes its older one late', () => {
  const older = sampleChange()
  const newer = sampleChange({ action: 'unsuppress' })
  const view = viewOf(
    decisionRecord(older, 'a', 4),
    decisionRecord(newer, 'b', 9),
    decisionRecord(older, 'a', 4),
    decisionRecord(sampleChange({ entity: 'server=other/one' }), 'b', 10),
  )
  expect(view.decision(older)).toEqual(newer)
  expect(view.overruled(newer, 'b', 9).map(({ value }) => value)).toEqual([null])
  for (const tombstone of view.overruled(newer, 'b', 9)) view.apply(tombstone)
  expect(view.decision(older)).toEqual(newer)
  for (const tombstone of view.expired(Date.parse('2027-01-01'))) view.apply(tombstone)
  expect(view.decision(older)).toBeUndefined()
})

test('what is older than the horizon gets tombstones, and they take it out of the view', () => {
  const old = sampleAlert({ windowStart: '2026-01-01T00:00:00.000Z' })
  const recent = sampleAlert()
  const view = viewOf(
    alertRecord(old, 'a'),
    alertRecord(recent, 'a'),
    seenRecord('a', 10, { atMs: 1000, findingIds: ['f1', 'f2'] }),
    seenRecord('a', 20, { atMs: Date.parse('2026-12-01'), findingIds: ['f3'] }),
  )
  expect(['f1', 'f2', 'f3', 'f4'].map((id) => view.remembers(id))).toEqual([true, true, true, false])
  for (const tombstone of view.expired(Date.parse('2026-02-01'))) view.apply(tombstone)
  expect(['f1', 'f2', 'f3'].map((id) => view.remembers(id))).toEqual([false, false, true])
  expect(view.alert(old.alertId)).toBeUndefined()
  expect(view.alert(recent.alertId)).toEqual(recent)
})

test('records of nobody are left out', () => {
  const noise = ['alert/x/y', 'delivery/t/x/1', 'other/z', ''].map((key) => ({
    key: Buffer.from(key),
    value: Buffer.from('{"alert":1}'),
  }))
  const view = viewOf(...noise, { key: null, value: null }, { key: Buffer.from('seen/a/1'), value: Buffer.from('{') })
  expect(view.alert('x')).toBeUndefined()
  expect(view.due('t', Number.MAX_SAFE_INTEGER, 10)).toEqual([])
})
