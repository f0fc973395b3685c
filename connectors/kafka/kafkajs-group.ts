/** Group membership through kafkajs' protocol code: heartbeats while the handler drains, and no commit after its end. */
import type { ConsumeOptions, KafkaOptions } from './driver.ts'
import { sleep } from './fetching.ts'
import type { GroupTimes, Membership, MembershipHooks } from './group-consumer.ts'
import { innermost, kafkajsError } from './kafkajs-errors.ts'
import type { Cluster, ConsumerGroup } from './kafkajs-internals.ts'
import { retrying, within } from './retrying.ts'

const LEAVE_MS = 5000
/** The coordinator's words for "your assignment is over". */
const OVER = new Set(['ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID', 'REBALANCE_IN_PROGRESS', 'FENCED_INSTANCE_ID'])

export class KafkajsGroup implements Membership {
  readonly #group: ConsumerGroup
  readonly #cluster: Cluster
  readonly #options: ConsumeOptions
  readonly #log: NonNullable<KafkaOptions['onLog']>
  readonly #heartbeatMs: number
  readonly #sessionMs: number
  readonly #deadlineMs: number
  #left = false
  #wake: () => void = () => undefined
  #living: Promise<void> | undefined

  constructor(
    group: ConsumerGroup,
    cluster: Cluster,
    options: ConsumeOptions,
    times: GroupTimes,
    log: NonNullable<KafkaOptions['onLog']>,
  ) {
    this.#group = group
    this.#cluster = cluster
    this.#options = options
    this.#sessionMs = times.sessionMs
    this.#deadlineMs = times.deadlineMs
    this.#heartbeatMs = Math.min(1000, times.sessionMs / 6)
    this.#log = log
  }

  async join(hooks: MembershipHooks): Promise<void> {
    const known = (error: unknown) => kafkajsError(error, `joining group ${this.#options.group}`)
    await retrying(this.#deadlineMs, known, () => this.#joinOnce())
    await this.#whileBeating(() => hooks.assign(this.#partitions()))
    this.#living = this.#live(hooks)
  }

  async commit(partition: number, nextOffset: number): Promise<boolean> {
    const offsets = {
      topics: [{ topic: this.#options.topic, partitions: [{ partition, offset: String(nextOffset) }] }],
    }
    for (let attempt = 0; ; attempt++) {
      if (this.#left) return false
      try {
        await this.#group.commitOffsets(offsets)
        return true
      } catch (error) {
        if (OVER.has(innermost(error).type ?? '')) return false
        const known = kafkajsError(error, `committing ${this.#options.topic}[${partition}]`)
        if (!known.transient || attempt === 4) throw known
        await sleep(200 * 2 ** attempt)
      }
    }
  }

  async committed(partition: number): Promise<number | undefined> {
    return committedOffset(this.#cluster, this.#options.group, this.#options.topic, partition)
  }

  async leave(): Promise<void> {
    this.#left = true
    this.#wake()
    try {
      // A rejoin waits for the slowest member; whoever ends does not wait along with it.
      if (this.#living !== undefined) await within(LEAVE_MS, 'leaving', this.#living).catch(() => undefined)
      await this.#group.leave()
    } finally {
      await this.#cluster.disconnect()
    }
  }

  /** Heartbeats until the group rebalances or forgets us; then drains, rejoins, and begins again. */
  async #live(hooks: MembershipHooks): Promise<void> {
    while (!this.#left) {
      const over = await this.#beatUntilOver()
      if (!over) continue
      await this.#whileBeating(() => hooks.revokeAll())
      for (let pauseMs = 100; !this.#left; pauseMs = Math.min(5000, pauseMs * 2)) {
        try {
          await this.#joinOnce()
          await this.#whileBeating(() => hooks.assign(this.#partitions()))
          break
        } catch (error) {
          this.#log('warn', 'rejoining the group failed', { group: this.#options.group, error })
          await this.#pause(pauseMs)
        }
      }
    }
  }

  async #joinOnce(): Promise<void> {
    await this.#group.connect()
    await this.#group.joinAndSync()
  }

  /** True when the assignment is over; false when it was asked to leave. */
  async #beatUntilOver(): Promise<boolean> {
    let answeredAt = Date.now()
    for (;;) {
      await this.#pause(this.#heartbeatMs)
      if (this.#left) return false
      try {
        await this.#group.heartbeat({ interval: 0 })
        answeredAt = Date.now()
      } catch (error) {
        const type = innermost(error).type ?? ''
        if (type === 'UNKNOWN_MEMBER_ID') this.#group.memberId = null
        if (OVER.has(type)) return true
        this.#log('debug', 'a heartbeat failed', { group: this.#options.group, error })
        // Silent for a session: the coordinator has given the partitions away, or it moved and has to be found anew.
        if (type.includes('COORDINATOR') || Date.now() - answeredAt > this.#sessionMs / 2) return true
      }
    }
  }

  /** Keeps the session alive while the handler restores or drains; a rebalance meanwhile is seen right after. */
  async #whileBeating(work: () => Promise<void>): Promise<void> {
    const beat = setInterval(
      () => void this.#group.heartbeat({ interval: 0 }).catch(() => undefined),
      this.#heartbeatMs,
    )
    try {
      await work()
    } finally {
      clearInterval(beat)
    }
  }

  #partitions(): number[] {
    return this.#group.assigned().find((assigned) => assigned.topic === this.#options.topic)?.partitions ?? []
  }

  async #pause(ms: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    await new Promise<void>((done) => {
      this.#wake = done
      timer = setTimeout(done, ms)
    })
    clearTimeout(timer)
  }
}

export async function committedOffset(
  cluster: Cluster,
  group: string,
  topic: string,
  partition: number,
): Promise<number | undefined> {
  try {
    const coordinator = await cluster.findGroupCoordinator({ groupId: group })
    const { responses } = await coordinator.offsetFetch({
      groupId: group,
      topics: [{ topic, partitions: [{ partition }] }],
    })
    const offset = Number(responses[0]?.partitions[0]?.offset ?? -1)
    return offset < 0 ? undefined : offset
  } catch (error) {
    throw kafkajsError(error, `committed offset of group ${group}`)
  }
}
