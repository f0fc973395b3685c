/** Group membership through @platformatic/kafka: its join waits until the handler has drained. */
import { Consumer } from '@platformatic/kafka'
import type { ConsumeOptions, KafkaOptions } from './driver.ts'
import { sleep } from './fetching.ts'
import type { GroupTimes, Membership, MembershipHooks } from './group-consumer.ts'
import { isApiError, platformaticError } from './platformatic-errors.ts'
import { retrying } from './retrying.ts'

type ConsumerOptions = ConstructorParameters<typeof Consumer<Buffer, Buffer, Buffer, Buffer>>[0]

/** The coordinator's words for "your assignment is over". */
const OVER = ['ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID', 'REBALANCE_IN_PROGRESS', 'FENCED_INSTANCE_ID']

export class PlatformaticGroup implements Membership {
  readonly #options: ConsumeOptions
  readonly #log: NonNullable<KafkaOptions['onLog']>
  readonly #member: Consumer
  readonly #committer: Consumer
  readonly #deadlineMs: number
  #hooks: MembershipHooks | undefined
  #assigning: Promise<void> = Promise.resolve()
  #left = false

  constructor(
    client: Omit<ConsumerOptions, 'groupId'>,
    options: ConsumeOptions,
    times: GroupTimes,
    log: NonNullable<KafkaOptions['onLog']>,
  ) {
    this.#options = options
    this.#deadlineMs = times.deadlineMs
    this.#log = log
    this.#member = new Consumer<Buffer, Buffer, Buffer, Buffer>({
      ...client,
      groupId: options.group,
      sessionTimeout: times.sessionMs,
      rebalanceTimeout: times.rebalanceMs,
      // A JoinGroup is answered when every other member has drained.
      requestTimeout: times.rebalanceMs + 5000,
      heartbeatInterval: Math.min(1000, times.sessionMs / 6),
      // Asked before every JoinGroup, and awaited: the one place where a rejoin can be held until the handler drained.
      protocolsMetadata: async () => {
        await this.#hooks?.revokeAll()
        return Buffer.alloc(0)
      },
    } as ConsumerOptions)
    this.#member.topics.track(options.topic)
    // The member's own commit rejoins the group and repeats itself under the new generation. This client never joins:
    // it commits with the member's id and generation of the moment, once, and is refused when they are over.
    this.#committer = new Consumer<Buffer, Buffer, Buffer, Buffer>({
      ...client,
      groupId: options.group,
      retries: 0,
    } as ConsumerOptions)
    this.#committer.topics.track(options.topic)
  }

  async join(hooks: MembershipHooks): Promise<void> {
    this.#hooks = hooks
    this.#member.on('consumer:group:join', ({ assignments }) => {
      const partitions = assignments?.find((assignment) => assignment.topic === this.#options.topic)?.partitions ?? []
      this.#assigning = this.#left ? Promise.resolve() : hooks.assign(partitions)
      this.#assigning.catch((error) =>
        this.#log('error', 'taking partitions over failed', { group: this.#options.group, error }),
      )
    })
    this.#member.on('error', (error) => {
      if (this.#left) return
      this.#log('warn', 'the group member failed and rejoins', { group: this.#options.group, error })
      void this.#rejoin()
    })
    const known = (error: unknown) => platformaticError(error, `joining group ${this.#options.group}`)
    await retrying(this.#deadlineMs, known, () => this.#member.joinGroup({}))
    await this.#assigning
  }

  async commit(partition: number, nextOffset: number): Promise<boolean> {
    const { memberId, generationId } = this.#member
    const offsets = [{ topic: this.#options.topic, partition, offset: BigInt(nextOffset), leaderEpoch: -1 }]
    for (let attempt = 0; ; attempt++) {
      if (this.#left) return false
      try {
        this.#committer.memberId = memberId
        this.#committer.generationId = generationId
        await this.#committer.commit({ offsets })
        return true
      } catch (error) {
        if (OVER.some((name) => isApiError(error, name))) return false
        const known = platformaticError(error, `committing ${this.#options.topic}[${partition}]`)
        if (!known.transient || attempt === 4) throw known
        await sleep(200 * 2 ** attempt)
      }
    }
  }

  async committed(partition: number): Promise<number | undefined> {
    const { topic } = this.#options
    try {
      const offsets = await this.#member.listCommittedOffsets({ topics: [{ topic, partitions: [partition] }] })
      const offset = Number(offsets.get(topic)?.[partition] ?? -1n)
      return offset < 0 ? undefined : offset
    } catch (error) {
      throw platformaticError(error, `committed offset of group ${this.#options.group}`)
    }
  }

  async leave(): Promise<void> {
    this.#left = true
    await Promise.all([this.#member.close(true), this.#committer.close(true)])
  }

  /** After the client gave up rejoining by itself. */
  async #rejoin(): Promise<void> {
    await this.#hooks?.revokeAll()
    for (let pauseMs = 500; !this.#left; pauseMs = Math.min(5000, pauseMs * 2)) {
      await sleep(pauseMs)
      if (this.#left || this.#member.isActive()) return
      try {
        await this.#member.joinGroup({})
        return
      } catch (error) {
        this.#log('warn', 'rejoining the group failed', { group: this.#options.group, error })
      }
    }
  }
}
