/** The log of signals on Kafka: JSON lists, signed, partitioned by (tenant, scope, key), in the order of their source. */
import type { Clock, Consumption, DeadLetter, PartitionHandler, SignalBatch, SignalBus } from '../../schemas/ports.ts'
import { isPlainSignal, type Signal, signal as schema } from '../../schemas/signal.ts'
import { partitionOfKey } from '../../schemas/topics.ts'
import { sabotage } from '../failpoint.ts'
import { busError } from './bus-errors.ts'
import type { KafkaDriver, KafkaMessage, KafkaProducer, KafkaRecord } from './driver.ts'
import { consumePartitions } from './partition-log.ts'
import { digestOf, recordHeaders, recordVerifier, type SigningKey, type VerifyingKey } from './record-auth.ts'
import { type TopicSettings, topicName } from './topic-setup.ts'

export interface SignalBusOptions extends TopicSettings {
  readonly driver: KafkaDriver
  readonly clock: Clock
  /** Consumer group of the owners of keys. */
  readonly group: string
  readonly signingKey?: SigningKey
  /** With keys configured, only signals signed with the key of a collector count: they are our own roles' words. */
  readonly keys: readonly VerifyingKey[]
}

/** Signals in one record; one that is too long is halved. */
const RECORD_SIGNALS = 256
const RECORD_BYTES = 800_000
/** Facts about all servers lie in every partition. */
const FLEET = 'fleet'
/** Our own role wrote it: the same word as on records of events. */
const TRAITS = { contentType: 'json', writer: 'collect' } as const
const list = schema.array()

export class KafkaSignalBus implements SignalBus {
  readonly #options: SignalBusOptions
  readonly #topic: string
  readonly #verify: ReturnType<typeof recordVerifier>
  readonly #open = new Set<Consumption>()
  #producer: Promise<KafkaProducer> | undefined

  constructor(options: SignalBusOptions) {
    this.#options = options
    this.#topic = topicName(options, 'signals')
    this.#verify = recordVerifier(options.keys, ['json'])
  }

  async publish(signals: readonly Signal[]): Promise<void> {
    const byPartition = new Map<number, Signal[]>()
    for (const signal of signals)
      for (const partition of this.#partitionsOf(signal)) {
        const group = byPartition.get(partition)
        if (group === undefined) byPartition.set(partition, [signal])
        else group.push(signal)
      }
    try {
      this.#producer ??= this.#options.driver.producer({ compression: 'zstd' })
      const producer = await this.#producer
      const sends = [...byPartition].map(async ([partition, group]) => {
        const middle = group.length >> 1
        if (sabotage('two-signals-in-flight') && middle > 0)
          await producer.send(this.#topic, partition, this.#records(group.splice(middle)))
        // One call: the producer has one request in flight for the partition, whatever it is cut into.
        await producer.send(this.#topic, partition, this.#records(group))
      })
      // All are awaited even when one fails: a send must not go on behind the caller's back, or the next could overtake it.
      const failed = (await Promise.allSettled(sends)).find((result) => result.status === 'rejected')
      if (failed !== undefined) throw failed.reason
    } catch (error) {
      throw busError(error, 'signals')
    }
  }

  async consume(handler: PartitionHandler<SignalBatch>): Promise<Consumption> {
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

  #partitionsOf({ tenant, scope, key }: Signal): readonly number[] {
    const { partitions } = this.#options
    if (scope === FLEET) return Array.from({ length: partitions }, (_, partition) => partition)
    return [partitionOfKey(tenant, scope, key, partitions)]
  }

  #records(signals: readonly Signal[]): KafkaRecord[] {
    const value = Buffer.from(JSON.stringify(signals))
    if (signals.length > 1 && (signals.length > RECORD_SIGNALS || value.length > RECORD_BYTES)) {
      const middle = signals.length >> 1
      return [...this.#records(signals.slice(0, middle)), ...this.#records(signals.slice(middle))]
    }
    return [{ key: null, value, headers: recordHeaders(value, TRAITS, this.#options.signingKey) }]
  }

  #read(log: string, partition: number, messages: readonly KafkaMessage[], next: number, high: number): SignalBatch {
    const entries: SignalBatch['entries'][number][] = []
    const refused: DeadLetter[] = []
    for (const message of messages) {
      const { offset } = message
      const signals = this.#signalsOf(message)
      if (typeof signals !== 'string') entries.push(...signals.map((signal) => ({ offset, signal })))
      else
        refused.push({
          at: new Date(this.#options.clock.nowMs()).toISOString(),
          component: 'signals',
          field: 'record',
          reason: signals,
          tenant: '',
          position: { log, partition, offset, index: 0 },
          digest: digestOf(message.value ?? Buffer.alloc(0)).slice(0, 32),
        })
    }
    return { log, partition, first: messages[0]?.offset ?? next, next, entries, refused, high: Math.max(high, next) }
  }

  /** Or why the record is not one of ours. */
  #signalsOf(message: KafkaMessage): readonly Signal[] | string {
    const value = message.value ?? Buffer.alloc(0)
    const verified = this.#verify(value, message.headers)
    if ('code' in verified) return `${verified.code}: ${verified.field}: ${verified.reason}`
    if (!verified.collected) return 'credential_invalid: only the key of a collector may sign signals'
    try {
      const read: unknown = JSON.parse(value.toString())
      if (Array.isArray(read) && read.every(isPlainSignal)) return read
      const parsed = list.safeParse(read)
      if (parsed.success) return parsed.data as readonly Signal[]
      const [issue] = parsed.error.issues
      return `unreadable: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`
    } catch {
      return 'unreadable: no JSON'
    }
  }
}
