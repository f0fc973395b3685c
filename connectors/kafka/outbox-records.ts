/** Records of the compacted alerts topic: alerts, deliveries under way, decisions, and what was taken in already. */
import { createHash } from 'node:crypto'
import type { Alert } from '../../schemas/alert.ts'
import type { AlertChange, AlertGroup } from '../../schemas/alert-change.ts'
import type { Delivery, Settlement } from '../../schemas/ports.ts'
import type { KafkaRecord } from './driver.ts'

/** Keys: `alert/<id>/<tenure>`, `delivery/<target>/<id>/<revision>`, `seen/<tenure>/<offset>`, `decision/<group>/<tenure>`. */
export interface SeenRecord {
  readonly atMs: number
  readonly findingIds: readonly string[]
}
/** Under way while `settled` is absent. A dead one keeps its alert, so that an operator can see and replay it. */
export interface DeliveryRecord {
  readonly alert?: Alert
  readonly attempt: number
  readonly notBeforeMs: number
  readonly bundle?: string
  readonly settled?: 'delivered' | 'dead'
  readonly reason?: string
  readonly atMs: number
}
export interface DecisionRecord {
  readonly change: AlertChange
  /** Offset after the change in the log of findings: the highest counts. */
  readonly next: number
}

export const alertRecord = (alert: Alert, tenure: string): KafkaRecord =>
  record(`alert/${alert.alertId}/${tenure}`, alert)
export const seenRecord = (tenure: string, next: number, seen: SeenRecord): KafkaRecord =>
  record(`seen/${tenure}/${next}`, seen)
export const decisionRecord = (change: AlertChange, tenure: string, next: number): KafkaRecord =>
  record(decisionKey(change, tenure), { change, next } satisfies DecisionRecord)
export const deliveryRecord = (target: string, alert: Alert, atMs: number): KafkaRecord =>
  record(deliveryKey(target, alert), { alert, attempt: 1, notBeforeMs: 0, atMs } satisfies DeliveryRecord)

/** That it was settled is kept as long as its finding is remembered: recorded again, it is not delivered again. */
export function settledRecord(delivery: Delivery, settlement: Settlement, atMs: number): KafkaRecord {
  const { target, alert, attempt, bundle } = delivery
  return record(deliveryKey(target, alert), { ...stateOf(), atMs } satisfies DeliveryRecord)

  function stateOf(): Omit<DeliveryRecord, 'atMs'> {
    const kept = bundle === undefined ? {} : { bundle }
    switch (settlement.kind) {
      case 'delivered':
        return { attempt, notBeforeMs: 0, settled: 'delivered' }
      case 'dead':
        return { alert, attempt, notBeforeMs: 0, settled: 'dead', reason: settlement.reason }
      case 'bundled':
        return { alert, attempt, notBeforeMs: 0, bundle: settlement.bundle }
      case 'retry': {
        const { notBeforeMs, reason } = settlement
        return { alert, attempt: attempt + 1, notBeforeMs, reason, ...kept }
      }
    }
  }
}

/** A group in a key: entities are texts of any length and form. */
export const groupHash = ({ tenant, rule, entity }: AlertGroup): string =>
  createHash('sha256')
    .update(JSON.stringify([tenant, rule, entity]))
    .digest('hex')
    .slice(0, 32)
export const decisionKey = (group: AlertGroup, tenure: string): string => `decision/${groupHash(group)}/${tenure}`
export const deliveryKey = (target: string, { alertId, revision }: Pick<Alert, 'alertId' | 'revision'>): string =>
  `delivery/${target}/${alertId}/${revision}`
export const tombstone = (key: string): KafkaRecord => record(key, null)
const record = (key: string, value: unknown): KafkaRecord => ({
  key: Buffer.from(key),
  value: value === null ? null : Buffer.from(JSON.stringify(value)),
  headers: {},
})
