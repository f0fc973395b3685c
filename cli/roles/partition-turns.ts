/** The turns of one owned partition: batches and snapshots one after another, what is durable before what, and the end of ownership. */
import { failpoint } from '../../connectors/failpoint.ts'
import { AuditdError } from '../../schemas/errors.ts'
import type { Clock, Consumption, Snapshot, StateStore, Telemetry } from '../../schemas/ports.ts'
import { persist } from './persist.ts'

export interface TurnParts {
  readonly state: StateStore
  readonly clock: Clock
  readonly telemetry: Telemetry
  /** Of the rules in force now. */
  readonly ruleSetHash: () => string
  readonly limits: { readonly snapshotEveryMs: number; readonly snapshotEveryEvents: number }
  /** Resolves once everything that was begun before is durable. */
  readonly flush: () => Promise<void>
  readonly capture: () => Pick<Snapshot, 'watermarkMs' | 'chunks'>
}

export class PartitionTurns {
  readonly log: string
  readonly partition: number
  /** Offset after the last batch. */
  next: number
  private readonly parts: TurnParts
  private readonly fence = new AbortController()
  private eventsSinceSnapshot = 0
  private snapshotAtMs: number
  private dirty = false
  /** Batches and snapshots of a partition never overlap. */
  private turn: Promise<void> = Promise.resolve()

  constructor(parts: TurnParts, log: string, partition: number, next: number) {
    this.parts = parts
    this.log = log
    this.partition = partition
    this.next = next
    this.snapshotAtMs = parts.clock.nowMs()
  }

  /** State of a batch that failed halfway must never be saved as if it were whole: after a failure nothing more is written. */
  inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.turn.then(() => {
      if (this.fence.signal.aborted) throw this.givenUp()
      return work()
    })
    this.turn = turn.catch(() => this.fence.abort())
    return turn
  }

  untilDurable<T>(what: string, attempt: () => Promise<T>): Promise<T> {
    return persist(what, attempt, this.fence.signal, this.parts.telemetry)
  }

  /** A batch is through: its findings and signals are durable, its rows at the next `flush`. */
  async advance(next: number, events: number, consumption: Consumption | undefined): Promise<void> {
    this.next = next
    this.eventsSinceSnapshot += events
    this.dirty = true
    await this.checkpointIfDue(consumption)
  }

  /** Something else than events asks for a snapshot. */
  touch(): void {
    this.dirty = true
  }

  async checkpointIfDue(consumption: Consumption | undefined): Promise<void> {
    if (this.due()) await this.checkpoint(consumption)
  }

  /** Finish what is in flight, snapshot, commit; give up after `budgetMs`, then nothing of ours is written any more. */
  async release(
    consumption: Consumption | undefined,
    budgetMs: number,
    lastWords: () => Promise<void> = async () => {},
  ): Promise<void> {
    const timer = setTimeout(() => this.fence.abort(), budgetMs)
    const { signal } = this.fence
    // A call to the store that hangs must not keep the partition from its next owner: what lands late is harmless.
    const over = new Promise<void>((_, reject) =>
      signal.addEventListener('abort', () => reject(this.givenUp()), { once: true }),
    )
    try {
      const finish = async (): Promise<void> => {
        await lastWords()
        await this.checkpoint(consumption)
      }
      await Promise.race([this.inTurn(finish), over])
    } catch (error) {
      this.parts.telemetry.log('partition_revoked', { partition: this.partition, reason: String(error) })
    } finally {
      clearTimeout(timer)
      this.fence.abort()
    }
  }

  private due(): boolean {
    const { snapshotEveryMs, snapshotEveryEvents } = this.parts.limits
    return (
      this.dirty &&
      (this.eventsSinceSnapshot >= snapshotEveryEvents ||
        this.parts.clock.nowMs() - this.snapshotAtMs >= snapshotEveryMs)
    )
  }

  private givenUp(): AuditdError {
    return new AuditdError('ownership_lost', 'detect', `partition ${this.partition}`, 'the partition was given up')
  }

  /** Rows, findings and signals are durable, then the snapshot, then the commit: never another order. */
  private async checkpoint(consumption: Consumption | undefined): Promise<void> {
    if (!this.dirty) return
    const { log, partition, next, parts } = this
    await parts.flush()
    const snapshot: Snapshot = { log, partition, next, ruleSetHash: parts.ruleSetHash(), ...parts.capture() }
    await this.untilDurable('snapshot', () => parts.state.commit({ log, partition, next, findings: [], snapshot }))
    parts.telemetry.count('mcp_auditd_snapshots_total', 1, { result: 'written' })
    this.dirty = false
    this.eventsSinceSnapshot = 0
    this.snapshotAtMs = parts.clock.nowMs()
    await this.untilDurable('commit', async () => consumption?.commit(partition, next))
    failpoint('after-commit')
  }
}
