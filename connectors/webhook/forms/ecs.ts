/** Alerts and events in the Elastic Common Schema 9: what ECS has a field for stands there, the rest below `mcp_audit`. */
import type { Alert } from '../../../schemas/alert.ts'
import type { EventRow } from '../../../schemas/ports.ts'
import { techniqueOf } from '../../../schemas/references.ts'
import { changedAt, lifeEvent } from './alert-life.ts'

export const ECS_VERSION = '9.1.0'
type Fields = Readonly<Record<string, unknown>>

/** Elastic's own scale of risk, so that its alerts and ours sort together. */
const SEVERITY: Readonly<Record<Alert['severity'], number>> = { info: 1, low: 21, medium: 47, high: 73, critical: 99 }

export function ecsAlert(alert: Alert, uid: string): Fields {
  return pruned({
    '@timestamp': changedAt(alert),
    ecs: { version: ECS_VERSION },
    message: alert.title,
    event: {
      kind: 'alert',
      category: ['intrusion_detection'],
      type: [typeOf(alert.decision)],
      outcome: outcomeOf(alert.decision, ''),
      // What happened to the alert; the rule has fields of its own.
      action: `alert-${lifeEvent(alert)}`,
      id: uid,
      severity: SEVERITY[alert.severity],
      reason: alert.severityReason,
      start: alert.firstSeen,
      end: alert.lastSeen,
      module: 'mcp_auditd',
      dataset: 'mcp_auditd.alert',
      provider: 'mcp-auditd',
    },
    rule: { id: alert.rule, name: alert.rule, version: String(alert.ruleVersion), ruleset: 'mcp-auditd' },
    threat: threat(alert.refs),
    user: { id: alert.principalKey },
    service: { name: alert.serverId },
    organization: { id: alert.tenant },
    related: { user: some(alert.principalKey), hosts: some(alert.serverId) },
    labels: { tenant: alert.tenant, server: alert.serverId, tool: alert.toolName, severity: alert.severity },
    tags: alert.refs,
    mcp_audit: {
      alert_id: alert.alertId,
      revision: alert.revision,
      severity: alert.severity,
      status: alert.status,
      owner: alert.owner,
      status_reason: alert.statusReason,
      verdict: alert.verdict,
      count: alert.count,
      entity: alert.entity,
      client: alert.clientKey,
      session: alert.sessionFp,
      tool: alert.toolName,
      decision: alert.decision,
      saw: alert.saw,
      expected: alert.expected,
      evidence: named(alert.evidence),
      evidence_event_ids: alert.evidenceEventIds,
      finding_ids: alert.findingIds,
      evidence_level: alert.evidenceLevel,
      blind_spots: alert.blindSpots,
      triage: alert.triage,
      query: alert.query,
      window_start: alert.windowStart,
    },
  })
}

/** A table as a list: its names would each become a field of the index, and dots or blanks in one refuse the document. */
export const named = (table: Alert['evidence']): readonly Fields[] =>
  Object.entries(table).map(([name, value]) => ({ name, value: [value].flat().map(String) }))

export function ecsEvent(row: EventRow): Fields {
  const text = (column: string): string => String(row[column] ?? '')
  const type = text('event_type')
  const { fields, event_time, received_at, ...columns } = row
  const kind = categorized(type, text('decision'))
  return pruned({
    '@timestamp': isoTime(event_time),
    ecs: { version: ECS_VERSION },
    message: [type, text('server_id'), text('tool_name')].filter((part) => part !== '').join(' '),
    event: {
      kind: 'event',
      ...kind,
      outcome: outcomeOf(text('decision'), text('outcome')),
      action: type,
      id: text('event_id'),
      code: text('error_code'),
      created: isoTime(received_at),
      duration: Math.round(Number(row['duration_ms'] ?? 0) * 1_000_000),
      module: 'mcp_auditd',
      dataset: 'mcp_auditd.event',
      provider: 'mcp-auditd',
    },
    user: { id: text('principal_key') },
    service: { name: text('server_id'), version: text('server_version') },
    organization: { id: text('tenant') },
    trace: { id: text('trace_id') },
    span: { id: text('span_id') },
    related: { user: some(text('principal_key')), hosts: some(text('server_id')) },
    labels: { tenant: text('tenant'), server: text('server_id'), tool: text('tool_name') },
    // Fields of a type differ in kind from type to type: as text none of them can refuse the document of another.
    mcp_audit: { ...columns, fields: typeof fields === 'string' ? fields : JSON.stringify(fields) },
  })
}

type Categorized = { readonly category: readonly string[]; readonly type: readonly string[] }
/** Categories by the beginning of the type; ECS says which types go with each. */
const CATEGORIES: readonly (readonly [RegExp, string, string])[] = [
  [/^(auth\.|oauth\.)/, 'authentication', 'info'],
  [/^(authz\.|grant\.|identity\.)/, 'iam', 'info'],
  [/^(session\.created|stream\.opened)/, 'session', 'start'],
  [/^(session\.terminated|stream\.closed)/, 'session', 'end'],
  [/^(session|stream)\./, 'session', 'info'],
  [
    /^(config|deployment|tool\.approv|approval|auditd\.config|inventory|tools|prompts|resources)/,
    'configuration',
    'change',
  ],
  [/^(content|guardrail|detection)\./, 'intrusion_detection', 'info'],
  [/^(ti|advisory)\./, 'threat', 'indicator'],
  [/^server\.(started|spawned)/, 'process', 'start'],
  [/^server\.stopped/, 'process', 'end'],
  [/^(server|auditd|audit)\./, 'configuration', 'info'],
]
function categorized(type: string, decision: string): Categorized {
  const [, category, kind] = CATEGORIES.find(([pattern]) => pattern.test(type)) ?? [/./, 'api', 'access']
  return { category: [category], type: category === 'api' ? [...new Set(['access', typeOf(decision)])] : [kind] }
}
const typeOf = (decision: string): string =>
  decision === 'allow' ? 'allowed' : decision === 'deny' || decision === 'challenge' ? 'denied' : 'info'
const outcomeOf = (decision: string, outcome: string): string => {
  if (outcome === 'ok') return 'success'
  if (outcome !== '' || decision === 'deny' || decision === 'error' || decision === 'challenge') return 'failure'
  return decision === 'allow' ? 'success' : 'unknown'
}

/** ATT&CK alone: `threat.framework` names one. ATLAS and OWASP ids are tags. */
function threat(refs: readonly string[]): Fields {
  const known = refs.flatMap((ref) => {
    const technique = techniqueOf(ref)
    return technique?.framework === 'attack' ? [technique] : []
  })
  if (known.length === 0) return {}
  const whole = known.map(({ id, name, parent }) => parent ?? { id, name })
  const parts = known.filter(({ parent }) => parent !== undefined)
  return {
    framework: 'MITRE ATT&CK',
    technique: {
      id: unique(whole.map(({ id }) => id)),
      name: unique(whole.map(({ name }) => name)),
      subtechnique: { id: parts.map(({ id }) => id), name: parts.map(({ name }) => name) },
    },
  }
}

const some = (value: string): readonly string[] => (value === '' ? [] : [value])
const unique = (values: readonly string[]): readonly string[] => [...new Set(values)]
const isoTime = (time: unknown): string => {
  const text = String(time ?? '')
  return /^\d{4}-\d{2}-\d{2} /.test(text) ? `${text.slice(0, 10)}T${text.slice(11)}Z` : text
}

/** Without what is not known: empty texts, lists and objects. Numbers, among them 0, and false stay. */
function pruned(fields: Fields): Fields {
  const kept = Object.entries(fields).flatMap(([name, value]): (readonly [string, unknown])[] => {
    if (value === '' || value === null || value === undefined) return []
    if (Array.isArray(value)) return value.length === 0 ? [] : [[name, value]]
    if (typeof value !== 'object') return [[name, value]]
    const inner = pruned(value as Fields)
    return Object.keys(inner).length === 0 ? [] : [[name, inner]]
  })
  return Object.fromEntries(kept)
}
