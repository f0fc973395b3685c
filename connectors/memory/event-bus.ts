/** An event bus in memory, for tests: one partition, nothing outlives it. */
import { setTimeout as wait } from 'node:timers/promises'
import { isTransient } from '../../schemas/errors.ts'
import type { AuditEvent } from '../../schemas/event.ts'
import type { Consumption, EventBus, LoggedEvent, LogHandler } from '../../schemas/ports.ts'

const RETRY_WAIT_MS = 5

/** Each publish is one offset. */
export function memoryEventBus(log = '0'.repeat(32)): EventBus {
  const batches: LoggedEvent[][] = []
  const wakers: (() => void)[] = []
  const wake = () => {
    for (const waker of wakers.splice(0)) waker()
  }
  return {
    async publish(events: readonly AuditEvent[]) {
      const offset = batches.length
      batches.push(events.map((event, index) => ({ event, position: { log, partition: 0, offset, index } })))
      wake()
    },
    async consume(handler: LogHandler): Promise<Consumption> {
      const start = (await handler.assigned(log, 0)) ?? 0
      let stopping = false
      let over = false
      const run = async () => {
        for (let at = start; !stopping; ) {
          const entries = batches[at]
          if (entries === undefined) {
            await new Promise<void>((resolve) => wakers.push(resolve))
            continue
          }
          try {
            await handler.batch({
              log,
              partition: 0,
              first: at,
              next: at + 1,
              entries,
              refused: [],
              high: batches.length,
            })
            at += 1
          } catch (error) {
            if (!isTransient(error)) throw error
            await wait(RETRY_WAIT_MS)
          }
        }
      }
      const running = run()
      return {
        commit: async () => !over,
        async close() {
          if (over) return
          stopping = true
          wake()
          await running
          await handler.revoked(log, 0)
          over = true
        },
      }
    },
    close: async () => wake(),
  }
}
