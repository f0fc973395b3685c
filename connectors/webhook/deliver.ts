/** The delivery loops: one per target over the outbox, at least once, so that a target that is down delays no other. */
import { isTransient } from '../../schemas/errors.ts'
import type { AlertTarget, Clock, Delivery, Outbox, Settlement, Telemetry } from '../../schemas/ports.ts'
import { type Backoff, backoffMs, Doorbell, type Random, type Sleep, sleepReally } from './pauses.ts'
import { retryAfterMs } from './retry-after.ts'
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

/** Verdict of one attempt. `pauseMs`: what the receiver asked for, for the whole target. */
type Attempted = { readonly settlement: Settlement; readonly result: string; readonly pauseMs: number }

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
      for (const delivery of due) {
        if (stop.aborted || this.#pausedUntilMs > this.#options.clock.nowMs()) break
        await this.#deliver(delivery)
      }
    }
  }

  /** One at a time while the target is failing, so that a long outage does not burn the attempts of everything that waits. */
  async #due(): Promise<readonly Delivery[]> {
    const { outbox, clock } = this.#options
    const limit = this.#failures > 0 ? 1 : BATCH
    const due = await this.#outboxCall(() => outbox.due(this.#target.name, clock.nowMs(), limit))
    return due ?? []
  }

  async #deliver(delivery: Delivery): Promise<void> {
    const { clock, telemetry, random, outbox } = this.#options
    const { settlement, result, pauseMs } = await this.#attempt(delivery)
    const target = this.#target.name
    telemetry.count('mcp_auditd_deliveries_total', 1, { target, result })
    if (settlement.kind !== 'delivered') {
      const { alertId } = delivery.alert
      telemetry.log('delivery_failed', {
        target,
        alertId,
        attempt: delivery.attempt,
        result,
        reason: settlement.reason,
      })
    }
    if (settlement.kind === 'retry') {
      this.#failures++
      const over = this.#failures - this.#policy.openAfter
      const circuitMs = over < 0 ? 0 : backoffMs(over + 1, this.#policy.pause, random)
      this.#pausedUntilMs = clock.nowMs() + Math.max(pauseMs, circuitMs)
    } else {
      this.#failures = 0
    }
    await this.#outboxCall(() => outbox.settle(delivery, settlement))
  }

  async #attempt(delivery: Delivery): Promise<Attempted> {
    const { clock, send } = this.#options
    let request: ReturnType<AlertTarget['request']>
    try {
      request = this.#target.request(delivery, clock.nowMs())
    } catch (error) {
      return dead('refused', `the request could not be built: ${reasonOf(error)}`)
    }
    try {
      const answer = await send(request, this.cutting.signal)
      const verdict = this.#target.verdict(answer)
      if (verdict.kind === 'delivered') return { settlement: verdict, result: 'delivered', pauseMs: 0 }
      if (verdict.kind === 'refused') return dead('refused', verdict.reason)
      const askedMs = retryAfterMs(answer.headers, clock.nowMs()) ?? 0
      return this.#again(delivery, verdict.reason, Math.max(askedMs, verdict.afterMs ?? 0))
    } catch (error) {
      // A refused address is tried again too: a resolver that answers wrongly for a while must not cost an alert.
      return this.#again(delivery, reasonOf(error), 0)
    }
  }

  #again(delivery: Delivery, reason: string, pauseMs: number): Attempted {
    if (delivery.attempt >= this.#policy.maxAttempts) {
      return dead('dead', `${reason}; given up after ${delivery.attempt} attempts`)
    }
    const waitMs = Math.max(pauseMs, backoffMs(delivery.attempt, this.#policy.retry, this.#options.random))
    const notBeforeMs = this.#options.clock.nowMs() + waitMs
    return { settlement: { kind: 'retry', notBeforeMs, reason }, result: 'retry', pauseMs }
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

const dead = (result: string, reason: string): Attempted => ({
  settlement: { kind: 'dead', reason },
  result,
  pauseMs: 0,
})
const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : 'unknown error')
