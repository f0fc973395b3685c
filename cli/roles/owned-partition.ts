/** One partition of events while it is ours: its engine, its known retries, its rows and signals on their way. */
import { failpoint, sabotage } from '../../connectors/failpoint.ts'
import { createEngine, createSourceEngine, type Engine, type SourceEngine } from '../../detectors/engine/engine.ts'
import { RetrySet } from '../../detectors/engine/retry-set.ts'
import type { LoadedRules } from '../../detectors/load.ts'
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
  SignalBus,
  Snapshot,
  StateStore,
  Telemetry,
} from '../../schemas/ports.ts'
import { type Position, positionText } from '../../schemas/position.ts'
import type { ProofHead } from '../../schemas/proof.ts'
import type { Signal } from '../../schemas/signal.ts'
import { EVERY_SERVER, partitionOf } from '../../schemas/topics.ts'
import { type ProofParts, Sealer } from '../proof/sealer.ts'
import { CoverageRows } from './coverage-rows.ts'
import { EngineMeter } from './engine-meter.ts'
import { PartitionTurns } from './partition-turns.ts'
import { refusedRowLetters } from './refused-rows.ts'
import { type PendingRows, RowWriter } from './row-writer.ts'

/** What detecting one partition takes. */
export interface PartitionParts {
  readonly store: EventStore
  readonly state: StateStore
  readonly deadLetters: DeadLetters
  readonly rules: LoadedRules
  /** Where rules whose key crosses servers are evaluated; in this very turn when absent (one log). */
  readonly signals?: SignalBus
  /** Partitions of the log of events; one when absent. */
  readonly partitions?: number
  /** The canonical row of an event, enrichment included. */
  readonly encode: (event: AuditEvent, position: Position) => string
  /** Absent: what is stored is not proven. */
  readonly proof?: ProofParts
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
export const PROOF_CHUNK = 'proof'
export const COVERAGE_EVERY_MS = 60_000
/** Offsets one question to the store covers. */
const OFFSETS_ASKED = 500

export class OwnedPartition {
  engine!: Engine
  private readonly parts: PartitionParts
  private readonly turns: PartitionTurns
  /** The same engine, when what crosses servers leaves as signals. */
  private source: SourceEngine | undefined
  private readonly retries = new RetrySet()
  private readonly rows: RowWriter
  private readonly sealer: Sealer | undefined
  private meter!: EngineMeter
  private coverage!: CoverageRows
  private rules!: LoadedRules
  private readonly part: string
  /** End of the log when we took over: below it an earlier owner may have stored rows. */
  private askBelow: number | undefined
  /** The store’s last answer, for offsets below `below`. */
  private asked: { readonly below: number; readonly stored: ReadonlySet<string> } | undefined

  constructor(parts: PartitionParts, log: string, partition: number, snapshot: Snapshot | undefined) {
    const { telemetry, limits } = parts
    this.parts = parts
    this.part = `${log}/${partition}`
    this.install(parts.rules, partition, snapshot?.chunks)
    if (snapshot !== undefined) {
      const retries = snapshot.chunks.get(RETRIES_CHUNK)
      if (retries !== undefined) this.retries.restore(retries)
      telemetry.log('state_restored', { partition, next: snapshot.next })
    }
    const turnParts = {
      ...{ state: parts.state, clock: parts.clock, telemetry, ruleSetHash: () => this.rules.hash, limits },
      flush: async () => {
        if (!sabotage('commit-before-store')) await this.rows.flush()
        await this.sealer?.sealIfDue(this.turns.next)
      },
      capture: () => ({
        watermarkMs: this.engine.watermarkMs,
        chunks: new Map([
          ...this.engine.snapshot(),
          [RETRIES_CHUNK, this.retries.snapshot()],
          ...(this.sealer === undefined ? [] : ([[PROOF_CHUNK, this.sealer.save()]] as const)),
        ]),
      }),
    }
    this.turns = new PartitionTurns(turnParts, log, partition, snapshot?.next ?? 0)
    const { proof, clock } = parts
    const untilDurable = <T>(what: string, attempt: () => Promise<T>): Promise<T> =>
      this.turns.untilDurable(what, attempt)
    this.sealer =
      proof === undefined
        ? undefined
        : new Sealer({ ...proof, clock, telemetry, untilDurable }, log, partition, snapshot?.chunks.get(PROOF_CHUNK))
    this.rows = new RowWriter(this.turns.next, {
      durable: async (source, refused) => this.sealer?.inserted(source, refused),
      insert: (batch) => this.turns.untilDurable('rows', () => parts.store.insertEvents(batch)),
      refused: (refused, pending) => this.refuseRows(refused, pending),
      telemetry,
      lingerMs: limits.insertEveryMs ?? 0,
    })
  }

  /** Between two batches; what the former rules remember goes on where the new ones take it. */
  useRules(rules: LoadedRules): Promise<void> {
    return this.turns.inTurn(async () => {
      await this.writeCoverage(true)
      this.install(rules, this.partition, this.engine.snapshot())
    })
  }

  private install(rules: LoadedRules, partition: number, chunks: ReadonlyMap<string, Uint8Array> | undefined): void {
    const { telemetry, limits, signals } = this.parts
    const options = {
      stateRows: limits.stateRows,
      onRuleError: (rule: string, error: unknown) => telemetry.log('rule_quarantined', { rule, reason: String(error) }),
    }
    this.rules = rules
    this.source = signals === undefined ? undefined : createSourceEngine(rules, options)
    this.engine = this.source ?? createEngine(rules, options)
    if (chunks !== undefined) this.engine.restore(chunks)
    const cells = this.engine.counters().droppedCells
    if (cells > 0) telemetry.log('state_discarded', { partition, cells })
    this.meter = new EngineMeter(this.engine, String(partition), telemetry)
    this.coverage = new CoverageRows(this.engine, this.part, limits.coverageEveryMs ?? COVERAGE_EVERY_MS, this.coverage)
  }

  get log(): string {
    return this.turns.log
  }
  get partition(): number {
    return this.turns.partition
  }
  get next(): number {
    return this.turns.next
  }
  get storedNext(): number {
    return this.rows.storedNext
  }

  /** How far the chain of this partition reaches. */
  get proven(): ProofHead | undefined {
    return this.sealer?.head()
  }

  detect(batch: LogBatch, consumption: Consumption | undefined): Promise<void> {
    return this.turns.inTurn(() => this.detectNow(batch, consumption))
  }

  /** Write a snapshot when one is due; called between batches too, so that an idle partition is covered. */
  tick(consumption: Consumption | undefined): Promise<void> {
    this.meter.report()
    return this.turns.inTurn(async () => {
      if (this.sealer?.isDue === true) this.turns.touch()
      await this.turns.checkpointIfDue(consumption)
      await this.writeCoverage(false)
    })
  }

  release(consumption: Consumption | undefined, budgetMs: number): Promise<void> {
    return this.turns.release(consumption, budgetMs, async () => {
      await this.writeCoverage(true)
      if (this.sealer !== undefined) this.sealer.isClosing = true
      if (this.sealer?.isDue === true) this.turns.touch()
    })
  }

  /** A retry of a producer is dropped before detection, on both buses alike. */
  private isNew(event: AuditEvent): boolean {
    return !this.retries.isRetry(event) || sabotage('no-retry-set')
  }

  /** A fact about all servers lies in every partition; its row and its signals come from one of them. */
  private isHome({ tenant = '', serverId }: AuditEvent): boolean {
    const { partitions = 1 } = this.parts
    return serverId !== EVERY_SERVER || partitionOf(tenant, serverId, partitions) === this.partition
  }

  private async detectNow(batch: LogBatch, consumption: Consumption | undefined): Promise<void> {
    const { telemetry } = this.parts
    await this.sealer?.takeOver()
    if (batch.refused.length > 0) {
      await this.turns.untilDurable('dead letters', () => this.parts.deadLetters.add(batch.refused))
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
    const rows = await this.rowsOf(
      batch,
      fresh.filter(({ event }) => this.isHome(event)),
    )
    await this.rows.add(rows)
    const detected = sabotage('skip-detection-of-stored') ? fresh.slice(fresh.length - rows.count) : fresh
    const { findings, signals } = this.apply(detected)
    telemetry.count('mcp_auditd_events_detected_total', fresh.length)
    await this.publish(findings, signals, batch.next)
    const labels = { partition: String(this.partition) }
    telemetry.gauge('mcp_auditd_lag_events', Math.max(0, batch.high - batch.next), labels)
    telemetry.gauge('mcp_auditd_watermark_ms', this.engine.watermarkMs, labels)
    await this.turns.advance(batch.next, fresh.length, consumption)
  }

  private apply(entries: readonly LoggedEvent[]): { readonly findings: Finding[]; readonly signals: Signal[] } {
    const findings: Finding[] = []
    const signals: Signal[] = []
    for (const { event, position } of entries) {
      const found = this.engine.apply(event, position)
      if (this.isHome(event)) {
        findings.push(...found)
        if (this.source !== undefined) signals.push(...this.source.signalsOf(event, position))
      } else findings.push(...found.filter(({ eventId }) => eventId !== event.eventId))
    }
    return { findings, signals }
  }

  /** Before the position moves: what it led to is durable. */
  private async publish(findings: readonly Finding[], signals: readonly Signal[], next: number): Promise<void> {
    const { telemetry, store, state } = this.parts
    const { log, partition } = this
    if (findings.length > 0) {
      for (const { rule } of findings) telemetry.count('mcp_auditd_findings_total', 1, { rule })
      await this.turns.untilDurable('findings', () => store.insertFindings(findings))
      await this.turns.untilDurable('findings', () => state.commit({ log, partition, next, findings }))
    }
    if (signals.length > 0) {
      const sent = this.turns.untilDurable('signals', () => this.parts.signals!.publish(signals))
      if (sabotage('commit-before-signals')) sent.catch(() => {})
      else await sent
      for (const { scope } of signals) telemetry.count('mcp_auditd_signals_sent_total', 1, { scope })
      failpoint('after-signals-before-snapshot')
    }
  }

  /** Rows to insert: those of retries and those the store already has are left out. Detection never skips the latter. */
  private async rowsOf(batch: LogBatch, fresh: readonly LoggedEvent[]): Promise<PendingRows> {
    const { telemetry, encode } = this.parts
    const stored = fresh.length === 0 ? undefined : await this.storedOf(batch)
    const missing =
      stored === undefined ? fresh : fresh.filter(({ position }) => !stored.has(`${position.offset}/${position.index}`))
    if (missing.length < fresh.length) {
      telemetry.count('mcp_auditd_store_skipped_total', fresh.length - missing.length)
      const left = new Set(missing)
      await this.proveStored(fresh.filter((entry) => !left.has(entry)))
    }
    const whole = missing.length === batch.entries.length
    if (whole && batch.rowsFile !== undefined) return { batch, count: missing.length, file: batch.rowsFile }
    const lines = missing.map(({ event, position }) => encode(event, position))
    if (whole) return { batch, count: missing.length, lines }
    return { batch, count: missing.length, lines, only: missing.map(({ position }) => positionText(position)) }
  }

  /** What an earlier owner stored and did not seal. */
  private async proveStored(stored: readonly LoggedEvent[]): Promise<void> {
    const { encode } = this.parts
    await this.sealer?.found(
      stored.map(({ event, position }) => ({
        line: encode(event, position),
        offset: position.offset,
        index: position.index,
      })),
    )
  }

  /** Asked for many batches at once: after a crash hundreds of small segments wait, and a query for each would take seconds. */
  private async storedOf(batch: LogBatch): Promise<ReadonlySet<string> | undefined> {
    this.askBelow ??= batch.high
    if (batch.first >= this.askBelow) return undefined
    if (this.asked === undefined || batch.next > this.asked.below) {
      const below = Math.max(batch.next, Math.min(batch.first + OFFSETS_ASKED, this.askBelow))
      const { store } = this.parts
      const stored = await this.turns.untilDurable('positions', () =>
        store.storedPositions(batch.log, batch.partition, batch.first, below),
      )
      this.asked = { below, stored }
    }
    return this.asked.stored
  }

  /** Counts only rise within an hour, so what an owner after a crash writes again replaces what stands there. */
  private async writeCoverage(isLast: boolean): Promise<void> {
    const rows = this.coverage.due(this.parts.clock.nowMs(), isLast)
    if (rows.length > 0) await this.turns.untilDurable('coverage', () => this.parts.store.insertCoverage(rows))
  }

  private async refuseRows(refused: readonly RefusedRow[], pending: readonly PendingRows[]): Promise<void> {
    const { clock, deadLetters, telemetry } = this.parts
    const letters = await refusedRowLetters(refused, pending, clock.nowMs())
    await this.turns.untilDurable('dead letters', () => deadLetters.add(letters))
    telemetry.count('mcp_auditd_events_rejected_total', refused.length, { component: 'store', reason: 'row_refused' })
  }
}
