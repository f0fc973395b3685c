/** The log of events on Kafka: OTLP messages with many records, signed, partitioned by (tenant, server). */
import type { AuditEvent } from '../../schemas/event.ts'
import type {
  Caller,
  Clock,
  Consumption,
  DeadLetter,
  EventBus,
  LogBatch,
  LoggedEvent,
  LogHandler,
} from '../../schemas/ports.ts'
import { EVERY_SERVER, partitionOf } from '../../schemas/topics.ts'
import { busError } from './bus-errors.ts'
import type { Compression, KafkaDriver, KafkaMessage, KafkaProducer, KafkaRecord } from './driver.ts'
import { consumePartitions } from './partition-log.ts'
import {
  type ContentType,
  digestOf,
  recordHeaders,
  recordVerifier,
  type SigningKey,
  type VerifyingKey,
} from './record-auth.ts'
import { type TopicSettings, topicName } from './topic-setup.ts'

/** One verified record, as the codec reads it. */
export interface VerifiedRecord {
  readonly value: Buffer
  readonly contentType: ContentType
  readonly caller: Caller
  /** Written by our collect role: its tenant and receivedAt stand; else they come from the caller and `receivedMs`. */
  readonly collected: boolean
  /** Append time of the record at the broker. */
  readonly receivedMs: number
  /** Position of the record; an event's index is its number among all log records of the message, refused ones counted. */
  readonly log: string
  readonly partition: number
  readonly offset: number
}

/** OTLP and admission live in the collector; the bus only moves their bytes. */
export interface EventCodec {
  /** One ExportLogsServiceRequest (protobuf) with these events, in this order. */
  encode(events: readonly AuditEvent[]): Uint8Array
  /** Never throws for hostile bytes: what cannot be read is refused with its reason and position. */
  decode(record: VerifiedRecord): { readonly entries: readonly LoggedEvent[]; readonly refused: readonly DeadLetter[] }
}

export interface EventBusOptions extends TopicSettings {
  readonly driver: KafkaDriver
  readonly codec: EventCodec
  readonly clock: Clock
  /** Consumer group of the detect role. */
  readonly group: string
  /** Signs what our collect role writes. */
  readonly signingKey?: SigningKey
  /** Keys of producers and collectors; none: loopback only, identities are claimed. */
  readonly keys: readonly VerifyingKey[]
  readonly compression?: Compression
}

/** Events put into one message, and the bytes it may have; a message that is too long is halved. */
const MESSAGE_EVENTS = 256
const MESSAGE_BYTES = 800_000

export class KafkaEventBus implements EventBus {
  readonly #options: EventBusOptions
  readonly #topic: string
  readonly #verify: ReturnType<typeof recordVerifier>
  readonly #open = new Set<Consumption>()
  #producer: Promise<KafkaProducer> | undefined

  constructor(options: EventBusOptions) {
    this.#options = options
    this.#topic = topicName(options, 'events')
    this.#verify = recordVerifier(options.keys)
  }

  async publish(events: readonly AuditEvent[]): Promise<void> {
    const byPartition = new Map<number, AuditEvent[]>()
    for (const event of events)
      for (const partition of this.#partitionsOf(event)) {
        const group = byPartition.get(partition)
        if (group === undefined) byPartition.set(partition, [event])
        else group.push(event)
      }
    try {
      this.#producer ??= this.#options.driver.producer({ compression: this.#options.compression ?? 'zstd' })
      const producer = await this.#producer
      const sends = [...byPartition].map(([partition, group]) =>
        producer.send(this.#topic, partition, this.#records(group)),
      )
      // All are awaited even when one fails: a send must not go on behind the caller's back.
      const failed = (await Promise.allSettled(sends)).find((result) => result.status === 'rejected')
      if (failed !== undefined) throw failed.reason
    } catch (error) {
      throw busError(error, 'publish')
    }
  }

  async consume(handler: LogHandler): Promise<Consumption> {
    const { driver, group } = this.#options
    const consumption = await consumePartitions({
      ...{ driver, group, handler, topic: this.#topic },
      read: (log, partition, messages, next, high) => this.#read(log, partition, messages, next, high),
    })
    this.#open.add(consumption)
    return {
      ...consumption,
      close: async () => {
        this.#open.delete(consumption)
        await consumption.close()
      },
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open].map((consumption) => consumption.close()))
    this.#open.clear()
    await (await this.#producer?.catch(() => undefined))?.close()
  }

  /** A fact about all servers reaches every partition: the rules of each server must know it, in the order of its own log. */
  #partitionsOf({ tenant = 'default', serverId }: AuditEvent): readonly number[] {
    const { partitions } = this.#options
    if (serverId === EVERY_SERVER) return Array.from({ length: partitions }, (_, partition) => partition)
    return [partitionOf(tenant, serverId, partitions)]
  }

  #records(events: readonly AuditEvent[]): KafkaRecord[] {
    if (events.length > MESSAGE_EVENTS) return this.#halves(events)
    const value = Buffer.from(this.#options.codec.encode(events))
    if (value.length > MESSAGE_BYTES && events.length > 1) return this.#halves(events)
    const traits = { contentType: 'otlp_proto', writer: 'collect' } as const
    return [{ key: null, value, headers: recordHeaders(value, traits, this.#options.signingKey) }]
  }

  #halves(events: readonly AuditEvent[]): KafkaRecord[] {
    const middle = events.length >> 1
    return [...this.#records(events.slice(0, middle)), ...this.#records(events.slice(middle))]
  }

  #read(log: string, partition: number, messages: readonly KafkaMessage[], next: number, high: number): LogBatch {
    const entries: LoggedEvent[] = []
    const refused: DeadLetter[] = []
    for (const message of messages) {
      const { offset } = message
      const value = message.value ?? Buffer.alloc(0)
      const verified = this.#verify(value, message.headers)
      if ('code' in verified) {
        refused.push({
          at: new Date(this.#options.clock.nowMs()).toISOString(),
          component: 'kafka',
          field: verified.field,
          reason: `${verified.code}: ${verified.reason}`,
          tenant: '',
          position: { log, partition, offset, index: 0 },
          digest: digestOf(value).slice(0, 32),
        })
        continue
      }
      const read = this.#options.codec.decode({
        ...verified,
        value,
        receivedMs: message.timestampMs,
        log,
        partition,
        offset,
      })
      entries.push(...read.entries)
      refused.push(...read.refused)
    }
    return { log, partition, first: messages[0]?.offset ?? next, next, entries, refused, high: Math.max(high, next) }
  }
}
