/** The tables we insert into: column lists and types for `JSONCompactEachRow`, and the rows of findings and alerts. */
import { type Alert, toldOf } from '../../schemas/alert.ts'
import type { CoverageRow } from '../../schemas/coverage.ts'
import type { Finding } from '../../schemas/finding.ts'
import { ROW_COLUMNS } from '../../schemas/row.ts'

type Columns = readonly (readonly [name: string, type: string])[]
const LOW = 'LowCardinality(String)'
const MOMENT = "Nullable(DateTime64(3, 'UTC'))"
const TIME = "DateTime64(9, 'UTC')"

const FINDING_COLUMNS: Columns = [
  ['finding_id', 'String'],
  ['rule', LOW],
  ['rule_version', 'UInt32'],
  ['title', 'String'],
  ['severity', LOW],
  ['tenant', LOW],
  ['server_id', LOW],
  ['entity', 'String'],
  ['event_id', 'String'],
  ['event_time', TIME],
  ['saw', 'String'],
  ['expected', 'String'],
  ['evidence', 'String'],
  ['principal_key', LOW],
  ['client_key', LOW],
  ['session_fp', 'String'],
  ['tool_name', LOW],
  ['decision', LOW],
  ['vantage', LOW],
  ['evidence_level', LOW],
  ['disposition', LOW],
  ['disposition_reason', 'String'],
]
const ALERT_COLUMNS: Columns = [
  ['alert_id', 'String'],
  ['rule', LOW],
  ['rule_version', 'UInt32'],
  ['title', 'String'],
  ['severity', LOW],
  ['severity_reason', 'String'],
  ['finding_severity', LOW],
  ['status', LOW],
  ['owner', 'String'],
  ['status_reason', 'String'],
  ['status_at', MOMENT],
  ['status_until', MOMENT],
  ['verdict', LOW],
  ['told_severity', LOW],
  ['tenant', LOW],
  ['server_id', LOW],
  ['entity', 'String'],
  ['window_start', "DateTime64(3, 'UTC')"],
  ['window_ms', 'UInt64'],
  ['revision', 'UInt32'],
  ['count', 'UInt64'],
  ['first_seen', TIME],
  ['last_seen', TIME],
  ['saw', 'String'],
  ['expected', 'String'],
  ['evidence', 'String'],
  ['evidence_event_ids', 'Array(String)'],
  ['finding_ids', 'Array(String)'],
  ['principal_key', LOW],
  ['client_key', LOW],
  ['session_fp', 'String'],
  ['tool_name', LOW],
  ['decision', LOW],
  ['evidence_level', LOW],
  ['refs', `Array(${LOW})`],
  ['blind_spots', 'Array(String)'],
  ['triage', 'Array(String)'],
  ['query', 'String'],
]
const COVERAGE_COLUMNS: Columns = [
  ['tenant', LOW],
  ['server_id', LOW],
  ['rule', LOW],
  ['hour', "DateTime('UTC')"],
  ['part', LOW],
  ['state', LOW],
  ['reasons', 'Array(String)'],
  ['evaluations', 'UInt64'],
  ['matches', 'UInt64'],
]

export interface Table {
  readonly name: string
  readonly columns: Columns
  /** `a, b, c` for INSERT. */
  readonly columnList: string
  /** `a String, b UInt8` for file(), quotes doubled for use inside a text. Plain texts: a dictionary built while parsing doubles the cost of an insert. */
  readonly structure: string
}
export const table = (name: string, columns: Columns): Table => ({
  name,
  columns,
  columnList: columns.map(([column]) => column).join(', '),
  structure: columns
    .map(([column, type]) => `${column} ${type.replace(/ CODEC\(.*$/, '').replace('LowCardinality(String)', 'String')}`)
    .join(', ')
    .replaceAll("'", "''"),
})
export const EVENTS = table('events', ROW_COLUMNS)
export const FINDINGS = table('finding_rows', FINDING_COLUMNS)
export const ALERTS = table('alert_rows', ALERT_COLUMNS)
export const COVERAGE = table('coverage_rows', COVERAGE_COLUMNS)

/** `2026-11-24T01:02:03.5Z` as a column reads it. */
const columnTime = (time: string): string => `${time.slice(0, 10)} ${time.slice(11, -1)}`
const momentOf = (time: string): string | null => (time === '' ? null : columnTime(time))

export const findingRow = (f: Finding): string =>
  JSON.stringify([
    ...[f.findingId, f.rule, f.ruleVersion, f.title, f.severity, f.tenant, f.serverId, f.entity, f.eventId],
    ...[columnTime(f.eventTime), f.saw, f.expected, JSON.stringify(f.evidence), f.principalKey, f.clientKey],
    ...[f.sessionFp, f.toolName, f.decision, f.vantage, f.evidenceLevel],
    ...[f.disposition ?? 'alert', f.dispositionReason ?? ''],
  ])

export const alertRow = (a: Alert): string =>
  JSON.stringify([
    ...[a.alertId, a.rule, a.ruleVersion, a.title, a.severity, a.severityReason, a.findingSeverity, a.status, a.owner],
    ...[a.statusReason, momentOf(a.statusAt), momentOf(a.statusUntil), a.verdict, toldOf(a), a.tenant, a.serverId],
    ...[
      a.entity,
      columnTime(a.windowStart),
      a.windowMs,
      a.revision,
      a.count,
      columnTime(a.firstSeen),
      columnTime(a.lastSeen),
    ],
    ...[a.saw, a.expected, JSON.stringify(a.evidence), a.evidenceEventIds, a.findingIds, a.principalKey, a.clientKey],
    ...[a.sessionFp, a.toolName, a.decision, a.evidenceLevel, a.refs, a.blindSpots, a.triage, a.query],
  ])

export const coverageRow = (c: CoverageRow): string =>
  JSON.stringify([
    ...[c.tenant, c.serverId, c.rule, columnTime(c.hour).slice(0, 19), c.part],
    ...[c.state, c.reasons, c.evaluations, c.matches],
  ])
