/** What both drivers offer to the shared consumer loop: fetching by leader, and reading a range without a group. */
import { KafkaDriverError, type KafkaMessage } from './driver.ts'

export interface FetchPosition {
  readonly partition: number
  readonly offset: number
}

/** One partition's part of a fetch. `nextOffset` covers markers and empty batches; it is the asked offset when nothing came. */
export interface Fetched {
  readonly partition: number
  readonly messages: readonly KafkaMessage[]
  readonly nextOffset: number
  readonly highWatermark: number
  /** `moved`: ask the leader anew. `out_of_range`: the offset is not in the log. Others are a broker's error name. */
  readonly error?: string
}

/** A connection that fetches from one topic. Errors are KafkaDriverErrors. */
export interface Fetcher {
  /** Leader's node id as last known; undefined when there is none. */
  leader(partition: number): number | undefined
  refresh(): Promise<void>
  fetch(node: number, wanted: readonly FetchPosition[], maxWaitMs: number): Promise<readonly Fetched[]>
  low(partition: number): Promise<number>
  high(partition: number): Promise<number>
  close(): Promise<void>
}

export const sleep = (ms: number) => new Promise<void>((done) => setTimeout(done, ms))

/**
 * Reads [from, to) of one partition in order. Ends by the fetched position, not by the last message seen, so markers,
 * tombstones and compacted tails end it too. Rejects with `timeout` when the log makes no progress for `stallMs`.
 */
export async function readRange(
  fetcher: Fetcher,
  partition: number,
  from: number,
  to: number,
  each: (messages: readonly KafkaMessage[]) => void | Promise<void>,
  stallMs: number,
): Promise<void> {
  let offset = from
  let progressAt = Date.now()
  let trouble: unknown
  while (offset < to) {
    if (Date.now() - progressAt > stallMs) {
      throw new KafkaDriverError('timeout', `reading partition ${partition} stands at ${offset} below ${to}`, trouble)
    }
    let fetched: Fetched | undefined
    try {
      const node = fetcher.leader(partition)
      const got = node === undefined ? [] : await fetcher.fetch(node, [{ partition, offset }], 100)
      fetched = got.find((part) => part.partition === partition)
    } catch (error) {
      trouble = error
    }
    if (fetched === undefined || (fetched.error !== undefined && fetched.error !== 'out_of_range')) {
      trouble = fetched?.error ?? trouble
      await sleep(100)
      await fetcher.refresh().catch((error) => {
        trouble = error
      })
      continue
    }
    if (fetched.error === 'out_of_range') {
      const low = await fetcher.low(partition)
      if (low <= offset) throw new KafkaDriverError('protocol', `partition ${partition} ends before offset ${offset}`)
      offset = low
      continue
    }
    const messages = fetched.messages.filter((message) => message.offset < to)
    if (messages.length > 0) await each(messages)
    if (fetched.nextOffset > offset) progressAt = Date.now()
    offset = fetched.nextOffset
  }
}
