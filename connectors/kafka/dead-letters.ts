/** Dead letters on Kafka: one JSON record each, by tenant. */
import type { DeadLetter, DeadLetterCount, DeadLetters } from '../../schemas/ports.ts'
import { partitionOf } from '../../schemas/topics.ts'
import { busError } from './bus-errors.ts'
import type { KafkaDriver, KafkaProducer } from './driver.ts'
import { type TopicSettings, topicName } from './topic-setup.ts'

export class KafkaDeadLetters implements DeadLetters, DeadLetterCount {
  readonly #driver: KafkaDriver
  readonly #settings: TopicSettings
  #producer: Promise<KafkaProducer> | undefined

  constructor(driver: KafkaDriver, settings: TopicSettings) {
    this.#driver = driver
    this.#settings = settings
  }

  async add(letters: readonly DeadLetter[]): Promise<void> {
    const groups = Map.groupBy(letters, (letter) =>
      partitionOf(letter.tenant, letter.component, this.#settings.partitions),
    )
    try {
      this.#producer ??= this.#driver.producer({ compression: 'zstd' })
      const producer = await this.#producer
      const topic = topicName(this.#settings, 'deadLetters')
      const sends = [...groups].map(([partition, group]) => {
        const records = group.map((letter) => ({ key: null, value: Buffer.from(JSON.stringify(letter)), headers: {} }))
        return producer.send(topic, partition, records)
      })
      await Promise.all(sends)
    } catch (error) {
      throw busError(error, 'dead letters')
    }
  }

  /** Ends of the partitions: retention takes letters away, never their numbers. */
  async total(): Promise<number> {
    const topic = topicName(this.#settings, 'deadLetters')
    try {
      const ends = await Promise.all(
        Array.from(
          { length: this.#settings.partitions },
          async (_, partition) => (await this.#driver.watermarks(topic, partition)).high,
        ),
      )
      return ends.reduce((sum, end) => sum + end, 0)
    } catch (error) {
      throw busError(error, 'dead letters')
    }
  }

  async close(): Promise<void> {
    await (await this.#producer?.catch(() => undefined))?.close()
  }
}
