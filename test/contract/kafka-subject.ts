// What the driver contracts share: a driver and a topic per test, records, and a handler that keeps what it was told.
import { setTimeout as sleep } from 'node:timers/promises'
import type {
  KafkaDriver,
  KafkaMessage,
  KafkaOptions,
  KafkaRecord,
  PartitionHandler,
} from '../../connectors/kafka/driver.ts'
import { uniqueName } from '../kafka/broker.ts'

export interface DriverUnderTest {
  readonly open: (options: Partial<KafkaOptions>) => KafkaDriver
}

export const record = (text: string, headers: Record<string, string> = {}): KafkaRecord => ({
  key: null,
  value: Buffer.from(text),
  headers,
})
export const text = (message: KafkaMessage) => message.value?.toString() ?? null

export async function until(what: string, holds: () => boolean, withinMs = 20_000): Promise<void> {
  for (const deadline = Date.now() + withinMs; !holds(); await sleep(20))
    if (Date.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}`)
}

/** A handler that keeps what it was told. */
export function recorder(start?: (partition: number) => number | undefined) {
  const values = new Map<number, string[]>()
  const ends = new Map<number, number>()
  const owned = new Map<number, number>()
  const calls: string[] = []
  const handler: PartitionHandler = {
    assigned: async (partition, assignment) => {
      if (owned.has(partition)) throw new Error('assigned twice without revoked')
      owned.set(partition, assignment)
      calls.push(`assigned ${partition}`)
      return start?.(partition)
    },
    batch: async (partition, messages, nextOffset) => {
      if (!owned.has(partition)) throw new Error('batch without assignment')
      values.set(partition, [...(values.get(partition) ?? []), ...messages.map((message) => String(text(message)))])
      ends.set(partition, nextOffset)
    },
    revoked: async (partition) => {
      owned.delete(partition)
      calls.push(`revoked ${partition}`)
    },
  }
  return { handler, values, ends, owned, calls }
}

/** A driver that is closed whatever the test does, and topics of its own. */
export function prepared(subject: DriverUnderTest) {
  const withDriver = async (work: (driver: KafkaDriver) => Promise<void>, options: Partial<KafkaOptions> = {}) => {
    const driver = subject.open(options)
    try {
      await work(driver)
    } finally {
      await driver.close()
    }
  }
  const topicOf = async (driver: KafkaDriver, partitions = 1, config: Record<string, string> = {}) => {
    const topic = uniqueName('contract')
    await driver.createTopics([{ topic, partitions, config }])
    return topic
  }
  return { withDriver, topicOf }
}
