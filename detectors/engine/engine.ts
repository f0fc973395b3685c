/** The engine: events in order, findings out. Its outcome is a function of the log alone. */
import type { AuditEvent } from '../../schemas/event.ts'
import type { Finding } from '../../schemas/finding.ts'
import type { Position } from '../../schemas/position.ts'
import type { Signal } from '../../schemas/signal.ts'
import type { Suppression } from '../../schemas/suppression.ts'
import type { LoadedRule, LoadedRules } from '../loaded-rule.ts'
import { Coverage, type RuleCoverage, type RuleHour } from './coverage.ts'
import { RuleEngine } from './rule-engine.ts'
import { isCrossing } from './signals/crossing.ts'
import { Projection } from './signals/projection.ts'
import { SignalsEngine } from './signals/signals-engine.ts'
import type { View } from './view.ts'

export interface EngineOptions {
  /** Rows of state per tenant and scope. */
  readonly stateRows: number
  /** Of the rules; set by those who make engines of them. */
  readonly suppressions?: readonly Suppression[]
  /** A rule is quarantined. `position` is that of the event it threw at last. */
  readonly onRuleError?: (rule: string, error: unknown, position: Position | undefined) => void
}
export interface EngineCounters {
  readonly evaluations: Readonly<Record<string, number>>
  readonly matches: Readonly<Record<string, number>>
  readonly errors: Readonly<Record<string, number>>
  readonly quarantined: readonly string[]
  /** By scope, over all tenants. */
  readonly evictions: Readonly<Record<string, number>>
  readonly rows: Readonly<Record<string, number>>
  /** Matches not reported because the key was still cooling down. */
  readonly cooled: number
  /** Cells of a snapshot whose rule has another version now. */
  readonly droppedCells: number
}
export interface Engine {
  /** Events in the order of their positions, each once: a repeat would count twice. */
  apply(event: AuditEvent, position?: Position): readonly Finding[]
  /** Newest event time less the allowed lateness, ms since 1970; 0 before the first event. */
  readonly watermarkMs: number
  /** Ids of the stateless rules that match, sorted. Touches no state: for the row of the event. */
  statelessMatches(event: AuditEvent): readonly string[]
  snapshot(): Map<string, Uint8Array>
  /** Only into a new engine. Chunks with other names are passed over. */
  restore(chunks: ReadonlyMap<string, Uint8Array>): void
  counters(): EngineCounters
  /** By what arrived in the 24 hours before the newest event of the partition. */
  coverage(server?: string): readonly RuleCoverage[]
  /** Evaluations by rule, server and hour: what is new since the last call. */
  coverageHours(): readonly RuleHour[]
}

/** Rules of both kinds over one log: what crosses servers is evaluated in the same turn. */
export function createEngine(rules: LoadedRules, options: EngineOptions): Engine {
  const { inside, crossing } = apart(rules)
  if (crossing.length === 0) return new RuleEngine(inside, known(options, rules), new Coverage(rules.rules))
  return new WholeEngine(rules, known(options, rules))
}

/** Rules that keep to one server, over the events of one partition; what the others need leaves as signals. */
export interface SourceEngine extends Engine {
  /** The signals of the event that was applied last, in the order in which they must be sent. */
  signalsOf(event: AuditEvent, position: Position): readonly Signal[]
}
export function createSourceEngine(rules: LoadedRules, options: EngineOptions): SourceEngine {
  const { inside, projection } = apart(rules)
  // Whether a rule can see on a server is judged where the events of the server are.
  const engine = new RuleEngine(inside, known(options, rules), new Coverage(rules.rules))
  return Object.assign(engine, {
    signalsOf: (event: AuditEvent, position: Position): readonly Signal[] =>
      projection.signalsOf(event, position, engine.inventories.of(event.tenant ?? '')),
  })
}

/** Rules that cross servers, over the signals of one partition of keys. */
export const createSignalsEngine = (rules: LoadedRules, options: EngineOptions): SignalsEngine => {
  const { crossing } = apart(rules)
  return new SignalsEngine(crossing, known(options, rules), new Coverage(crossing, true))
}

interface Parts {
  readonly inside: readonly LoadedRule[]
  readonly crossing: readonly LoadedRule[]
  readonly projection: Projection
}
const parts = new WeakMap<LoadedRules, Parts>()
/** The same lists for the same rules, so that they are compiled once: a scan makes an engine for each row. */
function apart(all: LoadedRules): Parts {
  let of = parts.get(all)
  if (of === undefined) {
    const alive = all.rules.filter(({ mode }) => mode !== 'off')
    const crossing = alive.filter(isCrossing)
    of = { inside: alive.filter((rule) => !isCrossing(rule)), crossing, projection: new Projection(crossing) }
    parts.set(all, of)
  }
  return of
}
const known = (options: EngineOptions, { suppressions = [] }: LoadedRules): EngineOptions => ({
  ...options,
  suppressions,
})

const SIGNALS = 'signals/'
const NONE: readonly Finding[] = Object.freeze([])

class WholeEngine implements Engine {
  private readonly inside: RuleEngine
  private readonly across: SignalsEngine
  private readonly projection: Projection
  /** Of the event at hand. */
  private position: Position | undefined
  private crossed: readonly Finding[] = NONE

  constructor(rules: LoadedRules, options: EngineOptions) {
    const { inside, crossing, projection } = apart(rules)
    const seen = new Coverage(rules.rules)
    this.inside = new RuleEngine(inside, options, seen)
    this.across = new SignalsEngine(crossing, options, seen)
    this.projection = projection
  }

  get watermarkMs(): number {
    return this.inside.watermarkMs
  }

  apply(event: AuditEvent, position?: Position): readonly Finding[] {
    const found = this.inside.apply(event, position)
    if (!this.projection.isConcerned(event)) return found
    const inventory = this.inside.inventories.of(event.tenant ?? '')
    this.position = position
    this.crossed = NONE
    // The same outcome without writing signals and reading them again; a test holds the two against each other.
    const { viewOfLast, derivedOfLast } = this.inside
    if (this.across.hasAliases || !this.projection.direct(event, inventory, this.take, viewOfLast, derivedOfLast))
      for (const signal of this.projection.signalsOf(event, position, inventory))
        this.crossed = [...this.crossed, ...this.across.apply(signal, inventory)]
    return this.crossed.length === 0 ? found : [...found, ...this.crossed]
  }

  private readonly take = (line: string, view: View): void => {
    const more = this.across.applyView(line, view, this.position)
    if (more.length > 0) this.crossed = [...this.crossed, ...more]
  }

  statelessMatches(event: AuditEvent): readonly string[] {
    return this.inside.statelessMatches(event)
  }

  snapshot(): Map<string, Uint8Array> {
    const chunks = this.inside.snapshot()
    for (const [name, bytes] of this.across.snapshot()) chunks.set(SIGNALS + name, bytes)
    return chunks
  }

  restore(chunks: ReadonlyMap<string, Uint8Array>): void {
    this.inside.restore(chunks)
    const own = [...chunks].filter(([name]) => name.startsWith(SIGNALS))
    this.across.restore(new Map(own.map(([name, bytes]) => [name.slice(SIGNALS.length), bytes])))
  }

  counters(): EngineCounters {
    const [a, b] = [this.inside.counters(), this.across.counters()]
    const sum = (x: Readonly<Record<string, number>>, y: Readonly<Record<string, number>>) =>
      Object.fromEntries(Object.keys(x).map((name) => [name, x[name]! + (y[name] ?? 0)]))
    return {
      evaluations: { ...a.evaluations, ...b.evaluations },
      matches: { ...a.matches, ...b.matches },
      errors: { ...a.errors, ...b.errors },
      quarantined: [...a.quarantined, ...b.quarantined].sort(),
      evictions: sum(a.evictions, b.evictions),
      rows: sum(a.rows, b.rows),
      cooled: a.cooled + b.cooled,
      droppedCells: a.droppedCells + b.droppedCells,
    }
  }

  coverage(server?: string): readonly RuleCoverage[] {
    return this.inside.coverage(server)
  }
  coverageHours(): readonly RuleHour[] {
    return this.inside.coverageHours()
  }
}
