/** Counters of one partition’s engine as metrics: what was added since the last report. */
import type { Engine } from '../../detectors/engine/engine.ts'
import type { Telemetry } from '../../schemas/ports.ts'

type Counts = Readonly<Record<string, number>>
type Counting = Pick<Engine, 'counters'>

/** An engine restored from a snapshot brings counts of an earlier life: they are the start, not an addition. */
export class EngineMeter {
  private readonly engine: Counting
  private readonly partition: string
  private readonly telemetry: Telemetry
  private last: ReturnType<Counting['counters']>

  constructor(engine: Counting, partition: string, telemetry: Telemetry) {
    this.engine = engine
    this.partition = partition
    this.telemetry = telemetry
    this.last = engine.counters()
  }

  report(): void {
    const { telemetry, last, partition } = this
    const now = this.engine.counters()
    this.last = now
    for (const [rule, by] of added(last.evaluations, now.evaluations))
      telemetry.count('mcp_auditd_rule_evaluations_total', by, { rule })
    for (const [rule, by] of added(last.errors, now.errors))
      telemetry.count('mcp_auditd_rule_errors_total', by, { rule })
    for (const [scope, by] of added(last.evictions, now.evictions))
      telemetry.count('mcp_auditd_state_evictions_total', by, { scope })
    for (const [scope, rows] of Object.entries(now.rows))
      telemetry.gauge('mcp_auditd_state_rows', rows, { partition, scope })
  }
}

const added = (before: Counts, now: Counts): readonly (readonly [name: string, by: number])[] =>
  Object.entries(now)
    .map(([name, count]) => [name, count - (before[name] ?? 0)] as const)
    .filter(([, by]) => by > 0)
