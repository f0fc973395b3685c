// B1: bytes -> parse -> validate -> 108 rules -> finding ids, as a ratio to JSON.parse of the same bytes. CPU time, interleaved rounds.
import { createEngine } from '../../detectors/engine/engine.ts'
import { loadRules } from '../../detectors/load.ts'
import type { LoadedRules } from '../../detectors/loaded-rule.ts'
import { parseEvent } from '../../schemas/event.ts'
import { eventLines, type Mix } from './synthetic-events.ts'
import { SYNTHETIC_RULES } from './synthetic-rules.ts'

const ROUNDS = 7
const EVENTS = 60_000
const RULES = 108
const decoder = new TextDecoder()

const cpuMs = (work: () => void): number => {
  const before = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1_000
}

function detect(lines: readonly Uint8Array[], rules: LoadedRules) {
  const engine = createEngine(rules, { stateRows: 1_000_000 })
  const ids: string[] = []
  for (const line of lines) {
    const parsed = parseEvent(JSON.parse(decoder.decode(line)))
    if ('fault' in parsed) throw new Error(`${parsed.fault.field}: ${parsed.fault.reason}`)
    for (const { findingId } of engine.apply(parsed.event)) ids.push(findingId)
  }
  return { engine, ids }
}
/** The replay path: events validated first, with a restart in the middle. Must find the same. */
function replayed(lines: readonly Uint8Array[], rules: LoadedRules): string[] {
  const events = lines.map((line) => {
    const parsed = parseEvent(JSON.parse(decoder.decode(line)))
    if ('fault' in parsed) throw new Error(parsed.fault.reason)
    return parsed.event
  })
  let engine = createEngine(rules, { stateRows: 1_000_000 })
  return events.flatMap((event, i) => {
    if (i === events.length >> 1) {
      const chunks = engine.snapshot()
      engine = createEngine(rules, { stateRows: 1_000_000 })
      engine.restore(chunks)
    }
    return engine.apply(event).map(({ findingId }) => findingId)
  })
}

function measure(name: string, mix: Mix, rules: LoadedRules, mustEvaluate: boolean): void {
  const lines = eventLines(mix)
  const bytes = lines.reduce((sum, line) => sum + line.length, 0) / lines.length
  const ratios: number[] = []
  let perEventUs = 0
  let first: readonly string[] | undefined
  for (let round = 0; round < ROUNDS; round++) {
    let ids: readonly string[] = []
    const parseMs = cpuMs(() => {
      for (const line of lines) JSON.parse(decoder.decode(line))
    })
    const wholeMs = cpuMs(() => {
      ids = detect(lines, rules).ids
    })
    ratios.push(parseMs / wholeMs)
    perEventUs = (wholeMs * 1_000) / lines.length
    first ??= ids
    if (ids.join() !== first.join()) throw new Error(`${name}: two rounds found different things`)
  }
  if (replayed(lines, rules).join() !== first!.join()) throw new Error(`${name}: replay found something else`)
  const { evaluations } = detect(lines, rules).engine.counters()
  // Rules of ours may ask for types that this traffic has none of.
  const idle = Object.entries(evaluations).flatMap(([rule, count]) =>
    count === 0 && rule.startsWith('syn-') ? [rule] : [],
  )
  if (mustEvaluate && idle.length > 0) throw new Error(`${name}: never evaluated: ${idle.join(' ')}`)
  ratios.sort((a, b) => a - b)
  const [low, middle, high] = [ratios[0]!, ratios[ROUNDS >> 1]!, ratios[ROUNDS - 1]!].map((ratio) => ratio.toFixed(3))
  const sum = Object.values(evaluations).reduce((a, b) => a + b, 0)
  console.log(
    `B1 ${name}: ${middle} of JSON.parse (range ${low}..${high}, ${ROUNDS} rounds, ${rules.rules.length} rules, ${lines.length} events of ${bytes.toFixed(0)} B, ${(sum / lines.length).toFixed(1)} evaluations and ${perEventUs.toFixed(2)} us per event, ${first!.length} findings)`,
  )
}

const own = await loadRules()
// Ours, and as many made-up ones as make the number of the bar whole.
const rules = await loadRules({ extra: SYNTHETIC_RULES.slice(0, Math.max(0, RULES - own.rules.length)) })
if (rules.rules.length < RULES) throw new Error(`${rules.rules.length} rules instead of ${RULES}`)
measure('mixed events', { count: EVENTS }, rules, true)
measure('mixed events, uniform keys', { count: EVENTS, skew: 0 }, rules, true)
measure('token events only', { count: EVENTS, only: 'auth.token.validated' }, rules, false)
