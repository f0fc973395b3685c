// The @platformatic/kafka driver (2.12, Node >= 22.22), under the same contract as kafkajs.
import { Admin, type BaseOptions, Producer, type SASLMechanismValue } from '@platformatic/kafka'
import {
  type Compression,
  type ConsumeOptions,
  type KafkaDriver,
  KafkaDriverError,
  type KafkaOptions,
  type KafkaProducer,
  type KafkaRecord,
  type TopicSpec,
} from './driver.ts'
import { readRange } from './fetching.ts'
import { GroupConsumer, groupTimes } from './group-consumer.ts'
import { PartitionSends } from './partition-sends.ts'
import { isApiError, platformaticError } from './platformatic-errors.ts'
import { PlatformaticFetcher } from './platformatic-fetcher.ts'
import { PlatformaticGroup } from './platformatic-group.ts'
import { retrying, within } from './retrying.ts'

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

class PlatformaticProducer implements KafkaProducer {
  readonly #client: BaseOptions
  readonly #compression: Compression
  readonly #deadlineMs: number
  readonly #sends = new PartitionSends((topic, partition, records) => this.#request(topic, partition, records))
  #current: Producer | undefined

  constructor(client: BaseOptions, compression: Compression, deadlineMs: number) {
    this.#client = client
    this.#compression = compression
    this.#deadlineMs = deadlineMs
  }

  send(topic: string, partition: number, records: readonly KafkaRecord[]): Promise<{ readonly baseOffset: number }> {
    return this.#sends.send(topic, partition, records)
  }

  async close(): Promise<void> {
    await this.#sends.close()
    await this.#current?.close(true)
  }

  async #request(topic: string, partition: number, records: readonly KafkaRecord[]): Promise<{ baseOffset: number }> {
    const doing = `sending to ${topic}[${partition}]`
    this.#current ??= this.#connect()
    const producer = this.#current
    try {
      const messages = records.map((record) => ({
        topic,
        partition,
        headers: new Map(
          Object.entries(record.headers).map(([name, value]) => [Buffer.from(name), Buffer.from(value)]),
        ),
        ...(record.key === null ? {} : { key: record.key }),
        ...(record.value === null ? {} : { value: record.value }),
      }))
      const answer = await within(this.#deadlineMs, doing, producer.send({ messages, compression: this.#compression }))
      const named = answer.offsets?.find((part) => part.topic === topic && part.partition === partition)
      if (named === undefined)
        throw new KafkaDriverError('unavailable', `the answer to a send does not name ${topic}[${partition}]`)
      return { baseOffset: Number(named.offset) }
    } catch (error) {
      // Its sequence numbers are in doubt, and a send may go on in it: the next one starts with a producer of its own.
      if (this.#current === producer) this.#current = undefined
      void producer.close(true).catch(() => undefined)
      throw platformaticError(error, doing)
    }
  }

  #connect(): Producer {
    return new Producer({
      ...this.#client,
      idempotent: true,
      // Without these the client asks for producer 0 epoch 0, and a transactional id could not be used again.
      producerId: -1n,
      producerEpoch: -1,
      // A leader move takes 3-7 s, 15 s under load: retried for as long as a delivery may take.
      retries: Math.max(2, Math.ceil(this.#deadlineMs / 250)),
    })
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
