/** @platformatic/kafka as a producer: idempotent, one in flight per partition, replaced after a failure, result checked. */
import { type BaseOptions, Producer } from '@platformatic/kafka'
import { type Compression, KafkaDriverError, type KafkaProducer, type KafkaRecord } from './driver.ts'
import { PartitionSends } from './partition-sends.ts'
import { platformaticError } from './platformatic-errors.ts'
import { Replaceable } from './replaceable.ts'
import { within } from './retrying.ts'

/** After a failure its sequence numbers are in doubt, and a send may go on in it: the next one gets a new producer. */
export class PlatformaticProducer implements KafkaProducer {
  readonly #compression: Compression
  readonly #deadlineMs: number
  readonly #sends = new PartitionSends((topic, partition, records) => this.#request(topic, partition, records))
  readonly #producers: Replaceable<Producer>

  constructor(client: BaseOptions, compression: Compression, deadlineMs: number) {
    this.#compression = compression
    this.#deadlineMs = deadlineMs
    this.#producers = new Replaceable(
      async () =>
        new Producer({
          ...client,
          idempotent: true,
          // Without these the client asks for producer 0 epoch 0, and a transactional id could not be used again.
          producerId: -1n,
          producerEpoch: -1,
          // A leader move takes 3-7 s, 15 s under load: retried for as long as a delivery may take.
          retries: Math.max(2, Math.ceil(deadlineMs / 250)),
        }),
      (producer) => producer.close(true),
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
    const messages = records.map((record) => ({
      topic,
      partition,
      headers: new Map(Object.entries(record.headers).map(([name, value]) => [Buffer.from(name), Buffer.from(value)])),
      ...(record.key === null ? {} : { key: record.key }),
      ...(record.value === null ? {} : { value: record.value }),
    }))
    try {
      return await this.#producers.use(async (producer) => {
        const send = producer.send({ messages, compression: this.#compression })
        const answer = await within(this.#deadlineMs, doing, send)
        const named = answer.offsets?.find((part) => part.topic === topic && part.partition === partition)
        if (named === undefined)
          throw new KafkaDriverError('unavailable', `the answer to a send does not name ${topic}[${partition}]`)
        return { baseOffset: Number(named.offset) }
      })
    } catch (error) {
      throw platformaticError(error, doing)
    }
  }
}
