/**
 * Who and what an event is about, as OCSF objects. An object whose class asks for "at least one of" is never made without one, because an
 * empty one is refused: an unknown caller is called `unknown`.
 */
import type { EventFields } from '../../schemas/event.ts'
import { type Attributes, beside, integerOf, msOf, textOf } from './event.ts'
import type { Initiator } from './event-classes.ts'
import {
  ACTION,
  AI_TOOL_SOURCE_MCP,
  AI_TOOL_TRANSPORTS,
  AI_TOOL_TYPE,
  DISPOSITION,
  OBSERVABLE,
  USER_TYPE,
  type Value,
} from './vocabulary.ts'

const UNKNOWN_NAME = 'unknown'
const USER_TYPES: ReadonlyMap<unknown, Value> = new Map([
  ['user', USER_TYPE.user],
  ['workload', USER_TYPE.service],
  ['agent', USER_TYPE.agent],
] as const)

/** The principal: `uid` is the keyed hash of issuer and subject, never a name. */
export function userOf(event: EventFields): Attributes | undefined {
  const uid = textOf(event['principalKey'])
  const kind = event['principalKind']
  const type = USER_TYPES.get(kind) ?? USER_TYPE.unknown
  if (uid !== undefined) return { uid, ...beside('type', type) }
  return kind === 'anonymous' ? { name: 'anonymous', ...beside('type', USER_TYPE.unknown) } : undefined
}
export const unknownUser: Attributes = { name: UNKNOWN_NAME, ...beside('type', USER_TYPE.unknown) }

/** `app_uid` is verified, `app_name` the client’s own claim. */
export function callerOf(event: EventFields): Attributes {
  const session = textOf(event['sessionFp'])
  const facts = {
    user: userOf(event),
    app_uid: textOf(event['clientKey']),
    app_name: textOf(event['clientName']),
    session: session === undefined ? undefined : { uid: session, issuer: textOf(event['iss']) },
  }
  return Object.values(facts).some((fact) => fact !== undefined) ? facts : { app_name: UNKNOWN_NAME }
}
const serverAsActor = ({ serverId }: EventFields): Attributes => ({
  app_uid: serverId,
  app_name: textOf(serverId) ?? UNKNOWN_NAME,
})
const personOf = (event: EventFields): Attributes => {
  const name = textOf(event['actor']) ?? textOf(event['approver'])
  return { user: name === undefined ? unknownUser : { name, ...beside('type', USER_TYPE.user) } }
}
export const actorOf = (event: EventFields, initiator: Initiator): Attributes =>
  initiator === 'server' ? serverAsActor(event) : initiator === 'person' ? personOf(event) : callerOf(event)

/** There is no address: `uid` is its keyed hash, `zone` its class. Over stdio there is no peer at all, so it is called that. */
export function callerEndpoint(event: EventFields): Attributes {
  const transport = textOf(event['transport'])
  return {
    name: transport === 'stdio' || transport === 'inproc' ? transport : (textOf(event['clientName']) ?? UNKNOWN_NAME),
    uid: textOf(event['sourceAddressFp']),
    zone: textOf(event['addressClass']),
  }
}
export const serverEndpoint = ({ serverId, producerId }: EventFields): Attributes => ({
  svc_name: textOf(serverId) ?? UNKNOWN_NAME,
  uid: serverId,
  instance_uid: producerId,
})
export const serviceOf = ({ serverId, serverVersion }: EventFields): Attributes => ({
  name: textOf(serverId) ?? UNKNOWN_NAME,
  uid: serverId,
  version: serverVersion,
})

/** What was called or read, under the definition that was in force. */
interface Capability {
  readonly type: Value
  readonly kind: string
  readonly name: string
}
export function capabilityOf(event: EventFields): Capability | undefined {
  const tool = textOf(event['toolName'])
  if (tool !== undefined) return { type: AI_TOOL_TYPE.tool, kind: 'MCP Tool', name: tool }
  const prompt = textOf(event['promptName'])
  if (prompt !== undefined) return { type: AI_TOOL_TYPE.prompt, kind: 'MCP Prompt', name: prompt }
  const resource = textOf(event['uriHmac'])
  return resource === undefined ? undefined : { type: AI_TOOL_TYPE.resource, kind: 'MCP Resource', name: resource }
}
const uidOf = (event: EventFields, { name }: Capability): string => `${String(event['serverId'])}/${name}`

export function resourcesOf(event: EventFields): readonly Attributes[] {
  const capability = capabilityOf(event)
  const uid = textOf(event['serverId'])
  const servers = uid === undefined ? [] : [{ uid, name: uid, type: 'MCP Server', version: event['serverVersion'] }]
  if (capability === undefined) return servers
  const { name, kind } = capability
  return [...servers, { uid: uidOf(event, capability), name, type: kind, version: event['definitionHash'] }]
}

/** `unmapped.ai_tool`: the draft object of the OCSF project, in its very shape, until a version has it. */
export function aiToolOf(event: EventFields): Attributes | undefined {
  const capability = capabilityOf(event)
  if (capability === undefined) return undefined
  const transport = AI_TOOL_TRANSPORTS.get(event['transport'])
  return {
    name: capability.name,
    uid: uidOf(event, capability),
    ...beside('type', capability.type),
    ...beside('source', AI_TOOL_SOURCE_MCP),
    service: { name: event['serverId'], uid: event['serverId'] },
    ...(transport !== undefined && beside('transport', transport)),
    ...(textOf(event['requestUid']) !== undefined && { transaction_uid: event['requestUid'] }),
    ...(textOf(event['taskFp']) !== undefined && { task_uid: event['taskFp'] }),
  }
}

/** What the server decided, as a security control says it. */
export function controlOf(decision: unknown): Attributes {
  if (decision === 'allow')
    return { ...beside('action', ACTION.allowed), ...beside('disposition', DISPOSITION.allowed) }
  if (decision === 'deny') return { ...beside('action', ACTION.denied), ...beside('disposition', DISPOSITION.blocked) }
  if (decision === 'challenge')
    return { ...beside('action', ACTION.denied), ...beside('disposition', DISPOSITION.challenge) }
  if (decision === 'error') return { ...beside('action', ACTION.unknown), ...beside('disposition', DISPOSITION.error) }
  return {}
}

/** Values to pivot on, each with the place in the event where it stands; hashes of ours are of no type that OCSF knows. */
export const observed = (name: string, value: unknown, type: Value | string): Attributes | undefined =>
  textOf(value) === undefined
    ? undefined
    : { name, value, ...(typeof type === 'string' ? { type_id: 99, type } : beside('type', type)) }
export const resourceObservables = (resources: readonly Attributes[]): readonly (Attributes | undefined)[] =>
  resources.map(({ uid }, at) => observed(`resources[${at}].uid`, uid, OBSERVABLE.resourceUid))

export function metadataOf(event: EventFields): Attributes {
  return {
    uid: event['eventId'],
    event_code: event['eventType'],
    tenant_uid: event['tenant'],
    // The event’s own clock with all its decimals.
    original_time: event['eventTime'],
    logged_time: msOf(event['receivedAt']),
    correlation_uid: textOf(event['traceId']) ?? textOf(event['logicalCallId']) ?? textOf(event['requestUid']),
    sequence: integerOf(event['producerSeq']),
    log_provider: event['producerId'],
    labels: event['labels'],
  }
}
