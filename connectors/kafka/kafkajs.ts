// The kafkajs driver, hardened (DECISIONS.md): one partition per send, one in flight, idempotent, result checked.
import kafkajs, { type Admin, type CompressionTypes, type Kafka, type KafkaConfig, type Producer } from 'kafkajs'
import {
  type Compression,
  type ConsumeOptions,
  type KafkaDriver,
  KafkaDriverError,
  type KafkaErrorCode,
  type KafkaOptions,
  type KafkaProducer,
  type KafkaRecord,
  type TopicSpec,
} from './driver.ts'
import { readRange } from './fetching.ts'
import { GroupConsumer, groupTimes } from './group-consumer.ts'
import { innermost, kafkajsError } from './kafkajs-errors.ts'
import { KafkajsFetcher } from './kafkajs-fetcher.ts'
import { committedOffset, KafkajsGroup } from './kafkajs-group.ts'
import { createCluster, createGroup } from './kafkajs-internals.ts'
import { topicIdRequest } from './kafkajs-topic-id.ts'
import { PartitionSends } from './partition-sends.ts'
import { retrying, within } from './retrying.ts'

const { CompressionTypes: Types, logLevel } = kafkajs
const codecs: Record<Compression, CompressionTypes> = {
  none: Types.None,
  gzip: Types.GZIP,
  zstd: Types.ZSTD,
}

export function kafkajsDriver(options: KafkaOptions): KafkaDriver {
  return new KafkajsDriver(options)
}

class KafkajsDriver implements KafkaDriver {
  readonly name = 'kafkajs'
  readonly #kafka: Kafka
  readonly #options: KafkaOptions
  readonly #deadlineMs: number
  readonly #log: NonNullable<KafkaOptions['onLog']>
  readonly #open = new Set<{ close(): Promise<void> }>()
  readonly #readers = new Map<string, Promise<KafkajsFetcher>>()
  #admin: Promise<Admin> | undefined

  constructor(options: KafkaOptions) {
    this.#options = options
    this.#log = options.onLog ?? (() => undefined)
    this.#deadlineMs = options.deliveryTimeoutMs ?? 30_000
    this.#kafka = new kafkajs.Kafka(kafkajsConfig(options, this.#log))
  }

  async topicId(topic: string): Promise<string> {
    return this.#retrying(`id of topic ${topic}`, async () => {
      const cluster = createCluster(this.#kafka)
      try {
        await cluster.connect()
        await cluster.refreshMetadata()
        const broker = await cluster.findControllerBroker()
        return (await broker.connectionPool.send(topicIdRequest(topic))).id
      } finally {
        await cluster.disconnect()
      }
    })
  }

  async createTopics(topics: readonly TopicSpec[]): Promise<void> {
    const admin = await this.#administrator()
    for (const spec of topics) {
      await this.#retrying(`creating topic ${spec.topic}`, async () => {
        const configEntries = Object.entries(spec.config ?? {}).map(([name, value]) => ({ name, value }))
        const entry = {
          topic: spec.topic,
          numPartitions: spec.partitions,
          replicationFactor: spec.replicas ?? 1,
          configEntries,
        }
        await admin.createTopics({ topics: [entry], waitForLeaders: false }).catch((error) => {
          const causes = (error as { errors?: Error[] }).errors ?? [error]
          if (!causes.every((cause) => innermost(cause).type === 'TOPIC_ALREADY_EXISTS')) throw causes[0]
        })
      })
    }
    // kafkajs' own waitForLeaders throws UNKNOWN_TOPIC_OR_PARTITION right after start: metadata is asked again instead.
    for (const spec of topics) {
      await this.#retrying(
        `leaders of topic ${spec.topic}`,
        async () => {
          const { topics: known } = await admin.fetchTopicMetadata({ topics: [spec.topic] })
          if (known[0]?.partitions.some((part) => part.leader < 0) !== false)
            throw new KafkaDriverError('unavailable', `topic ${spec.topic} has partitions without a leader`)
        },
        'unknown_topic',
      )
    }
  }

  async deleteTopics(topics: readonly string[]): Promise<void> {
    const admin = await this.#administrator()
    await this.#retrying(`deleting ${topics.join(', ')}`, () => admin.deleteTopics({ topics: [...topics] }))
  }

  async partitions(topic: string): Promise<number> {
    const admin = await this.#administrator()
    return this.#retrying(`partitions of ${topic}`, async () => {
      const { topics } = await admin.fetchTopicMetadata({ topics: [topic] })
      return topics[0]!.partitions.length
    })
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
      const cluster = createCluster(this.#kafka)
      try {
        await cluster.connect()
        return await committedOffset(cluster, group, topic, partition)
      } finally {
        await cluster.disconnect()
      }
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
    const cluster = createCluster(this.#kafka)
    const times = groupTimes(this.#options)
    const group = createGroup(this.#kafka, cluster, {
      groupId: options.group,
      topic: options.topic,
      sessionTimeout: times.sessionMs,
      rebalanceTimeout: times.rebalanceMs,
    })
    const membership = new KafkajsGroup(group, cluster, options, times, this.#log)
    const consumer = new GroupConsumer(options, membership, fetcher, this.#log)
    this.#open.add(consumer)
    return consumer.start()
  }

  async producer({ compression = 'none' }: { compression?: Compression } = {}): Promise<KafkaProducer> {
    const producer = new KafkajsProducer(this.#kafka, codecs[compression], this.#deadlineMs)
    this.#open.add(producer)
    return producer
  }

  async close(): Promise<void> {
    const open = [...this.#open]
    this.#open.clear()
    await Promise.all(open.map((one) => one.close()))
    const readers = await Promise.allSettled(this.#readers.values())
    await Promise.all(readers.map((reader) => (reader.status === 'fulfilled' ? reader.value.close() : undefined)))
    await (await this.#admin?.catch(() => undefined))?.disconnect()
  }

  async #openFetcher(topic: string): Promise<KafkajsFetcher> {
    return this.#retrying(`opening topic ${topic}`, async () => {
      const cluster = createCluster(this.#kafka)
      return KafkajsFetcher.open(cluster, topic).catch(async (error) => {
        await cluster.disconnect()
        throw error
      })
    })
  }

  /** One shared fetcher a topic, for offsets only. */
  async #reader(topic: string): Promise<KafkajsFetcher> {
    let reader = this.#readers.get(topic)
    if (reader === undefined) {
      reader = this.#openFetcher(topic)
      this.#readers.set(topic, reader)
      reader.catch(() => this.#readers.delete(topic))
    }
    return reader
  }

  async #administrator(): Promise<Admin> {
    this.#admin ??= this.#retrying('connecting', async () => {
      const admin = this.#kafka.admin()
      await admin.connect()
      return admin
    })
    this.#admin.catch(() => {
      this.#admin = undefined
    })
    return this.#admin
  }

  #retrying<T>(doing: string, work: () => Promise<T>, also?: KafkaErrorCode): Promise<T> {
    return retrying(this.#deadlineMs, (error) => kafkajsError(error, doing), work, also)
  }
}

/**
 * A rejected send leaves kafkajs' sequence where it was although the records may have landed: the next send would be
 * taken for a repetition and acknowledged without being stored. So a producer that failed once is replaced.
 */
class KafkajsProducer implements KafkaProducer {
  readonly #kafka: Kafka
  readonly #compression: CompressionTypes
  readonly #deadlineMs: number
  readonly #sends = new PartitionSends((topic, partition, records) => this.#request(topic, partition, records))
  #current: Promise<Producer> | undefined

  constructor(kafka: Kafka, compression: CompressionTypes, deadlineMs: number) {
    this.#kafka = kafka
    this.#compression = compression
    this.#deadlineMs = deadlineMs
  }

  send(topic: string, partition: number, records: readonly KafkaRecord[]): Promise<{ readonly baseOffset: number }> {
    return this.#sends.send(topic, partition, records)
  }

  async close(): Promise<void> {
    await this.#sends.close()
    await (await this.#current?.catch(() => undefined))?.disconnect()
  }

  async #request(topic: string, partition: number, records: readonly KafkaRecord[]): Promise<{ baseOffset: number }> {
    this.#current ??= this.#connect()
    const used = this.#current
    const doing = `sending to ${topic}[${partition}]`
    try {
      const producer = await used
      const messages = records.map(({ key, value, headers }) => ({ key, value, headers, partition }))
      const answer = await within(
        this.#deadlineMs,
        doing,
        producer.send({ topic, messages, acks: -1, compression: this.#compression }),
      )
      const named = answer.find((part) => part.topicName === topic && part.partition === partition)
      if (named === undefined || named.errorCode !== 0 || named.baseOffset === undefined)
        throw new KafkaDriverError('unavailable', `the answer to a send does not name ${topic}[${partition}]`)
      return { baseOffset: Number(named.baseOffset) }
    } catch (error) {
      if (this.#current === used) this.#current = undefined
      void used.then((producer) => producer.disconnect()).catch(() => undefined)
      throw kafkajsError(error, doing)
    }
  }

  async #connect(): Promise<Producer> {
    const producer = this.#kafka.producer({
      idempotent: true,
      allowAutoTopicCreation: false,
      createPartitioner:
        () =>
        ({ message }) =>
          message.partition!,
    })
    await producer.connect()
    return producer
  }
}

function kafkajsConfig(options: KafkaOptions, log: NonNullable<KafkaOptions['onLog']>): KafkaConfig {
  const deadlineMs = options.deliveryTimeoutMs ?? 30_000
  const level = (rank: number) => (rank === logLevel.ERROR ? 'error' : rank === logLevel.WARN ? 'warn' : 'debug')
  return {
    brokers: [...options.brokers],
    clientId: options.clientId,
    connectionTimeout: Math.min(3000, deadlineMs),
    requestTimeout: Math.min(15_000, deadlineMs),
    // A leader move takes 3-7 s, 15 s under load: retried every half second for as long as a delivery may take.
    retry: { initialRetryTime: 50, maxRetryTime: 500, retries: Math.max(2, Math.ceil(deadlineMs / 500)) },
    logLevel: options.onLog === undefined ? logLevel.NOTHING : logLevel.WARN,
    logCreator: () => (entry) => log(level(entry.level), entry.log.message, { ...entry.log }),
    ...(options.ssl === undefined ? {} : { ssl: options.ssl }),
    ...(options.sasl === undefined ? {} : { sasl: options.sasl as KafkaConfig['sasl'] & object }),
  }
}
