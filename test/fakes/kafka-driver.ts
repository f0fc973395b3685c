/** A Kafka driver in memory for what produces: topics with partitions, the limit of a record, and brokers that fail. */
import {
  type KafkaDriver,
  KafkaDriverError,
  type KafkaMessage,
  type KafkaRecord,
  MAX_RECORD_BYTES,
  recordBytes,
} from '../../connectors/kafka/driver.ts'
import type { Refusal } from './selftest.ts'

export class FakeKafkaDriver implements KafkaDriver {
  readonly name = 'kafkajs'
  readonly #topics = new Map<string, KafkaMessage[][]>()
  /** `lost`: the records are in the log, and the answer never comes. */
  fault: 'unavailable' | 'timeout' | 'denied' | 'lost' | undefined
  closed = 0

  constructor(topics: Readonly<Record<string, number>>) {
    for (const [topic, partitions] of Object.entries(topics))
      this.#topics.set(
        topic,
        Array.from({ length: partitions }, () => []),
      )
  }
  /** All records of a topic, partition after partition. */
  records(topic: string): readonly KafkaMessage[] {
    return this.#topics.get(topic)!.flat()
  }

  async partitions(topic: string): Promise<number> {
    this.#fail()
    return this.#topic(topic).length
  }
  async producer() {
    return { send: (...send: Parameters<FakeKafkaDriver['send']>) => this.send(...send), close: async () => undefined }
  }
  async send(topic: string, partition: number, records: readonly KafkaRecord[]): Promise<{ baseOffset: number }> {
    this.#fail()
    const log = this.#topic(topic)[partition]
    if (log === undefined) throw new KafkaDriverError('protocol', 'no such partition')
    if (records.some((record) => recordBytes(record) > MAX_RECORD_BYTES))
      throw new KafkaDriverError('record_too_large', 'a record is too large')
    const baseOffset = log.length
    for (const [at, record] of records.entries())
      log.push({ ...record, topic, partition, offset: baseOffset + at, timestampMs: 0 })
    if (this.fault === 'lost') throw new KafkaDriverError('timeout', 'no answer')
    return { baseOffset }
  }
  async close(): Promise<void> {
    this.closed++
  }

  #topic(topic: string): KafkaMessage[][] {
    const known = this.#topics.get(topic)
    if (known === undefined) throw new KafkaDriverError('unknown_topic', `no topic ${topic}`)
    return known
  }
  #fail(): void {
    if (this.fault !== undefined && this.fault !== 'lost') throw new KafkaDriverError(this.fault, 'on demand')
  }
  readonly topicId = unused
  readonly createTopics = unused
  readonly deleteTopics = unused
  readonly watermarks = unused
  readonly committed = unused
  readonly read = unused
  readonly consume = unused
}
const unused = (): Promise<never> => Promise.reject(new Error('not part of this fake'))

const refuses = async (topic: string, bytes: number): Promise<boolean> => {
  const driver = new FakeKafkaDriver({ known: 1 })
  const sent = driver.send(topic, 0, [{ key: null, value: Buffer.alloc(bytes), headers: {} }])
  return sent.then(
    () => false,
    () => true,
  )
}
export const selftest: readonly Refusal[] = [
  { name: 'a record of 1 MB', refuses: () => refuses('known', MAX_RECORD_BYTES) },
  { name: 'a topic that does not exist', refuses: () => refuses('unknown', 1) },
]
