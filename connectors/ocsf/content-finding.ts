/** What a content classifier found, as OCSF Detection Finding (2004): a finding of it, and no alert. */
import type { AuditEvent, EventFields } from '../../schemas/event.ts'
import { callerOf, controlOf, metadataOf, resourceObservables, resourcesOf } from './entities.ts'
import { assemble, beside, msOf, type OcsfEvent, PRODUCT, textOf } from './event.ts'
import { unmappedOf } from './unmapped.ts'
import { ANALYTIC, DETECTION_FINDING, type OcsfVersion, SEVERITY, type Value } from './vocabulary.ts'

const SEVERITIES = new Map<unknown, Value>([
  ['suspicious', SEVERITY.low],
  ['malicious', SEVERITY.medium],
])
/** Undefined for a type of another class. */
export function contentFinding(auditEvent: AuditEvent, version?: OcsfVersion): OcsfEvent | undefined {
  if (auditEvent.eventType !== 'content.finding') return undefined
  const event: EventFields = auditEvent
  const label = textOf(event['findingClass']) ?? 'unclassified'
  const surface = textOf(event['surface']) ?? 'content'
  const resources = resourcesOf(event)
  const timeMs = msOf(event['eventTime']) ?? 0
  const score = typeof event['score'] === 'number' ? Math.round(Math.min(1, event['score']) * 100) : undefined
  const metadata = metadataOf(event)
  const attributes = {
    message: `${label} in ${surface}`,
    is_alert: false,
    confidence_score: score,
    actor: callerOf(event),
    finding_info: {
      uid: event['eventId'],
      title: `${label} in ${surface}`,
      types: [label],
      analytic: {
        name: textOf(event['detector']) ?? 'content classifier',
        version: event['detectorVersion'],
        ...beside('type', ANALYTIC.rule),
      },
      first_seen_time: timeMs,
      product_uid: PRODUCT.uid,
    },
    resources,
    ...controlOf(event['decision']),
    observables: resourceObservables(resources),
  }
  return assemble({
    ...(version !== undefined && { version }),
    of: DETECTION_FINDING,
    activityId: 1,
    severity: SEVERITIES.get(event['verdict']) ?? SEVERITY.info,
    statusId: 1,
    timeMs,
    metadata,
    attributes,
    unmapped: unmappedOf(event, { metadata, attributes }),
  })
}
