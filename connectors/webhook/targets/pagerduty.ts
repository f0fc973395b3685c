/** The PagerDuty target: Events API v2. An alert is one incident from its first trigger until it is resolved, by its dedup_key. */
import type { Alert, AlertStatus } from '../../../schemas/alert.ts'
import { AuditdError } from '../../../schemas/errors.ts'
import type { Severity } from '../../../schemas/finding.ts'
import type { TargetAnswer, TargetRequest, TargetVerdict } from '../../../schemas/ports.ts'
import { evidence, type Fact, times, who } from '../forms/alert-facts.ts'
import { decision, keptLines } from '../forms/alert-life.ts'
import { inertQuery, inertText } from '../forms/escape.ts'
import { type HttpTarget, httpTarget, withoutSecrets } from '../http-target.ts'
import { defineTarget, targetUrl } from '../target-factory.ts'

/** Events API v2: summary 1,024 characters, dedup_key 255, the whole event 512 KB. The budgets below stay under 100 KB. */
const SUMMARY_CHARS = 1_024
const ACTIONS: Readonly<Record<AlertStatus, 'trigger' | 'acknowledge' | 'resolve'>> = {
  open: 'trigger',
  acknowledged: 'acknowledge',
  resolved: 'resolve',
  // Somebody answers for its silence: nobody is to be woken for it.
  suppressed: 'resolve',
}
const SEVERITY: Readonly<Record<Severity, 'critical' | 'error' | 'warning' | 'info'>> = {
  critical: 'critical',
  high: 'error',
  medium: 'warning',
  low: 'info',
  info: 'info',
}
/** PagerDuty asks for a pause of some minutes after 429. */
const THROTTLED_MS = 120_000
const OPERATOR_PAUSE_MS = 600_000

export function pagerDutyTarget(name: string, url: string, routingKey: string): HttpTarget {
  const request = (event: object): TargetRequest => ({
    url,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ routing_key: routingKey, ...event }),
  })
  return httpTarget({
    name,
    request: ({ alert }) => request(alertEvent(alert)),
    verdict,
    shown: (sent) => ({
      ...withoutSecrets(sent),
      to: `POST ${url}`,
      body: sent.body.replace(JSON.stringify(routingKey), '"***"'),
    }),
  })
}

export const alertEvent = (alert: Alert): Readonly<Record<string, unknown>> => ({
  event_action: ACTIONS[alert.status],
  dedup_key: alert.alertId,
  client: 'mcp-auditd',
  payload: {
    summary: inertText(`[${alert.severity.toUpperCase()}] ${alert.title}`, SUMMARY_CHARS),
    severity: SEVERITY[alert.severity],
    source: inertText(alert.serverId, 255) || 'mcp-auditd',
    timestamp: alert.lastSeen,
    ...present('component', alert.toolName),
    ...present('group', alert.tenant),
    ...present('class', alert.rule),
    custom_details: details(alert),
  },
})

const present = (field: string, value: string): Readonly<Record<string, string>> =>
  value === '' ? {} : { [field]: inertText(value, 255) }

/** What the responder reads. Each text is bounded, and lists say how much they leave out. */
const details = (alert: Alert): Readonly<Record<string, unknown>> => ({
  alert_id: alert.alertId,
  revision: alert.revision,
  status: alert.status,
  ...facts(decision(alert)),
  ...facts(who(alert)),
  when: times(alert),
  saw: inertText(alert.saw, 2_000),
  expected: inertText(alert.expected, 2_000),
  severity_reason: inertText(alert.severityReason, 1_000),
  evidence: lines(evidence(alert).map(({ label, value }) => `${inertText(label, 60)}: ${inertText(value, 500)}`)),
  next_steps: lines(alert.triage.map((step, at) => `${at + 1}. ${inertText(step, 500)}`)),
  cannot_see: lines(alert.blindSpots.map((spot) => inertText(spot, 500))),
  query: inertQuery(alert.query, 10_000) ?? 'stands in the table of alerts',
  rule: `${inertText(alert.rule, 128)} v${alert.ruleVersion} (${alert.evidenceLevel})`,
  refs: inertText(alert.refs.join(', '), 500),
})

const LIST_CHARS = 12_000
const lines = (known: readonly string[]): readonly string[] => keptLines(known, LIST_CHARS)
const facts = (known: readonly Fact[]): Readonly<Record<string, string>> =>
  Object.fromEntries(known.map(({ label, value }) => [label.toLowerCase(), inertText(value, 500)]))
/**
 * 202 with `success` is the only yes. 400 judges the event and not the way, unless it is the key: then every alert would be lost for a
 * typing error. Its reason is repeated as PagerDuty words it, in plain characters.
 */
function verdict({ status, body }: TargetAnswer): TargetVerdict {
  const said = saidBy(body)
  if (status === 202 && (said.status === undefined || said.status === 'success')) return { kind: 'delivered' }
  const reason = `status ${status}${said.reason === '' ? '' : ` ${said.reason}`}`
  if (status === 400 || status === 413) {
    const aboutKey = /routing.?key|integration.?key/i.test(said.reason)
    return aboutKey ? { kind: 'retry', afterMs: OPERATOR_PAUSE_MS, reason } : { kind: 'refused', reason }
  }
  if (status === 429) return { kind: 'retry', afterMs: THROTTLED_MS, reason }
  const needsOperator = status >= 400 && status < 500 && status !== 408
  return needsOperator ? { kind: 'retry', afterMs: OPERATOR_PAUSE_MS, reason } : { kind: 'retry', reason }
}

const REASON_CHARS = 80
/** `{"status":"invalid event","message":"Event object is invalid","errors":["…"]}` */
function saidBy(body: string): { readonly status?: unknown; readonly reason: string } {
  let parsed: unknown
  try {
    parsed = JSON.parse(body)
  } catch {
    return { reason: '' }
  }
  if (typeof parsed !== 'object' || parsed === null) return { reason: '' }
  const { status, message, errors } = parsed as { status?: unknown; message?: unknown; errors?: unknown }
  const first: unknown = Array.isArray(errors) ? errors[0] : message
  const reason = typeof first === 'string' ? first.replaceAll(/[^A-Za-z0-9 _.'()-]/g, '').slice(0, REASON_CHARS) : ''
  return { status, reason }
}

const KEY_CHARS = 32
export default defineTarget({
  type: 'pagerduty',
  async create(name, config, settings) {
    const key = (await settings.secret(config.routingKey, `targets.${name}.routingKey`)).trim()
    if (!/^[A-Za-z0-9]+$/.test(key) || key.length !== KEY_CHARS)
      throw new AuditdError(
        'config_invalid',
        'config',
        `targets.${name}.routingKey`,
        `must be the ${KEY_CHARS} letters and digits of an integration key`,
      )
    return pagerDutyTarget(name, targetUrl(name, config.url, settings.allowPrivate), key)
  },
})
