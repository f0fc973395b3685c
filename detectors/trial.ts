/** A rule on trial: run over its own examples, alone and under hard circumstances. For the properties every rule is held to. */
import { createHash } from 'node:crypto'
import type { AuditEvent } from '../schemas/event.ts'
import type { Finding } from '../schemas/finding.ts'
import type { Signal } from '../schemas/signal.ts'
import { createEngine, createSignalsEngine, createSourceEngine, type Engine } from './engine/engine.ts'
import { assemble } from './load.ts'
import type { AnyRule, LoadedRules } from './loaded-rule.ts'
import type { Example } from './rule.ts'
import { exampleEvents } from './sample.ts'

const STATE_ROWS = 1_000

/** The rule alone, with the options of the example. */
export const rulesFor = (rule: AnyRule, example: Example): LoadedRules =>
  assemble([rule], example.config === undefined ? {} : { [rule.id]: example.config })
export const engineFor = (rules: LoadedRules): Engine => createEngine(rules, { stateRows: STATE_ROWS })

/** A rule that changes an event throws. */
export function frozen<T>(value: T): T {
  if (value !== null && typeof value === 'object') for (const inner of Object.values(value)) frozen(inner)
  return Object.freeze(value)
}
export const eventsOf = (example: Example, tenant?: string): AuditEvent[] =>
  exampleEvents(example.events, tenant).map(frozen)

export const findingsOf = (engine: Engine, events: readonly AuditEvent[]): Finding[] =>
  events.flatMap((event) => engine.apply(event))
export const run = (rule: AnyRule, example: Example): Finding[] =>
  findingsOf(engineFor(rulesFor(rule, example)), eventsOf(example))

/** The same where the key of the rule crosses servers and its events come as signals. */
export function runOnSignals(rule: AnyRule, example: Example): Finding[] {
  const rules = rulesFor(rule, example)
  const source = createSourceEngine(rules, { stateRows: STATE_ROWS })
  const keys = createSignalsEngine(rules, { stateRows: STATE_ROWS })
  return eventsOf(example).flatMap((event, offset) => {
    source.apply(event)
    const signals = source.signalsOf(event, { log: '', partition: 0, offset, index: 0 })
    return signals.flatMap((signal) => keys.apply(JSON.parse(JSON.stringify(signal)) as Signal))
  })
}

export const examplesOf = (rule: AnyRule): readonly (readonly [name: string, example: Example])[] =>
  [...rule.examples.match, ...rule.examples.noMatch].map((example) => [example.name, example])

/** Fields whose values are keyed hashes. */
const KEYED = /(Key|Keys|Fp|Subs|Principal|^scopeSetHash|^argHandles|^mintedHandles)$/
/** The same events with the keys rotated: values are hashed anew, and each event names what they were, as a producer does meanwhile. */
export function rotated(event: AuditEvent): AuditEvent {
  const formerHashes: string[] = []
  const renamed = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(renamed)
    if (value !== null && typeof value === 'object' && 'fp' in value) return { ...value, fp: renamed(value.fp) }
    if (typeof value !== 'string' || !/^[0-9a-f]{1,64}$/.test(value)) return value
    const hash = createHash('sha256').update(`another key/${value}`).digest('hex').slice(0, 32)
    formerHashes.push(`${hash}=${value}`)
    return hash
  }
  const fields = Object.entries(event).map(([field, value]) => [field, KEYED.test(field) ? renamed(value) : value])
  return frozen({ ...Object.fromEntries(fields), ...(formerHashes.length > 0 && { formerHashes }) }) as AuditEvent
}

/** Cells in a snapshot, as JSON text: what the engine keeps for the rule. */
export function cellsIn(engine: Engine): string[] {
  return [...engine.snapshot()]
    .filter(([name]) => !name.includes('engine/totals'))
    .flatMap(([, bytes]) => {
      const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true)
      const { objects } = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length))) as {
        objects: unknown[][]
      }
      return objects.flat().map((object) => JSON.stringify(object))
    })
}
