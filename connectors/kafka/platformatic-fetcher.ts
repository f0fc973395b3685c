/** Fetches with @platformatic/kafka's own requests, without its stream: exact positions, one batch ahead, no stale record. */
import { Consumer, FetchIsolationLevels, findErrorBy, type RecordsBatch } from '@platformatic/kafka'
import { KafkaDriverError, type KafkaMessage } from './driver.ts'
import type { Fetched, Fetcher, FetchPosition } from './fetching.ts'
import { platformaticError } from './platformatic-errors.ts'

type FetchAnswer = Awaited<ReturnType<Consumer['fetch']>>
type ConsumerOptions = ConstructorParameters<typeof Consumer<Buffer, Buffer, Buffer, Buffer>>[0]

const MAX_BYTES = 10 * 1024 * 1024
const MAX_PARTITION_BYTES = 1024 * 1024
const OFFSET_OUT_OF_RANGE = 1
/** Errors after which another broker may be the leader: unknown topic or partition, no leader, moved, epochs, unknown topic id. */
const MOVED = new Set([3, 5, 6, 74, 75, 76, 100])
const CONTROL_BATCH = 0x20
const LOG_APPEND_TIME = 0x08
const EARLIEST = -2n
const LATEST = -1n

export class PlatformaticFetcher implements Fetcher {
  readonly #client: Consumer
  readonly #topic: string
  #leaders: readonly number[] = []
  #topicId = ''

  private constructor(client: Consumer, topic: string) {
    this.#client = client
    this.#topic = topic
  }

  /** The client joins no group: a fetch waits on its connection, and commits and heartbeats must not wait behind it. */
  static async open(options: Omit<ConsumerOptions, 'groupId'>, topic: string): Promise<PlatformaticFetcher> {
    const client = new Consumer<Buffer, Buffer, Buffer, Buffer>({
      ...options,
      retries: 0,
      groupId: 'none',
    } as ConsumerOptions)
    client.topics.track(topic)
    const fetcher = new PlatformaticFetcher(client, topic)
    try {
      await fetcher.refresh()
    } catch (error) {
      await client.close(true)
      throw error
    }
    return fetcher
  }

  leader(partition: number): number | undefined {
    const node = this.#leaders[partition]
    return node === undefined || node < 0 ? undefined : node
  }

  async refresh(): Promise<void> {
    try {
      const metadata = await this.#client.metadata({ topics: [this.#topic], forceUpdate: true })
      const known = metadata.topics.get(this.#topic)
      if (known === undefined) throw new KafkaDriverError('unknown_topic', `topic ${this.#topic} is unknown`)
      this.#topicId = known.id
      this.#leaders = known.partitions.map((partition) => partition.leader)
    } catch (error) {
      throw platformaticError(error, `metadata of topic ${this.#topic}`)
    }
  }

  async fetch(node: number, wanted: readonly FetchPosition[], maxWaitMs: number): Promise<readonly Fetched[]> {
    const partitions = wanted.map(({ partition, offset }) => ({
      partition,
      fetchOffset: BigInt(offset),
      partitionMaxBytes: MAX_PARTITION_BYTES,
      currentLeaderEpoch: -1,
      lastFetchedEpoch: -1,
    }))
    const request = {
      node,
      topics: [{ topicId: this.#topicId, partitions }],
      maxWaitTime: maxWaitMs,
      minBytes: 1,
      maxBytes: MAX_BYTES,
      isolationLevel: FetchIsolationLevels.READ_COMMITTED,
    }
    let answer: FetchAnswer
    try {
      answer = await this.#client.fetch(request)
    } catch (error) {
      const partial =
        findErrorBy(error as Error, 'name', 'ResponseError')?.['response'] ??
        (error as { response?: FetchAnswer }).response
      // One partition's error rejects the whole call; the answer tells which.
      if (partial === undefined || partial.errorCode !== 0)
        throw platformaticError(error, `fetching from ${this.#topic}`)
      answer = partial as FetchAnswer
    }
    const asked = new Map(wanted.map((position) => [position.partition, position.offset]))
    return answer.responses.flatMap((response) =>
      response.partitions.flatMap((part): Fetched[] => {
        const offset = asked.get(part.partitionIndex)
        if (offset === undefined) return [] // lingers in the fetch session
        const base = {
          partition: part.partitionIndex,
          messages: [],
          nextOffset: offset,
          highWatermark: Number(part.highWatermark),
        }
        if (part.errorCode === OFFSET_OUT_OF_RANGE) return [{ ...base, error: 'out_of_range' }]
        if (part.errorCode !== 0)
          return [{ ...base, error: MOVED.has(part.errorCode) ? 'moved' : `error ${part.errorCode}` }]
        return [{ ...base, ...this.#decode(part.partitionIndex, offset, part.records ?? []) }]
      }),
    )
  }

  low(partition: number): Promise<number> {
    return this.#bound(partition, EARLIEST)
  }

  high(partition: number): Promise<number> {
    return this.#bound(partition, LATEST)
  }

  async close(): Promise<void> {
    await this.#client.close(true)
  }

  async #bound(partition: number, timestamp: bigint): Promise<number> {
    try {
      const isolationLevel = FetchIsolationLevels.READ_COMMITTED
      const offsets = await this.#client.listOffsets({
        topics: [this.#topic],
        partitions: { [this.#topic]: [partition] },
        timestamp,
        isolationLevel,
      })
      return Number(offsets.get(this.#topic)![partition])
    } catch (error) {
      throw platformaticError(error, `offsets of ${this.#topic}[${partition}]`)
    }
  }

  #decode(
    partition: number,
    from: number,
    batches: readonly RecordsBatch[],
  ): { messages: KafkaMessage[]; nextOffset: number } {
    const messages: KafkaMessage[] = []
    let nextOffset = from
    for (const batch of batches) {
      const first = Number(batch.firstOffset)
      nextOffset = Math.max(nextOffset, first + batch.lastOffsetDelta + 1)
      if ((batch.attributes & CONTROL_BATCH) !== 0) continue
      const appendedMs = (batch.attributes & LOG_APPEND_TIME) === 0 ? undefined : Number(batch.maxTimestamp)
      const firstMs = Number(batch.firstTimestamp)
      for (const record of batch.records) {
        const offset = first + record.offsetDelta
        if (offset < from) continue // a batch comes whole
        const headers: Record<string, string> = {}
        for (const [name, value] of record.headers)
          if (name !== null && value !== null) headers[name.toString()] = value.toString()
        const timestampMs = appendedMs ?? firstMs + Number(record.timestampDelta)
        messages.push({
          topic: this.#topic,
          partition,
          offset,
          timestampMs,
          key: record.key,
          value: record.value,
          headers,
        })
      }
    }
    return { messages, nextOffset }
  }
}
