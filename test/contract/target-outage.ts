/** A day's outage in virtual time, for each target against its fake service: afterwards every alert is there once and in order. */
import { describe, expect, it } from 'vitest'
import { MemoryFindings } from '../../connectors/memory/findings.ts'
import { memoryOutbox } from '../../connectors/memory/outbox.ts'
import { type Deliveries, startDeliveries } from '../../connectors/webhook/delivery/deliver.ts'
import { createSend, DEADLINE_MS, type Send } from '../../connectors/webhook/send.ts'
import type { Alert } from '../../schemas/alert.ts'
import { AuditdError } from '../../schemas/errors.ts'
import type { AlertTarget, TargetAnswer } from '../../schemas/ports.ts'
import { sampleAlert } from '../fakes/alerts.ts'
import { RecordedTelemetry } from '../fakes/telemetry.ts'
import { VirtualTime } from '../fakes/virtual-time.ts'

/** `lost`: the service takes the message and its answer never arrives. `unauthorized`: a token that has expired. */
export const OUTAGES = ['refused', 'error', 'throttled', 'hang', 'unauthorized', 'lost'] as const
export type Outage = (typeof OUTAGES)[number]

export interface OutageSubject {
  readonly target: AlertTarget
  /** How it reaches its service when that is `exchange.send`; a plain POST to loopback by default. */
  readonly send?: Send
  /**
   * Makes the fake itself fail in this way until it is told of another, for a target with a connection of its own. Without it the outage
   * lies on the way of `exchange.send`. A `hang` must then end by itself soon: such a target keeps virtual time still while it delivers.
   */
  readonly fail?: (outage: Outage | undefined) => void | Promise<void>
  /** Ways that apply; all by default. */
  readonly outages?: readonly Outage[]
  /** What the service holds, in the order in which it took it. */
  held(): readonly Held[] | Promise<readonly Held[]>
  /**
   * Whether the service drops repeats by itself, by the id that we send. Where it does not, a repeat after a lost answer is held twice under
   * one uid (alert id and revision), by which a reader tells it.
   */
  readonly dropsRepeats: boolean
  close(): Promise<void>
}
export type Held = Pick<Alert, 'alertId' | 'revision'>

const HOUR_MS = 3_600_000
/** An alert about every five minutes, and every fourth is acknowledged half an hour later. */
const ALERTS = 300
const EVERY_MS = (24 * HOUR_MS) / ALERTS
const ANSWERS: Partial<Record<Outage, TargetAnswer>> = {
  error: { status: 503, headers: {}, body: 'no healthy upstream' },
  throttled: { status: 429, headers: { 'retry-after': '90' }, body: '' },
  unauthorized: { status: 401, headers: {}, body: '{"error":{"code":"ExpiredToken"}}' },
}

/** `make` gets the time in which its fake lives. */
export function outageSuite(name: string, make: (time: VirtualTime) => Promise<OutageSubject>): void {
  describe(`a day's outage of ${name}`, () => {
    it('costs no alert and no order, repeats none but after a lost answer, and delays no neighbour', async () => {
      const time = new VirtualTime()
      const subject = await make(time)
      const day = startDay(subject, time)
      try {
        await day.pass()
        // What failed last waits for its pause at most: five minutes of the target, an hour of the alert.
        await time.until(async () => (await day.waiting()) === 0, 6 * HOUR_MS)
        expect(day.neighbourLateMs()).toBeLessThanOrEqual(1_000)
        expect(day.lost(), 'dead or refused').toBe(0)
        const held = await subject.held()
        const uids = held.map(uid)
        expect([...new Set(uids)].sort()).toEqual(day.sent.map(uid).sort())
        const repeats = uids.length - new Set(uids).size
        if (subject.dropsRepeats) expect(repeats).toBe(0)
        else expect(repeats).toBeLessThanOrEqual(day.answersLost() * (subject.target.together ?? 1))
        expect(outOfOrder(held)).toEqual([])
      } finally {
        await day.stop()
        await subject.close()
      }
    }, 60_000)
  })
}

const uid = ({ alertId, revision }: Held): string => `${alertId}-${revision}`

/** Alerts with a later revision before an earlier one, at their first coming. */
function outOfOrder(held: readonly Held[]): readonly string[] {
  const highest = new Map<string, number>()
  const seen = new Set<string>()
  return held.flatMap((one) => {
    if (seen.has(uid(one))) return []
    seen.add(uid(one))
    const before = highest.get(one.alertId) ?? 0
    highest.set(one.alertId, Math.max(before, one.revision))
    return one.revision < before ? [uid(one)] : []
  })
}

function startDay(subject: OutageSubject, time: VirtualTime) {
  const outbox = memoryOutbox(new MemoryFindings())
  const telemetry = new RecordedTelemetry()
  const outages = subject.outages ?? OUTAGES
  let outage: Outage | undefined
  let answersLost = 0
  const post = subject.send ?? createSend({ allowPrivate: true })
  const onTheWay: Send = async (request, signal) => {
    const failing = subject.fail === undefined ? outage : undefined
    if (failing === 'refused') throw failed('ECONNREFUSED')
    if (failing === 'hang') {
      await time.sleep(DEADLINE_MS, signal)
      throw failed('no complete answer')
    }
    const answer = failing === undefined ? undefined : ANSWERS[failing]
    if (answer !== undefined) return answer
    const taken = await time.still(() => post(request, signal))
    if (failing !== 'lost') return taken
    answersLost++
    throw failed('ECONNRESET')
  }
  const { target } = subject
  const under: AlertTarget =
    subject.fail === undefined
      ? target
      : {
          name: target.name,
          ...(target.together === undefined ? {} : { together: target.together }),
          ...(target.paceMs === undefined ? {} : { paceMs: target.paceMs }),
          payloads: (deliveries, nowMs) => target.payloads(deliveries, nowMs),
          deliver: (deliveries, exchange) => {
            if (outage === 'lost') answersLost++
            return time.still(() => target.deliver(deliveries, exchange))
          },
        }
  const arrivals = new Map<string, number>()
  const neighbour: AlertTarget = {
    name: 'neighbour',
    payloads: () => [],
    async deliver(deliveries) {
      for (const { alert } of deliveries) arrivals.set(uid(alert), time.nowMs())
      return deliveries.map(() => ({ kind: 'delivered' }))
    },
  }
  const deliveries: Deliveries = startDeliveries({
    outbox,
    targets: [under, neighbour],
    send: onTheWay,
    clock: time,
    telemetry,
    random: () => 0.5,
    sleep: time.sleep,
    onFatal: (error) => {
      throw error
    },
    policy: { pollMs: 60_000 },
  })
  const sent: Alert[] = []
  const recordedMs = new Map<string, number>()
  const record = async (alert: Alert): Promise<void> => {
    sent.push(alert)
    recordedMs.set(uid(alert), time.nowMs())
    const { alertId, revision } = alert
    await outbox.record({
      cursor: '0',
      findingIds: [],
      alerts: [alert],
      deliveries: [under.name, neighbour.name].map((to) => ({ alertId, revision, target: to })),
    })
    deliveries.wake()
  }
  return {
    sent,
    answersLost: () => answersLost,
    async pass(): Promise<void> {
      const atMs = (at: number) => new Date(time.nowMs() + at).toISOString()
      for (let at = 0; at < ALERTS; at++) {
        outage = outages[Math.floor((at * outages.length) / ALERTS)]
        await subject.fail?.(outage)
        const alert = sampleAlert({ alertId: (0xd0000 + at).toString(16).padStart(32, '0'), lastSeen: atMs(0) })
        await record(alert)
        const earlier = sent.find((one) => one.revision === 1 && one.alertId === idOf(at - 6))
        if (at % 4 === 0 && earlier !== undefined) await record(acknowledged(earlier, atMs(0)))
        await time.pass(EVERY_MS)
      }
      outage = undefined
      await subject.fail?.(undefined)
    },
    waiting: async () => {
      // Whatever its time: an alert that waits for its next attempt is not there yet.
      const due = await Promise.all([under, neighbour].map((one) => outbox.due(one.name, Number.POSITIVE_INFINITY, 1)))
      return due.flat().length
    },
    neighbourLateMs: () =>
      Math.max(...sent.map((one) => (arrivals.get(uid(one)) ?? Infinity) - recordedMs.get(uid(one))!)),
    lost: () =>
      ['dead', 'refused'].reduce(
        (sum, result) => sum + telemetry.counted('mcp_auditd_deliveries_total', { target: under.name, result }),
        0,
      ),
    stop: () => deliveries.stop(0),
  }
}

const idOf = (at: number): string => (0xd0000 + at).toString(16).padStart(32, '0')
const acknowledged = (alert: Alert, at: string): Alert => ({
  ...alert,
  revision: 2,
  status: 'acknowledged',
  owner: 'maria',
  statusReason: 'looking at it',
  statusAt: at,
})
const failed = (reason: string): AuditdError => new AuditdError('target_failed', 'webhook', 'fake', reason)
