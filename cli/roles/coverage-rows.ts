/** What the engine of a partition says of coverage, as rows of the store, at most once in so many milliseconds. */
import type { RuleHour } from '../../detectors/engine/coverage.ts'
import type { Engine } from '../../detectors/engine/engine.ts'
import type { CoverageRow, CoverageStateName } from '../../schemas/coverage.ts'
import { OWN_SERVER } from '../access-event.ts'

export class CoverageRows {
  private readonly engine: Pick<Engine, 'coverageHours'>
  private readonly part: string
  private readonly everyMs: number
  private writtenMs = Number.NEGATIVE_INFINITY
  /** Evaluations last written, by tenant, server and rule, of the hour that is open. */
  private readonly written: Map<string, RuleHour>

  /** `before`: what was written under the former rules. */
  constructor(engine: Pick<Engine, 'coverageHours'>, part: string, everyMs: number, before?: CoverageRows) {
    this.written = before?.written ?? new Map()
    this.engine = engine
    this.part = part
    this.everyMs = everyMs
  }

  /** Rows to write now; none before the time has come, unless it is the last chance. */
  due(nowMs: number, isLast: boolean): readonly CoverageRow[] {
    if (!isLast && nowMs - this.writtenMs < this.everyMs) return []
    // What the service tells of itself makes it no server that rules should see.
    const rows = this.engine
      .coverageHours()
      .filter(({ server }) => server !== OWN_SERVER)
      .map((hour) => rowOf(this.risen(hour), this.part))
    if (rows.length > 0) this.writtenMs = nowMs
    return rows
  }

  /** The store keeps the row with most evaluations: one of a rule that was switched off within the hour must not lose to the one before. */
  private risen(hour: RuleHour): RuleHour {
    const key = `${hour.tenant} ${hour.server} ${hour.rule}`
    const before = this.written.get(key)
    const isSameHour = before?.hourMs === hour.hourMs
    const row =
      isSameHour && before.evaluations > hour.evaluations ? { ...hour, evaluations: before.evaluations } : hour
    if (before === undefined || before.hourMs <= hour.hourMs) this.written.set(key, row)
    return row
  }
}

const rowOf = (hour: RuleHour, part: string): CoverageRow => ({
  tenant: hour.tenant,
  serverId: hour.server,
  rule: hour.rule,
  hour: new Date(hour.hourMs).toISOString(),
  part,
  state: hour.state.toLowerCase() as CoverageStateName,
  reasons: hour.reasons.map((reason) => reason.toWellFormed()),
  evaluations: hour.evaluations,
  matches: hour.matches,
})
