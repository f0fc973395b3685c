/** What one partition of the compacted alerts topic says: alerts, deliveries under way, decisions, and what was taken in already. */
import { type Alert, storedAlert } from '../../schemas/alert.ts'
import { type AlertChange, type AlertGroup, alertChange } from '../../schemas/alert-change.ts'
import type { Delivery } from '../../schemas/ports.ts'
import type { KafkaMessage, KafkaRecord } from './driver.ts'
import {
  type DecisionRecord,
  type DeliveryRecord,
  decisionKey,
  deliveryKey,
  groupHash,
  type SeenRecord,
  tombstone,
} from './outbox-records.ts'

interface OpenDelivery {
  readonly target: string
  readonly alert: Alert
  readonly attempt: number
  readonly notBeforeMs: number
  readonly bundle: string
}

export class OutboxView {
  readonly #alerts = new Map<string, { alert: Alert; keys: Set<string> }>()
  /** Under way, by key, in the order in which they came. */
  readonly #open = new Map<string, OpenDelivery>()
  /** When a delivery was settled, by key: kept to know it, without its alert. */
  readonly #settledAtMs = new Map<string, number>()
  readonly #seenRecords = new Map<string, SeenRecord>()
  readonly #seen = new Set<string>()
  /** Of each group by its hash: the records of all tenures, by key. */
  readonly #decisions = new Map<string, Map<string, DecisionRecord>>()

  /** Applies a record of the topic, read back or just acknowledged. What is not ours is left out. */
  apply({ key, value }: Pick<KafkaMessage, 'key' | 'value'>): void {
    const name = String(key)
    const [kind, second] = name.split('/')
    const parsed = value === null ? undefined : parse(value)
    if (kind === 'alert' && second !== undefined) this.#applyAlert(second, name, parsed)
    else if (kind === 'delivery' && second !== undefined)
      this.#applyDelivery(name, parsed as DeliveryRecord | undefined)
    else if (kind === 'decision' && second !== undefined)
      this.#applyDecision(second, name, parsed as DecisionRecord | undefined)
    else if (kind === 'seen') this.#applySeen(name, parsed as SeenRecord | undefined)
  }

  alert(alertId: string): Alert | undefined {
    return this.#alerts.get(alertId)?.alert
  }

  remembers(id: string): boolean {
    return this.#seen.has(id)
  }

  /** The last decision about a group: of the highest offset, so that a zombie's late record changes nothing. */
  decision(group: AlertGroup): AlertChange | undefined {
    const records = [...(this.#decisions.get(groupHash(group))?.values() ?? [])]
    return records.sort((a, b) => b.next - a.next)[0]?.change
  }

  /** A delivery of this revision is under way or was settled. */
  hasDelivery(target: string, alertId: string, revision: number): boolean {
    const key = deliveryKey(target, { alertId, revision })
    return this.#open.has(key) || this.#settledAtMs.has(key)
  }

  /**
   * Deliveries due for a target, in the order in which they came; revisions of one alert one after the other, bundles whole, also beyond
   * `limit`, once none of it has to wait.
   */
  due(target: string, nowMs: number, limit: number): Delivery[] {
    const due: Delivery[] = []
    const open = [...this.#open.values()].filter((one) => one.target === target)
    const firstRevision = new Map<string, number>()
    for (const { alert } of open)
      firstRevision.set(alert.alertId, Math.min(alert.revision, firstRevision.get(alert.alertId) ?? alert.revision))
    const held = new Set(open.filter((one) => one.notBeforeMs > nowMs).map(({ bundle }) => bundle))
    const begun = new Set<string>()
    for (const { alert, attempt, notBeforeMs, bundle } of open) {
      if (due.length >= limit && !begun.has(bundle)) continue
      if (alert.revision !== firstRevision.get(alert.alertId) || notBeforeMs > nowMs) continue
      if (bundle !== '' && held.has(bundle)) continue
      if (bundle !== '') begun.add(bundle)
      const together = bundle === '' ? {} : { bundle }
      due.push({ target, alert, attempt, idempotencyKey: `${alert.alertId}-${alert.revision}`, ...together })
    }
    return due
  }

  waiting(target: string): number {
    return [...this.#open.values()].filter((one) => one.target === target).length
  }

  /** Tombstones for alert records of other tenures at or below this one's revision. */
  superseded(alert: Alert, tenure: string): KafkaRecord[] {
    const own = `alert/${alert.alertId}/${tenure}`
    const held = this.#alerts.get(alert.alertId)
    if (held === undefined || held.alert.revision > alert.revision) return []
    return [...held.keys].filter((key) => key !== own).map(tombstone)
  }

  /** The same for decisions, at or below this one's offset. */
  overruled(group: AlertGroup, tenure: string, next: number): KafkaRecord[] {
    const own = decisionKey(group, tenure)
    const records = [...(this.#decisions.get(groupHash(group)) ?? [])]
    return records.filter(([key, record]) => key !== own && record.next <= next).map(([key]) => tombstone(key))
  }

  /** Tombstones for what is older than `beforeMs`: findings cannot come again, and windows are closed for good. */
  expired(beforeMs: number): KafkaRecord[] {
    const seen = [...this.#seenRecords].filter(([, { atMs }]) => atMs < beforeMs).map(([key]) => key)
    const closed = [...this.#alerts.values()].filter(
      ({ alert }) => Date.parse(alert.windowStart) + alert.windowMs < beforeMs,
    )
    const settled = [...this.#settledAtMs].filter(([, atMs]) => atMs < beforeMs).map(([key]) => key)
    const decided = [...this.#decisions.values()]
      .flatMap((records) => [...records])
      .filter(([, { change }]) => Date.parse(change.until ?? change.at) < beforeMs)
      .map(([key]) => key)
    return [...seen, ...settled, ...decided, ...closed.flatMap(({ keys }) => [...keys])].map(tombstone)
  }

  #applyAlert(alertId: string, key: string, value: unknown): void {
    const held = this.#alerts.get(alertId)
    if (value === undefined) {
      held?.keys.delete(key)
      if (held?.keys.size === 0) this.#alerts.delete(alertId)
      return
    }
    const alert = storedAlert(value)
    if (alert === undefined) return
    if (held === undefined) this.#alerts.set(alertId, { alert, keys: new Set([key]) })
    else {
      held.keys.add(key)
      // A zombie's late record is of a revision that we have, or a lower one.
      if (alert.revision >= held.alert.revision) held.alert = alert
    }
  }

  #applyDelivery(key: string, value: DeliveryRecord | undefined): void {
    const target = key.split('/')[1]!
    const alert = storedAlert(value?.alert)
    if (value === undefined || value.settled !== undefined) {
      this.#open.delete(key)
      if (value === undefined) this.#settledAtMs.delete(key)
      else this.#settledAtMs.set(key, value.atMs)
    } else if (alert !== undefined) {
      const { attempt, notBeforeMs, bundle = '' } = value
      this.#open.set(key, { target, alert, attempt, notBeforeMs, bundle })
      this.#settledAtMs.delete(key)
    }
  }

  #applyDecision(group: string, key: string, value: DecisionRecord | undefined): void {
    const records = this.#decisions.get(group) ?? new Map<string, DecisionRecord>()
    const change = alertChange.safeParse(value?.change)
    if (value === undefined) records.delete(key)
    else if (change.success && typeof value.next === 'number')
      records.set(key, { change: change.data, next: value.next })
    if (records.size === 0) this.#decisions.delete(group)
    else this.#decisions.set(group, records)
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
