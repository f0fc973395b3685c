/** From rules to closures: lays the rules’ parts into the rows of their scopes and makes the table event type -> closures. */
import { type AnyHandlers, handledTypes, type LoadedRule } from '../loaded-rule.ts'
import type { Evaluate, Run, Slot } from './run.ts'
import { readersOf, SCOPE_NAMES, type Scope } from './scope.ts'
import { type AbsenceSpec, compileAbsence } from './shapes/absence.ts'
import { ACROSS_LAG_MS, compileCountAcross, compileDistinctAcross } from './shapes/across.ts'
import { type CellHandler, type CellSpec, compileCell, fireCell } from './shapes/cell.ts'
import { compileFirstSeen, compileSequence, type FirstSeenSpec, type SequenceSpec } from './shapes/first-seen.ts'
import { type BaselineSpec, compileBaseline, compileDrift, type DriftSpec } from './shapes/statistics.ts'
import { type CountSpec, compileCount, compileDistinct, type DistinctSpec, ROW_TIMES } from './shapes/windows.ts'
import { isCrossing, typesOf } from './signals/crossing.ts'
import type { Layout, Space } from './space.ts'
import { checkOf } from './stateless.ts'
import type { View } from './view.ts'

/** What is done when a rule’s timer is due and its cell still waits. */
export type Fire = (run: Run, space: Space, row: number, dueMs: number) => void
export interface CompiledRule {
  readonly rule: LoadedRule
  /** Whom its findings are about. */
  readonly scope: Scope
  /** Reads the columns of `scope`. */
  readonly readers: readonly ((view: View) => string)[]
  readonly stateless: boolean
  readonly slots: readonly Slot[]
  /** The slot whose own columns are [due, queued], for rules with timers. */
  readonly timed?: Slot
  readonly fire?: Fire
  /** By line: the event type, or scope and event type of a rule that crosses servers. */
  readonly evaluations: ReadonlyMap<string, Evaluate>
}
/** A signal is for the rules of its scope; facts about all servers have a line of their own. */
export const lineOf = (scope: string, type: string): string => `${scope} ${type}`
export interface Compiled {
  readonly rules: readonly CompiledRule[]
  /** By scope, in the order of SCOPE_NAMES. */
  readonly layouts: readonly Layout[]
}

const COOLDOWN_COLUMNS = 2
const TIMER_COLUMNS = 2

/** Hands out columns of rows, scope by scope. */
class Plan {
  private readonly scopes = SCOPE_NAMES.map(() => ({ width: 1, objects: 0, ttlMs: 0 }))

  slot(rule: LoadedRule, part: string, scope: Scope, ownColumns: number, hasObject: boolean, ttlMs = rule.ttl!): Slot {
    const index = SCOPE_NAMES.indexOf(scope)
    const place = this.scopes[index]!
    // Across servers a cooldown is the width of the buckets that matches are named by.
    const isBucketed = isCrossing(rule) && (rule.count ?? rule.distinct) !== undefined
    const cooldownMs = part === '' && !isBucketed ? (rule.cooldown ?? 0) : 0
    const width = 1 + (cooldownMs > 0 ? COOLDOWN_COLUMNS : 0) + ownColumns
    const at = place.width
    const object = hasObject ? place.objects++ : -1
    place.width += width
    place.ttlMs = Math.max(place.ttlMs, ttlMs)
    const signature = `${rule.id}@${rule.version}/${part}/${width}${hasObject ? '+' : ''}`
    return { scope: index, signature, at, own: at + width - ownColumns, width, object, ttlMs, cooldownMs }
  }
  layouts(): readonly Layout[] {
    return this.scopes
  }
}

type Shaped = (options: unknown) => unknown
const handlersOf = (on: AnyHandlers | undefined) => (on ?? {}) as unknown as Readonly<Record<string, CellHandler>>

/** Once for each list: closures keep nothing between events, all state is the engine’s. */
const compiledBy = new WeakMap<readonly LoadedRule[], Compiled>()
export function compileRules(rules: readonly LoadedRule[]): Compiled {
  let compiled = compiledBy.get(rules)
  if (compiled === undefined) {
    const plan = new Plan()
    compiled = { rules: rules.map((rule, index) => compileRule(rule, index, plan)), layouts: plan.layouts() }
    compiledBy.set(rules, compiled)
  }
  return compiled
}

const identity = (rule: LoadedRule, scope: Scope) => ({
  rule,
  scope: rule.about ?? scope,
  readers: readersOf(rule.about ?? scope),
})

function compileRule(rule: LoadedRule, index: number, plan: Plan): CompiledRule {
  const scope = rule.per ?? 'server'
  if (rule.check !== undefined) return compileCheck(rule, index, scope)
  if (rule.cell !== undefined) return compileFree(rule, index, scope, plan)
  const { slot, evaluate, fire } = compileShape(rule, index, scope, plan)
  const lines = handledTypes(rule).map((type) => (isCrossing(rule) ? lineOf(scope, type) : type))
  const evaluations = new Map(lines.map((line) => [line, evaluate]))
  return { ...identity(rule, scope), stateless: false, slots: [slot], evaluations, ...(fire && { fire, timed: slot }) }
}

function compileCheck(rule: LoadedRule, index: number, scope: Scope): CompiledRule {
  const evaluations = new Map<string, Evaluate>()
  for (const type of handledTypes(rule)) {
    const check = checkOf(rule, type)!
    evaluations.set(type, (view, run) => {
      const match = check(view, rule.options)
      if (match) run.report(index, view, undefined, -1, match, 0)
    })
  }
  return { ...identity(rule, scope), stateless: true, slots: [], evaluations }
}

function compileFree(rule: LoadedRule, index: number, scope: Scope, plan: Plan): CompiledRule {
  const slot = plan.slot(rule, '', scope, rule.onTimer === undefined ? 0 : TIMER_COLUMNS, true)
  const besides = Object.entries(rule.beside ?? {}).map(([name, beside]) => ({
    name,
    slot: plan.slot(rule, name, beside.per, 0, true, beside.ttl),
    cell: beside.cell,
    on: handlersOf(beside.on),
  }))
  const onTimer = rule.onTimer as unknown as CellSpec['onTimer']
  const where = rule.where as unknown as CellSpec['where']
  const spec: CellSpec = {
    cell: rule.cell!,
    besides,
    on: handlersOf(rule.on),
    config: rule.options,
    ...(where && { where }),
    ...(onTimer && { onTimer }),
  }
  const evaluations = isCrossing(rule)
    ? new Map([
        ...typesOf(rule, 'own').map(
          (type) => [lineOf(scope, type), compileCell(index, slot, type, spec, 'own')] as const,
        ),
        ...typesOf(rule, 'fleet').map(
          (type) => [lineOf('fleet', type), compileCell(index, slot, type, spec, 'fleet')] as const,
        ),
      ])
    : new Map(handledTypes(rule).map((type) => [type, compileCell(index, slot, type, spec)]))
  const slots = [slot, ...besides.map((beside) => beside.slot)]
  if (onTimer === undefined) return { ...identity(rule, scope), stateless: false, slots, evaluations }
  const fire: Fire = (run, space, row, dueMs) => fireCell(index, slot, spec, run, space, row, dueMs)
  return { ...identity(rule, scope), stateless: false, slots, evaluations, timed: slot, fire }
}

function compileShape(
  rule: LoadedRule,
  index: number,
  scope: Scope,
  plan: Plan,
): { readonly slot: Slot; readonly evaluate: Evaluate; readonly fire?: Fire } {
  const spec = <T>(shape: unknown): T => (shape as Shaped)(rule.options) as T
  const slotOf = (columns: number, hasObject: boolean): Slot => plan.slot(rule, '', scope, columns, hasObject)
  const across = isCrossing(rule)
  const slotAcross = (): Slot => plan.slot(rule, '', scope, 0, true, Math.max(rule.ttl!, 2 * ACROSS_LAG_MS))
  if (across && rule.count !== undefined) {
    const slot = slotAcross()
    return { slot, evaluate: compileCountAcross(index, slot, spec<CountSpec>(rule.count), rule.cooldown ?? 0) }
  }
  if (across && rule.distinct !== undefined) {
    const slot = slotAcross()
    return { slot, evaluate: compileDistinctAcross(index, slot, spec<DistinctSpec>(rule.distinct), rule.cooldown ?? 0) }
  }
  if (rule.count !== undefined) {
    const count = spec<CountSpec>(rule.count)
    const inRow = count.atLeast <= ROW_TIMES
    const slot = slotOf(inRow ? 1 + count.atLeast : 1, !inRow)
    return { slot, evaluate: compileCount(index, slot, count) }
  }
  if (rule.distinct !== undefined) {
    const slot = slotOf(0, true)
    return { slot, evaluate: compileDistinct(index, slot, spec<DistinctSpec>(rule.distinct)) }
  }
  if (rule.firstSeen !== undefined) {
    const slot = slotOf(3, true)
    return { slot, evaluate: compileFirstSeen(index, slot, spec<FirstSeenSpec>(rule.firstSeen), across) }
  }
  if (rule.sequence !== undefined) {
    const slot = slotOf(1, false)
    return { slot, evaluate: compileSequence(index, slot, spec<SequenceSpec>(rule.sequence)) }
  }
  if (rule.baseline !== undefined) {
    const slot = slotOf(5, false)
    return { slot, evaluate: compileBaseline(index, slot, spec<BaselineSpec>(rule.baseline)) }
  }
  if (rule.drift !== undefined) {
    const slot = slotOf(5, false)
    return { slot, evaluate: compileDrift(index, slot, spec<DriftSpec>(rule.drift)) }
  }
  const absence = spec<AbsenceSpec>(rule.absence)
  // A row must outlive what it waits for.
  const slot = plan.slot(rule, '', scope, TIMER_COLUMNS, false, Math.max(rule.ttl!, 2 * absence.after))
  const fire: Fire = (run, space, row, dueMs) => {
    space.chunk(row)[space.base(row) + slot.own] = 0
    run.report(index, undefined, space, row, absence.found(dueMs), dueMs)
  }
  return { slot, evaluate: compileAbsence(index, slot, absence), fire }
}
