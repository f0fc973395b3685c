/** The delivery loops: one per target over the outbox, at least once, so that a target that is down delays no other. */
import type { AlertTarget, Clock, Outbox, Telemetry } from '../../schemas/ports.ts'
import type { DeliverySettings } from './filter.ts'
import type { Backoff, Random, Sleep } from './pauses.ts'
import type { Send } from './send.ts'
import { TargetLoop } from './target-loop.ts'
import type { TargetState } from './target-state.ts'

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

export interface DeliverOptions {
  readonly outbox: Pick<Outbox, 'due' | 'settle' | 'waiting'>
  readonly targets: readonly AlertTarget[]
  /** By target name what is left out there, and how much it is told at once. A target that is not in it is told everything. */
  readonly settings?: ReadonlyMap<string, Pick<DeliverySettings, 'redact' | 'flood'>>
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
  /** How each target stands, by name. */
  states(): Promise<Readonly<Record<string, TargetState>>>
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
    states: async () =>
      Object.fromEntries(await Promise.all(loops.map(async (loop) => [loop.name, await loop.state()] as const))),
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
