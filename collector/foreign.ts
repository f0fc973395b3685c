/** An AuditEvent from somebody else's MCP span or log record: what it says, what it cannot say, and none of its content. */
import { createHash } from 'node:crypto'
import ipaddr from 'ipaddr.js'
import type { AnyValue, Attributes, OtlpScope } from './instrument/otlp-encode.ts'
import {
  CANCELLATIONS,
  contentName,
  FASTMCP_CLIENT_ID,
  type Fact,
  FIRST_MODERN_VERSION,
  isFastMcp,
  isGateway,
  isMcpAttribute,
  SPELLINGS,
  TIMEOUTS,
  TOOL_ERROR,
} from './spellings.ts'

/** Keyed hash of a raw id, with the tenant's key of that purpose; without keys the id is left out. */
export interface Fingerprint {
  (purpose: 'sessions' | 'addresses', text: string): string
  /** The event with the version of the key, and what its hashes were before a rotation. */
  stamped?(event: { [field: string]: unknown }): { [field: string]: unknown }
}

/** The parts of a span or log record that matter here. */
export interface ForeignRecord {
  readonly source: 'span' | 'otlp_log'
  readonly eventId: string
  readonly eventTime: string
  readonly traceId: string
  readonly spanId: string
  /** Only spans have one. */
  readonly durationMs?: number
  /** Span kind or status: reported by the client side; ended in error. */
  readonly clientSide: boolean
  readonly failed: boolean
  readonly attributes: Attributes
  readonly scope: OtlpScope
}

/** A used attribute of the wrong type; the record is refused with its name. */
export class WrongType extends Error {
  readonly attribute: string
  constructor(attribute: string, expected: string) {
    super(`must be ${expected}`)
    this.attribute = attribute
  }
}

/** The MCP method of a record, '' when it is not about MCP. A tool name beside any other MCP attribute means tools/call. */
export function methodOf(attributes: Attributes): string {
  const method = text(attributes, 'method')
  if (method !== '') return method
  return text(attributes, 'toolName') !== '' && Object.keys(attributes).some(isMcpAttribute) ? 'tools/call' : ''
}

/** Identity of a span: the first 128 bits of SHA-256 over tenant, trace id and span id. */
export const spanEventId = (tenant: string, traceId: string, spanId: string): string =>
  digest(`${tenant}\u0000${traceId}\u0000${spanId}`)
/** Identity of a log record: over tenant, server and the record with its keys sorted, so that a repeat is known whatever its order. */
export const logEventId = (tenant: string, serverId: string, record: AnyValue): string =>
  digest(`${tenant}\u0000${serverId}\u0000${sortedJson(record)}`)
const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 32)

function sortedJson(value: AnyValue): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(sortedJson).join(',')}]`
  const map = value as Attributes
  const keys = Object.keys(map).sort()
  return `{${keys.map((key) => `${JSON.stringify(key)}:${sortedJson(map[key]!)}`).join(',')}}`
}

/** A version is a short word; anything longer is somebody’s text. */
const versionOf = (text: string): string => (/^[\w.-]{1,32}$/.test(text) ? text : '')

/**
 * The candidate event: `tool.call` for tools/call, with outcome and duration, because a foreign record is call and result in one;
 * else `http.request`. Throws WrongType.
 */
export function foreignEvent(
  record: ForeignRecord,
  method: string,
  fingerprint: Fingerprint | undefined,
): { [field: string]: unknown } {
  const { attributes, scope } = record
  const isCall = method === 'tools/call'
  const protocolVersion = versionOf(text(attributes, 'protocolVersion'))
  const era = eraOf(protocolVersion)
  const end = ending(attributes, isCall, record.failed)
  const content = contentOf(attributes)
  const flags = ['no_principal']
  if (isCall) flags.push('no_definition_hash', 'no_arguments')
  if (record.source === 'span') flags.push('sampled')
  const event: { [field: string]: unknown } = {
    eventId: record.eventId,
    eventType: isCall ? 'tool.call' : 'http.request',
    eventTime: record.eventTime,
    requestUid: record.eventId,
    logicalCallId: record.eventId,
    method,
    source: record.source,
    vantage: record.clientSide ? 'client' : isGateway(scope.name) ? 'gateway' : 'server',
    captureLevel: 'minimal',
    outcome: end.outcome,
    flags,
  }
  const keep = (field: string, value: unknown): void => {
    if (value !== '' && value !== undefined) event[field] = value
  }
  keep('traceId', record.traceId)
  keep('spanId', record.spanId)
  keep('durationMs', record.durationMs)
  keep('decision', end.decision)
  keep('errorCode', end.code)
  keep('protocolVersion', protocolVersion)
  keep('era', era)
  keep('transport', transport(attributes))
  keep('sdk', scope.name)
  keep('sdkVersion', scope.version)
  keep('serverName', text(attributes, 'serverName'))
  keep('serverVersion', text(attributes, 'serverVersion'))
  keep('clientName', text(attributes, 'clientName'))
  keep('clientVersion', text(attributes, 'clientVersion'))
  if (isFastMcp(scope.name)) keep('clientKey', textOf(attributes[FASTMCP_CLIENT_ID], FASTMCP_CLIENT_ID))
  if (isCall) {
    keep('toolName', text(attributes, 'toolName'))
    keep('isError', end.outcome === 'ok' || end.outcome === 'tool_error' ? end.outcome === 'tool_error' : undefined)
  } else {
    event['processed'] = end.outcome !== 'denied'
    keep('verb', text(attributes, 'httpVerb'))
    keep('status', number(attributes, 'httpStatus'))
  }
  // FastMCP makes up a session id per request where the protocol has no sessions.
  const sessionId = era === 'modern' ? '' : text(attributes, 'sessionId')
  if (sessionId !== '') keep('sessionFp', fingerprint?.('sessions', sessionId))
  if (sessionId !== '' && fingerprint === undefined) flags.push('no_session')
  const address = text(attributes, 'clientAddress')
  if (address !== '') {
    event['addressClass'] = addressClass(address)
    keep('sourceAddressFp', fingerprint?.('addresses', address))
  }
  if (content.names.length > 0) {
    event['redactions'] = content.names
    event['unscannedBytes'] = content.bytes
  }
  return fingerprint?.stamped?.(event) ?? event
}

/** Revisions are dates; anything else is of no known era. */
function eraOf(protocolVersion: string): string {
  if (!/^\d{4}-\d\d-\d\d$/.test(protocolVersion)) return ''
  return protocolVersion >= FIRST_MODERN_VERSION ? 'modern' : 'legacy'
}

interface Ending {
  readonly outcome: 'ok' | 'tool_error' | 'protocol_error' | 'denied' | 'timeout' | 'cancelled'
  readonly decision: string
  readonly code: string
}

/** How the request ended. Codes and class names are kept when they look like one; status texts, which hold caller text, never are. */
function ending(attributes: Attributes, isCall: boolean, failed: boolean): Ending {
  const type = text(attributes, 'errorType')
  const rpcCode = numberOrText(attributes, 'rpcCode')
  const status = number(attributes, 'httpStatus')
  const isRpcCode = /^-?\d{1,6}$/.test(rpcCode) && rpcCode !== '0'
  const code = isRpcCode ? rpcCode : /^[\w.:-]{1,64}$/.test(type) ? type : ''
  if (status === 401 || status === 403)
    return { outcome: 'denied', decision: 'deny', code: code === '' ? String(status) : code }
  if (CANCELLATIONS.has(type)) return { outcome: 'cancelled', decision: 'allow', code }
  if (TIMEOUTS.has(type) || TIMEOUTS.has(rpcCode)) return { outcome: 'timeout', decision: 'allow', code }
  const isToolError = type === TOOL_ERROR || attributes[SPELLINGS.isToolError[0]] === true
  if (isCall && isToolError) return { outcome: 'tool_error', decision: 'allow', code }
  if (isRpcCode || /^-?\d+$/.test(type)) return { outcome: 'protocol_error', decision: 'error', code }
  if (!failed && type === '') return { outcome: 'ok', decision: 'allow', code: '' }
  // An exception's class: a server turns it into isError for a tool, into a JSON-RPC error for everything else.
  return isCall
    ? { outcome: 'tool_error', decision: 'allow', code }
    : { outcome: 'protocol_error', decision: 'error', code }
}

function transport(attributes: Attributes): string {
  const name = text(attributes, 'transport')
  if (name === 'pipe' || name === 'stdio' || /stdio/i.test(name)) return 'stdio'
  if (/inmemory|inproc/i.test(name)) return 'inproc'
  if (/^sse/i.test(name)) return 'sse_legacy'
  return name === 'tcp' || name === 'quic' || /http/i.test(name) || text(attributes, 'networkProtocol') === 'http'
    ? 'http'
    : ''
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

/** Names and size of the content that is left out. */
function contentOf(attributes: Attributes): { readonly names: string[]; readonly bytes: number } {
  const names = new Set<string>()
  let bytes = 0
  for (const attribute of Object.keys(attributes)) {
    const name = contentName(attribute)
    if (name === undefined) continue
    names.add(name)
    const value = attributes[attribute]!
    bytes += Buffer.byteLength(typeof value === 'string' ? value : JSON.stringify(value))
  }
  return { names: [...names], bytes }
}

function found(
  attributes: Attributes,
  fact: Fact,
): { readonly value: AnyValue | undefined; readonly attribute: string } {
  const attribute = SPELLINGS[fact].find((name) => attributes[name] !== undefined && attributes[name] !== null)
  return { value: attribute === undefined ? undefined : attributes[attribute], attribute: attribute ?? '' }
}
function text(attributes: Attributes, fact: Fact): string {
  const { value, attribute } = found(attributes, fact)
  return textOf(value, attribute)
}
function textOf(value: AnyValue | undefined, attribute: string): string {
  if (value === undefined || value === null) return ''
  if (typeof value !== 'string') throw new WrongType(attribute, 'text')
  return value
}
function number(attributes: Attributes, fact: Fact): number | undefined {
  const { value, attribute } = found(attributes, fact)
  if (value === undefined) return undefined
  if (typeof value !== 'number') throw new WrongType(attribute, 'a number')
  return value
}
function numberOrText(attributes: Attributes, fact: Fact): string {
  const { value, attribute } = found(attributes, fact)
  return typeof value === 'number' ? String(value) : textOf(value, attribute)
}
