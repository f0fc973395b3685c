/** What one partition of the compacted alerts topic says: alerts, deliveries under way, and findings already grouped. */
import { type Alert, alert as alertSchema } from '../../schemas/alert.ts'
import type { Delivery, Settlement } from '../../schemas/ports.ts'
import type { KafkaMessage, KafkaRecord } from './driver.ts'

/** Keys: `alert/<id>/<tenure>`, `delivery/<target>/<id>/<revision>`, `seen/<tenure>/<offset>`. */
interface SeenRecord {
  readonly atMs: number
  readonly findingIds: readonly string[]
}
/** Under way while `settled` is absent. A dead one keeps its alert, so that an operator can see and replay it. */
interface DeliveryRecord {
  readonly alert?: Alert
  readonly attempt: number
  readonly notBeforeMs: number
  readonly settled?: 'delivered' | 'dead'
  readonly reason?: string
  readonly atMs: number
}
interface OpenDelivery {
  readonly target: string
  readonly alert: Alert
  readonly attempt: number
  readonly notBeforeMs: number
}

export const alertRecord = (alert: Alert, tenure: string): KafkaRecord =>
  record(`alert/${alert.alertId}/${tenure}`, alert)
export const seenRecord = (tenure: string, next: number, seen: SeenRecord): KafkaRecord =>
  record(`seen/${tenure}/${next}`, seen)
export const deliveryRecord = (target: string, alert: Alert, atMs: number): KafkaRecord =>
  record(deliveryKey(target, alert), { alert, attempt: 1, notBeforeMs: 0, atMs } satisfies DeliveryRecord)

/** That it was settled is kept as long as its finding is remembered: recorded again, it is not delivered again. */
export function settledRecord({ target, alert, attempt }: Delivery, settlement: Settlement, atMs: number): KafkaRecord {
  const { kind } = settlement
  const next: DeliveryRecord =
    kind === 'bundled'
      ? { alert, attempt, notBeforeMs: 0, atMs }
      : kind === 'retry'
        ? { alert, attempt: attempt + 1, notBeforeMs: settlement.notBeforeMs, reason: settlement.reason, atMs }
        : kind === 'dead'
          ? { alert, attempt, notBeforeMs: 0, settled: kind, reason: settlement.reason, atMs }
          : { attempt, notBeforeMs: 0, settled: kind, atMs }
  return record(deliveryKey(target, alert), next)
}

const deliveryKey = (target: string, { alertId, revision }: Pick<Alert, 'alertId' | 'revision'>) =>
  `delivery/${target}/${alertId}/${revision}`
const record = (key: string, value: unknown): KafkaRecord => ({
  key: Buffer.from(key),
  value: value === null ? null : Buffer.from(JSON.stringify(value)),
  headers: {},
})

export class OutboxView {
  readonly #alerts = new Map<string, { alert: Alert; keys: Set<string> }>()
  /** Under way, by key, in the order in which they came. */
  readonly #open = new Map<string, OpenDelivery>()
  /** When a delivery was settled, by key: kept to know it, without its alert. */
  readonly #settledAtMs = new Map<string, number>()
  readonly #seenRecords = new Map<string, SeenRecord>()
  readonly #seen = new Set<string>()

  /** Applies a record of the topic, read back or just acknowledged. What is not ours is left out. */
  apply({ key, value }: Pick<KafkaMessage, 'key' | 'value'>): void {
    const name = String(key)
    const [kind, second] = name.split('/')
    const parsed = value === null ? undefined : parse(value)
    if (kind === 'alert' && second !== undefined) this.#applyAlert(second, name, parsed)
    else if (kind === 'delivery' && second !== undefined)
      this.#applyDelivery(name, parsed as DeliveryRecord | undefined)
    else if (kind === 'seen') this.#applySeen(name, parsed as SeenRecord | undefined)
  }

  alert(alertId: string): Alert | undefined {
    return this.#alerts.get(alertId)?.alert
  }

  remembers(findingId: string): boolean {
    return this.#seen.has(findingId)
  }

  /** A delivery of this revision is under way or was settled. */
  hasDelivery(target: string, alertId: string, revision: number): boolean {
    const key = deliveryKey(target, { alertId, revision })
    return this.#open.has(key) || this.#settledAtMs.has(key)
  }

  /** Deliveries due for a target, in the order in which they came; revisions of one alert one after the other. */
  due(target: string, nowMs: number, limit: number): Delivery[] {
    const due: Delivery[] = []
    const open = [...this.#open.values()].filter((one) => one.target === target)
    const firstRevision = new Map<string, number>()
    for (const { alert } of open)
      firstRevision.set(alert.alertId, Math.min(alert.revision, firstRevision.get(alert.alertId) ?? alert.revision))
    for (const { alert, attempt, notBeforeMs } of open) {
      if (due.length >= limit) break
      if (alert.revision !== firstRevision.get(alert.alertId) || notBeforeMs > nowMs) continue
      due.push({ target, alert, attempt, idempotencyKey: `${alert.alertId}-${alert.revision}` })
    }
    return due
  }

  /** Tombstones for alert records of other tenures at or below this one's revision. */
  superseded(alert: Alert, tenure: string): KafkaRecord[] {
    const own = `alert/${alert.alertId}/${tenure}`
    const held = this.#alerts.get(alert.alertId)
    if (held === undefined || held.alert.revision > alert.revision) return []
    return [...held.keys].filter((key) => key !== own).map((key) => record(key, null))
  }

  /** Tombstones for what is older than `beforeMs`: findings cannot come again, and windows are closed for good. */
  expired(beforeMs: number): KafkaRecord[] {
    const seen = [...this.#seenRecords].filter(([, { atMs }]) => atMs < beforeMs).map(([key]) => key)
    const closed = [...this.#alerts.values()].filter(
      ({ alert }) => Date.parse(alert.windowStart) + alert.windowMs < beforeMs,
    )
    const settled = [...this.#settledAtMs].filter(([, atMs]) => atMs < beforeMs).map(([key]) => key)
    return [...seen, ...settled, ...closed.flatMap(({ keys }) => [...keys])].map((key) => record(key, null))
  }

  #applyAlert(alertId: string, key: string, value: unknown): void {
    const held = this.#alerts.get(alertId)
    if (value === undefined) {
      held?.keys.delete(key)
      if (held?.keys.size === 0) this.#alerts.delete(alertId)
      return
    }
    const read = alertSchema.safeParse(value)
    if (!read.success) return
    if (held === undefined) this.#alerts.set(alertId, { alert: read.data, keys: new Set([key]) })
    else {
      held.keys.add(key)
      // A zombie's late record is of a revision that we have, or a lower one.
      if (read.data.revision >= held.alert.revision) held.alert = read.data
    }
  }

  #applyDelivery(key: string, value: DeliveryRecord | undefined): void {
    const target = key.split('/')[1]!
    const alert = alertSchema.safeParse(value?.alert)
    if (value === undefined || value.settled !== undefined) {
      this.#open.delete(key)
      if (value === undefined) this.#settledAtMs.delete(key)
      else this.#settledAtMs.set(key, value.atMs)
    } else if (alert.success) {
      this.#open.set(key, { target, alert: alert.data, attempt: value.attempt, notBeforeMs: value.notBeforeMs })
      this.#settledAtMs.delete(key)
    }
  }

  #applySeen(key: string, value: SeenRecord | undefined): void {
    const before = this.#seenRecords.get(key)
    if (value === undefined) {
      this.#seenRecords.delete(key)
      for (const id of before?.findingIds ?? []) this.#seen.delete(id)
    } else if (Array.isArray(value.findingIds)) {
      this.#seenRecords.set(key, value)
      for (const id of value.findingIds) this.#seen.add(id)
    }
  }
}

function parse(value: Buffer): unknown {
  try {
    return JSON.parse(value.toString())
  } catch {
    return undefined
  }
}
