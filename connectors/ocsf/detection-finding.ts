/** Alerts and findings as OCSF Detection Finding (2004): the neutral form for targets and for export. */
import type { Alert, AlertStatus } from '../../schemas/alert.ts'
import type { EventFields } from '../../schemas/event.ts'
import { type Finding, isAlerting } from '../../schemas/finding.ts'
import { OWASP_MCP, techniqueOf } from '../../schemas/references.ts'
import { attacksOf } from './attacks.ts'
import {
  aiToolOf,
  callerOf,
  controlOf,
  observed,
  resourceObservables,
  resourcesOf,
  serverEndpoint,
  serviceOf,
} from './entities.ts'
import { type Attributes, assemble, beside, integerOf, msOf, type OcsfEvent, PRODUCT, textOf } from './event.ts'
import { ANALYTIC, CONFIDENCE, DETECTION_FINDING, type OcsfVersion, SEVERITY } from './vocabulary.ts'

const CREATE = 1
const UPDATE = 2
const CLOSE = 3
const NEW = 1
const STATUS_IDS: Readonly<Record<AlertStatus, number>> = { open: NEW, acknowledged: 2, suppressed: 3, resolved: 4 }
/** We computed it, the server reported it, or statistics say so. */
const CONFIDENCES = { observed: CONFIDENCE.high, asserted: CONFIDENCE.medium, inferred: CONFIDENCE.low } as const

/**
 * One revision of an alert. `finding_info.uid` is the alert’s and stays; `metadata.uid` names the revision, so a repeated delivery is known
 * as one. `is_alert` is false while somebody answers for its silence.
 */
export function detectionFinding(alert: Alert, version?: OcsfVersion): OcsfEvent {
  const activityId = alert.status === 'resolved' ? CLOSE : alert.revision === 1 ? CREATE : UPDATE
  return judged(alert, version, {
    activityId,
    statusId: STATUS_IDS[alert.status],
    uid: alert.alertId,
    revisionUid: `${alert.alertId}:${alert.revision}`,
    firstSeen: alert.firstSeen,
    lastSeen: alert.lastSeen,
    count: alert.count,
    eventIds: alert.evidenceEventIds.filter((id) => id !== ''),
    refs: alert.refs,
    attributes: {
      is_alert: alert.status !== 'suppressed',
      status_detail: alert.statusReason,
      remediation: remediationOf(alert),
      comment: alert.owner === '' ? undefined : `${alert.status} by ${alert.owner}`,
    },
    modifiedMs: msOf(alert.statusAt),
    desc: alert.severityReason,
    unmapped: {
      severity_reason: alert.severityReason,
      finding_severity: alert.findingSeverity,
      blind_spots: alert.blindSpots,
      query: alert.query,
      window: { start: alert.windowStart, length_ms: alert.windowMs },
      revision: alert.revision,
      finding_ids: alert.findingIds,
      status: { owner: alert.owner, at: alert.statusAt, until: alert.statusUntil, verdict: alert.verdict },
    },
  })
}

/** One match of a rule, as it is stored. It is no alert of its own: those are grouped from findings. */
export function findingAsOcsf(finding: Finding, refs: readonly string[] = [], version?: OcsfVersion): OcsfEvent {
  return judged(finding, version, {
    activityId: CREATE,
    statusId: isAlerting(finding) ? NEW : STATUS_IDS.suppressed,
    uid: finding.findingId,
    revisionUid: finding.findingId,
    firstSeen: finding.eventTime,
    lastSeen: finding.eventTime,
    count: 1,
    eventIds: finding.eventId === '' ? [] : [finding.eventId],
    refs,
    attributes: { is_alert: false, status_detail: finding.dispositionReason },
    modifiedMs: undefined,
    desc: '',
    unmapped: { vantage: finding.vantage, disposition: finding.disposition ?? 'alert' },
  })
}

type Judged = Pick<
  Alert & Finding,
  | 'rule'
  | 'ruleVersion'
  | 'title'
  | 'severity'
  | 'tenant'
  | 'serverId'
  | 'entity'
  | 'saw'
  | 'expected'
  | 'evidence'
  | 'principalKey'
  | 'clientKey'
  | 'sessionFp'
  | 'toolName'
  | 'decision'
  | 'evidenceLevel'
>
interface Parts {
  readonly activityId: number
  readonly statusId: number
  readonly uid: string
  readonly revisionUid: string
  readonly firstSeen: string
  readonly lastSeen: string
  readonly count: number
  readonly eventIds: readonly string[]
  readonly refs: readonly string[]
  readonly attributes: Attributes
  readonly modifiedMs: number | undefined
  readonly desc: string
  readonly unmapped: Attributes
}

function judged(match: Judged, version: OcsfVersion | undefined, parts: Parts): OcsfEvent {
  const { serverId, toolName, principalKey, clientKey, sessionFp, saw, expected } = match
  // The entities of an event, by the fields of an event.
  const about: EventFields = { serverId, toolName, principalKey, clientKey, sessionFp }
  const resources = resourcesOf(about)
  const actor = callerOf(about)
  const owasp = parts.refs.filter((ref) => Object.hasOwn(OWASP_MCP, ref))
  const firstMs = msOf(parts.firstSeen)
  const lastMs = msOf(parts.lastSeen)
  return assemble({
    ...(version !== undefined && { version }),
    of: DETECTION_FINDING,
    activityId: parts.activityId,
    severity: SEVERITY[match.severity],
    statusId: parts.statusId,
    timeMs: lastMs ?? 0,
    metadata: {
      uid: parts.revisionUid,
      correlation_uid: parts.uid,
      event_code: match.rule,
      tenant_uid: match.tenant,
      original_time: parts.lastSeen,
      labels: owasp,
    },
    unmapped: {
      ai_tool: aiToolOf(about),
      owasp_mcp: owasp,
      references: parts.refs.filter((ref) => !owasp.includes(ref) && techniqueOf(ref) === undefined),
      saw,
      expected,
      entity: match.entity,
      evidence: match.evidence,
      evidence_level: match.evidenceLevel,
      decision: match.decision,
      ...parts.unmapped,
    },
    attributes: {
      message: match.title,
      ...beside('confidence', CONFIDENCES[match.evidenceLevel]),
      count: integerOf(parts.count),
      start_time: firstMs,
      end_time: lastMs,
      actor,
      finding_info: {
        uid: parts.uid,
        title: match.title,
        desc: describe(saw, expected, parts.desc),
        types: owasp.map((ref) => `${OWASP_MCP[ref]} (${ref})`),
        analytic: analyticOf(match),
        attacks: attacksOf(parts.refs),
        first_seen_time: firstMs,
        last_seen_time: lastMs,
        modified_time: parts.modifiedMs,
        data_sources: ['mcp-auditd events'],
        product_uid: PRODUCT.uid,
        related_events: parts.eventIds.map((uid) => ({ uid, product_uid: PRODUCT.uid })),
        related_events_count: parts.eventIds.length === 0 ? undefined : parts.eventIds.length,
      },
      evidences: [
        {
          name: 'expected against seen',
          uid: parts.eventIds[0],
          actor,
          api: textOf(toolName) === undefined ? undefined : { operation: toolName, service: serviceOf(about) },
          dst_endpoint: serverEndpoint(about),
          data: { saw, expected, ...match.evidence },
        },
      ],
      resources,
      ...controlOf(match.decision),
      ...parts.attributes,
      observables: [
        observed('actor.user.uid', principalKey, 'Principal key'),
        observed('actor.app_uid', clientKey, 'OAuth client'),
        observed('actor.session.uid', sessionFp, 'Session fingerprint'),
        ...resourceObservables(resources),
      ],
    },
  })
}
const describe = (saw: string, expected: string, more: string): string =>
  [`Saw: ${saw}`, expected === '' ? '' : `Expected: ${expected}`, more].filter((part) => part !== '').join('. ')

function analyticOf({ rule, ruleVersion, evidenceLevel }: Judged): Attributes {
  const type = evidenceLevel === 'inferred' ? ANALYTIC.statistical : ANALYTIC.rule
  return { uid: rule, name: textOf(rule) ?? 'unknown', version: String(ruleVersion), ...beside('type', type) }
}

/** The runbook, a step a line; standards that it rests on are references. */
function remediationOf({ triage, refs }: Alert): Attributes | undefined {
  if (triage.length === 0) return undefined
  return {
    desc: triage.map((step, at) => `${at + 1}. ${step}`).join('\n'),
    references: refs.filter((ref) => /^RFC \d+$/.test(ref)),
  }
}
