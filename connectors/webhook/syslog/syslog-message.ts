/** An alert as a syslog message: RFC 5424, framed by counting octets (RFC 5425), at most 8,192 bytes. */
import type { Alert } from '../../../schemas/alert.ts'
import { changedAt } from '../forms/alert-life.ts'
import { cefLine } from '../forms/cef.ts'
import { visible } from '../forms/escape.ts'
import { jsonLine } from '../forms/json-line.ts'

/** What a receiver over TLS should take (RFC 5425 §4.3.1); 2,048 is what it must. */
export const MESSAGE_BYTES = 8_192
/** Numerical severities of RFC 5424. */
const SEVERITY: Readonly<Record<Alert['severity'], number>> = { info: 6, low: 5, medium: 4, high: 3, critical: 2 }
/** 32473 is the enterprise number of examples (RFC 5612): we have none of our own, and names without one are IANA's. */
const SD_ID = 'mcpAuditd@32473'

export interface SyslogForm {
  readonly facility: number
  readonly format: 'cef' | 'json'
  /** Name of the machine that sends. */
  readonly hostname: string
}

/** `length SP message`, of which the length counts bytes. */
export function syslogFrame(alert: Alert, uid: string, form: SyslogForm): string {
  const message = syslogMessage(alert, uid, form)
  return `${Buffer.byteLength(message)} ${message}`
}

export function syslogMessage(alert: Alert, uid: string, { facility, format, hostname }: SyslogForm): string {
  const head = [
    `<${facility * 8 + SEVERITY[alert.severity]}>1`,
    timestamp(changedAt(alert)),
    name(hostname, 255),
    'mcp-auditd',
    // No process id: the same alert gives the same bytes after a restart too.
    '-',
    'alert',
    structured(alert, uid),
  ].join(' ')
  const text = format === 'cef' ? cefLine : jsonText
  // The mark of order says that the text is UTF-8.
  return `${head} \ufeff${text(alert, uid, MESSAGE_BYTES - Buffer.byteLength(head) - 4)}`
}

/** At most six digits of a second. */
function timestamp(time: string): string {
  const match = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?)\d*Z$/.exec(time)
  return match === null || Number.isNaN(Date.parse(time)) ? '-' : `${match[1]}Z`
}
/** Printable ASCII without space, or the nil value. */
const name = (text: string, maxChars: number): string => text.replace(/[^\x21-\x7e]/g, '').slice(0, maxChars) || '-'

function structured(alert: Alert, uid: string): string {
  const values = {
    uid,
    alertId: alert.alertId,
    revision: String(alert.revision),
    rule: alert.rule,
    severity: alert.severity,
    status: alert.status,
    tenant: alert.tenant,
    server: alert.serverId,
  }
  const params = Object.entries(values).map(([key, value]) => ` ${key}="${paramValue(value)}"`)
  return `[${SD_ID}${params.join('')}]`
}
const paramValue = (text: string): string => visible(text, 120).replace(/["\\\]]/g, (char) => `\\${char}`)

/** What a person asks first, each text within a bound; the first bound with which the whole fits is taken. */
function jsonText(alert: Alert, uid: string, maxBytes: number): string {
  let text = ''
  for (const bound of [
    { chars: 2_000, entries: 50 },
    { chars: 500, entries: 20 },
    { chars: 120, entries: 5 },
    { chars: 60, entries: 2 },
  ]) {
    text = jsonLine(shortened({ uid, ...essentials(alert) }, bound))
    if (Buffer.byteLength(text) <= maxBytes) break
  }
  return text
}
const essentials = (alert: Alert) => ({
  alertId: alert.alertId,
  revision: alert.revision,
  rule: alert.rule,
  severity: alert.severity,
  status: alert.status,
  owner: alert.owner,
  statusReason: alert.statusReason,
  statusUntil: alert.statusUntil,
  verdict: alert.verdict,
  title: alert.title,
  severityReason: alert.severityReason,
  tenant: alert.tenant,
  server: alert.serverId,
  principal: alert.principalKey,
  client: alert.clientKey,
  session: alert.sessionFp,
  tool: alert.toolName,
  decision: alert.decision,
  entity: alert.entity,
  saw: alert.saw,
  expected: alert.expected,
  evidence: Object.entries(alert.evidence).map(([label, value]) => `${label}: ${[value].flat().join(', ')}`),
  count: alert.count,
  firstSeen: alert.firstSeen,
  lastSeen: alert.lastSeen,
  refs: alert.refs,
  evidenceEventIds: alert.evidenceEventIds,
  triage: alert.triage,
})
type Short = Readonly<Record<string, string | number | readonly string[]>>
const shortened = (fields: Short, { chars, entries }: { chars: number; entries: number }): Short =>
  Object.fromEntries(
    Object.entries(fields).flatMap(([key, value]): [string, string | number | readonly string[]][] => {
      if (typeof value === 'number') return [[key, value]]
      if (typeof value === 'string') return value === '' ? [] : [[key, visible(value, chars)]]
      const more = value.length > entries ? [`… and ${value.length - entries} more`] : []
      return value.length === 0 ? [] : [[key, [...value.slice(0, entries).map((one) => visible(one, chars)), ...more]]]
    }),
  )
