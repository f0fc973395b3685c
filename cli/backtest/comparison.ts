/** What rules would have found over stored history, beside what was found then. Nothing is written and nobody is alerted. */
import type { Engine } from '../../detectors/engine/engine.ts'
import { type Finding, SEVERITIES, severityRank } from '../../schemas/finding.ts'
import type { Stored } from './history.ts'

/** Findings kept of one rule, to be shown. */
const EXAMPLES = 3

export interface RuleOutcome {
  readonly rule: string
  readonly found: number
  /** Not found then: a new rule, other options, or state that was not there. */
  readonly fresh: number
  /** Found then and not now. */
  readonly gone: number
  readonly bySeverity: Readonly<Record<string, number>>
  readonly examples: readonly Finding[]
}
export interface Comparison {
  readonly events: number
  /** Events that only filled the state. */
  readonly warmUp: number
  readonly rules: readonly RuleOutcome[]
}

/** `live` are the ids found then, by rule. What is found before `fromMs` of receipt only warms up. */
export async function compare(
  engine: Engine,
  stored: AsyncIterable<Stored>,
  fromMs: number,
  live: ReadonlyMap<string, ReadonlySet<string>>,
  rules: readonly string[],
): Promise<Comparison> {
  const found = new Map<string, Map<string, Finding>>(rules.map((rule) => [rule, new Map()]))
  let events = 0
  let warmUp = 0
  for await (const { event, position } of stored) {
    const counts = Date.parse(event.receivedAt!) >= fromMs
    if (counts) events++
    else warmUp++
    const findings = engine.apply(event, position)
    if (counts) for (const finding of findings) found.get(finding.rule)?.set(finding.findingId, finding)
  }
  return { events, warmUp, rules: rules.map((rule) => outcomeOf(rule, found.get(rule)!, live.get(rule) ?? new Set())) }
}

function outcomeOf(rule: string, found: ReadonlyMap<string, Finding>, live: ReadonlySet<string>): RuleOutcome {
  const all = [...found.values()]
  const worst = all.toSorted((a, b) => severityRank(b.severity) - severityRank(a.severity))
  return {
    rule,
    found: all.length,
    fresh: all.filter(({ findingId }) => !live.has(findingId)).length,
    gone: [...live].filter((id) => !found.has(id)).length,
    bySeverity: Object.fromEntries(
      SEVERITIES.map((severity) => [severity, all.filter((finding) => finding.severity === severity).length]),
    ),
    examples: worst.slice(0, EXAMPLES),
  }
}

export function comparisonText({ events, warmUp, rules }: Comparison): string {
  const lines = rules
    .filter(({ found, gone }) => found > 0 || gone > 0)
    .flatMap(({ rule, found, fresh, gone, bySeverity, examples }) => {
      const severities = SEVERITIES.filter((severity) => bySeverity[severity]! > 0)
        .map((severity) => `${bySeverity[severity]} ${severity}`)
        .join(', ')
      return [
        `${rule}: ${found} found${severities === '' ? '' : ` (${severities})`}, ${fresh} of them not found then, ${gone} found then and not now`,
        ...examples.map((one) => `  ${one.eventTime} ${one.severity.padEnd(8)} ${one.entity}: saw ${one.saw}`),
      ]
    })
  const silent = rules.filter(({ found, gone }) => found === 0 && gone === 0).length
  return [
    `${events} events${warmUp === 0 ? '' : `, ${warmUp} before them to warm up`}`,
    ...lines,
    `${silent} rules found nothing`,
  ].join('\n')
}
