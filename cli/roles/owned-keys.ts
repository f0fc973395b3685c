/** One partition of signals while it is ours: the rules whose key crosses servers, over the keys that map to it. */
import { sabotage } from '../../connectors/failpoint.ts'
import { createSignalsEngine } from '../../detectors/engine/engine.ts'
import { RECREATED_RULE, recreatedFinding, SignalSources } from '../../detectors/engine/signals/signal-sources.ts'
import type { SignalsEngine } from '../../detectors/engine/signals/signals-engine.ts'
import type { LoadedRules } from '../../detectors/loaded-rule.ts'
import type { Finding } from '../../schemas/finding.ts'
import type { Consumption, SignalBatch, Snapshot } from '../../schemas/ports.ts'
import type { Signal } from '../../schemas/signal.ts'
import { CoverageRows } from './coverage-rows.ts'
import { EngineMeter } from './engine-meter.ts'
import { COVERAGE_EVERY_MS, type PartitionParts } from './owned-partition.ts'
import { PartitionTurns } from './partition-turns.ts'

const SOURCES_CHUNK = 'sources'

export class OwnedKeys {
  engine!: SignalsEngine
  private readonly parts: PartitionParts
  private readonly turns: PartitionTurns
  private readonly sources = new SignalSources()
  private meter!: EngineMeter
  private coverage!: CoverageRows
  private rules!: LoadedRules
  /** Tells its metrics from those of the partition of events with the same number. */
  private readonly label: string
  private readonly part: string

  constructor(parts: PartitionParts, log: string, partition: number, snapshot: Snapshot | undefined) {
    const { telemetry, limits } = parts
    this.parts = parts
    this.label = `signals-${partition}`
    this.part = `${log}/${partition}`
    this.install(parts.rules, snapshot?.chunks)
    if (snapshot !== undefined) {
      const sources = snapshot.chunks.get(SOURCES_CHUNK)
      if (sources !== undefined) this.sources.restore(sources)
      telemetry.log('state_restored', { partition: this.label, next: snapshot.next })
    }
    const turnParts = {
      ...{ state: parts.state, clock: parts.clock, telemetry, ruleSetHash: () => this.rules.hash, limits },
      flush: async () => {},
      capture: () => ({
        watermarkMs: this.engine.watermarkMs,
        chunks: new Map([...this.engine.snapshot(), [SOURCES_CHUNK, this.sources.snapshot()]]),
      }),
    }
    this.turns = new PartitionTurns(turnParts, log, partition, snapshot?.next ?? 0)
  }

  /** Between two batches; what the former rules remember goes on where the new ones take it. */
  useRules(rules: LoadedRules): Promise<void> {
    return this.turns.inTurn(async () => {
      await this.writeCoverage(true)
      this.install(rules, this.engine.snapshot())
    })
  }

  private install(rules: LoadedRules, chunks: ReadonlyMap<string, Uint8Array> | undefined): void {
    const { telemetry, limits } = this.parts
    this.rules = rules
    this.engine = createSignalsEngine(rules, {
      stateRows: limits.stateRows,
      onRuleError: (rule: string, error: unknown) => telemetry.log('rule_quarantined', { rule, reason: String(error) }),
    })
    if (chunks !== undefined) this.engine.restore(chunks)
    const cells = this.engine.counters().droppedCells
    if (cells > 0) telemetry.log('state_discarded', { partition: this.label, cells })
    this.meter = new EngineMeter(this.engine, this.label, telemetry)
    this.coverage = new CoverageRows(this.engine, this.part, limits.coverageEveryMs ?? COVERAGE_EVERY_MS)
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

  detect(batch: SignalBatch, consumption: Consumption | undefined): Promise<void> {
    return this.turns.inTurn(() => this.detectNow(batch, consumption))
  }

  tick(consumption: Consumption | undefined): Promise<void> {
    this.meter.report()
    return this.turns.inTurn(async () => {
      await this.turns.checkpointIfDue(consumption)
      await this.writeCoverage(false)
    })
  }

  release(consumption: Consumption | undefined, budgetMs: number): Promise<void> {
    return this.turns.release(consumption, budgetMs, () => this.writeCoverage(true))
  }

  private async detectNow(batch: SignalBatch, consumption: Consumption | undefined): Promise<void> {
    const { telemetry, store, state, deadLetters } = this.parts
    if (batch.refused.length > 0) {
      await this.turns.untilDurable('dead letters', () => deadLetters.add(batch.refused))
      telemetry.count('mcp_auditd_signals_dropped_total', batch.refused.length, { reason: 'invalid' })
    }
    if (batch.next <= this.next && batch.next > 0) return
    const findings: Finding[] = []
    for (const { offset, signal } of batch.entries) if (offset >= this.next) findings.push(...this.take(signal))
    const { log, partition } = this
    if (findings.length > 0) {
      for (const { rule } of findings) telemetry.count('mcp_auditd_findings_total', 1, { rule })
      await this.turns.untilDurable('findings', () => store.insertFindings(findings))
      await this.turns.untilDurable('findings', () => state.commit({ log, partition, next: batch.next, findings }))
    }
    const labels = { partition: this.label }
    telemetry.gauge('mcp_auditd_lag_events', Math.max(0, batch.high - batch.next), labels)
    telemetry.gauge('mcp_auditd_watermark_ms', this.engine.watermarkMs, labels)
    await this.turns.advance(batch.next, batch.entries.length, consumption)
  }

  private take(signal: Signal): readonly Finding[] {
    const { telemetry } = this.parts
    const former = this.sources.replaced(signal)
    if (!this.sources.isNew(signal) && !sabotage('no-signal-positions')) {
      telemetry.count('mcp_auditd_signals_dropped_total', 1, { reason: 'repeat' })
      return []
    }
    telemetry.count('mcp_auditd_signals_taken_total', 1, { scope: signal.scope })
    const found = this.engine.apply(signal)
    if (former === undefined) return found
    telemetry.count('mcp_auditd_sources_recreated_total', 1)
    telemetry.log('topic_recreated', { rule: RECREATED_RULE, former, log: signal.log })
    return [recreatedFinding(signal, former), ...found]
  }

  private async writeCoverage(isLast: boolean): Promise<void> {
    const rows = this.coverage.due(this.parts.clock.nowMs(), isLast)
    if (rows.length > 0) await this.turns.untilDurable('coverage', () => this.parts.store.insertCoverage(rows))
  }
}
