/** One partition while it is ours: its engine, its known retries, its rows in flight, and the order in which they become durable. */
import { sabotage } from '../../connectors/failpoint.ts'
import { createEngine, type Engine } from '../../detectors/engine.ts'
import type { LoadedRules } from '../../detectors/load.ts'
import { RetrySet } from '../../detectors/retry-set.ts'
import { AuditdError } from '../../schemas/errors.ts'
import type { AuditEvent } from '../../schemas/event.ts'
import type { Finding } from '../../schemas/finding.ts'
import type {
  Clock,
  Consumption,
  DeadLetters,
  EventStore,
  LogBatch,
  LoggedEvent,
  RefusedRow,
  Snapshot,
  StateStore,
  Telemetry,
} from '../../schemas/ports.ts'
import { type Position, positionText } from '../../schemas/position.ts'
import { CoverageRows } from './coverage-rows.ts'
import { EngineMeter } from './engine-meter.ts'
import { persist } from './persist.ts'
import { refusedRowLetters } from './refused-rows.ts'
import { type PendingRows, RowWriter } from './row-writer.ts'

/** What detecting one partition takes. */
export interface PartitionParts {
  readonly store: EventStore
  readonly state: StateStore
  readonly deadLetters: DeadLetters
  readonly rules: LoadedRules
  /** The canonical row of an event, enrichment included. */
  readonly encode: (event: AuditEvent, position: Position) => string
  readonly clock: Clock
  readonly telemetry: Telemetry
  readonly limits: {
    readonly stateRows: number
    /** Rows wait so long for others before an insert; not at all when absent. */
    readonly insertEveryMs?: number
    readonly snapshotEveryMs: number
    readonly snapshotEveryEvents: number
    /** A minute when absent. */
    readonly coverageEveryMs?: number
  }
}

const RETRIES_CHUNK = 'retries'
const COVERAGE_EVERY_MS = 60_000
/** Offsets one question to the store covers. */
const OFFSETS_ASKED = 500

export class OwnedPartition {
  readonly log: string
  readonly partition: number
  readonly engine: Engine
  /** Offset after the last detected batch. */
  next: number
  private readonly parts: PartitionParts
  private readonly retries = new RetrySet()
  private readonly rows: RowWriter
  private readonly meter: EngineMeter
  private readonly coverage: CoverageRows
  private readonly fence = new AbortController()
  /** End of the log when we took over: below it an earlier owner may have stored rows. */
  private askBelow: number | undefined
  /** The store’s last answer, for offsets below `below`. */
  private asked: { readonly below: number; readonly stored: ReadonlySet<string> } | undefined
  private eventsSinceSnapshot = 0
  private snapshotAtMs: number
  private dirty = false
  /** Batches and snapshots of a partition never overlap. */
  private turn: Promise<void> = Promise.resolve()

  constructor(parts: PartitionParts, log: string, partition: number, snapshot: Snapshot | undefined) {
    this.parts = parts
    this.log = log
    this.partition = partition
    this.engine = createEngine(parts.rules, {
      stateRows: parts.limits.stateRows,
      onRuleError: (rule: string, error: unknown) =>
        parts.telemetry.log('rule_quarantined', { rule, reason: String(error) }),
    })
    if (snapshot !== undefined) {
      this.engine.restore(snapshot.chunks)
      const retries = snapshot.chunks.get(RETRIES_CHUNK)
      if (retries !== undefined) this.retries.restore(retries)
      parts.telemetry.log('state_restored', { partition, next: snapshot.next })
      const cells = this.engine.counters().droppedCells
      if (cells > 0) parts.telemetry.log('state_discarded', { partition, cells })
    }
    this.meter = new EngineMeter(this.engine, String(partition), parts.telemetry)
    this.coverage = new CoverageRows(
      this.engine,
      `${log}/${partition}`,
      parts.limits.coverageEveryMs ?? COVERAGE_EVERY_MS,
    )
    this.next = snapshot?.next ?? 0
    this.snapshotAtMs = parts.clock.nowMs()
    this.rows = new RowWriter(this.next, {
      insert: (batch) => this.untilDurable('rows', () => parts.store.insertEvents(batch)),
      refused: (refused, pending) => this.refuseRows(refused, pending),
      telemetry: parts.telemetry,
      lingerMs: parts.limits.insertEveryMs ?? 0,
    })
  }

  get storedNext(): number {
    return this.rows.storedNext
  }

  detect(batch: LogBatch, consumption: Consumption | undefined): Promise<void> {
    return this.inTurn(() => this.detectNow(batch, consumption))
  }

  /** Write a snapshot when one is due; called between batches too, so that an idle partition is covered. */
  tick(consumption: Consumption | undefined): Promise<void> {
    this.meter.report()
    return this.inTurn(async () => {
      if (this.due()) await this.checkpoint(consumption)
      await this.writeCoverage(false)
    })
  }

  /** Finish what is in flight, snapshot, commit; give up after `budgetMs`, then nothing of ours is written any more. */
  async release(consumption: Consumption | undefined, budgetMs: number): Promise<void> {
    const timer = setTimeout(() => this.fence.abort(), budgetMs)
    const { signal } = this.fence
    // A call to the store that hangs must not keep the partition from its next owner: what lands late is harmless.
    const over = new Promise<void>((_, reject) =>
      signal.addEventListener('abort', () => reject(this.givenUp()), { once: true }),
    )
    try {
      const finish = async (): Promise<void> => {
        await this.writeCoverage(true)
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

  /** A retry of a producer is dropped before detection, on both buses alike. */
  private isNew(event: AuditEvent): boolean {
    return !this.retries.isRetry(event) || sabotage('no-retry-set')
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

  /** State of a batch that failed halfway must never be saved as if it were whole: after a failure nothing more is written. */
  private inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.turn.then(() => {
      if (this.fence.signal.aborted) throw this.givenUp()
      return work()
    })
    this.turn = turn.catch(() => this.fence.abort())
    return turn
  }

  private untilDurable<T>(what: string, attempt: () => Promise<T>): Promise<T> {
    return persist(what, attempt, this.fence.signal, this.parts.telemetry)
  }

  private async detectNow(batch: LogBatch, consumption: Consumption | undefined): Promise<void> {
    const { telemetry, store, state } = this.parts
    if (batch.refused.length > 0) {
      await this.untilDurable('dead letters', () => this.parts.deadLetters.add(batch.refused))
      telemetry.count('mcp_auditd_events_rejected_total', batch.refused.length, {
        component: 'detect',
        reason: 'invalid',
      })
    }
    // Replayed batches lie before what state holds already: the log was rewound under us.
    if (batch.next <= this.next && batch.next > 0) return
    const fresh = batch.entries.filter(({ event, position }) => position.offset >= this.next && this.isNew(event))
    if (fresh.length < batch.entries.length)
      telemetry.count('mcp_auditd_events_dropped_total', batch.entries.length - fresh.length, {
        component: 'detect',
        reason: 'retry',
      })
    const rows = await this.rowsOf(batch, fresh)
    await this.rows.add(rows)
    const findings: Finding[] = []
    const detected = sabotage('skip-detection-of-stored') ? fresh.slice(fresh.length - rows.count) : fresh
    for (const { event, position } of detected) findings.push(...this.engine.apply(event, position))
    telemetry.count('mcp_auditd_events_detected_total', fresh.length)
    if (findings.length > 0) {
      for (const { rule } of findings) telemetry.count('mcp_auditd_findings_total', 1, { rule })
      await this.untilDurable('findings', () => store.insertFindings(findings))
      await this.untilDurable('findings', () =>
        state.commit({ log: this.log, partition: this.partition, next: batch.next, findings }),
      )
    }
    this.next = batch.next
    this.eventsSinceSnapshot += fresh.length
    this.dirty = true
    telemetry.gauge('mcp_auditd_lag_events', Math.max(0, batch.high - batch.next), {
      partition: String(this.partition),
    })
    telemetry.gauge('mcp_auditd_watermark_ms', this.engine.watermarkMs, { partition: String(this.partition) })
    if (this.due()) await this.checkpoint(consumption)
  }

  /** Rows to insert: those of retries and those the store already has are left out. Detection never skips the latter. */
  private async rowsOf(batch: LogBatch, fresh: readonly LoggedEvent[]): Promise<PendingRows> {
    const { telemetry, encode } = this.parts
    const stored = fresh.length === 0 ? undefined : await this.storedOf(batch)
    const missing =
      stored === undefined ? fresh : fresh.filter(({ position }) => !stored.has(`${position.offset}/${position.index}`))
    if (missing.length < fresh.length) telemetry.count('mcp_auditd_store_skipped_total', fresh.length - missing.length)
    const whole = missing.length === batch.entries.length
    if (whole && batch.rowsFile !== undefined) return { batch, count: missing.length, file: batch.rowsFile }
    const lines = missing.map(({ event, position }) => encode(event, position))
    if (whole) return { batch, count: missing.length, lines }
    return { batch, count: missing.length, lines, only: missing.map(({ position }) => positionText(position)) }
  }

  /** Asked for many batches at once: after a crash hundreds of small segments wait, and a query for each would take seconds. */
  private async storedOf(batch: LogBatch): Promise<ReadonlySet<string> | undefined> {
    this.askBelow ??= batch.high
    if (batch.first >= this.askBelow) return undefined
    if (this.asked === undefined || batch.next > this.asked.below) {
      const below = Math.max(batch.next, Math.min(batch.first + OFFSETS_ASKED, this.askBelow))
      const { store } = this.parts
      const stored = await this.untilDurable('positions', () =>
        store.storedPositions(batch.log, batch.partition, batch.first, below),
      )
      this.asked = { below, stored }
    }
    return this.asked.stored
  }

  /** Rows and findings are durable, then the snapshot, then the commit: never another order. */
  private async checkpoint(consumption: Consumption | undefined): Promise<void> {
    if (!this.dirty) return
    if (!sabotage('commit-before-store')) await this.rows.flush()
    const chunks = new Map<string, Uint8Array>(this.engine.snapshot())
    chunks.set(RETRIES_CHUNK, this.retries.snapshot())
    const { log, partition, next, parts } = this
    const snapshot: Snapshot = {
      log,
      partition,
      next,
      ruleSetHash: parts.rules.hash,
      watermarkMs: this.engine.watermarkMs,
      chunks,
    }
    await this.untilDurable('snapshot', () => parts.state.commit({ log, partition, next, findings: [], snapshot }))
    parts.telemetry.count('mcp_auditd_snapshots_total', 1, { result: 'written' })
    this.dirty = false
    this.eventsSinceSnapshot = 0
    this.snapshotAtMs = parts.clock.nowMs()
    await this.untilDurable('commit', async () => consumption?.commit(partition, next))
  }

  /** Counts only rise within an hour, so what an owner after a crash writes again replaces what stands there. */
  private async writeCoverage(isLast: boolean): Promise<void> {
    const rows = this.coverage.due(this.parts.clock.nowMs(), isLast)
    if (rows.length > 0) await this.untilDurable('coverage', () => this.parts.store.insertCoverage(rows))
  }

  private async refuseRows(refused: readonly RefusedRow[], pending: readonly PendingRows[]): Promise<void> {
    const { clock, deadLetters, telemetry } = this.parts
    const letters = await refusedRowLetters(refused, pending, clock.nowMs())
    await this.untilDurable('dead letters', () => deadLetters.add(letters))
    telemetry.count('mcp_auditd_events_rejected_total', refused.length, { component: 'store', reason: 'row_refused' })
  }
}
