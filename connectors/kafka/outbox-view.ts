// What one partition of the compacted alerts topic says: alerts, deliveries under way, and findings already grouped.
import { type Alert, alert as alertSchema } from '../../schemas/alert.ts'
import type { Delivery } from '../../schemas/ports.ts'
import type { KafkaMessage, KafkaRecord } from './driver.ts'

/** Keys: `alert/<id>/<tenure>`, `delivery/<target>/<id>/<revision>`, `dead/…` likewise, `seen/<tenure>/<offset>`. */
interface SeenRecord {
  readonly atMs: number
  readonly findingIds: readonly string[]
}
interface DeliveryRecord {
  readonly alert: Alert
  readonly attempt: number
  readonly notBeforeMs: number
}

export const alertRecord = (alert: Alert, tenure: string): KafkaRecord =>
  record(`alert/${alert.alertId}/${tenure}`, alert)
export const seenRecord = (tenure: string, next: number, seen: SeenRecord): KafkaRecord =>
  record(`seen/${tenure}/${next}`, seen)
export const deliveryRecord = (target: string, delivery: DeliveryRecord): KafkaRecord =>
  record(deliveryKey('delivery', target, delivery.alert), delivery)
export const deliveredRecord = (delivery: Delivery): KafkaRecord =>
  record(deliveryKey('delivery', delivery.target, delivery.alert), null)
/** Kept beside the tombstone, so that an operator can see and replay what no target would take. */
export const deadRecord = (delivery: Delivery, reason: string, atMs: number): KafkaRecord =>
  record(deliveryKey('dead', delivery.target, delivery.alert), { alert: delivery.alert, reason, atMs })

const deliveryKey = (kind: string, target: string, { alertId, revision }: Alert) =>
  `${kind}/${target}/${alertId}/${revision}`
const record = (key: string, value: unknown): KafkaRecord => ({
  key: Buffer.from(key),
  value: value === null ? null : Buffer.from(JSON.stringify(value)),
  headers: {},
})

export class OutboxView {
  readonly #alerts = new Map<string, { alert: Alert; keys: Set<string> }>()
  readonly #deliveries = new Map<string, DeliveryRecord & { readonly target: string }>()
  readonly #seenRecords = new Map<string, SeenRecord>()
  readonly #seen = new Set<string>()

  /** Applies a record of the topic, read back or just acknowledged. What is not ours is left out. */
  apply({ key, value }: Pick<KafkaMessage, 'key' | 'value'>): void {
    const name = String(key)
    const [kind, second] = name.split('/')
    const parsed = value === null ? undefined : parse(value)
    if (kind === 'alert' && second !== undefined) this.#applyAlert(second, name, parsed)
    else if (kind === 'delivery' && second !== undefined)
      this.#applyDelivery(second, name, parsed as DeliveryRecord | undefined)
    else if (kind === 'seen') this.#applySeen(name, parsed as SeenRecord | undefined)
  }

  alert(alertId: string): Alert | undefined {
    return this.#alerts.get(alertId)?.alert
  }

  remembers(findingId: string): boolean {
    return this.#seen.has(findingId)
  }

  /** Deliveries due for a target, in the order in which they came. */
  due(target: string, nowMs: number, limit: number): Delivery[] {
    const due: Delivery[] = []
    for (const { alert, attempt, notBeforeMs, target: of } of this.#deliveries.values()) {
      if (due.length >= limit) break
      if (of !== target || notBeforeMs > nowMs) continue
      due.push({ target, alert, attempt, idempotencyKey: `${alert.alertId}:${alert.revision}` })
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
    return [...seen, ...closed.flatMap(({ keys }) => [...keys])].map((key) => record(key, null))
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

  #applyDelivery(target: string, key: string, value: DeliveryRecord | undefined): void {
    if (value === undefined) this.#deliveries.delete(key)
    else if (alertSchema.safeParse(value.alert).success) this.#deliveries.set(key, { ...value, target })
  }

  #applySeen(key: string, value: SeenRecord | undefined): void {
    const before = this.#seenRecords.get(key)
    if (value === undefined) {
      this.#seenRecords.delete(key)
      for (const id of before?.findingIds ?? []) this.#seen.delete(id)
    } else {
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
