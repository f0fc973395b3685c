/** From findings to alerts: one alert per (rule, tenant, entity, window of event time). Pure; the alert role keeps the groups. */
import { ALERT_WINDOW_MS, type Alert } from '../schemas/alert.ts'
import { type Finding, severityRank } from '../schemas/finding.ts'
import { queryOf, reasonOf, titleOf } from './alert-text.ts'
import { idOfParts } from './finding.ts'
import { INCIDENT_RULE, INCIDENT_WINDOW_MS, incidentWords } from './incident.ts'
import type { AnyRule } from './loaded-rule.ts'

export const EVIDENCE_LENGTH = 50
/** What an alert takes from the rule’s text. */
export type RuleText = Pick<AnyRule, 'refs' | 'blindSpots' | 'triage'>
/** For findings of rules that are not here any more, and of the engine itself. */
export const NO_RULE_TEXT: RuleText = { refs: [], blindSpots: [], triage: [] }

const windowOf = (finding: Finding, windowMs: number): number => Math.floor(Date.parse(finding.eventTime) / windowMs)
const windowMsOf = ({ rule }: Finding): number => (rule === INCIDENT_RULE ? INCIDENT_WINDOW_MS : ALERT_WINDOW_MS)
/** A late finding has the id of its own window, also after that group was closed. */
export const alertIdOf = (finding: Finding, windowMs = windowMsOf(finding)): string =>
  idOfParts([finding.rule, finding.tenant, finding.entity, windowOf(finding, windowMs)])

/**
 * The group with this finding in it, as a new revision. A finding that is in the group already leaves it as it is; beyond the ids kept
 * the caller remembers which findings were grouped.
 */
export function groupFinding(
  existing: Alert | undefined,
  finding: Finding,
  rule: RuleText,
  windowMs = windowMsOf(finding),
): Alert {
  if (existing?.findingIds.includes(finding.findingId)) return existing
  const isIncident = finding.rule === INCIDENT_RULE
  const rise = existing === undefined ? 1 : severityRank(finding.severity) - severityRank(existing.findingSeverity)
  // An incident is what its last finding says: more alerts than the one before.
  const worse = existing === undefined || rise > 0 || (isIncident && rise === 0)
  const leading = worse ? leadOf(finding) : existing
  const count = (existing?.count ?? 0) + 1
  const eventIds = existing?.evidenceEventIds ?? []
  const known = finding.eventId === '' || eventIds.includes(finding.eventId)
  const evidenceEventIds = known ? eventIds : [...eventIds, finding.eventId].slice(0, EVIDENCE_LENGTH)
  const windowStart = new Date(windowOf(finding, windowMs) * windowMs).toISOString()
  return {
    ...leading,
    alertId: alertIdOf(finding, windowMs),
    rule: finding.rule,
    findingSeverity: worse ? finding.severity : existing.findingSeverity,
    status: existing?.status ?? 'open',
    owner: existing?.owner ?? '',
    statusReason: existing?.statusReason ?? '',
    statusAt: existing?.statusAt ?? '',
    statusUntil: existing?.statusUntil ?? '',
    verdict: existing?.verdict ?? '',
    tenant: finding.tenant,
    serverId: finding.serverId,
    entity: finding.entity,
    windowStart,
    windowMs,
    revision: (existing?.revision ?? 0) + 1,
    count,
    firstSeen: earlier(existing?.firstSeen, finding.eventTime),
    lastSeen: later(existing?.lastSeen, finding.eventTime),
    evidenceEventIds,
    findingIds: [...(existing?.findingIds ?? []), finding.findingId].slice(0, EVIDENCE_LENGTH),
    refs: [...rule.refs],
    blindSpots: [...rule.blindSpots],
    triage: [...rule.triage, ...(PRINCIPAL_KEY.test(finding.principalKey) ? [WHO_IS_IT] : [])],
    query: isIncident && !worse ? existing.query : queryOf(finding, evidenceEventIds, windowStart, windowMs),
    ...(isIncident && worse && incidentWords(finding)),
  }
}
/** The keyed hash of a person: a name that somebody claims leads to nobody. */
const PRINCIPAL_KEY = /^[0-9a-f]{32}$/
const WHO_IS_IT = 'Who the principal is: `mcp-auditd reveal` with its key and a reason, where servers record names.'
const isBefore = (a: string, b: string): boolean => Date.parse(a) < Date.parse(b)
const earlier = (known: string | undefined, time: string): string =>
  known !== undefined && !isBefore(time, known) ? known : time
const later = (known: string | undefined, time: string): string =>
  known !== undefined && !isBefore(known, time) ? known : time

/** What the gravest finding of a group says for all of them. */
const leadOf = (finding: Finding) => ({
  ruleVersion: finding.ruleVersion,
  title: titleOf(finding),
  severity: finding.severity,
  severityReason: reasonOf(finding),
  saw: finding.saw,
  expected: finding.expected,
  evidence: finding.evidence,
  principalKey: finding.principalKey,
  clientKey: finding.clientKey,
  sessionFp: finding.sessionFp,
  toolName: finding.toolName,
  decision: finding.decision,
  evidenceLevel: finding.evidenceLevel,
})
