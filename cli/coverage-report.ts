/** Coverage for people and programs: how each rule stands on each server, and what no rule can see. */
import { BLIND_SPOTS } from '../detectors/blind-spots.ts'
import { sqlLiteral } from '../detectors/sql-literal.ts'

export interface CoverageFilter {
  readonly server?: string | undefined
  readonly rule?: string | undefined
  readonly state?: string | undefined
}
/** One rule on one server, as the view `coverage_now` has it. */
export interface CoverageLine {
  readonly tenant: string
  readonly server_id: string
  readonly rule: string
  readonly state: string
  readonly reasons: readonly string[]
  readonly evaluations_24h: string | number
  readonly matches_24h: string | number
}

export function coverageSql({ server, rule, state }: CoverageFilter): string {
  const wanted = [
    ['server_id', server],
    ['rule', rule],
    ['state', state?.toLowerCase()],
  ].flatMap(([column, value]) => (value === undefined ? [] : [`${column} = ${sqlLiteral(value)}`]))
  return `SELECT tenant, server_id, rule, state, reasons, evaluations_24h, matches_24h FROM coverage_now
    ${wanted.length === 0 ? '' : `WHERE ${wanted.join(' AND ')}`} ORDER BY tenant, server_id, rule`
}

/** A rule that never looked is said to be blind, never clean. */
export const verdictOf = ({ evaluations_24h, matches_24h }: CoverageLine): string =>
  Number(evaluations_24h) === 0
    ? 'not evaluated'
    : `${evaluations_24h} looked at, ${Number(matches_24h) === 0 ? 'nothing found' : `${matches_24h} found`}`

export function coverageText(lines: readonly CoverageLine[], withBlindSpots: boolean): string {
  const servers = Map.groupBy(lines, ({ tenant, server_id }) => `${server_id} (${tenant})`)
  const parts = [...servers].map(([server, rules]) => {
    const states = Map.groupBy(rules, ({ state }) => state)
    const sums = [...states].map(([state, all]) => `${all.length} ${state}`).join(', ')
    const rows = rules.map(
      (line) =>
        `  ${line.state.padEnd(14)} ${line.rule.padEnd(34)} ${verdictOf(line)}${line.reasons.length === 0 ? '' : `; ${line.reasons.join('; ')}`}`,
    )
    return [`${server}: ${sums}`, ...rows].join('\n')
  })
  if (lines.length === 0) parts.push('Nothing arrived in the last 24 hours: no rule was evaluated anywhere.')
  if (withBlindSpots)
    parts.push(
      [
        'No server telemetry shows:',
        ...BLIND_SPOTS.map(
          ({ id, threat, why, seenBy, partly }) =>
            `  ${id.padEnd(4)} ${threat}. ${why} Seen by: ${seenBy}.${partly.length === 0 ? '' : ` In part: ${partly.join(', ')}.`}`,
        ),
      ].join('\n'),
    )
  return `${parts.join('\n\n')}\n`
}
