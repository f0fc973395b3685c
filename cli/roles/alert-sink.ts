/** Alerts on their way into the store and the log: for the outbox each is one more target, so neither a kill nor an outage loses one. */
import { backoffMs, Doorbell, type Random, type Sleep } from '../../connectors/webhook/delivery/pauses.ts'
import type { Alert } from '../../schemas/alert.ts'
import { isTransient } from '../../schemas/errors.ts'
import type { Clock, Delivery, Outbox, Telemetry } from '../../schemas/ports.ts'

/** Names in the outbox. Configured targets cannot have them: their names hold no underscore. */
export const ALERT_ROWS = '_store'
export const ALERT_EVENTS = '_events'
const BATCH = 256
const POLL_MS = 500
const BACKOFF = { baseMs: 200, capMs: 30_000 }
/** An alert that is refused for itself, not because the store or bus is down, is dead after so many attempts. */
const MAX_ATTEMPTS = 10

export interface AlertSinkParts {
  /** In the outbox. */
  readonly name: typeof ALERT_ROWS | typeof ALERT_EVENTS
  /** Durable when it resolves; the same alerts may come again. */
  readonly put: (alerts: readonly Alert[]) => Promise<void>
  readonly outbox: Pick<Outbox, 'due' | 'settle'>
  readonly clock: Clock
  readonly telemetry: Telemetry
  readonly random: Random
  readonly sleep: Sleep
  readonly onFatal: (error: unknown) => void
}

export class AlertSink {
  /** Nothing is due, or what it goes to is down. */
  resting = false
  readonly #parts: AlertSinkParts
  readonly #doorbell = new Doorbell()
  readonly #stopping = new AbortController()
  readonly #running: Promise<void>

  constructor(parts: AlertSinkParts) {
    this.#parts = parts
    this.#running = this.#run().catch(parts.onFatal)
  }

  wake(): void {
    this.resting = false
    this.#doorbell.ring()
  }

  /** Ends after the step that is under way. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#running
  }

  async #run(): Promise<void> {
    const { name, clock, outbox, telemetry, random, sleep } = this.#parts
    const stop = this.#stopping.signal
    let failures = 0
    while (!stop.aborted) {
      try {
        const due = await outbox.due(name, clock.nowMs(), BATCH)
        if (due.length > 0) await this.#put(due)
        failures = 0
        if (due.length > 0) continue
        this.resting = !this.#doorbell.rung
        await this.#doorbell.wait(POLL_MS, sleep, stop)
        this.resting = false
      } catch (error) {
        if (!isTransient(error)) throw error
        this.resting = true
        telemetry.log('store_retry', { what: 'alerts', reason: reasonOf(error) })
        await sleep(backoffMs(++failures, BACKOFF, random), stop)
      }
    }
  }

  /** All at once; when they are refused although nothing is down, one by one, so that one bad alert costs only itself. */
  async #put(due: readonly Delivery[]): Promise<void> {
    try {
      await this.#parts.put(due.map(({ alert }) => alert))
    } catch (error) {
      if (isTransient(error)) throw error
      if (due.length > 1) {
        for (const delivery of due) await this.#put([delivery])
        return
      }
      return this.#refused(due[0]!, reasonOf(error))
    }
    for (const delivery of due) await this.#parts.outbox.settle(delivery, { kind: 'delivered' })
  }

  async #refused(delivery: Delivery, reason: string): Promise<void> {
    const { name, clock, outbox, telemetry, random } = this.#parts
    const dead = delivery.attempt >= MAX_ATTEMPTS
    const result = dead ? 'dead' : 'retry'
    telemetry.count('mcp_auditd_deliveries_total', 1, { target: name, result })
    telemetry.log('delivery_failed', { target: name, alertId: delivery.alert.alertId, result, reason })
    const notBeforeMs = clock.nowMs() + backoffMs(delivery.attempt, BACKOFF, random)
    await outbox.settle(delivery, dead ? { kind: 'dead', reason } : { kind: 'retry', notBeforeMs, reason })
  }
}

/** The highest revision of each alert: rows of lower ones would only be replaced. */
export function newest(alerts: readonly Alert[]): readonly Alert[] {
  const byId = new Map<string, Alert>()
  for (const alert of alerts) {
    const known = byId.get(alert.alertId)
    if (known === undefined || known.revision < alert.revision) byId.set(alert.alertId, alert)
  }
  return [...byId.values()]
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : 'unknown error')
