/** AuditEvents from an observation of somebody else: one for the request, one for each thing found in its content; none of the content. */
import { createHash } from 'node:crypto'
import ipaddr from 'ipaddr.js'
import { LIMITS } from '../schemas/field.ts'
import { findingEventId, readContents } from './foreign-content.ts'
import type { AnyValue, Attributes } from './instrument/delivery/otlp-encode.ts'
import type { Hashes } from './instrument/keys/keys.ts'
import { holdsHandle } from './instrument/messages/handles.ts'
import { eraOf, type Observation, type Principal } from './observation.ts'

export type HashPurpose = 'sessions' | 'addresses' | 'arguments' | 'principals'
/** Keyed hash of a raw id, with the tenant's key of that purpose; without keys the id is left out. */
export interface Fingerprint {
  (purpose: HashPurpose, text: string): string
  /** The event with the version of the key, and what its hashes were before a rotation. */
  stamped?(event: Fields): Fields
}
type Fields = { [field: string]: unknown }

/** Identity of a span: the first 128 bits of SHA-256 over tenant, trace id and span id. */
export const spanEventId = (tenant: string, traceId: string, spanId: string): string =>
  digest(`${tenant}\u0000${traceId}\u0000${spanId}`)
/** Identity of a log record: over tenant, server and the record with its keys sorted, so that a repeat is known whatever its order. */
export const logEventId = (tenant: string, serverId: string, record: AnyValue): string =>
  digest(`${tenant}\u0000${serverId}\u0000${sortedJson(record)}`)
/** Identity of a record that its producer gave an id of its own. */
export const namedEventId = (tenant: string, producer: string, id: string): string =>
  digest(`${tenant}\u0000${producer}\u0000${id}`)
const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 32)

function sortedJson(value: AnyValue): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null'
  if (Array.isArray(value)) return `[${value.map(sortedJson).join(',')}]`
  const map = value as Attributes
  const keys = Object.keys(map).sort()
  return `{${keys.map((key) => `${JSON.stringify(key)}:${sortedJson(map[key]!)}`).join(',')}}`
}

const SEPARATOR = '\u0000'
/** A version is a short word that can be guessed; anything else is somebody’s text. */
const versionOf = (text = ''): string => (/^[\w.-]{1,32}$/.test(text) && !holdsHandle(text) ? text : '')
/** What a name may not have: a line of a log or a table would not be one. */
const CONTROL = /[\p{Cc}\u2028\u2029]/gu

/**
 * The candidates: `tool.call` for tools/call, with outcome and duration, because a foreign record is call and result in one, else
 * `http.request`; behind it a `content.finding` for each class and place.
 */
export function foreignEvents(
  seen: Observation,
  serverId: string,
  fingerprint: Fingerprint | undefined,
): readonly Fields[] {
  const isCall = seen.method === 'tools/call'
  const hashes = fingerprint === undefined ? undefined : hashesBy(fingerprint)
  const flags = new Set(seen.lacks)
  const common = commonFields(seen, serverId, fingerprint, flags)
  const content = readContents(seen.contents, isCall ? (seen.toolName ?? '') : '', hashes)
  if (isCall) flags.add('no_definition_hash')
  if (isCall && content.fields['args'] === undefined) flags.add('no_arguments')
  for (const flag of content.flags) flags.add(flag)
  const event: Fields = {
    ...common,
    eventId: seen.eventId,
    eventType: isCall ? 'tool.call' : 'http.request',
    captureLevel: 'minimal',
    outcome: seen.ending.outcome,
    decision: seen.ending.decision,
    ...contentFields(content.fields, isCall),
  }
  keep(event, 'durationMs', seen.durationMs)
  keep(event, 'errorCode', seen.ending.code)
  if (isCall) {
    const { outcome } = seen.ending
    if (outcome === 'ok' || outcome === 'tool_error') event['isError'] = outcome === 'tool_error'
  } else {
    event['processed'] = seen.ending.outcome !== 'denied'
    keep(event, 'verb', seen.facts['verb'])
    keep(event, 'status', seen.facts['status'])
  }
  event['flags'] = [...flags]
  const found = content.findings.map((finding): Fields => {
    const { surface = '', findingClass, contentPath } = finding
    const { decodings, domains, spanHash, ...rest } = finding
    return {
      ...common,
      eventId: findingEventId(seen.eventId, surface, findingClass, contentPath),
      eventType: 'content.finding',
      ...rest,
      ...(spanHash === '' ? {} : { spanHash }),
      ...(decodings.length === 0 ? {} : { decodings }),
      ...(domains.length === 0 ? {} : { domains }),
      flags: [...seen.lacks],
    }
  })
  const events = [event, ...found]
  return fingerprint?.stamped === undefined ? events : events.map((one) => fingerprint.stamped!(one))
}

/** What every event of the request says: who, where, when, by whom it was seen. */
function commonFields(
  seen: Observation,
  serverId: string,
  fingerprint: Fingerprint | undefined,
  flags: Set<string>,
): Fields {
  const event: Fields = {
    eventTime: seen.eventTime,
    serverId,
    requestUid: seen.eventId,
    logicalCallId: seen.eventId,
    source: seen.source,
    vantage: seen.vantage,
  }
  for (const [field, value] of Object.entries(seen.facts))
    if (field !== 'verb' && field !== 'status') keep(event, field, cleaned(value, flags))
  const protocolVersion = versionOf(seen.protocolVersion)
  const era = eraOf(protocolVersion)
  keep(event, 'method', cleaned(seen.method, flags))
  keep(event, 'traceId', seen.traceId)
  keep(event, 'spanId', seen.spanId)
  keep(event, 'protocolVersion', protocolVersion)
  keep(event, 'era', era)
  if (seen.method === 'tools/call') keep(event, 'toolName', cleaned(seen.toolName, flags))
  identify(event, seen, fingerprint, flags)
  // The protocol of the modern era has no sessions; what some producers put there is made up for each request.
  const sessionId = era === 'modern' ? '' : (seen.sessionId ?? '')
  if (sessionId !== '' && fingerprint === undefined) flags.add('no_session')
  if (sessionId !== '') keep(event, 'sessionFp', fingerprint?.('sessions', sessionId))
  if (seen.address !== undefined && seen.address !== '') {
    event['addressClass'] = addressClass(seen.address)
    keep(event, 'sourceAddressFp', fingerprint?.('addresses', seen.address))
  }
  return event
}

/** A person whom a gateway knows from a token it validated; nobody else's word makes one. */
function identify(event: Fields, seen: Observation, fingerprint: Fingerprint | undefined, flags: Set<string>): void {
  if (seen.principal === undefined) return
  if (fingerprint === undefined) {
    flags.add('no_principal')
    return
  }
  const keyOf = ({ issuer, subject }: Principal) => fingerprint('principals', issuer + SEPARATOR + subject)
  event['principalKey'] = keyOf(seen.principal)
  // Without its issuer the key is this gateway's own: it does not meet the key that a server made of the same person.
  if (seen.principal.issuer === '') flags.add('no_issuer')
  flags.add('principal_by_gateway')
  if (seen.actors !== undefined && seen.actors.length > 0) event['actorKeys'] = seen.actors.map(keyOf)
}

/** A caller's name as it may be recorded. It is changed rather than refused: else an odd name would hide the call. */
function cleaned(value: string | number | undefined, flags: Set<string>): string | number | undefined {
  if (typeof value !== 'string') return value
  let text = value.length > LIMITS.nameChars ? value.slice(0, LIMITS.nameChars) : value
  text = text.toWellFormed().replace(CONTROL, '\ufffd')
  if (text !== value) flags.add('name_changed')
  return text
}

function keep(event: Fields, field: string, value: unknown): void {
  if (value !== '' && value !== undefined) event[field] = value
}

/** Of an event that is no tool call, the shape of arguments is left out: there is no field for it. */
function contentFields({ args, argsHmac, argsBytes, argHandles, ...rest }: Fields, isCall: boolean): Fields {
  if (!isCall) return { ...rest, captureLevel: 'minimal' }
  if (args === undefined) return rest
  return {
    ...rest,
    args,
    argsBytes,
    ...(argsHmac === undefined ? {} : { argsHmac }),
    ...(argHandles === undefined ? {} : { argHandles }),
  }
}

const hashesBy = (fingerprint: Fingerprint): Hashes => {
  const by = (purpose: HashPurpose) => ({ hash: (text: string) => fingerprint(purpose, text) })
  return {
    principals: by('principals'),
    arguments: by('arguments'),
    handles: by('sessions'),
    tokens: by('sessions'),
    addresses: by('addresses'),
    ephemeral: false,
  }
}

function addressClass(address: string): string {
  if (!ipaddr.isValid(address)) return 'unknown'
  switch (ipaddr.process(address).range()) {
    case 'loopback':
      return 'loopback'
    case 'private':
    case 'uniqueLocal':
    case 'carrierGradeNat':
      return 'private'
    case 'linkLocal':
      return 'link_local'
    case 'unicast':
      return 'public'
    default:
      return 'unknown'
  }
}
