// The outbox on a real broker: findings once into alerts, deliveries that survive a restart, memory across owners.
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { KafkaDriver } from '../../connectors/kafka/driver.ts'
import { kafkajsDriver } from '../../connectors/kafka/kafkajs.ts'
import { KafkaOutbox } from '../../connectors/kafka/outbox.ts'
import { platformaticDriver } from '../../connectors/kafka/platformatic.ts'
import { KafkaStateStore } from '../../connectors/kafka/state-store.ts'
import { setUpTopics } from '../../connectors/kafka/topic-setup.ts'
import type { Finding } from '../../schemas/finding.ts'
import type { AlertUpdate } from '../../schemas/ports.ts'
import { sampleAlert, sampleChange, sampleFinding } from '../contract/samples.ts'
import { brokers, skipReason, uniqueName } from './broker.ts'

const forever = new AbortController().signal

describe.skipIf(brokers.length === 0).each([
  ['kafkajs', kafkajsDriver],
  ['platformatic', platformaticDriver],
] as const)(`outbox on %s${skipReason}`, (_name, open) => {
  let driver: KafkaDriver
  let prefix: string
  let nowMs = 1_000_000
  const open_: KafkaOutbox[] = []
  const outbox = () => {
    const one = new KafkaOutbox({
      driver,
      partitions: 2,
      replicas: 1,
      prefix,
      group: prefix,
      clock: { nowMs: () => nowMs },
    })
    open_.push(one)
    return one
  }
  const find = async (...findings: Finding[]) => {
    const store = new KafkaStateStore({ driver, partitions: 2, replicas: 1, prefix })
    await store.commit({ log: 'a'.repeat(32), partition: 0, next: 1, findings })
    await store.close()
  }
  const updateOf = (cursor: string, finding: Finding, over: Partial<AlertUpdate> = {}): AlertUpdate => {
    const alert = sampleAlert({ rule: finding.rule, tenant: finding.tenant, entity: finding.entity })
    return {
      cursor,
      findingIds: [finding.findingId],
      alerts: [alert],
      deliveries: [{ alertId: alert.alertId, revision: 1, target: 'slack' }],
      ...over,
    }
  }

  beforeAll(() => {
    driver = open({ brokers, clientId: 'outbox' })
  })
  afterAll(() => driver.close())
  beforeEach(async () => {
    await Promise.all(open_.splice(0).map((one) => one.close()))
    nowMs = 1_000_000
    prefix = `${uniqueName('outbox')}.`
    await setUpTopics(driver, { partitions: 2, replicas: 1, prefix })
  })

  test('findings are taken in order and offered again until they are recorded', async () => {
    const findings = Array.from({ length: 5 }, () => sampleFinding())
    await find(...findings)
    const subject = outbox()
    const first = await subject.take(2, forever)
    expect(first.findings).toEqual(findings.slice(0, 2))
    expect((await subject.take(2, forever)).findings).toEqual(findings.slice(0, 2))
    await subject.record({
      cursor: first.cursor,
      findingIds: findings.slice(0, 2).map((one) => one.findingId),
      alerts: [],
      deliveries: [],
    })
    const rest = await subject.take(100, forever)
    expect(rest.findings).toEqual(findings.slice(2))
    await subject.close()
    // Not recorded, so they come again in the next process; the first two do not.
    const later = outbox()
    expect((await later.take(100, forever)).findings).toEqual(findings.slice(2))
  })

  test('a take without findings waits until the signal aborts', async () => {
    const subject = outbox()
    const stop = new AbortController()
    const taken = subject.take(10, stop.signal)
    await sleep(300)
    stop.abort()
    expect(await taken).toEqual({ findings: [], changes: [], cursor: '' })
  })

  test('a process that only offers owns nothing: whoever owns the groups takes everything, decisions in their place', async () => {
    const [offering, owner] = [outbox(), outbox()]
    const entities = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => `server_id=${name}`)
    const findings = entities.map((entity) => sampleFinding({ entity }))
    const changes = entities.map((entity) => sampleChange({ entity }))
    await offering.offer(findings, [])
    await offering.offer([], changes)
    await offering.offer(findings, changes)
    const seen: string[] = []
    while (seen.length < 12) {
      const taken = await owner.take(100, forever)
      const ids = [
        ...taken.findings.map(({ findingId }) => findingId),
        ...taken.changes.map(({ changeId }) => changeId),
      ]
      const known = await owner.remembered(ids)
      seen.push(...ids.filter((id) => !known.has(id)))
      await owner.record({
        ...{ cursor: taken.cursor, findingIds: ids, alerts: [], deliveries: [] },
        decisions: taken.changes,
      })
    }
    expect(seen.toSorted()).toEqual(
      [...findings.map((one) => one.findingId), ...changes.map((one) => one.changeId)].sort(),
    )
    for (const [at, { findingId }] of findings.entries())
      expect(seen.indexOf(findingId)).toBeLessThan(seen.indexOf(changes[at]!.changeId))
    await owner.close()
    // Decisions are there for the next owner.
    const next = outbox()
    await next.offer([sampleFinding({ entity: entities[0]! })], [])
    await next.take(100, forever)
    await expect.poll(() => next.decisions(changes), { timeout: 20_000 }).toEqual(changes)
  })

  test('a bundle whose members lie in two partitions is two bundles, each whole', async () => {
    const subject = outbox()
    const entities = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => `server_id=${name}`)
    const alerts = entities.map((entity) => sampleAlert({ entity }))
    const deliveries = alerts.map(({ alertId }) => ({ alertId, revision: 1, target: 'soc' }))
    await subject.offer([sampleFinding({ entity: entities[0]! }), sampleFinding({ entity: entities[1]! })], [])
    await subject.take(1, forever)
    while ((await subject.due('soc', 0, 10)).length < 6) {
      await sleep(50)
      await subject.record({ cursor: '0', findingIds: [], alerts, deliveries }).catch(() => undefined)
    }
    const due = await subject.due('soc', 0, 10)
    for (const one of due) await subject.settle(one, { kind: 'bundled', bundle: 'b'.repeat(32) })
    const parts = Map.groupBy(await subject.due('soc', 0, 1), ({ bundle }) => bundle)
    const all = Map.groupBy(await subject.due('soc', 0, 10), ({ bundle }) => bundle)
    expect([parts.size, all.size]).toEqual([1, 2])
    for (const [bundle, members] of parts) expect(members).toHaveLength(all.get(bundle)!.length)
  })

  test('findings made while a take waits are taken at once', async () => {
    const subject = outbox()
    const taken = subject.take(10, forever)
    const finding = sampleFinding()
    await find(finding)
    expect((await taken).findings).toEqual([finding])
  })

  test('alert, deliveries and memory of a finding survive a kill after record', async () => {
    const finding = sampleFinding()
    await find(finding)
    const before = outbox()
    const { cursor } = await before.take(10, forever)
    const update = updateOf(cursor, finding)
    await before.record(update)
    await before.close()
    const after = outbox()
    const [alert] = update.alerts
    expect((await after.alerts([alert!.alertId, 'none'])).get(alert!.alertId)).toEqual(alert)
    expect(await after.remembered([finding.findingId, 'other'])).toEqual(new Set([finding.findingId]))
    expect(await after.due('slack', nowMs, 10)).toEqual([
      { target: 'slack', alert, attempt: 1, idempotencyKey: `${alert!.alertId}-1` },
    ])
    expect(await after.due('other', nowMs, 10)).toEqual([])
  })

  test('the same finding published again is remembered, so it need not make a second alert', async () => {
    const finding = sampleFinding()
    await find(finding, finding)
    const subject = outbox()
    const { findings, cursor } = await subject.take(1, forever)
    expect(findings).toEqual([finding])
    await subject.record(updateOf(cursor, finding))
    expect((await subject.take(1, forever)).findings).toEqual([finding])
    expect(await subject.remembered([finding.findingId])).toEqual(new Set([finding.findingId]))
  })

  test('a delivery is retried at its time with the same key, then ends; a dead one ends too; both outlive a restart', async () => {
    const one = sampleFinding()
    const two = sampleFinding()
    await find(one, two)
    const subject = outbox()
    const first = await subject.take(1, forever)
    await subject.record(updateOf(first.cursor, one))
    const second = await subject.take(1, forever)
    await subject.record(updateOf(second.cursor, two))
    const [a, b] = await subject.due('slack', nowMs, 10)
    await subject.settle(a!, { kind: 'retry', notBeforeMs: nowMs + 1000, reason: '503' })
    await subject.settle(b!, { kind: 'dead', reason: '410' })
    expect(await subject.due('slack', nowMs, 10)).toEqual([])
    await subject.close()
    const later = outbox()
    expect(await later.due('slack', nowMs, 10)).toEqual([])
    const again = await later.due('slack', nowMs + 1000, 10)
    expect(again).toEqual([{ ...a!, attempt: 2 }])
    await later.settle(again[0]!, { kind: 'delivered' })
    await later.close()
    expect(await outbox().due('slack', nowMs + 5000, 10)).toEqual([])
  })

  test('a cursor of a partition that was given up is refused', async () => {
    const finding = sampleFinding()
    await find(finding)
    const subject = outbox()
    const { cursor } = await subject.take(1, forever)
    const [partition, , next] = cursor.split('/')
    await expect(subject.record(updateOf(`${partition}/99/${next}`, finding))).rejects.toMatchObject({
      code: 'ownership_lost',
    })
  })

  test('two owners share the findings, and none is grouped twice', async () => {
    const findings = Array.from({ length: 40 }, (_, i) => sampleFinding({ entity: `server_id=srv-${i}` }))
    const handled: string[] = []
    const stop = new AbortController()
    const work = async (subject: KafkaOutbox) => {
      while (!stop.signal.aborted) {
        const { findings: some, cursor } = await subject.take(4, stop.signal)
        if (some.length === 0) continue
        const fresh = await subject.remembered(some.map((one) => one.findingId))
        const ids = some.map((one) => one.findingId).filter((id) => !fresh.has(id))
        const recorded = await subject.record({ cursor, findingIds: ids, alerts: [], deliveries: [] }).then(
          () => true,
          () => false,
        )
        if (recorded) handled.push(...ids)
      }
    }
    const first = outbox()
    const workers = [work(first)]
    await find(...findings.slice(0, 20))
    const second = outbox()
    workers.push(work(second))
    await find(...findings.slice(20))
    for (const deadline = Date.now() + 20_000; handled.length < 40 && Date.now() < deadline; ) await sleep(50)
    stop.abort()
    await Promise.all(workers)
    expect(handled.sort()).toEqual(findings.map((one) => one.findingId).sort())
  })
})
