/** Incidents: many alerts about one subject become one finding, raised once for a subject and day, and updated by more. Pure. */
import type { Finding } from '../schemas/finding.ts'
import { EVERY_SERVER } from '../schemas/topics.ts'
import { idOfParts } from './finding.ts'
import { sqlLiteral } from './sql-literal.ts'

export const INCIDENT_RULE = 'auditd-incident'
/** One incident of a subject a day, by event time. The threshold of the configuration: benign alerts of `npm run haystack` add up to 16. */
export const INCIDENT_WINDOW_MS = 86_400_000
const VERSION = 1
const LISTED = 50

export const SUBJECT_KINDS = ['principal', 'client', 'session', 'server'] as const
/** Whom alerts are about, and how much that is together. */
export interface SubjectRisk {
  readonly tenant: string
  readonly kind: (typeof SUBJECT_KINDS)[number]
  readonly subject: string
  readonly score: number
  readonly threshold: number
  readonly windowMs: number
  readonly alertIds: readonly string[]
  readonly rules: readonly string[]
  /** Rules of its high and critical alerts. */
  readonly graveRules: readonly string[]
  readonly servers: readonly string[]
  /** RFC 3339. */
  readonly lastSeen: string
}

/** What an alert of it takes from the rule's text. */
export const INCIDENT_TEXT = {
  refs: [],
  blindSpots: [
    'What no rule can see on a server adds nothing to the score.',
    'Principals are compared by key: one person under two issuers is two subjects.',
  ],
  triage: [
    'List the alerts with the query, in their order: is it one story?',
    'Is the subject known, and is it at work? Ask its owner outside of MCP.',
    'End its sessions and revoke its tokens while that is open.',
    'Resolve or give a verdict to the single alerts: what is false or benign does not count.',
  ],
} as const

/**
 * The same alerts on the same day give the same finding, whoever counts them and however often. Critical when rules of several families
 * found something grave: one noisy rule is no incident of that kind.
 */
export function incidentFinding(risk: SubjectRisk): Finding {
  const { tenant, kind, subject, score, threshold, windowMs, lastSeen } = risk
  const entity = `${kind}=${subject.replace(/[%=\s]/g, encodeURIComponent)}`
  const alertIds = [...new Set(risk.alertIds)].sort()
  const rules = [...new Set(risk.rules)].sort()
  const families = new Set(risk.graveRules.map((rule) => rule.split('-')[0]))
  const [server] = risk.servers
  const of = (wanted: SubjectRisk['kind']): string => (kind === wanted ? subject : '')
  return {
    findingId: idOfParts([`${INCIDENT_RULE}@${VERSION}`, tenant, entity, lastSeen.slice(0, 10), alertIds]),
    rule: INCIDENT_RULE,
    ruleVersion: VERSION,
    title: 'Many alerts about one subject',
    severity: families.size >= 2 ? 'critical' : 'high',
    tenant,
    serverId: risk.servers.length === 1 ? server! : EVERY_SERVER,
    entity,
    eventId: '',
    eventTime: lastSeen,
    saw: `${alertIds.length} alerts of ${rules.length} rules, score ${score}`.slice(0, 1_024),
    expected: `a score below ${threshold} within ${Math.round(windowMs / 3_600_000)} h`,
    evidence: {
      score,
      alerts: alertIds.slice(0, LISTED),
      ...(alertIds.length > LISTED && { 'further alerts': alertIds.length - LISTED }),
      rules: rules.slice(0, LISTED),
      servers: [...risk.servers].sort().slice(0, LISTED),
      'grave rules': [...new Set(risk.graveRules)].sort().slice(0, LISTED),
    },
    principalKey: of('principal'),
    clientKey: of('client'),
    sessionFp: of('session'),
    toolName: '',
    decision: '',
    vantage: 'server',
    evidenceLevel: 'inferred',
  }
}

const listOf = (value: Finding['evidence'][string] | undefined): readonly string[] =>
  Array.isArray(value) ? value : []

const plain = (text: string): string =>
  text
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ')
    .slice(0, 40)
    .toWellFormed()

/** What is said of an incident otherwise than of an alert about events. */
export function incidentWords(finding: Finding): {
  readonly title: string
  readonly severityReason: string
  readonly query: string
} {
  const [kind = '', subject = ''] = finding.entity.split('=')
  const rules = listOf(finding.evidence['rules'])
  const named = rules.slice(0, 4).map((rule) => /^[a-z]+-\d+/.exec(rule)?.[0] ?? rule)
  const more = rules.length > named.length ? ` and ${rules.length - named.length} more` : ''
  const families = new Set(listOf(finding.evidence['grave rules']).map((rule) => rule.split('-')[0]))
  const count = listOf(finding.evidence['alerts']).length + Number(finding.evidence['further alerts'] ?? 0)
  return {
    title: `Incident: ${count} alerts about ${kind} ${plain(subject)}: ${named.join(', ')}${more}`,
    severityReason:
      finding.severity === 'critical'
        ? `critical: grave alerts of ${families.size} families of rules about one subject`
        : 'high: alerts of several rules about one subject add up',
    query: [
      'SELECT last_seen, severity, status, rule, title, server_id, count, saw, alert_id',
      'FROM alerts',
      `WHERE tenant = ${sqlLiteral(finding.tenant)} AND alert_id IN (${listOf(finding.evidence['alerts']).map(sqlLiteral).join(', ')})`,
      'ORDER BY first_seen, alert_id',
    ].join('\n'),
  }
}
