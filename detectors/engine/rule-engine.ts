/** Rules over views in order: state, timers, matches, findings. One for the events of a partition, one for the signals of its keys. */
import type { AuditEvent } from '../../schemas/event.ts'
import { type Finding, type Severity, severityRank } from '../../schemas/finding.ts'
import type { Position } from '../../schemas/position.ts'
import { disposed } from '../disposition.ts'
import { findingOf, quarantineFinding, severityOf } from '../finding.ts'
import type { LoadedRule } from '../loaded-rule.ts'
import type { Match } from '../rule.ts'
import { compileRules } from './compile.ts'
import { Coverage, type RuleCoverage, type RuleHour, type ServerSeen } from './coverage.ts'
import { Dispatch } from './dispatch.ts'
import type { Engine, EngineCounters, EngineOptions } from './engine.ts'
import { Inventories } from './inventory.ts'
import { KeyAliases } from './key-aliases.ts'
import { Run } from './run.ts'
import { entityText, SCOPE_NAMES } from './scope.ts'
import { loadSnapshot, takeSnapshot } from './snapshot.ts'
import type { Space } from './space.ts'
import { statelessMatcher } from './stateless.ts'
import { Timers } from './timers.ts'
import { derivedViews, type View, viewOf } from './view.ts'

/** How far event time may lag behind the newest event of the partition before timers no longer wait for it. */
export const ALLOWED_LATENESS_MS = 300_000
const NONE: readonly Finding[] = Object.freeze([])
/** A rule that throws this often is switched off for the partition. */
const QUARANTINE_ERRORS = 10

export class RuleEngine implements Engine {
  private readonly compiled
  private readonly options: EngineOptions
  readonly statelessMatches: (event: AuditEvent) => readonly string[]
  private readonly dispatch: Dispatch
  private readonly timers = new Timers()
  readonly aliases = new KeyAliases()
  readonly inventories = new Inventories()
  private readonly seen: Coverage
  private readonly run: Run
  private readonly errors: number[]
  private readonly matches: number[]
  private cooled = 0
  private dropped = 0
  private findings: readonly Finding[] = NONE
  private position: Position | undefined
  private current: View | undefined
  private lastView: View | undefined
  private lastDerived: readonly View[] | undefined

  /** `seen`: where coverage is told, when not by this engine alone. */
  constructor(rules: readonly LoadedRule[], options: EngineOptions, seen = new Coverage(rules)) {
    this.options = options
    this.compiled = compileRules(rules)
    this.dispatch = new Dispatch(this.compiled.rules)
    this.statelessMatches = statelessMatcher(rules)
    this.seen = seen
    this.errors = rules.map(() => 0)
    this.matches = rules.map(() => 0)
    const report = this.report.bind(this)
    const arm = this.arm.bind(this)
    this.run = new Run(this.compiled.layouts, options.stateRows, ALLOWED_LATENESS_MS, report, arm)
  }

  get watermarkMs(): number {
    return this.run.watermarkMs
  }

  apply(event: AuditEvent, position?: Position): readonly Finding[] {
    const server = this.seen.server(event.tenant ?? '', event.serverId)
    this.inventories.note(event)
    const named = this.aliases.canonical(event)
    const view = viewOf(named, server?.name, this.inventories.of(event.tenant ?? ''))
    this.begin(view.ts, position)
    this.evaluate(view, server)
    const derived = derivedViews(view)
    for (const each of derived) this.evaluate(each, server)
    this.lastView = named === event ? view : undefined
    this.lastDerived = named === event ? derived : undefined
    return this.findings
  }

  /** The view of the event that was applied last, and those derived; undefined when its hashes were given other names here. */
  get viewOfLast(): View | undefined {
    return this.lastView
  }
  get derivedOfLast(): readonly View[] | undefined {
    return this.lastDerived
  }

  /** One view for the rules of one line. A silent one is remembered and finds nothing. */
  applyView(line: string, view: View, silent: boolean, position: Position | undefined): readonly Finding[] {
    this.begin(view.ts, position)
    this.current = view
    this.run.silent = silent
    this.dispatch.dispatch(line, view, this.run, this.failed)
    return this.findings
  }

  private begin(ts: number, position: Position | undefined): void {
    this.position = position
    // Most events find nothing: no list for them.
    this.findings = NONE
    if (ts > this.run.maxMs) this.run.maxMs = ts
    // Before the event itself: what was due before it is decided without it.
    if (this.timers.nextMs <= this.run.watermarkMs) this.fireTimers()
  }

  private readonly failed = (rule: number, error: unknown): void => this.fail(rule, this.current, error)

  private evaluate(view: View, server: ServerSeen | undefined): void {
    this.current = view
    if (server !== undefined) this.seen.saw(server, view)
    this.dispatch.dispatch(view.type, view, this.run, this.failed)
  }

  private fail(index: number, view: View | undefined, error: unknown): void {
    const { rule } = this.compiled.rules[index]!
    const errors = ++this.errors[index]!
    if (errors < QUARANTINE_ERRORS) return
    this.dispatch.remove(index)
    this.options.onRuleError?.(rule.id, error, this.position)
    if (view !== undefined && errors === QUARANTINE_ERRORS)
      this.found(quarantineFinding(rule, view, errors, String(error)))
  }

  private report(
    index: number,
    view: View | undefined,
    space: Space | undefined,
    row: number,
    match: Match,
    atMs: number,
  ): void {
    if (this.run.silent) return
    const { rule, scope, readers } = this.compiled.rules[index]!
    this.matches[index]!++
    // Before a text is built: what keeps on happening matches with every event, and is told once.
    if (space !== undefined && this.isCooling(index, space, row, severityOf(rule, view, match), view?.ts ?? atMs)) {
      this.cooled++
      return
    }
    const named = () => readers.map((read) => read(view!))
    const key = space === undefined ? named() : space.keys[row]!
    const isAboutKey = space !== undefined && rule.about === undefined
    const entity = isAboutKey ? entityText(space.scope, key) : entityText(scope, named())
    const made = findingOf({ rule, tenant: view?.tenant ?? space!.tenant, key, entity, view, match, atMs })
    const finding = disposed(made, rule.mode, this.options.suppressions ?? [])
    // One handle may stand twice in an event: one finding.
    if (this.findings.some(({ findingId }) => findingId === finding.findingId)) return
    this.found(finding)
    this.seen.matched(finding.tenant, finding.serverId, rule.id, view?.ts ?? atMs)
  }

  private found(finding: Finding): void {
    if (this.findings === NONE) this.findings = [finding]
    else (this.findings as Finding[]).push(finding)
  }

  /** A key that reported less than its cooldown ago reports again only what is more severe. */
  private isCooling(index: number, space: Space, row: number, severity: Severity, ts: number): boolean {
    const slot = this.compiled.rules[index]!.slots[0]
    if (slot === undefined || slot.cooldownMs === 0 || SCOPE_NAMES[slot.scope] !== space.scope) return false
    const numbers = space.chunk(row)
    const at = space.base(row) + slot.at + 1
    const rank = severityRank(severity) + 1
    const reportedMs = numbers[at]!
    const cooling = reportedMs !== 0 && ts - reportedMs < slot.cooldownMs
    if (cooling && rank <= numbers[at + 1]!) return true
    numbers[at] = Math.max(ts, reportedMs)
    numbers[at + 1] = cooling ? Math.max(rank, numbers[at + 1]!) : rank
    return false
  }

  /** The row’s columns [due, queued] decide; a queued timer is armed anew when it is popped. */
  private arm(index: number, space: Space, row: number, dueMs: number): void {
    const slot = this.compiled.rules[index]!.timed!
    const numbers = space.chunk(row)
    const queued = space.base(row) + slot.own + 1
    const queuedMs = numbers[queued]!
    if (queuedMs !== 0 && queuedMs <= dueMs) return
    numbers[queued] = dueMs
    this.timers.push(index, space, row, dueMs)
  }

  private fireTimers(): void {
    const watermarkMs = this.run.watermarkMs
    for (let entry = this.timers.pop(watermarkMs); entry !== undefined; entry = this.timers.pop(watermarkMs)) {
      const { rule, space, row } = entry
      const { timed, fire } = this.compiled.rules[rule]!
      const numbers = space.chunk(row)
      const at = space.base(row) + timed!.own
      // An earlier entry was pushed later: this one is not the queued one any more.
      if (numbers[at + 1] !== entry.dueMs) continue
      numbers[at + 1] = 0
      const dueMs = numbers[at]!
      if (dueMs > entry.dueMs) this.arm(rule, space, row, dueMs)
      if (dueMs === 0 || dueMs > entry.dueMs || this.errors[rule]! >= QUARANTINE_ERRORS) continue
      try {
        fire!(this.run, space, row, dueMs)
      } catch (error) {
        this.fail(rule, undefined, error)
      }
    }
  }

  snapshot(): Map<string, Uint8Array> {
    const errors = this.compiled.rules.map(({ rule }, i) => [`${rule.id}@${rule.version}`, this.errors[i]!] as const)
    return takeSnapshot(this.compiled, this.run, {
      errors: errors.filter(([, count]) => count > 0),
      coverage: this.seen.snapshot(),
      aliases: this.aliases.snapshot(),
      inventories: this.inventories.snapshot(),
    })
  }

  restore(chunks: ReadonlyMap<string, Uint8Array>): void {
    const loaded = loadSnapshot(this.compiled, this.run, chunks)
    if (loaded === undefined) return
    this.dropped = loaded.dropped
    this.seen.restore(loaded.totals.coverage)
    this.aliases.restore(loaded.totals.aliases)
    this.inventories.restore(loaded.totals.inventories)
    const errors = new Map(loaded.totals.errors)
    this.compiled.rules.forEach(({ rule, timed }, index) => {
      this.errors[index] = errors.get(`${rule.id}@${rule.version}`) ?? 0
      if (this.errors[index]! >= QUARANTINE_ERRORS) this.dispatch.remove(index)
      if (timed === undefined) return
      for (const space of this.run.allSpaces().filter(({ scope }) => scope === SCOPE_NAMES[timed.scope]))
        this.queueRestored(index, space, timed.own)
    })
  }

  /** Timers are not in the snapshot: each row says what it waits for. */
  private queueRestored(index: number, space: Space, own: number): void {
    space.keys.forEach((key, row) => {
      if (key === undefined) return
      const numbers = space.chunk(row)
      const at = space.base(row) + own
      numbers[at + 1] = 0
      if (numbers[at]! > 0) this.arm(index, space, row, numbers[at]!)
    })
  }

  counters(): EngineCounters {
    const { rules } = this.compiled
    const byRule = (of: (index: number) => number) => Object.fromEntries(rules.map(({ rule }, i) => [rule.id, of(i)]))
    const spaces = this.run.allSpaces()
    const byScope = (of: (space: Space) => number) =>
      Object.fromEntries(
        SCOPE_NAMES.map((scope) => [scope, spaces.reduce((sum, s) => sum + (s.scope === scope ? of(s) : 0), 0)]),
      )
    return {
      evaluations: byRule((i) => this.dispatch.evaluationsOf(i)),
      matches: byRule((i) => this.matches[i]!),
      errors: byRule((i) => this.errors[i]!),
      quarantined: rules.flatMap(({ rule }, i) => (this.errors[i]! >= QUARANTINE_ERRORS ? [rule.id] : [])),
      evictions: byScope((space) => space.evictions),
      rows: byScope((space) => space.size),
      cooled: this.cooled,
      droppedCells: this.dropped,
    }
  }

  coverage(server?: string): readonly RuleCoverage[] {
    return this.seen.report(this.run.maxMs, server)
  }

  coverageHours(): readonly RuleHour[] {
    return this.seen.hours(this.run.maxMs)
  }
}
