/** The kafkajs driver, hardened (DECISIONS.md): one partition per send, one in flight, idempotent, result checked. */
import kafkajs, { type Admin, type Kafka } from 'kafkajs'
import {
  type Compression,
  type ConsumeOptions,
  type KafkaDriver,
  KafkaDriverError,
  type KafkaErrorCode,
  type KafkaOptions,
  type KafkaProducer,
  type TopicSpec,
} from './driver.ts'
import { readRange } from './fetching.ts'
import { GroupConsumer, groupTimes } from './group-consumer.ts'
import { kafkajsConfig } from './kafkajs-config.ts'
import { innermost, kafkajsError } from './kafkajs-errors.ts'
import { KafkajsFetcher } from './kafkajs-fetcher.ts'
import { committedOffset, KafkajsGroup } from './kafkajs-group.ts'
import { createCluster, createGroup } from './kafkajs-internals.ts'
import { KafkajsProducer } from './kafkajs-producer.ts'
import { topicIdRequest } from './kafkajs-topic-id.ts'
import { retrying } from './retrying.ts'

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
    const producer = new KafkajsProducer(this.#kafka, compression, this.#deadlineMs)
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
