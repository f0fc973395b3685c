/** An event as OCSF API Activity (6003): a request of MCP, or one of the acts around it. */
import type { AuditEvent, EventFields } from '../../schemas/event.ts'
import {
  actorOf,
  callerEndpoint,
  controlOf,
  metadataOf,
  observed,
  resourceObservables,
  resourcesOf,
  serverEndpoint,
  serviceOf,
  userOf,
} from './entities.ts'
import { type Attributes, assemble, beside, integerOf, longOf, msOf, type OcsfEvent, textOf } from './event.ts'
import { EVENT_CLASSES, type Initiator } from './event-classes.ts'
import { statusIdOf, statusOf } from './outcome.ts'
import { unmappedOf } from './unmapped.ts'
import { AI_ROLE, API_ACTIVITY, HTTP_METHODS, OBSERVABLE, type OcsfVersion, SEVERITY } from './vocabulary.ts'

/** Undefined for a type of another class. */
export function apiActivity(auditEvent: AuditEvent, version?: OcsfVersion): OcsfEvent | undefined {
  const event: EventFields = auditEvent
  const how = EVENT_CLASSES[auditEvent.eventType]
  if (how.kind !== 'api') return undefined
  const { id, name } = how.activity(event)
  const initiator = how.initiator(event)
  const operation = textOf(event['method']) ?? textOf(event['notification']) ?? how.operation
  const resources = resourcesOf(event)
  const timeMs = msOf(event['eventTime']) ?? 0
  const isCaller = initiator === 'caller'
  const metadata = metadataOf(event)
  const attributes = {
    message: [operation, textOf(event['toolName']) ?? textOf(event['promptName'])].filter(Boolean).join(' '),
    ...statusOf(event),
    duration: longOf(event['durationMs']),
    actor: actorOf(event, initiator),
    api: apiOf(event, operation),
    ...endpointsOf(event, initiator),
    resources,
    ...controlOf(event['decision']),
    ...authorizationOf(event),
    ...httpOf(event),
    ...operatedBy(event, initiator, version),
    trace: traceOf(event, timeMs),
    observables: [
      observed('actor.user.uid', isCaller ? event['principalKey'] : undefined, 'Principal key'),
      observed('actor.app_uid', isCaller ? event['clientKey'] : undefined, 'OAuth client'),
      observed('actor.session.uid', isCaller ? event['sessionFp'] : undefined, 'Session fingerprint'),
      observed('dst_endpoint.hostname', event['destinationHost'], OBSERVABLE.hostname),
      ...resourceObservables(resources),
    ],
  }
  return assemble({
    ...(version !== undefined && { version }),
    of: API_ACTIVITY,
    activityId: id,
    ...(name !== undefined && { activityName: name }),
    severity: SEVERITY.info,
    statusId: statusIdOf(event),
    timeMs,
    metadata,
    attributes,
    unmapped: unmappedOf(event, { metadata, attributes }),
  })
}

function apiOf(event: EventFields, operation: string): Attributes {
  const uid = textOf(event['requestUid'])
  const provider = textOf(event['provider'])
  const code = textOf(event['errorCode'])
  const response = {
    code: integerOf(Number(code)) ?? integerOf(event['status']),
    error: code,
    message: textOf(event['outcome']),
  }
  return {
    operation,
    version: event['protocolVersion'],
    service: provider === undefined ? serviceOf(event) : { name: provider },
    request: uid === undefined ? undefined : { uid },
    response,
  }
}

/** From whom to whom. What a server asks of its client goes the other way than what a client asks of it. */
function endpointsOf(event: EventFields, initiator: Initiator): Attributes {
  const host = textOf(event['destinationHost'])
  if (initiator === 'person') return { src_endpoint: { name: 'unknown' }, dst_endpoint: serverEndpoint(event) }
  if (initiator === 'caller') return { src_endpoint: callerEndpoint(event), dst_endpoint: serverEndpoint(event) }
  const isOfProvider = event['provider'] !== undefined
  return {
    src_endpoint: serverEndpoint(event),
    dst_endpoint: host !== undefined ? { hostname: host } : isOfProvider ? undefined : callerEndpoint(event),
  }
}

function authorizationOf(event: EventFields): Attributes {
  if (event['eventType'] !== 'authz.decision') return {}
  const uid = textOf(event['policyId'])
  const decision = textOf(event['decision'])
  if (decision === undefined && uid === undefined) return {}
  return { authorizations: [{ decision, policy: uid === undefined ? undefined : { uid } }] }
}

function httpOf(event: EventFields): Attributes {
  const verb = textOf(event['verb'])?.toUpperCase() ?? ''
  const status = integerOf(event['status'])
  const headers = [
    { name: 'Host', value: textOf(event['host']) },
    { name: 'Origin', value: textOf(event['origin']) },
  ].filter(({ value }) => value !== undefined)
  return {
    http_request: {
      http_method: HTTP_METHODS.has(verb) ? verb : undefined,
      user_agent: event['userAgentFamily'],
      body_length: integerOf(event['bytesIn']) ?? integerOf(event['bytesOut']),
      http_headers: headers,
    },
    http_response: status === undefined || status === 0 ? undefined : { code: status },
  }
}

/** The profile `ai_operation`: what is said of a request of MCP. 1.9 also knows the agent. */
function operatedBy(event: EventFields, initiator: Initiator, version: OcsfVersion | undefined): Attributes {
  if (initiator === 'person') return {}
  const client = textOf(event['clientName'])
  return {
    message_context: {
      uid: event['correlationKey'],
      application: client === undefined ? undefined : { name: client, version: event['clientVersion'] },
      service: serviceOf(event),
      ...(event['toolName'] !== undefined && beside('ai_role', AI_ROLE.tool)),
    },
    ...(version === '1.9.0' && agentOf(event)),
  }
}
/** Of 1.9: the principal when it is an agent. */
export function agentOf(event: EventFields): Attributes {
  const uid = textOf(event['principalKey'])
  if (event['principalKind'] !== 'agent' || uid === undefined) return {}
  return { ai_agent: { uid, name: userOf(event)?.['name'], instance_uid: event['sessionFp'] } }
}

/** A span needs both its ends, and we know them when the event tells how long it took. */
function traceOf(event: EventFields, timeMs: number): Attributes | undefined {
  const uid = textOf(event['traceId'])
  if (uid === undefined) return undefined
  const spanUid = textOf(event['spanId'])
  const duration = longOf(event['durationMs'])
  if (spanUid === undefined || duration === undefined) return { uid }
  // A foreign span is one event at its start; our own events of an end carry how long it took.
  const start = event['source'] === 'span' ? timeMs : Math.max(0, timeMs - duration)
  return { uid, span: { uid: spanUid, start_time: start, end_time: start + duration, duration } }
}
