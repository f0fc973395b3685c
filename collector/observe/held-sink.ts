/** Holds the first events back until the server has said its name: all events of one producer carry the same facts of it. */
import type { AuditSink } from '../instrument/delivery/audit-sink.ts'
import type { PendingEvent } from '../instrument/delivery/pending-event.ts'

export interface HeldSink extends AuditSink {
  /** From now on events pass at once. */
  release(): void
}

/** Longest wait, and events held at most: then they go without a name. */
const HOLD_MS = 2_000
const MAX_HELD = 64

export function heldSink(inner: AuditSink, holdMs = HOLD_MS): HeldSink {
  let held: PendingEvent[] | undefined = []
  const release = (): void => {
    clearTimeout(timer)
    const events = held ?? []
    held = undefined
    for (const event of events) inner.emit(event)
  }
  const timer = setTimeout(release, holdMs).unref()
  return {
    release,
    emit(event) {
      if (held === undefined) inner.emit(event)
      else if (held.push(event) >= MAX_HELD) release()
    },
    flush(timeoutMs) {
      release()
      return inner.flush(timeoutMs)
    },
    shutdown(timeoutMs) {
      release()
      return inner.shutdown(timeoutMs)
    },
    get stats() {
      return inner.stats
    },
    countsOf: (producer) => inner.countsOf(producer),
    previousProducer: (serverId) => inner.previousProducer?.(serverId),
    unavailable: (failingMs) => inner.unavailable?.(failingMs),
    room: (timeoutMs) => inner.room?.(timeoutMs),
  }
}
