/** `rules stats`: what each rule did over a time, from what the store holds. */
import { sqlLiteral } from '../../detectors/sql-literal.ts'

export interface RuleStats {
  readonly rule: string
  readonly servers: number
  readonly active: number
  readonly degraded: number
  readonly evaluations: number
  readonly findings: number
  readonly alerts: number
  /** Alerts of which somebody said what they were, and those that were none. */
  readonly judged: number
  readonly false_positives: number
  /** Share of false positives among the judged, percent; empty while nothing is judged. */
  readonly false_share: string
  readonly last_match: string
  /** Findings for each million evaluations. */
  readonly per_million: number
}

/** `hours` back from now. Rules that were never evaluated are in it too, with 0: they are blind, not clean. */
export const statsSql = (hours: number, rules: readonly string[]): string => `
WITH toIntervalHour(${Math.floor(hours)}) AS span
SELECT
  r.rule AS rule,
  c.servers AS servers,
  c.active AS active,
  c.degraded AS degraded,
  c.evaluations AS evaluations,
  f.findings AS findings,
  a.alerts AS alerts,
  a.judged AS judged,
  a.false_positives AS false_positives,
  if(a.judged = 0, '', toString(round(100 * a.false_positives / a.judged))) AS false_share,
  if(f.findings = 0, '', toString(f.last_match)) AS last_match,
  if(c.evaluations = 0, 0, round(1e6 * f.findings / c.evaluations, 2)) AS per_million
FROM (SELECT arrayJoin([${rules.map(sqlLiteral).join(', ')}]) AS rule) AS r
LEFT JOIN (
  SELECT rule, uniqExact(tenant, server_id) AS servers, uniqExactIf((tenant, server_id), state = 'active') AS active,
    uniqExactIf((tenant, server_id), state = 'degraded') AS degraded, sum(evaluations) AS evaluations
  FROM coverage WHERE hour > now() - span GROUP BY rule
) AS c ON c.rule = r.rule
LEFT JOIN (
  SELECT rule, count() AS findings, max(event_time) AS last_match FROM findings WHERE event_time > now() - span GROUP BY rule
) AS f ON f.rule = r.rule
LEFT JOIN (
  SELECT rule, count() AS alerts, countIf(verdict != '') AS judged, countIf(verdict = 'false_positive') AS false_positives
  FROM alerts WHERE last_seen > now() - span GROUP BY rule
) AS a ON a.rule = r.rule
ORDER BY findings DESC, rule`

const COLUMNS = [
  'evaluations',
  'findings',
  'alerts',
  'judged',
  'false_share',
  'per_million',
  'active',
  'degraded',
  'last_match',
] as const
export function statsText(rows: readonly RuleStats[]): string {
  const lines = rows.map((row) => [
    row.rule,
    ...COLUMNS.map((name) => String(Number(row.evaluations) === 0 && name === 'evaluations' ? 'none' : row[name])),
  ])
  const table = [
    ['rule', 'evaluations', 'findings', 'alerts', 'judged', 'false %', 'per 1M', 'active', 'degraded', 'last match'],
    ...lines,
  ]
  const widths = table[0]!.map((_, at) => Math.max(...table.map((line) => line[at]!.length)))
  return table
    .map((line) =>
      line.map((cell, at) => (at === 0 ? cell.padEnd(widths[at]!) : cell.padStart(widths[at]!))).join('  '),
    )
    .map((line) => line.trimEnd())
    .join('\n')
}
