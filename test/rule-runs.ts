// Running a rule over its examples, for the properties every rule is held to.
import { createEngine, type Engine } from '../detectors/engine.ts'
import { assemble, loadRules } from '../detectors/load.ts'
import type { AnyRule, LoadedRules } from '../detectors/loaded-rule.ts'
import type { Example } from '../detectors/rule.ts'
import { exampleEvents } from '../detectors/sample.ts'
import type { AuditEvent } from '../schemas/event.ts'
import type { Finding } from '../schemas/finding.ts'

const STATE_ROWS = 1_000
export const { rules: RULES } = await loadRules()

/** The rule alone, with the options of the example. */
export const rulesFor = (rule: AnyRule, example: Example): LoadedRules =>
  assemble([rule], example.config === undefined ? {} : { [rule.id]: example.config })
export const engineFor = (rules: LoadedRules): Engine => createEngine(rules, { stateRows: STATE_ROWS })

export function frozen<T>(value: T): T {
  if (value !== null && typeof value === 'object') for (const inner of Object.values(value)) frozen(inner)
  return Object.freeze(value)
}
export const eventsOf = (example: Example, tenant?: string): AuditEvent[] =>
  exampleEvents(example.events, tenant).map(frozen)

export function findingsOf(engine: Engine, events: readonly AuditEvent[]): Finding[] {
  return events.flatMap((event) => engine.apply(event))
}
export const run = (rule: AnyRule, example: Example): Finding[] =>
  findingsOf(engineFor(rulesFor(rule, example)), eventsOf(example))

export const examplesOf = (rule: AnyRule): readonly (readonly [name: string, example: Example])[] =>
  [...rule.examples.match, ...rule.examples.noMatch].map((example) => [example.name, example])

/** Cells in a snapshot, as JSON text: what the engine keeps for the rule. */
export function cellsIn(engine: Engine): string[] {
  return [...engine.snapshot()]
    .filter(([name]) => !name.startsWith('engine/totals'))
    .flatMap(([, bytes]) => {
      const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true)
      const { objects } = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length))) as {
        objects: unknown[][]
      }
      return objects.flat().map((object) => JSON.stringify(object))
    })
}
