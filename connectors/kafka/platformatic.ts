/** The @platformatic/kafka driver (2.12, Node >= 22.22), under the same contract as kafkajs. */
import { Admin, type BaseOptions, type SASLMechanismValue } from '@platformatic/kafka'
import {
  type Compression,
  type ConsumeOptions,
  type KafkaDriver,
  KafkaDriverError,
  type KafkaOptions,
  type KafkaProducer,
  type TopicSpec,
} from './driver.ts'
import { readRange } from './fetching.ts'
import { GroupConsumer, groupTimes } from './group-consumer.ts'
import { isApiError, platformaticError } from './platformatic-errors.ts'
import { PlatformaticFetcher } from './platformatic-fetcher.ts'
import { PlatformaticGroup } from './platformatic-group.ts'
import { PlatformaticProducer } from './platformatic-producer.ts'
import { retrying } from './retrying.ts'

export function platformaticDriver(options: KafkaOptions): KafkaDriver {
  return new PlatformaticDriver(options)
}

class PlatformaticDriver implements KafkaDriver {
  readonly name = 'platformatic'
  readonly #options: KafkaOptions
  readonly #client: BaseOptions
  readonly #deadlineMs: number
  readonly #log: NonNullable<KafkaOptions['onLog']>
  readonly #open = new Set<{ close(): Promise<void> }>()
  readonly #readers = new Map<string, Promise<PlatformaticFetcher>>()
  readonly #admin: Admin

  constructor(options: KafkaOptions) {
    this.#options = options
    this.#log = options.onLog ?? (() => undefined)
    this.#deadlineMs = options.deliveryTimeoutMs ?? 30_000
    this.#client = clientOptions(options, this.#deadlineMs)
    this.#admin = new Admin({ ...this.#client, retries: 2 })
  }

  async topicId(topic: string): Promise<string> {
    return this.#retrying(`id of topic ${topic}`, async () =>
      (await this.#topic(topic)).id.replaceAll('-', '').toLowerCase(),
    )
  }

  async createTopics(topics: readonly TopicSpec[]): Promise<void> {
    for (const spec of topics) {
      await this.#retrying(`creating topic ${spec.topic}`, async () => {
        const configs = Object.entries(spec.config ?? {}).map(([name, value]) => ({ name, value }))
        const options = { topics: [spec.topic], partitions: spec.partitions, replicas: spec.replicas ?? 1, configs }
        await this.#admin.createTopics(options).catch((error) => {
          if (!isApiError(error, 'TOPIC_ALREADY_EXISTS')) throw error
        })
      })
    }
    for (const spec of topics) {
      const leaders = async () => {
        const { partitions } = await this.#topic(spec.topic)
        if (partitions.some((partition) => partition.leader < 0))
          throw new KafkaDriverError('unavailable', `topic ${spec.topic} has partitions without a leader`)
      }
      await retrying(
        this.#deadlineMs,
        (error) => platformaticError(error, `leaders of topic ${spec.topic}`),
        leaders,
        'unknown_topic',
      )
    }
  }

  async deleteTopics(topics: readonly string[]): Promise<void> {
    await this.#retrying(`deleting ${topics.join(', ')}`, () => this.#admin.deleteTopics({ topics: [...topics] }))
  }

  async partitions(topic: string): Promise<number> {
    return this.#retrying(`partitions of ${topic}`, async () => (await this.#topic(topic)).partitionsCount)
  }

  async watermarks(topic: string, partition: number): Promise<{ low: number; high: number }> {
    return this.#retrying(`watermarks of ${topic}[${partition}]`, async () => {
      const reader = await this.#reader(topic)
      try {
        return { low: await reader.low(partition), high: await reader.high(partition) }
      } catch (error) {
        await reader.refresh()
        throw error
      }
    })
  }

  async committed(group: string, topic: string, partition: number): Promise<number | undefined> {
    return this.#retrying(`committed offset of group ${group}`, async () => {
      const [answer] = await this.#admin.listConsumerGroupOffsets({
        groups: [{ groupId: group, topics: [{ name: topic, partitionIndexes: [partition] }] }],
      })
      const known = answer?.topics
        .find(({ name }) => name === topic)
        ?.partitions.find(({ partitionIndex }) => partitionIndex === partition)
      const offset = Number(known?.committedOffset ?? -1n)
      return offset < 0 ? undefined : offset
    })
  }

  async read(...[topic, partition, from, to, each]: Parameters<KafkaDriver['read']>): Promise<void> {
    if (from >= to) return
    const fetcher = await this.#openFetcher(topic)
    try {
      await readRange(fetcher, partition, from, to, each, this.#deadlineMs)
    } finally {
      await fetcher.close()
    }
  }

  async consume(options: ConsumeOptions): Promise<GroupConsumer> {
    const fetcher = await this.#openFetcher(options.topic)
    const group = new PlatformaticGroup({ ...this.#client, retries: 20 }, options, groupTimes(this.#options), this.#log)
    const consumer = new GroupConsumer(options, group, fetcher, this.#log)
    this.#open.add(consumer)
    return consumer.start()
  }

  async producer({ compression = 'none' }: { compression?: Compression } = {}): Promise<KafkaProducer> {
    const producer = new PlatformaticProducer(this.#client, compression, this.#deadlineMs)
    this.#open.add(producer)
    return producer
  }

  async close(): Promise<void> {
    const open = [...this.#open]
    this.#open.clear()
    await Promise.all(open.map((one) => one.close()))
    const readers = await Promise.allSettled(this.#readers.values())
    await Promise.all(readers.map((reader) => (reader.status === 'fulfilled' ? reader.value.close() : undefined)))
    await this.#admin.close()
  }

  async #topic(topic: string) {
    const metadata = await this.#admin.metadata({ topics: [topic], forceUpdate: true })
    const known = metadata.topics.get(topic)
    if (known === undefined) throw new KafkaDriverError('unknown_topic', `topic ${topic} is unknown`)
    return known
  }

  #openFetcher(topic: string): Promise<PlatformaticFetcher> {
    return this.#retrying(`opening topic ${topic}`, () => PlatformaticFetcher.open(this.#client, topic))
  }

  /** One shared fetcher a topic, for offsets only. */
  #reader(topic: string): Promise<PlatformaticFetcher> {
    let reader = this.#readers.get(topic)
    if (reader === undefined) {
      reader = this.#openFetcher(topic)
      this.#readers.set(topic, reader)
      reader.catch(() => this.#readers.delete(topic))
    }
    return reader
  }

  #retrying<T>(doing: string, work: () => Promise<T>): Promise<T> {
    return retrying(this.#deadlineMs, (error) => platformaticError(error, doing), work)
  }
}

function clientOptions(options: KafkaOptions, deadlineMs: number): BaseOptions {
  const mechanism = options.sasl?.mechanism.toUpperCase() as SASLMechanismValue
  return {
    clientId: options.clientId,
    bootstrapBrokers: [...options.brokers],
    autocreateTopics: false,
    connectTimeout: Math.min(3000, deadlineMs),
    requestTimeout: Math.min(15_000, deadlineMs),
    timeout: Math.min(15_000, deadlineMs),
    retryDelay: 250,
    ...(options.ssl === undefined || options.ssl === false ? {} : { tls: options.ssl === true ? {} : options.ssl }),
    ...(options.sasl === undefined ? {} : { sasl: { ...options.sasl, mechanism } }),
  }
}
