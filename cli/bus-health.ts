/** Whether events are being taken: the bus as the roles see it, and what `/readyz` says of it. */
import type { Clock, EventBus, Telemetry } from '../schemas/ports.ts'

/** A refusal counts for this long when nobody tries again: a service nobody sends to must be able to become ready. */
const REFUSAL_COUNTS_MS = 10_000

export interface WatchedBus {
  readonly bus: EventBus
  /** True unless the last attempt to make events durable failed moments ago; then why. */
  accepts(): true | string
}

/** One log line for each outage, however many requests it refuses. */
export function watchBus(inner: EventBus, clock: Clock, telemetry: Telemetry): WatchedBus {
  let refusal: { readonly atMs: number; readonly reason: string } | undefined
  const isRecent = (): boolean => refusal !== undefined && clock.nowMs() - refusal.atMs < REFUSAL_COUNTS_MS
  return {
    bus: {
      async publish(events) {
        try {
          await inner.publish(events)
          refusal = undefined
        } catch (error) {
          const reason = error instanceof Error ? error.message : String(error)
          if (!isRecent()) telemetry.log('not_accepted', { reason })
          refusal = { atMs: clock.nowMs(), reason }
          throw error
        }
      },
      consume: (handler) => inner.consume(handler),
      close: () => inner.close(),
    },
    accepts: () => (isRecent() ? refusal!.reason : true),
  }
}
