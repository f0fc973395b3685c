/** An event as OCSF Authentication (3002): a token that was checked, a challenge, a step of an OAuth flow. */
import type { AuditEvent, EventFields } from '../../schemas/event.ts'
import { agentOf } from './api-activity.ts'
import {
  callerEndpoint,
  callerOf,
  controlOf,
  metadataOf,
  observed,
  serverEndpoint,
  serviceOf,
  unknownUser,
  userOf,
} from './entities.ts'
import {
  type Attributes,
  assemble,
  beside,
  integerOf,
  longOf,
  msOf,
  msOfSeconds,
  type OcsfEvent,
  textOf,
} from './event.ts'
import { EVENT_CLASSES } from './event-classes.ts'
import { statusIdOf, statusOf } from './outcome.ts'
import { unmappedOf } from './unmapped.ts'
import { AUTH_PROTOCOL, AUTHENTICATION, type OcsfVersion, SEVERITY, TOKEN_TYPE } from './vocabulary.ts'

/** Undefined for a type of another class. */
export function authentication(auditEvent: AuditEvent, version?: OcsfVersion): OcsfEvent | undefined {
  const event: EventFields = auditEvent
  const how = EVENT_CLASSES[auditEvent.eventType]
  if (how.kind !== 'authentication') return undefined
  const user = userOf(event)
  const session = textOf(event['sessionFp'])
  const status = integerOf(event['status'])
  const { id, name } = how.activity
  const metadata = metadataOf(event)
  const attributes = {
    message: `${auditEvent.eventType}${textOf(event['decision']) === undefined ? '' : `: ${String(event['decision'])}`}`,
    ...statusOf(event),
    duration: longOf(event['durationMs']),
    // Whom it is about; a refused token often says nobody.
    user: user ?? unknownUser,
    actor: callerOf(event),
    service: serviceOf(event),
    src_endpoint: callerEndpoint(event),
    dst_endpoint: serverEndpoint(event),
    session: session === undefined ? undefined : { uid: session },
    ...protocolOf(event),
    authentication_token: tokenOf(event),
    is_mfa: saysMfa(event['amr']) ? true : undefined,
    is_remote: textOf(event['transport']) === undefined ? undefined : !isLocal(event['transport']),
    http_response: status === undefined || status === 0 ? undefined : { code: status },
    ...controlOf(event['decision']),
    ...(version === '1.9.0' && agentOf(event)),
    observables: [
      observed('user.uid', user?.['uid'], 'Principal key'),
      observed('actor.app_uid', event['clientKey'], 'OAuth client'),
      observed('authentication_token.uid', tokenUidOf(event), 'Token fingerprint'),
      observed('session.uid', session, 'Session fingerprint'),
    ],
  }
  return assemble({
    ...(version !== undefined && { version }),
    of: AUTHENTICATION,
    activityId: id,
    ...(name !== undefined && { activityName: name }),
    severity: SEVERITY.info,
    statusId: statusIdOf(event),
    timeMs: msOf(event['eventTime']) ?? 0,
    metadata,
    attributes,
    unmapped: unmappedOf(event, { metadata, attributes }),
  })
}

const isLocal = (transport: unknown): boolean => transport === 'stdio' || transport === 'inproc'
/** A token that does not say how somebody logged in says nothing against it. */
const saysMfa = (methods: unknown): boolean => Array.isArray(methods) && methods.includes('mfa')
const protocolOf = (event: EventFields): Attributes =>
  event['tokenKind'] === 'none' ? {} : beside('auth_protocol', AUTH_PROTOCOL.oauth2)

const tokenUidOf = (event: EventFields): string | undefined => textOf(event['tokenFp']) ?? textOf(event['issuedFp'])
/** The token by its keyed hash; never a byte of it. */
function tokenOf(event: EventFields): Attributes | undefined {
  const uid = tokenUidOf(event)
  const facts = {
    uid,
    tenant_uid: textOf(event['tid']),
    created_time: msOfSeconds(event['issuedAt']),
    expiration_time: msOfSeconds(event['expAt']),
  }
  if (Object.values(facts).every((fact) => fact === undefined)) return undefined
  const type =
    event['tokenType'] === 'id'
      ? TOKEN_TYPE.identity
      : event['tokenType'] === 'refresh'
        ? TOKEN_TYPE.refresh
        : undefined
  return { ...facts, ...(type === undefined ? { type_id: 99, type: 'Access Token' } : beside('type', type)) }
}
