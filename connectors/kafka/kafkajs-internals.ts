/** The parts of kafkajs 2.2.4 (pinned) that have no public door, typed; and its two repairs: idle spinning and zstd. */
import { createRequire } from 'node:module'
import { promisify } from 'node:util'
import * as zlib from 'node:zlib'
import kafkajs, { type Kafka } from 'kafkajs'

const { CompressionCodecs, CompressionTypes, PartitionAssigners } = kafkajs
const { roundRobin } = PartitionAssigners
const load = createRequire(import.meta.url)

/** A request and the decoder of its answer, as kafkajs' connections take them. */
export interface ProtocolRequest<Answer> {
  readonly request: {
    apiKey: number
    apiVersion: number
    apiName: string
    encode(): Promise<{ buf: Buffer; buffer: Buffer }>
  }
  readonly response: { decode(raw: Buffer): Promise<Answer>; parse(answer: Answer): unknown }
  readonly requestTimeout?: number
}

export interface FetchedPartitionRaw {
  readonly partition: number
  readonly errorCode: number
  readonly highWatermark: string
  readonly abortedTransactions: unknown[]
  readonly messages: RawMessage[]
}

export interface RawMessage {
  readonly offset: string
  readonly timestamp: string
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: Record<string, Buffer | Buffer[] | undefined>
}

export interface FetchAnswer {
  readonly responses: { topicName: string; partitions: FetchedPartitionRaw[] }[]
}

export interface BrokerNode {
  readonly connectionPool: { send<Answer>(request: ProtocolRequest<Answer>): Promise<Answer> }
  lookupRequest(apiKey: number, definitions: unknown): (options: object) => ProtocolRequest<FetchAnswer>
  disconnect(): Promise<void>
  offsetFetch(options: object): Promise<{ responses: { partitions: { partition: number; offset: string }[] }[] }>
}

export interface Cluster {
  connect(): Promise<void>
  disconnect(): Promise<void>
  isConnected(): boolean
  addTargetTopic(topic: string): Promise<void>
  refreshMetadata(): Promise<void>
  findBroker(options: { nodeId: number | string }): Promise<BrokerNode>
  findControllerBroker(): Promise<BrokerNode>
  findGroupCoordinator(options: { groupId: string }): Promise<BrokerNode>
  removeBroker(address: { host: string; port: number }): void
  findTopicPartitionMetadata(topic: string): { partitionId: number; leader: number; partitionErrorCode: number }[]
  fetchTopicsOffset(
    topics: { topic: string; partitions: { partition: number }[]; fromBeginning?: boolean }[],
  ): Promise<{ topic: string; partitions: { partition: number; offset: string }[] }[]>
}

export interface ConsumerGroup {
  memberId: string | null
  connect(): Promise<void>
  joinAndSync(): Promise<void>
  heartbeat(options: { interval: number }): Promise<void>
  commitOffsets(offsets: {
    topics: { topic: string; partitions: { partition: number; offset: string }[] }[]
  }): Promise<void>
  assigned(): { topic: string; partitions: number[] }[]
  leave(): Promise<void>
}

type Emitter = { emit(name: string, payload: unknown): void }
export type KafkajsError = Error & {
  type?: string
  code?: string
  retriable?: boolean
  cause?: KafkajsError
  host?: string
  port?: number
}

const ConsumerGroupClass = load('kafkajs/src/consumer/consumerGroup.js') as new (options: object) => ConsumerGroup
const BatchClass = load('kafkajs/src/consumer/batch.js') as new (
  topic: string,
  fetchedOffset: string,
  partition: FetchedPartitionRaw,
) => { messages: RawMessage[] }
const EmitterClass = load('kafkajs/src/instrumentation/emitter.js') as new () => Emitter
const { requests } = load('kafkajs/src/protocol/requests/index.js') as { requests: { Fetch: unknown } }
const apiKeys = load('kafkajs/src/protocol/requests/apiKeys.js') as { Fetch: number; Metadata: number }
const errorTable = load('kafkajs/src/protocol/error.js') as { createErrorFromCode(code: number): KafkajsError }

export const METADATA_API_KEY = apiKeys.Metadata
/** Fetch v11, the newest that kafkajs speaks. */
export const fetchRequest = (broker: BrokerNode, options: object) =>
  broker.lookupRequest(apiKeys.Fetch, requests.Fetch)(options)
export const errorName = (code: number) => errorTable.createErrorFromCode(code).type ?? `error ${code}`
/** kafkajs' own filter of aborted transactions and control records. */
export const visibleMessages = (topic: string, offset: number, partition: FetchedPartitionRaw) =>
  new BatchClass(topic, String(offset), partition).messages

/** A cluster of its own for one use, made by the client's private factory so that options live in one place. */
export function createCluster(kafka: Kafka): Cluster {
  const factory = Object.getOwnPropertySymbols(kafka).find(
    (symbol) => symbol.description === 'private:Kafka:createCluster',
  )
  if (factory === undefined) throw new Error('kafka: kafkajs is not the pinned version 2.2.4')
  const create = (kafka as unknown as Record<symbol, (options: object) => Cluster>)[factory]!
  return create({ metadataMaxAge: 300_000, allowAutoTopicCreation: false, isolationLevel: 1 })
}

/** A member of one group on one topic, with kafkajs' round-robin assigner. */
export function createGroup(
  kafka: Kafka,
  cluster: Cluster,
  options: { groupId: string; topic: string; sessionTimeout: number; rebalanceTimeout: number },
): ConsumerGroup {
  return new ConsumerGroupClass({
    ...options,
    logger: kafka.logger(),
    cluster,
    instrumentationEmitter: new EmitterClass(),
    topics: [options.topic],
    topicConfigurations: { [options.topic]: { fromBeginning: true } },
    assigners: [roundRobin({ cluster, groupId: options.groupId, logger: kafka.logger() } as never)],
    retry: { initialRetryTime: 50, maxRetryTime: 500, retries: 20 },
    autoCommit: false,
    isolationLevel: 1,
  })
}

interface RequestQueue {
  readonly pending: unknown[]
  readonly throttledUntil: number
  throttleCheckTimeoutId: unknown
}

/**
 * kafkajs re-arms a timer after every check of an empty queue: 1,500 wake-ups a second when idle, with negative delays
 * that Node 24 warns of (tulios/kafkajs #1751). Nothing pending and nothing throttled needs no timer: a push arms one.
 */
function stopIdleSpinning(): void {
  const prototype = (
    load('kafkajs/src/network/requestQueue/index.js') as { prototype: Record<string, (this: RequestQueue) => void> }
  ).prototype
  const schedule = prototype['scheduleCheckPendingRequests']!
  prototype['scheduleCheckPendingRequests'] = function (this: RequestQueue) {
    if (this.pending.length > 0) schedule.call(this)
  }
}

stopIdleSpinning()
// Node 20, where an instrumented server may run, has no zstd: it writes gzip or nothing, and reads nothing.
if (zlib.zstdCompress !== undefined) {
  const compress = promisify(zlib.zstdCompress)
  const decompress = promisify(zlib.zstdDecompress)
  CompressionCodecs[CompressionTypes.ZSTD] = () => ({
    compress: (encoder: { buffer: Buffer }) => compress(encoder.buffer),
    decompress: (buffer: Buffer) => decompress(buffer, { maxOutputLength: 256 * 1024 * 1024 }),
  })
}
