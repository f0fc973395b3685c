/** The smallest Outbox: deliveries in an array, all of the port's rules about what is due, settled and dead. */

import type { Alert } from '../../schemas/alert.ts'
import { AuditdError } from '../../schemas/errors.ts'
import type { Delivery, Outbox, Settlement } from '../../schemas/ports.ts'

interface Standing {
  readonly alert: Alert
  readonly target: string
  attempt: number
  notBeforeMs: number
  state: 'waiting' | 'delivered' | 'dead'
  reason: string
}

export class DeliveryOutbox implements Pick<Outbox, 'due' | 'settle'> {
  readonly deliveries: Standing[] = []
  /** Calls that fail before the outbox works again. */
  failures = 0

  add(target: string, alert: Alert): void {
    this.deliveries.push({ alert, target, attempt: 1, notBeforeMs: 0, state: 'waiting', reason: '' })
  }
  async due(target: string, nowMs: number, limit: number): Promise<readonly Delivery[]> {
    this.#fail()
    return this.deliveries
      .filter((known) => known.target === target && known.state === 'waiting' && known.notBeforeMs <= nowMs)
      .slice(0, limit)
      .map(({ alert, attempt }) => ({ target, alert, attempt, idempotencyKey: `${alert.alertId}-${alert.revision}` }))
  }
  async settle(delivery: Delivery, settlement: Settlement): Promise<void> {
    this.#fail()
    const known = this.deliveries.find(({ target, alert }) => target === delivery.target && alert === delivery.alert)!
    known.reason = settlement.kind === 'delivered' ? '' : settlement.reason
    if (settlement.kind === 'retry') {
      known.attempt++
      known.notBeforeMs = settlement.notBeforeMs
    } else {
      known.state = settlement.kind
    }
  }
  in(state: Standing['state'], target?: string): number {
    return this.deliveries.filter((known) => known.state === state && (target ?? known.target) === known.target).length
  }
  #fail(): void {
    if (this.failures === 0) return
    this.failures--
    throw new AuditdError('store_unavailable', 'outbox', '', 'not now')
  }
}
