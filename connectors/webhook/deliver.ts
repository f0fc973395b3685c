/** The delivery loops: one per target over the outbox, at least once, so that a target that is down delays no other. */
import { AuditdError, isTransient } from '../../schemas/errors.ts'
import type {
  AlertTarget,
  Clock,
  Delivery,
  Outbox,
  Settlement,
  TargetAnswer,
  TargetRequest,
  TargetVerdict,
  Telemetry,
} from '../../schemas/ports.ts'
import { type Backoff, backoffMs, Doorbell, type Random, type Sleep, sleepReally } from './pauses.ts'
import type { Send } from './send.ts'

export interface DeliveryPolicy {
  /** Of one delivery. */
  readonly retry: Backoff
  /** A delivery is dead after so many attempts. With the default back-off, half an hour on average at its cap, that is four days. */
  readonly maxAttempts: number
  /** Failures in a row after which the whole target is paused and tried with one delivery at a time. */
  readonly openAfter: number
  readonly pause: Backoff
  /** Between looks into an empty outbox, milliseconds; `wake` ends the wait. */
  readonly pollMs: number
}
export const DELIVERY_POLICY: DeliveryPolicy = {
  retry: { baseMs: 1_000, capMs: 3_600_000 },
  maxAttempts: 200,
  openAfter: 3,
  pause: { baseMs: 5_000, capMs: 300_000 },
  pollMs: 500,
}
const BATCH = 16

export interface DeliverOptions {
  readonly outbox: Pick<Outbox, 'due' | 'settle'>
  readonly targets: readonly AlertTarget[]
  readonly send: Send
  readonly clock: Clock
  readonly telemetry: Telemetry
  readonly random: Random
  readonly sleep?: Sleep
  readonly policy?: Partial<DeliveryPolicy>
  /** An outbox that fails for good: the loop of that target has ended. */
  readonly onFatal: (error: unknown) => void
}
export interface Deliveries {
  /** Something new stands in the outbox: look now. Does not cut the pause of a failing target. */
  wake(): void
  /** Whether every target has nothing more that is due, or is paused because it failed. */
  resting(): boolean
  /** Starts no further exchange, gives the running ones `graceMs`, then aborts them; what was in flight is sent again later. */
  stop(graceMs?: number): Promise<void>
}

export function startDeliveries(options: DeliverOptions): Deliveries {
  const loops = options.targets.map((target) => new TargetLoop(target, options))
  const running = loops.map((loop) => loop.run().catch(options.onFatal))
  return {
    wake: () => {
      for (const loop of loops) loop.wake()
    },
    resting: () => loops.every((loop) => loop.resting),
    stop: async (graceMs = 5_000) => {
      for (const loop of loops) loop.stopping.abort()
      const cut = setTimeout(() => {
        for (const loop of loops) loop.cutting.abort()
      }, graceMs)
      await Promise.all(running)
      clearTimeout(cut)
    },
  }
}

class TargetLoop {
  /** Nothing is due, or the target is paused. */
  resting = false
  readonly #doorbell = new Doorbell()
  /** No further exchange. */
  readonly stopping = new AbortController()
  /** Ends the exchange that is under way. */
  readonly cutting = new AbortController()
  readonly #target: AlertTarget
  readonly #options: DeliverOptions
  readonly #policy: DeliveryPolicy
  readonly #sleep: Sleep
  /** Failed attempts in a row; 0 when the last one was taken. */
  #failures = 0
  #pausedUntilMs = 0
  #lastExchangeMs = Number.NEGATIVE_INFINITY

  constructor(target: AlertTarget, options: DeliverOptions) {
    this.#target = target
    this.#options = options
    this.#policy = { ...DELIVERY_POLICY, ...options.policy }
    this.#sleep = options.sleep ?? sleepReally
  }

  wake(): void {
    this.resting = this.#pausedUntilMs > this.#options.clock.nowMs()
    this.#doorbell.ring()
  }

  async run(): Promise<void> {
    const stop = this.stopping.signal
    while (!stop.aborted) {
      const pausedMs = this.#pausedUntilMs - this.#options.clock.nowMs()
      if (pausedMs > 0) {
        this.resting = true
        await this.#sleep(pausedMs, stop)
        continue
      }
      this.resting = false
      const due = await this.#due()
      if (due.length === 0) {
        this.resting = !this.#doorbell.rung
        await this.#doorbell.wait(this.#policy.pollMs, this.#sleep, stop)
      }
      for (const together of this.#exchanges(due)) {
        if (stop.aborted || this.#pausedUntilMs > this.#options.clock.nowMs()) break
        await this.#pace()
        await this.#deliver(together)
      }
    }
  }

  /** One at a time while the target is failing, so that a long outage does not burn the attempts of everything that waits. */
  async #due(): Promise<readonly Delivery[]> {
    const { outbox, clock } = this.#options
    const limit = this.#failures > 0 ? 1 : Math.max(BATCH, this.#target.together ?? 1)
    const due = await this.#outboxCall(() => outbox.due(this.#target.name, clock.nowMs(), limit))
    return due ?? []
  }

  #exchanges(due: readonly Delivery[]): readonly (readonly Delivery[])[] {
    const { together = 1 } = this.#target
    return Array.from({ length: Math.ceil(due.length / together) }, (_, at) =>
      due.slice(at * together, (at + 1) * together),
    )
  }

  /** Some services refuse a second message within a time. */
  async #pace(): Promise<void> {
    const { clock } = this.#options
    const { paceMs = 0 } = this.#target
    const waitMs = this.#lastExchangeMs + paceMs - clock.nowMs()
    if (waitMs > 0) await this.#sleep(waitMs, this.stopping.signal)
    this.#lastExchangeMs = clock.nowMs()
  }

  async #deliver(deliveries: readonly Delivery[]): Promise<void> {
    const verdicts = await this.#attempt(deliveries)
    let failed = false
    for (const [at, delivery] of deliveries.entries()) {
      const verdict = verdicts[at] ?? again('the target gave no verdict')
      failed ||= verdict.kind === 'retry'
      await this.#settle(delivery, verdict)
    }
    if (!failed) this.#failures = 0
    else this.#failedOnce(Math.max(...verdicts.map((verdict) => (verdict.kind === 'retry' && verdict.afterMs) || 0)))
  }

  /** Pauses the target for as long as its service asked, and longer with each failure in a row. */
  #failedOnce(askedMs: number): void {
    const { clock, random } = this.#options
    this.#failures++
    const over = this.#failures - this.#policy.openAfter
    const circuitMs = over < 0 ? 0 : backoffMs(over + 1, this.#policy.pause, random)
    this.#pausedUntilMs = clock.nowMs() + Math.max(askedMs, circuitMs)
  }

  async #settle(delivery: Delivery, verdict: TargetVerdict): Promise<void> {
    const { telemetry, outbox } = this.#options
    const target = this.#target.name
    const { settlement, result } = this.#settlementOf(delivery, verdict)
    telemetry.count('mcp_auditd_deliveries_total', 1, { target, result })
    if (verdict.kind !== 'delivered') {
      const { reason } = settlement.kind === 'retry' || settlement.kind === 'dead' ? settlement : verdict
      const { alertId } = delivery.alert
      telemetry.log('delivery_failed', { target, alertId, attempt: delivery.attempt, result, reason })
    }
    await this.#outboxCall(() => outbox.settle(delivery, settlement))
  }

  async #attempt(deliveries: readonly Delivery[]): Promise<readonly TargetVerdict[]> {
    const { clock } = this.#options
    const signal = this.cutting.signal
    try {
      return await this.#target.deliver(deliveries, { send: (request) => this.#send(request), clock, signal })
    } catch (error) {
      // A refused address is tried again too: a resolver that answers wrongly for a while must not cost an alert.
      const reason = reasonOf(error)
      const verdict =
        error instanceof AuditdError ? again(reason) : refused(`the request could not be built: ${reason}`)
      return deliveries.map(() => verdict)
    }
  }

  /** Whatever goes wrong on the way says nothing about the alert. */
  async #send(request: TargetRequest): Promise<TargetAnswer> {
    try {
      return await this.#options.send(request, this.cutting.signal)
    } catch (error) {
      throw error instanceof AuditdError
        ? error
        : new AuditdError('target_failed', 'webhook', this.#target.name, reasonOf(error), error)
    }
  }

  #settlementOf(delivery: Delivery, verdict: TargetVerdict): { settlement: Settlement; result: string } {
    if (verdict.kind === 'delivered') return { settlement: verdict, result: 'delivered' }
    if (verdict.kind === 'refused') return { settlement: { kind: 'dead', reason: verdict.reason }, result: 'refused' }
    if (delivery.attempt >= this.#policy.maxAttempts) {
      const reason = `${verdict.reason}; given up after ${delivery.attempt} attempts`
      return { settlement: { kind: 'dead', reason }, result: 'dead' }
    }
    const { clock, random } = this.#options
    const waitMs = Math.max(verdict.afterMs ?? 0, backoffMs(delivery.attempt, this.#policy.retry, random))
    return {
      settlement: { kind: 'retry', notBeforeMs: clock.nowMs() + waitMs, reason: verdict.reason },
      result: 'retry',
    }
  }

  /** Repeats a call of the outbox until it works or the loop stops (undefined): a delivery is settled rather than sent again. */
  async #outboxCall<T>(call: () => Promise<T>): Promise<T | undefined> {
    for (let failures = 1; ; failures++) {
      try {
        return await call()
      } catch (error) {
        if (!isTransient(error)) throw error
        const { telemetry, random } = this.#options
        telemetry.log('delivery_failed', { target: this.#target.name, result: 'outbox', reason: reasonOf(error) })
        await this.#sleep(backoffMs(failures, this.#policy.pause, random), this.stopping.signal)
        if (this.stopping.signal.aborted) return undefined
      }
    }
  }
}

const again = (reason: string): TargetVerdict => ({ kind: 'retry', reason })
const refused = (reason: string): TargetVerdict => ({ kind: 'refused', reason })
const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : 'unknown error')
