// `npm run bench:rules [-- ID …]`: what each rule costs on realistic traffic, and the longest one evaluation takes on hostile events.
import { createEngine } from '../../detectors/engine/engine.ts'
import { DERIVED_FROM, isDerived } from '../../detectors/engine/vocabulary.ts'
import { loadRules } from '../../detectors/load.ts'
import type { LoadedRule, LoadedRules } from '../../detectors/loaded-rule.ts'
import { eventsOf, examplesOf } from '../../detectors/trial.ts'
import type { AuditEvent } from '../../schemas/event.ts'
import { hostileOf } from './hostile-events.ts'
import { median } from './ratios.ts'
import { realisticEvents } from './realistic-events.ts'

const EVENTS = 20_000
const ROUNDS = 3
/** The bar: no evaluation takes longer, whatever the event holds. */
const LONGEST_MS = 1
/** The same hostile events are seen so often, and the shortest time of each counts: the rest is garbage collection and compilation. */
const PASSES = 4
/** Of one rule; its examples lead into its logic, so all of them are varied. */
const HOSTILE_EVENTS = 600

const { rules, hash } = await loadRules()
const asked = process.argv.slice(2)
const chosen = rules.filter(({ id }) => asked.length === 0 || asked.some((each) => id.includes(each)))
const alone = (rule: LoadedRule | undefined): LoadedRules => ({ rules: rule === undefined ? [] : [rule], hash })
const engineOf = (set: LoadedRules) => createEngine(set, { stateRows: 100_000 })

function cpuUs(events: readonly AuditEvent[], set: LoadedRules): { readonly us: number; readonly evaluations: number } {
  const engine = engineOf(set)
  const before = process.cpuUsage()
  for (const event of events) engine.apply(event)
  const { user, system } = process.cpuUsage(before)
  return { us: user + system, evaluations: Object.values(engine.counters().evaluations).reduce((a, b) => a + b, 0) }
}

interface Cost {
  readonly rule: string
  readonly perEventNs: number
  readonly evaluations: number
  readonly longestMs: number
  readonly longestOn: string
}

function costOf(rule: LoadedRule, events: readonly AuditEvent[]): Cost {
  const differences: number[] = []
  let evaluations = 0
  for (let round = 0; round < ROUNDS; round++) {
    const without = cpuUs(events, alone(undefined))
    const withIt = cpuUs(events, alone(rule))
    differences.push(((withIt.us - without.us) * 1_000) / events.length)
    evaluations = withIt.evaluations
  }
  return { rule: rule.id, perEventNs: Number(median(differences, 0)), evaluations, ...longestOf(rule) }
}

/** Time of one `apply` by the evaluations it made, less that of an engine without the rule. */
function longestOf(rule: LoadedRule): Pick<Cost, 'longestMs' | 'longestOn'> {
  const events = examplesOf(rule).flatMap(([, example]) => eventsOf(example))
  const types = new Set<string>(
    Object.keys(rule.requires).flatMap((type) => (isDerived(type) ? [...DERIVED_FROM[type]] : [type])),
  )
  const hostile: AuditEvent[] = []
  // One event of each shape: its fields are all varied anyway.
  const shapes = new Map(
    events
      .filter(({ eventType }) => types.has(eventType))
      .map((event) => [`${event.eventType} ${Object.keys(event).sort().join()}`, event]),
  )
  for (const event of shapes.values()) {
    if (hostile.length >= HOSTILE_EVENTS) break
    hostile.push(event, ...hostileOf(event))
  }
  const shortest = hostile.map(() => Number.POSITIVE_INFINITY)
  for (let pass = 0; pass < PASSES; pass++) {
    const [engine, bare] = [engineOf(alone(rule)), engineOf(alone(undefined))]
    let before = 0
    hostile.forEach((event, at) => {
      const started = performance.now()
      bare.apply(event)
      const between = performance.now()
      engine.apply(event)
      const ended = performance.now()
      const all = engine.counters().evaluations[rule.id]!
      const own = Math.max(0, ended - between - (between - started)) / Math.max(1, all - before)
      before = all
      if (own < shortest[at]!) shortest[at] = own
    })
  }
  let worst = -1
  shortest.forEach((ms, at) => {
    if (worst < 0 || ms > shortest[worst]!) worst = at
  })
  const named = worst < 0 ? undefined : hostile[worst]
  return { longestMs: worst < 0 ? 0 : shortest[worst]!, longestOn: named === undefined ? '' : largestField(named) }
}
const largestField = (event: AuditEvent): string => {
  const sizes = Object.entries(event).map(([field, value]) => [field, JSON.stringify(value).length] as const)
  const [field, size] = sizes.toSorted((a, b) => b[1] - a[1])[0]!
  return `${event.eventType}, ${field} of ${size} B`
}

const events = [...realisticEvents(EVENTS)]
cpuUs(events, { rules, hash })
const costs: Cost[] = []
for (const rule of chosen) costs.push(costOf(rule, events))
costs.sort((a, b) => b.perEventNs - a.perEventNs)
for (const { rule, perEventNs, evaluations, longestMs, longestOn } of costs) {
  const perEvaluation = evaluations === 0 ? '' : `, ${Math.round((perEventNs * EVENTS) / evaluations)} ns an evaluation`
  console.log(
    `rule ${rule.padEnd(36)} ${String(perEventNs).padStart(5)} ns an event${perEvaluation.padEnd(26)} longest ${longestMs.toFixed(3)} ms (${longestOn})`,
  )
}
const slow = costs.filter(({ longestMs }) => longestMs > LONGEST_MS)
const sum = costs.reduce((total, { perEventNs }) => total + perEventNs, 0)
console.log(
  `rules: ${costs.length}, ${(sum / 1_000).toFixed(2)} us an event one by one; ${slow.length} take longer than ${LONGEST_MS} ms on a hostile event${slow.map(({ rule }) => ` ${rule}`).join('')}`,
)
process.exit(slow.length === 0 ? 0 : 1)
