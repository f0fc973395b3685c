/** The life of alerts through the role: in memory and in the ledger, in virtual time, with kills between any two steps. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { type AlertRole, runAlertRole } from '../../../../cli/roles/alert.ts'
import { openLedger } from '../../../../connectors/ledger/ledger.ts'
import { MemoryFindings } from '../../../../connectors/memory/findings.ts'
import { memoryOutbox } from '../../../../connectors/memory/outbox.ts'
import { alertIdOf } from '../../../../detectors/grouping.ts'
import type { Alert } from '../../../../schemas/alert.ts'
import type { AlertChange } from '../../../../schemas/alert-change.ts'
import { AuditdError } from '../../../../schemas/errors.ts'
import type { AuditEvent } from '../../../../schemas/event.ts'
import type { Finding } from '../../../../schemas/finding.ts'
import type { AlertTarget, Outbox } from '../../../../schemas/ports.ts'
import { targetConfig } from '../../../../schemas/target-config.ts'
import { sampleFinding } from '../../../fakes/alerts.ts'
import { RecordedTelemetry } from '../../../fakes/telemetry.ts'
import { VirtualTime } from '../../../fakes/virtual-time.ts'

const START = Date.parse('2026-10-01T10:10:00Z')
let number = 0
const finding = (overrides: Partial<Finding> = {}): Finding =>
  sampleFinding({
    findingId: (++number).toString(16).padStart(32, '0'),
    eventId: `e${number}`,
    severity: 'medium',
    ...overrides,
  })
const ID = alertIdOf(finding())
const change = (overrides: Partial<AlertChange>): AlertChange => ({
  changeId: (++number).toString(16).padStart(32, 'c'),
  alertId: ID,
  tenant: 'default',
  rule: 'tok-001-audience-mismatch',
  entity: 'server=files principal=alice',
  action: 'acknowledge',
  actor: 'kim',
  reason: 'known',
  at: new Date(START).toISOString(),
  ...overrides,
})

const ending: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const end of ending.splice(0).reverse()) await end()
})

/** One machine: the outbox outlives the roles that `start` runs on it. */
function machine(kind: 'memory' | 'ledger') {
  const time = new VirtualTime(START)
  const telemetry = new RecordedTelemetry()
  const sent: string[] = []
  const events: AuditEvent[] = []
  const rows = new Map<string, Alert>()
  const down = { bus: false }
  const dir = mkdtempSync(join(tmpdir(), 'alert-life-'))
  ending.push(() => rmSync(dir, { recursive: true, force: true }))
  const memory = memoryOutbox(new MemoryFindings())
  const open = (): { outbox: Outbox; close: () => Promise<void> } =>
    kind === 'memory' ? { outbox: memory, close: async () => {} } : openLedger(dir, time, telemetry)
  const recorder: AlertTarget = {
    name: 'soc',
    payloads: () => [],
    deliver: async (deliveries) =>
      deliveries.map(({ alert }) => {
        sent.push(`${alert.severity} ${alert.status}`)
        return { kind: 'delivered' }
      }),
  }
  /** A life of the service; `kill` ends it without any goodbye to the outbox. */
  async function start(wrap: (outbox: Outbox) => Outbox = (outbox) => outbox) {
    const { outbox, close } = open()
    const role: AlertRole = await runAlertRole({
      outbox: wrap(outbox),
      store: { insertAlerts: async (alerts) => alerts.forEach((alert) => void rows.set(alert.alertId, alert)) },
      bus: {
        publish: async (told) => {
          if (down.bus) throw new AuditdError('bus_unavailable', 'bus', '', 'down')
          events.push(...told)
        },
      },
      ruleText: () => undefined,
      targets: {
        configured: [{ ...targetConfig.parse({ type: 'console', minimumSeverity: 'low' }), target: recorder }],
        send: async () => ({ status: 200, headers: {}, body: '' }),
      },
      ...{ clock: time, telemetry, random: () => 0.5, sleep: time.sleep },
    })
    let taken = 0
    const end = async () => {
      const stopped = role.stop()
      let isOver = false
      void stopped.then(() => {
        isOver = true
      })
      await time.until(() => isOver)
      await close()
    }
    const feed = async (...given: (Finding | AlertChange)[]) => {
      for (const one of given) await ('changeId' in one ? outbox.offer([], [one]) : outbox.offer([one], []))
      taken += given.filter((one) => !('changeId' in one)).length
      let isIdle = false
      void role.idle(0).then(() => {
        isIdle = true
      })
      await time.until(() => isIdle)
    }
    return { outbox, feed, end, taken: () => taken }
  }
  const alert = () => rows.get(ID)
  return { time, telemetry, sent, events, rows, down, start, alert }
}

describe.each(['memory', 'ledger'] as const)('on an outbox in %s', (kind) => {
  it('an alert is acknowledged, stays quiet, is told when it is graver, resolved, and back', async () => {
    const { start, sent, alert } = machine(kind)
    const { feed, end } = await start()
    await feed(finding())
    await feed(change({}))
    await feed(finding())
    expect(sent).toEqual(['medium open', 'medium acknowledged'])
    await feed(finding({ severity: 'high' }))
    await feed(change({ action: 'resolve', verdict: 'true_positive' }))
    await feed(finding())
    expect(sent.slice(2)).toEqual(['high acknowledged', 'high resolved', 'high open'])
    expect(alert()).toMatchObject({ status: 'open', count: 4, revision: 6, verdict: 'true_positive' })
    await end()
  })

  it('what was decided among findings is taken in its place', async () => {
    const { start, sent, alert } = machine(kind)
    const { feed, end } = await start()
    await feed(
      ...[finding(), change({ action: 'resolve', verdict: 'benign' }), finding()],
      ...[change({ action: 'resolve', verdict: 'benign' }), change({ action: 'reopen' }), change({}), finding()],
    )
    expect(sent).toEqual([
      'medium open',
      'medium resolved',
      'medium open',
      'medium resolved',
      'medium open',
      'medium acknowledged',
    ])
    expect(alert()).toMatchObject({ status: 'acknowledged', count: 3 })
    await end()
  })

  it('the same change twice is one change, in one life and in the next', async () => {
    const { start, sent, events, alert } = machine(kind)
    const first = await start()
    const ack = change({})
    await first.feed(finding(), ack, ack)
    await first.end()
    const second = await start()
    await second.feed(change({ action: 'reopen' }), ack)
    expect(sent).toEqual(['medium open', 'medium acknowledged', 'medium open'])
    expect(alert()).toMatchObject({ status: 'open', revision: 3 })
    expect(events.map(({ eventId }) => eventId)).toHaveLength(new Set(events.map(({ eventId }) => eventId)).size)
    await second.end()
  })

  it('a suppressed group is counted in silence over windows and restarts, until it ends', async () => {
    const { start, sent, rows, time, alert } = machine(kind)
    const until = new Date(START + 3 * 3_600_000).toISOString()
    const first = await start()
    await first.feed(finding(), change({ action: 'suppress', until }), finding())
    await first.end()
    const second = await start()
    const later = finding({ eventTime: '2026-10-01T12:05:00Z' })
    await second.feed(later, finding({ entity: 'server=files principal=bob' }))
    expect(sent).toEqual(['medium open', 'medium suppressed', 'medium open'])
    expect(alert()).toMatchObject({ status: 'suppressed', count: 2, statusUntil: until })
    expect(rows.get(alertIdOf(later))).toMatchObject({ status: 'suppressed', toldSeverity: '', owner: 'kim' })
    await time.pass(3 * 3_600_000)
    await second.feed(finding())
    expect(sent.at(-1)).toBe('medium open')
    expect(alert()).toMatchObject({ status: 'open', count: 3, statusReason: 'the suppression ended' })
    await second.end()
  })

  it('a suppressed group that turns critical is told, and a change that came too late changes nothing', async () => {
    const { start, sent, telemetry, alert } = machine(kind)
    const { feed, end, outbox } = await start()
    const until = new Date(START + 86_400_000).toISOString()
    await feed(finding(), change({ action: 'suppress', until }), finding({ severity: 'critical' }))
    expect(sent).toEqual(['medium open', 'medium suppressed', 'critical open'])
    const late = change({ action: 'suppress', until: new Date(START + 9 * 86_400_000).toISOString() })
    await feed(late, finding())
    expect(alert()).toMatchObject({ status: 'open', severity: 'critical' })
    expect((await outbox.decisions([late])).map(({ until: end }) => end)).toEqual([until])
    expect(telemetry.logs.filter(({ name }) => name === 'alert_change_refused')).toMatchObject([
      { fields: { action: 'suppress', actor: 'kim', reason: 'is critical, and critical alerts are never suppressed' } },
    ])
    await end()
  })

  it('repetition raises an alert, told once, and says so in the log', async () => {
    const { start, sent, events } = machine(kind)
    const { feed, end } = await start()
    await feed(...Array.from({ length: 30 }, () => finding({ severity: 'low' })))
    expect(sent.at(-1)).toBe('medium open')
    expect(sent.length).toBeLessThanOrEqual(2)
    await feed(...Array.from({ length: 30 }, () => finding({ severity: 'low' })))
    expect(sent.filter((line) => line === 'medium open')).toHaveLength(1)
    const last = events.at(-1) as AuditEvent & { severity?: string; reason?: string }
    expect([last.eventType, last.severity]).toEqual(['detection.alert', 'medium'])
    expect(last.reason).toContain('20 findings in one window raise it from low')
    await end()
  })

  it('every change of an alert is one event of the log, also across an outage of the bus', async () => {
    const { start, events, down, time } = machine(kind)
    const { feed, end } = await start()
    down.bus = true
    await feed(finding(), change({ reason: '' }), finding())
    expect(events).toEqual([])
    down.bus = false
    await time.until(() => events.length === 2)
    await time.pass(60_000)
    expect(events).toMatchObject([
      { eventType: 'detection.alert', alertId: ID, alertStatus: 'open', severity: 'medium', serverId: 'mcp-auditd' },
      { eventType: 'detection.alert', alertId: ID, alertStatus: 'acknowledged', actor: 'kim', revision: 2 },
    ])
    await end()
  })

  it('killed between any two steps of the outbox: the next life ends where an undisturbed one does', async () => {
    const until = new Date(START + 86_400_000).toISOString()
    const story = (): (Finding | AlertChange)[] => [
      finding(),
      change({}),
      finding({ severity: 'high' }),
      change({ action: 'resolve', verdict: 'benign' }),
      finding(),
      change({ action: 'suppress', until }),
      finding(),
      change({ action: 'unsuppress' }),
      finding(),
    ]
    const facts = (alert: Alert | undefined) =>
      alert && [alert.status, alert.count, alert.severity, alert.verdict, alert.revision, alert.owner]
    const calm = machine(kind)
    const undisturbed = await calm.start()
    for (const one of story()) await undisturbed.feed(one)
    await undisturbed.end()
    for (const isDone of [true, false])
      for (let at = 1; at <= 9; at++) {
        const bed = machine(kind)
        const given = story()
        let records = 0
        let died: () => void = () => undefined
        const death = new Promise<void>((resolve) => {
          died = resolve
        })
        const dying = await bed.start((outbox) => ({
          ...outbox,
          record: async (update) => {
            records += 1
            if (records < at) return outbox.record(update)
            if (isDone && records === at) await outbox.record(update)
            died()
            throw new AuditdError('ownership_lost', 'outbox', '', 'killed')
          },
        }))
        for (const one of given)
          await ('changeId' in one ? dying.outbox.offer([], [one]) : dying.outbox.offer([one], []))
        await death
        await dying.end()
        const next = await bed.start()
        await next.feed()
        expect([at, isDone, facts(bed.alert())]).toEqual([at, isDone, facts(calm.alert())])
        expect([at, isDone, bed.sent]).toEqual([at, isDone, calm.sent])
        await next.end()
      }
  })
})
