/** kafkajs as a producer: one partition per send, one in flight, idempotent, replaced after a failure, result checked. */
import kafkajs, { type CompressionTypes, type Kafka, type PartitionerArgs, type Producer } from 'kafkajs'
import { type Compression, KafkaDriverError, type KafkaProducer, type KafkaRecord } from './driver.ts'
import { kafkajsError } from './kafkajs-errors.ts'
import { PartitionSends } from './partition-sends.ts'
import { Replaceable } from './replaceable.ts'
import { within } from './retrying.ts'

const { CompressionTypes: Types } = kafkajs
const codecs: Record<Compression, CompressionTypes> = { none: Types.None, gzip: Types.GZIP, zstd: Types.ZSTD }

/**
 * A rejected send leaves kafkajs' sequence where it was although the records may have landed: the next send would be
 * taken for a repetition and acknowledged without being stored. So a producer that failed once is replaced.
 */
export class KafkajsProducer implements KafkaProducer {
  readonly #compression: CompressionTypes
  readonly #deadlineMs: number
  readonly #sends = new PartitionSends((topic, partition, records) => this.#request(topic, partition, records))
  readonly #producers: Replaceable<Producer>

  constructor(kafka: Kafka, compression: Compression, deadlineMs: number) {
    this.#compression = codecs[compression]
    this.#deadlineMs = deadlineMs
    this.#producers = new Replaceable(
      async () => {
        const createPartitioner = () => (chosen: PartitionerArgs) => chosen.message.partition!
        const producer = kafka.producer({ idempotent: true, allowAutoTopicCreation: false, createPartitioner })
        await producer.connect()
        return producer
      },
      (producer) => producer.disconnect(),
    )
  }

  send(topic: string, partition: number, records: readonly KafkaRecord[]): Promise<{ readonly baseOffset: number }> {
    return this.#sends.send(topic, partition, records)
  }

  async close(): Promise<void> {
    await this.#sends.close()
    await this.#producers.close()
  }

  async #request(topic: string, partition: number, records: readonly KafkaRecord[]): Promise<{ baseOffset: number }> {
    const doing = `sending to ${topic}[${partition}]`
    const messages = records.map(({ key, value, headers }) => ({ key, value, headers, partition }))
    const send = { topic, messages, acks: -1, compression: this.#compression }
    try {
      return await this.#producers.use(async (producer) => {
        const answer = await within(this.#deadlineMs, doing, producer.send(send))
        const named = answer.find((part) => part.topicName === topic && part.partition === partition)
        if (named === undefined || named.errorCode !== 0 || named.baseOffset === undefined)
          throw new KafkaDriverError('unavailable', `the answer to a send does not name ${topic}[${partition}]`)
        return { baseOffset: Number(named.baseOffset) }
      })
    } catch (error) {
      throw kafkajsError(error, doing)
    }
  }
}
