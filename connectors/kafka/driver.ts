/** The Kafka driver port: the little that mcp-auditd asks of a Kafka client, and the promises both drivers keep. */
import type { ConnectionOptions } from 'node:tls'

/** A record to produce. A null value is a tombstone; headers are UTF-8 text (a repeated header keeps its last value). */
export interface KafkaRecord {
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: Readonly<Record<string, string>>
}

/** A record read back. `timestampMs` is the broker's append time on LogAppendTime topics, else the producer's time. */
export interface KafkaMessage extends KafkaRecord {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly timestampMs: number
}

export interface TopicSpec {
  readonly topic: string
  readonly partitions: number
  /** Copies of each partition; 1 when absent. */
  readonly replicas?: number
  readonly config?: Readonly<Record<string, string>>
}

/**
 * Sends to one partition at a time and keeps one request in flight per partition: sends made meanwhile wait and are
 * merged into the next request. Idempotent. Resolves only when the broker's answer names the partition without error.
 * A rejected send may or may not be in the log: at least once, our own identities remove duplicates.
 */
export interface KafkaProducer {
  send(topic: string, partition: number, records: readonly KafkaRecord[]): Promise<{ readonly baseOffset: number }>
  /** Waits for what is in flight, then disconnects. */
  close(): Promise<void>
}

/**
 * One partition's owner. All calls for one partition are sequential. A `batch` (or `assigned`) that rejects ends the
 * assignment of that partition in this process: `revoked`, a pause, then `assigned` anew.
 */
export interface PartitionHandler {
  /**
   * Returns the first offset to read; undefined = committed offset, else the earliest. `assignment` grows with every
   * assignment this consumer gets and can be given back to `commit`.
   */
  assigned(partition: number, assignment: number): Promise<number | undefined>
  /**
   * Awaiting it is back pressure. `messages` may be empty: `nextOffset` also advances over markers and empty batches.
   * `highWatermark` is the end of the partition as of the fetch, for lag.
   */
  batch(partition: number, messages: readonly KafkaMessage[], nextOffset: number, highWatermark: number): Promise<void>
  /** The partition is about to be revoked: whoever repeats a failing batch gives up, so that it can drain. */
  ending?(partition: number): void
  /** Awaited before the partition is given up: drain first (commits still count), fence second. */
  revoked(partition: number): Promise<void>
}

export interface KafkaConsumer {
  /**
   * Commits `nextOffset`, the offset of the first record not yet covered. False: the assignment is over and the
   * commit was dropped. With `assignment`, also false when the partition has since been assigned anew.
   */
  commit(partition: number, nextOffset: number, assignment?: number): Promise<boolean>
  /** Partitions owned now, ascending. */
  assignment(): readonly number[]
  /** Drains (`revoked`), leaves the group and disconnects. */
  close(): Promise<void>
}

export interface ConsumeOptions {
  readonly group: string
  readonly topic: string
  readonly handler: PartitionHandler
  /** Longest wait of one fetch, 100-500 ms (250). */
  readonly maxWaitMs?: number
  /** Where to start without a committed offset; true (the earliest) when absent. */
  readonly fromBeginning?: boolean
}

export interface KafkaDriver {
  readonly name: 'kafkajs' | 'platformatic'
  /** Kafka's own topic UUID, 32 lower-case hex digits. A re-created topic has another. */
  topicId(topic: string): Promise<string>
  /** Creates what is missing, leaves the rest as it is, and returns when every partition has a leader. */
  createTopics(topics: readonly TopicSpec[]): Promise<void>
  deleteTopics(topics: readonly string[]): Promise<void>
  partitions(topic: string): Promise<number>
  /** First offset kept, and the offset the next record gets. */
  watermarks(topic: string, partition: number): Promise<{ low: number; high: number }>
  committed(group: string, topic: string, partition: number): Promise<number | undefined>
  /**
   * Reads [from, to) of one partition without a group and ends at `to` even when the tail is transaction markers,
   * tombstones or compacted away. Offsets below the log's start are skipped.
   */
  read(
    topic: string,
    partition: number,
    from: number,
    to: number,
    each: (messages: readonly KafkaMessage[]) => void | Promise<void>,
  ): Promise<void>
  /** Joins the group; resolves after the first assignment's `assigned` calls, or rejects when no broker answers. */
  consume(options: ConsumeOptions): Promise<KafkaConsumer>
  producer(options?: { compression?: Compression }): Promise<KafkaProducer>
  /** Closes everything this driver opened. */
  close(): Promise<void>
}

export type Compression = 'none' | 'gzip' | 'zstd'

export interface KafkaOptions {
  readonly brokers: readonly string[]
  readonly clientId: string
  readonly ssl?: boolean | ConnectionOptions
  readonly sasl?: {
    readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'
    readonly username: string
    readonly password: string
  }
  /** Silence after which the coordinator gives a member's partitions away; 30000 when absent. */
  readonly sessionTimeoutMs?: number
  /** Time a member has to drain and rejoin; at least the session timeout; 60000 when absent. */
  readonly rebalanceTimeoutMs?: number
  /** Longest time for one send or admin call, retries included; 30000 when absent. */
  readonly deliveryTimeoutMs?: number
  /** What the client has to say (the clients' own loggers are silenced). */
  readonly onLog?: (level: 'debug' | 'warn' | 'error', message: string, fields: Record<string, unknown>) => void
}

export type KafkaErrorCode =
  | 'unavailable'
  | 'timeout'
  | 'record_too_large'
  | 'unknown_topic'
  | 'denied'
  | 'closed'
  | 'protocol'

/** The one error type drivers throw. `transient`: the same call may succeed later. */
export class KafkaDriverError extends Error {
  override readonly name = 'KafkaDriverError'
  readonly code: KafkaErrorCode
  readonly transient: boolean

  constructor(code: KafkaErrorCode, message: string, cause?: unknown) {
    super(`kafka: ${message}`, cause === undefined ? undefined : { cause })
    this.code = code
    this.transient = code === 'unavailable' || code === 'timeout'
  }
}

/** Largest record (key, value and headers) a send accepts; below the broker's default limit of one message, 1,048,588. */
export const MAX_RECORD_BYTES = 1_000_000

/** Bytes of a record that count against MAX_RECORD_BYTES. */
export function recordBytes(record: KafkaRecord): number {
  let bytes = (record.key?.length ?? 0) + (record.value?.length ?? 0) + 32
  for (const name in record.headers) bytes += name.length + Buffer.byteLength(record.headers[name]!) + 4
  return bytes
}
