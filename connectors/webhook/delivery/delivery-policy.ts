/** What the delivery loops work with, and how often they try, rest and give up. */
import type { AlertTarget, Clock, Outbox, Telemetry } from '../../../schemas/ports.ts'
import type { Send } from '../send.ts'
import type { DeliverySettings } from './filter.ts'
import type { Backoff, Random, Sleep } from './pauses.ts'

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
