/** Reading a log by partitions: positions by the topic's own id, batches offered until they are taken, commits of the assignment alone. */
import { AuditdError, isTransient } from '../../schemas/errors.ts'
import type { Consumption, LogPiece, PartitionHandler } from '../../schemas/ports.ts'
import { failpoint } from '../failpoint.ts'
import { busError } from './bus-errors.ts'
import type { KafkaConsumer, KafkaDriver, KafkaMessage } from './driver.ts'
import { sleep } from './fetching.ts'

export interface PartitionLogOptions<Piece extends LogPiece> {
  readonly driver: KafkaDriver
  readonly topic: string
  readonly group: string
  readonly handler: PartitionHandler<Piece>
  readonly read: (
    log: string,
    partition: number,
    messages: readonly KafkaMessage[],
    next: number,
    high: number,
  ) => Piece
}

const FIRST_PAUSE_MS = 100
const LONGEST_PAUSE_MS = 5000

export async function consumePartitions<Piece extends LogPiece>(
  options: PartitionLogOptions<Piece>,
): Promise<Consumption> {
  const { driver, topic, group, handler, read } = options
  const assignments = new Map<number, number>()
  const logs = new Map<number, string>()
  /** Told at once, not after the batch in flight: only the handler can end a batch that waits for a store that is down. */
  const ending = new Map<number, Promise<void>>()
  const offered = new Set<number>()
  let consumer: KafkaConsumer
  try {
    consumer = await driver.consume({
      group,
      topic,
      handler: {
        assigned: async (partition, assignment) => {
          assignments.set(partition, assignment)
          ending.delete(partition)
          // Asked at each assignment: a topic created anew has another id, and nothing stored of the old one counts.
          const log = await driver.topicId(topic)
          logs.set(partition, log)
          return handler.assigned(log, partition)
        },
        batch: async (partition, messages, nextOffset, highWatermark) => {
          const batch = read(logs.get(partition)!, partition, messages, nextOffset, highWatermark)
          offered.add(partition)
          await offer(handler, batch, () => ending.has(partition)).finally(() => offered.delete(partition))
        },
        ending: (partition) => {
          if (!offered.has(partition)) return
          const done = handler.revoked(logs.get(partition) ?? '', partition)
          done.catch(() => {})
          ending.set(partition, done)
        },
        revoked: async (partition) => {
          await (ending.get(partition) ?? handler.revoked(logs.get(partition) ?? '', partition))
          assignments.delete(partition)
        },
      },
    })
  } catch (error) {
    throw busError(error, 'consume')
  }
  return {
    commit: async (partition, next) => {
      try {
        const assignment = assignments.get(partition)
        failpoint('after-snapshot-before-release')
        return assignment !== undefined && (await consumer.commit(partition, next, assignment))
      } catch (error) {
        throw busError(error, 'commit')
      }
    },
    close: () => consumer.close(),
  }
}

/** Offers a batch until it is taken. Gives up by throwing when the partition is to be revoked or the failure is not passing. */
async function offer<Piece extends LogPiece>(
  handler: PartitionHandler<Piece>,
  batch: Piece,
  given: () => boolean,
): Promise<void> {
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2)) {
    try {
      return await handler.batch(batch)
    } catch (error) {
      if (!isTransient(error)) throw error
      if (given())
        throw new AuditdError(
          'ownership_lost',
          'kafka',
          `partition ${batch.partition}`,
          'given up while a batch failed',
          error,
        )
      for (let waitedMs = 0; waitedMs < pauseMs && !given(); waitedMs += 50) await sleep(50)
    }
  }
}
