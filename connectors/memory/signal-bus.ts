/** A log of signals in memory, for tests: as many partitions as are wanted, nothing outlives it. */
import { setTimeout as wait } from 'node:timers/promises'
import { isTransient } from '../../schemas/errors.ts'
import type { PartitionHandler, SignalBatch, SignalBus } from '../../schemas/ports.ts'
import type { Signal } from '../../schemas/signal.ts'
import { partitionOfKey } from '../../schemas/topics.ts'

const RETRY_WAIT_MS = 5

export interface MemorySignalBus extends SignalBus {
  /** What lies in each partition, by offset. */
  readonly logs: readonly (readonly (readonly Signal[])[])[]
}

/** Each publish is one offset of each partition it reaches. */
export function memorySignalBus(partitions = 1, log = 'e'.repeat(32)): MemorySignalBus {
  const logs: Signal[][][] = Array.from({ length: partitions }, () => [])
  const wakers: (() => void)[] = []
  const wake = (): void => {
    for (const waker of wakers.splice(0)) waker()
  }
  const isFor = ({ tenant, scope, key }: Signal, partition: number): boolean =>
    scope === 'fleet' || partitionOfKey(tenant, scope, key, partitions) === partition
  return {
    logs,
    async publish(signals) {
      for (const [partition, records] of logs.entries()) {
        const own = signals.filter((signal) => isFor(signal, partition))
        if (own.length > 0) records.push(structuredClone(own))
      }
      wake()
    },
    async consume(handler: PartitionHandler<SignalBatch>) {
      let over = false
      const run = async (partition: number, start: number): Promise<void> => {
        const records = logs[partition]!
        for (let at = start; !over; ) {
          const signals = records[at]
          if (signals === undefined) {
            await new Promise<void>((resolve) => wakers.push(resolve))
            continue
          }
          const entries = signals.map((signal) => ({ offset: at, signal }))
          const high = records.length
          try {
            await handler.batch({ log, partition, first: at, next: at + 1, entries, refused: [], high })
            at += 1
          } catch (error) {
            if (!isTransient(error)) throw error
            await wait(RETRY_WAIT_MS)
          }
        }
      }
      const running = await Promise.all(
        logs.map(async (_, partition) => {
          const start = (await handler.assigned(log, partition)) ?? 0
          return { done: run(partition, start) }
        }),
      )
      return {
        commit: async () => !over,
        async close() {
          if (over) return
          over = true
          wake()
          await Promise.all(running.map(({ done }) => done))
          await Promise.all(logs.map((_, partition) => handler.revoked(log, partition)))
        },
      }
    },
    close: async () => wake(),
  }
}
