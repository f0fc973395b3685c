/** The contract of Outbox: any adapter must pass it. Findings reach it through the state store of the same adapter. */
import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Finding } from '../../schemas/finding.ts'
import type { AlertUpdate, Outbox, StateStore } from '../../schemas/ports.ts'
import { sampleAlert, sampleChange, sampleFinding } from './samples.ts'

export interface OutboxUnderTest {
  readonly state: StateStore
  readonly outbox: Outbox
  /** A log whose partition 0 the state store may write; a random one when undefined. */
  readonly log?: string
  /** Both in a new life of the service; undefined where nothing outlives it (memory). */
  readonly reopen?: () => Promise<{ readonly state: StateStore; readonly outbox: Outbox }>
  close(): Promise<void>
}
const TAKE_MS = 20_000

/** `make` gives empty ports; it is called for every test. */
export function describeOutbox(name: string, make: () => Promise<OutboxUnderTest>): void {
  describe(`outbox: ${name}`, () => {
    let under: OutboxUnderTest
    let log: string
    let next: number
    beforeEach(async () => {
      under = await make()
      log = under.log ?? randomUUID().replaceAll('-', '')
      next = 0
    })
    afterEach(() => under.close())

    const find = async (...findings: Finding[]) => {
      next += 1
      await under.state.commit({ log, partition: 0, next, findings })
    }
    /** Takes until `count` findings came, grouping nothing. */
    const take = (limit = 100, outbox = under.outbox) => outbox.take(limit, AbortSignal.timeout(TAKE_MS))
    const update = (parts: Partial<AlertUpdate>): AlertUpdate => ({
      cursor: '0',
      findingIds: [],
      alerts: [],
      deliveries: [],
      ...parts,
    })

    it('hands out findings in order, and after a record the next ones', async () => {
      const findings = [sampleFinding(), sampleFinding(), sampleFinding()]
      await find(findings[0]!, findings[1]!)
      await find(findings[2]!)
      const seen: string[] = []
      while (seen.length < 3) {
        const taken = await take(2)
        expect(taken.findings.length).toBeGreaterThan(0)
        seen.push(...taken.findings.map(({ findingId }) => findingId))
        await under.outbox.record(
          update({ cursor: taken.cursor, findingIds: taken.findings.map(({ findingId }) => findingId) }),
        )
      }
      expect(seen).toEqual(findings.map(({ findingId }) => findingId))
    })

    it('hands out a finding as it was committed', async () => {
      const finding = sampleFinding({ evidence: { list: ['a', 'b'], n: 1.5, text: 'ü\u202e' } })
      await find(finding)
      expect((await take()).findings).toEqual([finding])
    })

    it('waits for a finding, and ends empty when it is told to stop', async () => {
      const waiting = take()
      const finding = sampleFinding()
      await find(finding)
      const taken = await waiting
      expect(taken.findings).toEqual([finding])
      await under.outbox.record(update({ cursor: taken.cursor, findingIds: [finding.findingId] }))
      const stop = new AbortController()
      const stopped = under.outbox.take(10, stop.signal)
      stop.abort()
      expect((await stopped).findings).toEqual([])
    })

    it('remembers what was grouped, and only that', async () => {
      const [grouped, open] = [sampleFinding(), sampleFinding()]
      await find(grouped, open)
      const { cursor } = await take()
      await under.outbox.record(update({ cursor, findingIds: [grouped.findingId] }))
      expect([...(await under.outbox.remembered([grouped.findingId, open.findingId, 'f'.repeat(32)]))]).toEqual([
        grouped.findingId,
      ])
    })

    it('knows a finding that a replay brings again, by hiding or by remembering it', async () => {
      const finding = sampleFinding()
      await find(finding)
      const { cursor } = await take()
      await under.outbox.record(update({ cursor, findingIds: [finding.findingId] }))
      const later = sampleFinding()
      await find(finding)
      await find(later)
      const fresh: string[] = []
      while (!fresh.includes(later.findingId)) {
        const taken = await take()
        const ids = taken.findings.map(({ findingId }) => findingId)
        const known = await under.outbox.remembered(ids)
        fresh.push(...ids.filter((id) => !known.has(id)))
        await under.outbox.record(update({ cursor: taken.cursor, findingIds: ids }))
      }
      expect(fresh).toEqual([later.findingId])
    })

    it('has the latest revision of an alert', async () => {
      const alert = sampleAlert()
      await under.outbox.record(update({ alerts: [alert] }))
      await under.outbox.record(update({ alerts: [{ ...alert, revision: 2, count: 5 }] }))
      const found = await under.outbox.alerts([alert.alertId, 'f'.repeat(32)])
      expect([...found]).toEqual([[alert.alertId, { ...alert, revision: 2, count: 5 }]])
    })

    it('keeps a delivery due until it is settled, with one stable key, and each target apart', async () => {
      const alert = sampleAlert()
      const deliveries = ['slack', 'console'].map((target) => ({ alertId: alert.alertId, revision: 1, target }))
      await under.outbox.record(update({ alerts: [alert], deliveries }))
      const [slack] = await under.outbox.due('slack', 1_000, 10)
      expect(slack).toMatchObject({ target: 'slack', alert, attempt: 1 })
      expect((await under.outbox.due('slack', 1_000, 10))[0]?.idempotencyKey).toBe(slack!.idempotencyKey)
      await under.outbox.settle(slack!, { kind: 'delivered' })
      expect(await under.outbox.due('slack', 1_000, 10)).toEqual([])
      expect(await under.outbox.due('console', 1_000, 10)).toHaveLength(1)
    })

    it('does not deliver again what was recorded again', async () => {
      const alert = sampleAlert()
      const once = update({ alerts: [alert], deliveries: [{ alertId: alert.alertId, revision: 1, target: 'slack' }] })
      await under.outbox.record(once)
      await under.outbox.record(once)
      const due = await under.outbox.due('slack', 0, 10)
      expect(due).toHaveLength(1)
      await under.outbox.settle(due[0]!, { kind: 'delivered' })
      await under.outbox.record(once)
      expect(await under.outbox.due('slack', 0, 10)).toEqual([])
    })

    it('offers a retry when its time has come, counting attempts, and a dead one never', async () => {
      const [first, second] = [sampleAlert(), sampleAlert()]
      await under.outbox.record(
        update({
          alerts: [first, second],
          deliveries: [first, second].map(({ alertId }) => ({ alertId, revision: 1, target: 'hook' })),
        }),
      )
      const due = await under.outbox.due('hook', 0, 10)
      expect(due.map(({ alert }) => alert.alertId)).toEqual([first.alertId, second.alertId])
      await under.outbox.settle(due[0]!, { kind: 'retry', notBeforeMs: 5_000, reason: 'HTTP 503' })
      await under.outbox.settle(due[1]!, { kind: 'dead', reason: 'HTTP 410' })
      expect(await under.outbox.due('hook', 4_999, 10)).toEqual([])
      const again = await under.outbox.due('hook', 5_000, 10)
      expect(again.map(({ alert, attempt, idempotencyKey }) => [alert.alertId, attempt, idempotencyKey])).toEqual([
        [first.alertId, 2, due[0]!.idempotencyKey],
      ])
    })

    it('delivers revisions of one alert in their order, each with its own key and content', async () => {
      const alert = sampleAlert()
      const revisions = [alert, { ...alert, revision: 2, count: 2 }]
      for (const one of revisions)
        await under.outbox.record(
          update({ alerts: [one], deliveries: [{ alertId: one.alertId, revision: one.revision, target: 'hook' }] }),
        )
      const keys = new Set<string>()
      for (const expected of revisions) {
        const due = await under.outbox.due('hook', 0, 10)
        expect(due[0]?.alert).toEqual(expected)
        keys.add(due[0]!.idempotencyKey)
        await under.outbox.settle(due[0]!, { kind: 'delivered' })
      }
      expect(keys.size).toBe(2)
    })

    it('hands out what was offered in its place among the findings, a change alone, and once', async () => {
      const [first, second, own] = [sampleFinding(), sampleFinding(), sampleFinding({ rule: 'auditd-incident' })]
      const change = sampleChange()
      await find(first)
      await under.outbox.offer([own], [change])
      await under.outbox.offer([own], [change])
      await find(second)
      const seen: string[] = []
      const known: string[] = []
      while (!seen.includes(second.findingId)) {
        const { findings, changes, cursor } = await take()
        const ids = [...findings.map(({ findingId }) => findingId), ...changes.map(({ changeId }) => changeId)]
        if (changes.length > 0) {
          expect(ids).toHaveLength(1)
          expect(changes).toEqual([change])
        }
        for (const one of findings) expect([first, second, own]).toContainEqual(one)
        known.push(...(await under.outbox.remembered(ids)))
        seen.push(...ids.filter((id) => !known.includes(id)))
        await under.outbox.record(update({ cursor, findingIds: ids }))
      }
      expect(seen).toEqual([first.findingId, own.findingId, change.changeId, second.findingId])
      expect(await under.outbox.remembered([change.changeId])).toEqual(new Set([change.changeId]))
    })

    it('has the last decision about each group', async () => {
      const decide = async (change: ReturnType<typeof sampleChange>) => {
        await under.outbox.offer([], [change])
        const { changes, cursor } = await take()
        expect(changes).toEqual([change])
        await under.outbox.record(update({ cursor, findingIds: [change.changeId], decisions: [change] }))
      }
      const group = { tenant: 'default', rule: 'tok-001-audience-mismatch', entity: 'server_id=srv-1' }
      expect(await under.outbox.decisions([group])).toEqual([])
      const [suppressed, other, ended] = [
        sampleChange(group),
        sampleChange({ ...group, entity: 'server_id=srv-2' }),
        sampleChange({ ...group, action: 'unsuppress' }),
      ]
      await decide(suppressed)
      await decide(other)
      expect(await under.outbox.decisions([group, { ...group, tenant: 'x' }, { ...group, rule: 'y' }])).toEqual([
        suppressed,
      ])
      await decide(ended)
      expect(await under.outbox.decisions([group, other])).toEqual([ended, other])
    })

    it('gives a bundle whole, when none of it has to wait, and never to another target', async () => {
      const alerts = Array.from({ length: 5 }, () => sampleAlert())
      await under.outbox.record(
        update({
          alerts,
          deliveries: alerts.flatMap(({ alertId }) =>
            ['soc', 'siem'].map((target) => ({ alertId, revision: 1, target })),
          ),
        }),
      )
      const due = await under.outbox.due('soc', 0, 10)
      const alone = due[4]!
      for (const one of due.slice(0, 3)) await under.outbox.settle(one, { kind: 'bundled', bundle: 'b'.repeat(32) })
      await under.outbox.settle(alone, { kind: 'bundled', bundle: alone.idempotencyKey })
      const bundled = (await under.outbox.due('soc', 0, 10)).slice(0, 3)
      const [name] = bundled.map(({ bundle }) => bundle)
      expect(name).toContain('b'.repeat(32))
      // The limit cuts no bundle.
      const cut = await under.outbox.due('soc', 0, 1)
      expect(cut.map(({ alert, bundle, attempt }) => [alert.alertId, bundle, attempt])).toEqual(
        alerts.slice(0, 3).map(({ alertId }) => [alertId, name, 1]),
      )
      await under.outbox.settle(bundled[1]!, { kind: 'retry', notBeforeMs: 500, reason: 'HTTP 503' })
      const rest = await under.outbox.due('soc', 499, 10)
      expect(rest.map(({ alert, bundle }) => [alert.alertId, bundle])).toEqual([
        [alerts[3]!.alertId, undefined],
        [alerts[4]!.alertId, alone.idempotencyKey],
      ])
      const again = (await under.outbox.due('soc', 500, 10)).filter(({ bundle }) => bundle === name)
      expect(again.map(({ alert, attempt }) => [alert.alertId, attempt])).toEqual([
        [alerts[0]!.alertId, 1],
        [alerts[1]!.alertId, 2],
        [alerts[2]!.alertId, 1],
      ])
      expect((await under.outbox.due('siem', 0, 10)).map(({ bundle }) => bundle)).toEqual(alerts.map(() => undefined))
      for (const one of again) await under.outbox.settle(one, { kind: 'delivered' })
      expect(await under.outbox.due('soc', 500, 10)).toHaveLength(2)
    })

    it('has several revisions of one alert in one record, each to its own targets', async () => {
      const alert = sampleAlert()
      const next = { ...alert, revision: 2, status: 'acknowledged' as const }
      await under.outbox.record(
        update({
          alerts: [alert, next],
          deliveries: [alert, next].map(({ alertId, revision }) => ({ alertId, revision, target: 'hook' })),
        }),
      )
      expect((await under.outbox.alerts([alert.alertId])).get(alert.alertId)).toEqual(next)
      const [first] = await under.outbox.due('hook', 0, 10)
      expect(first?.alert).toEqual(alert)
      await under.outbox.settle(first!, { kind: 'delivered' })
      expect((await under.outbox.due('hook', 0, 10)).map((one) => one.alert)).toEqual([next])
    })

    it('has cursor, memory, alerts, decisions, bundles and deliveries after a restart', async () => {
      if (under.reopen === undefined) return expect(under.reopen).toBeUndefined()
      const [done, open] = [sampleFinding(), sampleFinding()]
      const alert = sampleAlert()
      await find(done)
      const { cursor } = await take()
      const decision = sampleChange()
      await under.outbox.record(
        update({
          cursor,
          findingIds: [done.findingId],
          decisions: [decision],
          alerts: [alert],
          deliveries: [{ alertId: alert.alertId, revision: 1, target: 'hook' }],
        }),
      )
      const [waiting] = await under.outbox.due('hook', 0, 10)
      await under.outbox.settle(waiting!, { kind: 'bundled', bundle: waiting!.idempotencyKey })
      await find(open)
      const again = await under.reopen()
      const fresh = async (): Promise<string[]> => {
        const { findings } = await take(100, again.outbox)
        const known = await again.outbox.remembered(findings.map(({ findingId }) => findingId))
        return findings.map(({ findingId }) => findingId).filter((id) => !known.has(id))
      }
      expect(await fresh()).toEqual([open.findingId])
      expect([...(await again.outbox.remembered([done.findingId]))]).toEqual([done.findingId])
      expect((await again.outbox.alerts([alert.alertId])).get(alert.alertId)).toEqual(alert)
      const due = await again.outbox.due('hook', 0, 10)
      expect(due.map((one) => [one.alert, one.bundle])).toEqual([[alert, waiting!.idempotencyKey]])
      // The alert role asks after it has taken: by then the partition is its own.
      expect(await again.outbox.decisions([decision])).toEqual([decision])
    })
  })
}
