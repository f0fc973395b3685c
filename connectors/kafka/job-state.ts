/** What jobs remember, on a compacted topic of one partition; the member of a group that owns it runs the jobs. */
import { assertJobValue, type Candidate, type JobState } from '../../schemas/job-state.ts'
import { busError } from './bus-errors.ts'
import type { KafkaDriver, KafkaProducer } from './driver.ts'
import { type TopicSettings, topicName } from './topic-setup.ts'

export interface JobStateOptions extends TopicSettings {
  readonly driver: KafkaDriver
  readonly group: string
}
const PARTITION = 0

export class KafkaJobState implements JobState {
  readonly #options: JobStateOptions
  readonly #topic: string
  readonly #values = new Map<string, string>()
  /** First offset that was not read yet. */
  #next = 0
  #reading: Promise<void> = Promise.resolve()
  #producer: Promise<KafkaProducer> | undefined

  constructor(options: JobStateOptions) {
    this.#options = options
    this.#topic = topicName(options, 'jobs')
  }

  /** Read up to the end of now, so that a new leader knows all that the one before made durable. */
  async get(name: string): Promise<string | undefined> {
    this.#reading = this.#reading.catch(() => undefined).then(() => this.#readOn())
    try {
      await this.#reading
    } catch (error) {
      throw busError(error, 'jobs')
    }
    return this.#values.get(name)
  }

  async set(name: string, value: string): Promise<void> {
    assertJobValue(name, value)
    try {
      this.#producer ??= this.#options.driver.producer()
      const producer = await this.#producer
      await producer.send(this.#topic, PARTITION, [{ key: Buffer.from(name), value: Buffer.from(value), headers: {} }])
    } catch (error) {
      throw busError(error, 'jobs')
    }
  }

  async stand(candidate: Candidate): Promise<{ close(): Promise<void> }> {
    const { driver, group } = this.#options
    try {
      return await driver.consume({
        group,
        topic: this.#topic,
        handler: {
          assigned: async (partition) => {
            await candidate.elected()
            // What lies there is read by `get`; the group is for the election alone.
            return (await driver.watermarks(this.#topic, partition)).high
          },
          batch: async () => undefined,
          revoked: () => candidate.deposed(),
        },
      })
    } catch (error) {
      throw busError(error, 'jobs')
    }
  }

  async close(): Promise<void> {
    await this.#producer?.then(
      (producer) => producer.close(),
      () => undefined,
    )
  }

  async #readOn(): Promise<void> {
    const { driver } = this.#options
    const { low, high } = await driver.watermarks(this.#topic, PARTITION)
    await driver.read(this.#topic, PARTITION, Math.max(low, this.#next), high, (messages) => {
      for (const { key, value } of messages)
        if (key !== null && value !== null) this.#values.set(key.toString(), value.toString())
    })
    this.#next = high
  }
}
