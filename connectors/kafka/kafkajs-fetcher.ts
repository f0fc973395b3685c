/** Fetches with kafkajs' protocol code, without its runner: one partition's error or marker never stalls the others. */
import { KafkaDriverError, type KafkaMessage } from './driver.ts'
import type { Fetched, Fetcher, FetchPosition } from './fetching.ts'
import { kafkajsError } from './kafkajs-errors.ts'
import {
  type Cluster,
  errorName,
  type FetchAnswer,
  fetchRequest,
  type RawMessage,
  visibleMessages,
} from './kafkajs-internals.ts'

const MAX_BYTES = 10 * 1024 * 1024
const MAX_PARTITION_BYTES = 1024 * 1024
const OFFSET_OUT_OF_RANGE = 1
/** Errors after which another broker may be the leader: unknown topic or partition, no leader, moved, fenced or unknown epoch. */
const MOVED = new Set([3, 5, 6, 74, 75, 76])

export class KafkajsFetcher implements Fetcher {
  readonly #cluster: Cluster
  readonly #topic: string
  #leaders = new Map<number, number>()

  private constructor(cluster: Cluster, topic: string) {
    this.#cluster = cluster
    this.#topic = topic
  }

  static async open(cluster: Cluster, topic: string): Promise<KafkajsFetcher> {
    const fetcher = new KafkajsFetcher(cluster, topic)
    try {
      await cluster.connect()
      await cluster.addTargetTopic(topic)
    } catch (error) {
      throw kafkajsError(error, `opening topic ${topic}`)
    }
    fetcher.#remember()
    return fetcher
  }

  leader(partition: number): number | undefined {
    return this.#leaders.get(partition)
  }

  partitions(): number {
    return this.#leaders.size
  }

  async refresh(): Promise<void> {
    try {
      if (!this.#cluster.isConnected()) await this.#cluster.connect()
      await this.#cluster.refreshMetadata()
    } catch (error) {
      throw kafkajsError(error, `metadata of topic ${this.#topic}`)
    }
    this.#remember()
  }

  async fetch(node: number, wanted: readonly FetchPosition[], maxWaitMs: number): Promise<readonly Fetched[]> {
    let ends = new Map<number, number>()
    try {
      const broker = await this.#cluster.findBroker({ nodeId: node })
      const partitions = wanted.map(({ partition, offset }) => ({
        partition,
        fetchOffset: String(offset),
        maxBytes: MAX_PARTITION_BYTES,
      }))
      const built = fetchRequest(broker, {
        replicaId: -1,
        isolationLevel: 1,
        maxWaitTime: maxWaitMs,
        minBytes: 1,
        maxBytes: MAX_BYTES,
        topics: [{ topic: this.#topic, partitions }],
      })
      if (built.request.apiVersion !== 11) throw new KafkaDriverError('protocol', 'the broker does not speak Fetch v11')
      const answer = await broker.connectionPool
        .send<FetchAnswer>({
          ...built,
          response: {
            decode: async (raw) => {
              ends = batchEnds(raw)
              return built.response.decode(raw)
            },
            // kafkajs' own parse throws away all partitions when one has an error.
            parse: (decoded) => decoded,
          },
        })
        .catch(async (error) => {
          await broker.disconnect().catch(() => undefined)
          throw error
        })
      const asked = new Map(wanted.map((position) => [position.partition, position.offset]))
      return answer.responses.flatMap((response) =>
        response.partitions.map((part) => {
          const offset = asked.get(part.partition)!
          const base = {
            partition: part.partition,
            messages: [],
            nextOffset: offset,
            highWatermark: Number(part.highWatermark),
          }
          if (part.errorCode === OFFSET_OUT_OF_RANGE) return { ...base, error: 'out_of_range' }
          if (part.errorCode !== 0)
            return { ...base, error: MOVED.has(part.errorCode) ? 'moved' : errorName(part.errorCode) }
          const messages = visibleMessages(this.#topic, offset, part).map((message) =>
            this.#message(part.partition, message),
          )
          return { ...base, messages, nextOffset: Math.max(offset, ends.get(part.partition) ?? offset) }
        }),
      )
    } catch (error) {
      throw kafkajsError(error, `fetching from ${this.#topic}`)
    }
  }

  low(partition: number): Promise<number> {
    return this.#bound(partition, true)
  }

  high(partition: number): Promise<number> {
    return this.#bound(partition, false)
  }

  async close(): Promise<void> {
    await this.#cluster.disconnect()
  }

  async #bound(partition: number, fromBeginning: boolean): Promise<number> {
    try {
      const [topic] = await this.#cluster.fetchTopicsOffset([
        { topic: this.#topic, partitions: [{ partition }], fromBeginning },
      ])
      const offset = topic?.partitions.find((part) => part.partition === partition)?.offset
      if (offset === undefined)
        throw new KafkaDriverError('unknown_topic', `${this.#topic} has no partition ${partition}`)
      return Number(offset)
    } catch (error) {
      throw kafkajsError(error, `offsets of ${this.#topic}[${partition}]`)
    }
  }

  #remember(): void {
    const known = this.#cluster.findTopicPartitionMetadata(this.#topic)
    this.#leaders = new Map(known.filter((part) => part.leader >= 0).map((part) => [part.partitionId, part.leader]))
  }

  #message(partition: number, raw: RawMessage): KafkaMessage {
    const headers: Record<string, string> = {}
    for (const name in raw.headers) {
      const value = raw.headers[name]
      const last = Array.isArray(value) ? value[value.length - 1] : value
      if (last != null) headers[name] = last.toString()
    }
    return {
      topic: this.#topic,
      partition,
      offset: Number(raw.offset),
      timestampMs: Number(raw.timestamp),
      key: raw.key ?? null,
      value: raw.value ?? null,
      headers,
    }
  }
}

/**
 * Offset after the last whole batch of each partition in a Fetch v11 answer. kafkajs decodes records only, and a
 * batch of markers, or one whose records were all compacted away, has none to tell where it ends.
 */
export function batchEnds(raw: Buffer): Map<number, number> {
  const ends = new Map<number, number>()
  let at = 10 // throttle time, error code, session id
  let topics = raw.readInt32BE(at)
  for (at += 4; topics > 0; topics--) {
    at += 2 + raw.readInt16BE(at) // name
    let partitions = raw.readInt32BE(at)
    for (at += 4; partitions > 0; partitions--) {
      const partition = raw.readInt32BE(at)
      at += 30 // partition, error code, high watermark, last stable offset, log start offset
      at += 4 + Math.max(0, raw.readInt32BE(at)) * 16 // aborted transactions
      at += 4 // preferred read replica
      const end = at + 4 + Math.max(0, raw.readInt32BE(at))
      for (at += 4; at + 61 <= end; ) {
        const batchEnd = at + 12 + raw.readInt32BE(at + 8)
        if (batchEnd > end) break // cut off by the size limit: it comes whole with the next fetch
        ends.set(partition, Number(raw.readBigInt64BE(at)) + raw.readInt32BE(at + 23) + 1)
        at = batchEnd
      }
      at = end
    }
  }
  return ends
}
