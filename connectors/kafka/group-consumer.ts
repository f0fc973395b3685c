/** The consumer loop both drivers share: assignments, fetching ahead by one batch, back pressure, drain before revoke. */
import type { ConsumeOptions, KafkaConsumer, KafkaOptions } from './driver.ts'
import { type Fetched, type Fetcher, type FetchPosition, sleep } from './fetching.ts'

/** Membership in one group, by the client's own protocol code. */
export interface Membership {
  /** Joins, then keeps the hooks informed until `leave`. Resolves after the first assignment. */
  join(hooks: MembershipHooks): Promise<void>
  /** False when the coordinator no longer counts this member's generation. */
  commit(partition: number, nextOffset: number): Promise<boolean>
  committed(partition: number): Promise<number | undefined>
  leave(): Promise<void>
}

export interface GroupTimes {
  /** Silence after which the coordinator gives the partitions away. */
  readonly sessionMs: number
  /** Time to drain and rejoin; at least the session. */
  readonly rebalanceMs: number
  /** How long the first join is tried. */
  readonly deadlineMs: number
}

export interface MembershipHooks {
  /** Awaited before the group is rejoined (and before leaving). */
  revokeAll(): Promise<void>
  /** Resolves when every partition's `assigned` was answered. */
  assign(partitions: readonly number[]): Promise<void>
}

export function groupTimes(options: KafkaOptions): GroupTimes {
  const sessionMs = options.sessionTimeoutMs ?? 30_000
  const rebalanceMs = Math.max(sessionMs, options.rebalanceTimeoutMs ?? 60_000)
  return { sessionMs, rebalanceMs, deadlineMs: options.deliveryTimeoutMs ?? 30_000 }
}

/** One partition from `assigned` to `revoked`. */
interface Owned {
  readonly partition: number
  readonly assignment: number
  /** Offset to fetch next; undefined until `assigned` answered. */
  offset: number | undefined
  /** Fetched, not yet handled: one batch ahead. */
  ahead: Fetched | undefined
  working: Promise<void> | undefined
  starting: Promise<void> | undefined
  ending: Promise<void> | undefined
  readonly commits: Set<Promise<unknown>>
}

const RESTART_PAUSE_MS = 1000
const LONGEST_PAUSE_MS = 30_000
/** Wait of a fetch that leaves out partitions still busy, so they are not kept waiting for it. */
const PARTIAL_WAIT_MS = 20

export class GroupConsumer implements KafkaConsumer {
  readonly #options: ConsumeOptions
  readonly #membership: Membership
  readonly #fetcher: Fetcher
  readonly #log: NonNullable<KafkaOptions['onLog']>
  readonly #maxWaitMs: number
  readonly #owned = new Map<number, Owned>()
  readonly #fetching = new Set<number>()
  readonly #failures = new Map<number, number>()
  #granted: ReadonlySet<number> = new Set()
  #assignments = 0
  #failedFetches = 0
  #refreshing = false
  #closed = false
  #closing: Promise<void> | undefined

  constructor(
    options: ConsumeOptions,
    membership: Membership,
    fetcher: Fetcher,
    log: NonNullable<KafkaOptions['onLog']>,
  ) {
    this.#options = options
    this.#membership = membership
    this.#fetcher = fetcher
    this.#log = log
    this.#maxWaitMs = Math.min(500, Math.max(100, options.maxWaitMs ?? 250))
  }

  async start(): Promise<this> {
    try {
      await this.#membership.join({
        assign: async (partitions) => {
          this.#granted = new Set(partitions)
          await Promise.all(partitions.map((partition) => this.#begin(partition)))
        },
        revokeAll: () => this.#revokeAll(),
      })
      return this
    } catch (error) {
      await this.close()
      throw error
    }
  }

  assignment(): readonly number[] {
    return [...this.#owned.keys()].sort((a, b) => a - b)
  }

  async commit(partition: number, nextOffset: number, assignment?: number): Promise<boolean> {
    const owned = this.#owned.get(partition)
    if (owned === undefined || (assignment !== undefined && owned.assignment !== assignment)) return false
    // The rejoin waits for it: a commit is never sent under a later generation than the one it was made for.
    const commit = this.#membership.commit(partition, nextOffset)
    owned.commits.add(commit)
    return commit.finally(() => owned.commits.delete(commit))
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    this.#closed = true
    await this.#revokeAll()
    await this.#membership
      .leave()
      .catch((error) => this.#log('warn', 'leaving the group failed', { group: this.#options.group, error }))
    await this.#fetcher.close()
  }

  async #revokeAll(): Promise<void> {
    this.#granted = new Set()
    await Promise.all([...this.#owned.values()].map((owned) => this.#end(owned)))
  }

  async #begin(partition: number): Promise<void> {
    if (this.#closed || this.#owned.has(partition)) return
    const owned: Owned = {
      partition,
      assignment: ++this.#assignments,
      offset: undefined,
      ahead: undefined,
      working: undefined,
      starting: undefined,
      ending: undefined,
      commits: new Set(),
    }
    this.#owned.set(partition, owned)
    owned.starting = this.#position(owned).catch((error) => this.#restart(owned, error))
    await owned.starting
    this.#pump()
  }

  async #position(owned: Owned): Promise<void> {
    const { partition } = owned
    const start =
      (await this.#options.handler.assigned(partition, owned.assignment)) ??
      (await this.#membership.committed(partition))
    const fallback = () =>
      this.#options.fromBeginning === false ? this.#fetcher.high(partition) : this.#fetcher.low(partition)
    owned.offset = start ?? (await fallback())
  }

  /** Stops fetching, waits for the batch being handled, tells the handler, fences. */
  #end(owned: Owned): Promise<void> {
    owned.ending ??= (async () => {
      this.#options.handler.ending?.(owned.partition)
      await owned.starting
      await owned.working
      try {
        await this.#options.handler.revoked(owned.partition)
      } catch (error) {
        this.#log('error', 'revoking a partition failed', {
          topic: this.#options.topic,
          partition: owned.partition,
          error,
        })
      }
      await Promise.allSettled(owned.commits)
      this.#owned.delete(owned.partition)
    })()
    return owned.ending
  }

  /** After a handler's failure: the partition starts anew from what the handler says is durable. */
  #restart(owned: Owned, error: unknown): void {
    const { partition } = owned
    const granted = this.#granted
    const failures = (this.#failures.get(partition) ?? 0) + 1
    this.#failures.set(partition, failures)
    const pauseMs = Math.min(LONGEST_PAUSE_MS, RESTART_PAUSE_MS * 2 ** (failures - 1))
    this.#log('error', 'a partition failed and starts anew', { topic: this.#options.topic, partition, pauseMs, error })
    void this.#end(owned).then(async () => {
      await sleep(pauseMs)
      // Rejoined meanwhile: the partition may be someone else's, and if it is ours it has begun already.
      if (granted === this.#granted && granted.has(partition)) await this.#begin(partition)
    })
  }

  /** Starts every fetch that can start. Called after each change; cheap when there is nothing to do. */
  #pump(): void {
    if (this.#closed) return
    const wanted = new Map<number, FetchPosition[]>()
    let busy = 0
    for (const owned of this.#owned.values()) {
      if (owned.offset === undefined || owned.ending !== undefined) continue
      if (owned.ahead !== undefined) {
        busy++
        continue
      }
      const node = this.#fetcher.leader(owned.partition)
      if (node === undefined) void this.#refresh()
      else if (!this.#fetching.has(node)) {
        const positions = wanted.get(node)
        const position = { partition: owned.partition, offset: owned.offset }
        if (positions === undefined) wanted.set(node, [position])
        else positions.push(position)
      }
    }
    for (const [node, positions] of wanted)
      void this.#fetch(node, positions, busy > 0 ? PARTIAL_WAIT_MS : this.#maxWaitMs)
  }

  async #fetch(node: number, positions: readonly FetchPosition[], maxWaitMs: number): Promise<void> {
    this.#fetching.add(node)
    try {
      const owners = new Map(positions.map((position) => [position.partition, this.#owned.get(position.partition)]))
      const answer = await this.#fetcher.fetch(node, positions, maxWaitMs)
      this.#failedFetches = 0
      for (const fetched of answer) {
        const owned = this.#owned.get(fetched.partition)
        // A late answer for an assignment that is over is dropped.
        if (owned === undefined || owned !== owners.get(fetched.partition) || owned.ending !== undefined) continue
        if (fetched.error === 'out_of_range') await this.#outOfRange(owned)
        else if (fetched.error !== undefined) await this.#refresh()
        else if (fetched.nextOffset > owned.offset!) {
          owned.offset = fetched.nextOffset
          owned.ahead = fetched
          owned.working ??= this.#work(owned)
        }
      }
    } catch (error) {
      // One failure is a leader that moved; a row of them is a partition that stands still, and is said aloud.
      const level = ++this.#failedFetches % 25 === 0 ? 'error' : 'debug'
      this.#log(level, 'fetching failed', { topic: this.#options.topic, node, times: this.#failedFetches, error })
      await this.#refresh()
    } finally {
      this.#fetching.delete(node)
      this.#pump()
    }
  }

  /** Retention or a truncation took the offset away: what is left starts at the low watermark, and it is said aloud. */
  async #outOfRange(owned: Owned): Promise<void> {
    const low = await this.#fetcher.low(owned.partition)
    const fields = { topic: this.#options.topic, partition: owned.partition, wanted: owned.offset, low }
    // Asking for offset 0 is asking for the earliest.
    this.#log(owned.offset === 0 ? 'debug' : 'error', 'the offset to read is not in the log any more', fields)
    owned.offset = low
  }

  async #work(owned: Owned): Promise<void> {
    try {
      for (let batch = owned.ahead; batch !== undefined && owned.ending === undefined; batch = owned.ahead) {
        owned.ahead = undefined
        this.#pump()
        await this.#options.handler.batch(owned.partition, batch.messages, batch.nextOffset, batch.highWatermark)
        this.#failures.delete(owned.partition)
      }
    } catch (error) {
      this.#restart(owned, error)
    } finally {
      owned.working = undefined
      this.#pump()
    }
  }

  async #refresh(): Promise<void> {
    if (this.#refreshing) return
    this.#refreshing = true
    try {
      await sleep(200)
      if (!this.#closed) await this.#fetcher.refresh()
    } catch (error) {
      this.#log('debug', 'refreshing metadata failed', { topic: this.#options.topic, error })
    } finally {
      this.#refreshing = false
      this.#pump()
    }
  }
}
