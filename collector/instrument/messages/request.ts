/** One JSON-RPC request as it is being served: what is known of it when it arrives, and the envelope its events share. */
import type { AuditContext } from '../audit-context.ts'
import { type Instant, instantNow, uuidV7 } from '../clock.ts'
import { type Exchange, exchangeInFlight } from '../edge/exchange.ts'
import { plainText } from '../identity/claims.ts'
import type { Identity } from '../identity/identity.ts'
import { claimVerification, tellAllowed, wasVerified } from '../identity/token-audit.ts'
import { nameOf } from '../names.ts'
import { type MirroredParameter, type MirrorVerdict, mirrorVerdict } from './header-mirror.ts'
import type { Retry } from './rounds.ts'
import type { Operation } from './spans.ts'

export type Transport = 'http' | 'sse_legacy' | 'stdio' | 'inproc'
export type Outcome = 'ok' | 'tool_error' | 'protocol_error' | 'denied' | 'timeout' | 'cancelled'

/** MessageExtraInfo of both SDKs: v1 has `requestInfo`, v2 `request` (a web Request) and `classification`. */
export interface MessageExtra {
  readonly authInfo?: object | undefined
  readonly requestInfo?: { readonly headers?: Readonly<Record<string, string | string[] | undefined>> }
  readonly request?: { readonly method?: string; readonly headers?: Headers }
  readonly classification?: { readonly era?: string; readonly revision?: string }
  /** Set by an observer on the wire, never by an SDK: what it knows before the request is told. */
  readonly observed?: Observed | undefined
}
export interface Observed {
  readonly started: Instant
  readonly requestUid: string
  /** Envelope fields that win: the decision, which is not known before the server answers; the source address. */
  readonly envelope: Readonly<Record<string, unknown>>
  /** Fields of http.request that only the wire shows: status, header check, place of the credential. */
  readonly http: Readonly<Record<string, unknown>>
}
export interface RpcMessage {
  readonly id?: string | number | null
  readonly method?: unknown
  readonly params?: unknown
  readonly result?: unknown
  readonly error?: unknown
}
export interface RpcParams {
  readonly name?: unknown
  readonly arguments?: unknown
  readonly cursor?: unknown
  readonly requestId?: unknown
  readonly reason?: unknown
  readonly taskId?: unknown
  readonly requestState?: unknown
  readonly inputResponses?: unknown
  readonly protocolVersion?: unknown
  readonly clientInfo?: unknown
  readonly capabilities?: unknown
  readonly _meta?: Readonly<Record<string, unknown>>
}

/** What a connection remembers between its requests. */
export interface ConnectionFacts {
  readonly transport: Transport
  sessionId: string | undefined
  sessionFp: string | undefined
  protocolVersion: string | undefined
  clientName: string | undefined
  clientVersion: string | undefined
  /** Of the newest request. */
  era?: 'legacy' | 'modern' | undefined
  /** Envelope fields by method, as long as neither the above nor the caller changes. */
  readonly commons: Map<string, Common>
}
type Common = Readonly<Record<string, unknown>>

/** A request from its arrival to its answer. */
export interface Request {
  readonly id: string | number
  readonly method: string
  readonly params: RpcParams
  readonly requestUid: string
  readonly started: Instant
  readonly identity: Identity
  /** Fields that its events share with those of other requests of the same caller. */
  readonly common: Common
  /** Fields that its events share with each other. */
  readonly own: {
    readonly requestUid: string
    readonly jsonrpcIdHash: string | undefined
    readonly traceId: string | undefined
    readonly spanId: string | undefined
    readonly traceClientSupplied: true | undefined
  }
  readonly era: 'legacy' | 'modern'
  /** The HTTP exchange it came in, where an edge watches it. */
  readonly exchange: Exchange | undefined
  /** Read only when it is told: most requests are tool calls, whose events do not have it. */
  readonly http: (() => HttpFacts) | undefined
  /** Its mirrored headers against its body; modern requests over HTTP have it. */
  readonly mirror: ((parameters: readonly MirroredParameter[]) => MirrorVerdict) | undefined
  readonly protocolVersion: string | undefined
  logicalCallId: string
  round: number | undefined
  /** Tool as it may be recorded, for tools/call. */
  toolName: string | undefined
  definitionHash: string | undefined
  /** Keyed hash of its whole arguments, as they came; undefined where they are too large for one. */
  argsHmac: string | undefined
  /** Set where it is the retry of an earlier round. */
  retry: Retry | undefined
  /** Fields of its event that were read on arrival, for requests whose event comes with the answer. */
  about: Readonly<Record<string, unknown>> | undefined
  /** Keyed hashes of the handles it presented. */
  presented: ReadonlySet<string>
  operation: Operation | undefined
  isAnswered: boolean
  /** Called once when it is, however it ended. */
  whenAnswered: (() => void) | undefined
  /** Later request that reuses the id while this one is open: answers come in order. */
  next: Request | undefined
  /** Of the first of them: the latest. */
  last: Request | undefined
}

/** How a request ended, in the words of the protocol. */
export interface Ending {
  readonly outcome: Outcome
  /** JSON-RPC code as text, or why there was no answer. */
  readonly errorCode: string | undefined
  readonly result: Readonly<Record<string, unknown>> | undefined
  /** The JSON-RPC error as it is sent: read for what it says, never recorded. */
  readonly error?: Readonly<Record<string, unknown>> | undefined
}

/** What the events about one request have in common beyond the caller. */
export const callFields = ({ own, logicalCallId, toolName, definitionHash }: Request) => ({
  ...own,
  logicalCallId,
  toolName,
  definitionHash,
})

export interface HttpFacts {
  readonly verb: string
  readonly origin: string | undefined
  readonly host: string | undefined
  readonly hasAuthorization: boolean
  readonly sessionHeaderPresent: boolean
  readonly lastEventIdPresent: boolean
  readonly observed: Observed['http'] | undefined
}

export type HeaderReader = (name: string) => string | undefined
function headersOf(extra: MessageExtra | undefined): HeaderReader | undefined {
  const fetched = extra?.request?.headers
  if (fetched !== undefined && typeof fetched.get === 'function') return (name) => fetched.get(name) ?? undefined
  const plain = extra?.requestInfo?.headers
  if (plain === undefined) return undefined
  return (name) => {
    const value = plain[name]
    return Array.isArray(value) ? value[0] : value
  }
}

const PROTOCOL_VERSION = 'io.modelcontextprotocol/protocolVersion'
const CLIENT_INFO = 'io.modelcontextprotocol/clientInfo'
const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$/
const NO_TRACE = '0'.repeat(32)
const EMPTY: RpcParams = {}
export const NO_HANDLES: ReadonlySet<string> = new Set()

function traceOf(meta: Readonly<Record<string, unknown>> | undefined): { traceId: string; spanId: string } | undefined {
  const text = meta?.['traceparent']
  if (typeof text !== 'string') return undefined
  const match = TRACEPARENT.exec(text)
  return match === null || match[1] === NO_TRACE ? undefined : { traceId: match[1]!, spanId: match[2]! }
}

/** Reads a request. Everything the caller wrote is a claim: names are bounded and redacted, the trace is marked as the client's. */
export function openRequest(
  context: AuditContext,
  facts: ConnectionFacts,
  message: RpcMessage,
  extra: MessageExtra | undefined,
  exchange = facts.transport === 'stdio' || facts.transport === 'inproc' ? undefined : exchangeInFlight(),
): Request {
  const observed = extra?.observed
  const started = observed?.started ?? instantNow()
  const params = message.params !== null && typeof message.params === 'object' ? (message.params as RpcParams) : EMPTY
  const meta = params._meta !== null && typeof params._meta === 'object' ? params._meta : undefined
  const header = facts.transport === 'inproc' || facts.transport === 'stdio' ? undefined : headersOf(extra)
  const method = nameOf(message.method) ?? ''
  const claimedVersion = meta?.[PROTOCOL_VERSION]
  const isModern = typeof claimedVersion === 'string' || extra?.classification?.era === 'modern'
  const era = isModern ? 'modern' : 'legacy'
  facts.era = era
  if (!isModern && facts.protocolVersion === undefined) facts.protocolVersion = nameOf(header?.('mcp-protocol-version'))
  const clientInfo = (isModern ? meta?.[CLIENT_INFO] : method === 'initialize' ? params.clientInfo : undefined) as
    | { name?: unknown; version?: unknown }
    | undefined
  if (clientInfo !== null && typeof clientInfo === 'object') {
    facts.clientName = nameOf(clientInfo.name)
    facts.clientVersion = nameOf(clientInfo.version)
  }
  const authInfo = typeof extra?.authInfo === 'object' ? (extra.authInfo ?? undefined) : undefined
  const identity = exchange?.identity ?? context.identity(authInfo)
  const requestUid =
    observed?.requestUid ??
    ((authInfo !== undefined && authenticated(context, authInfo, started, exchange)) ||
      (exchange?.takeUid() ?? uuidV7(started)))
  const protocolVersion = isModern
    ? (nameOf(claimedVersion) ?? nameOf(extra?.classification?.revision))
    : facts.protocolVersion
  const trace = traceOf(meta)
  const id = message.id as string | number
  const common = commonOf(context, facts, identity, method, era, protocolVersion, exchange?.source(context))
  return {
    id,
    method,
    params,
    requestUid,
    started,
    identity,
    era,
    exchange,
    http: header === undefined ? undefined : () => httpFactsOf(header, extra),
    mirror: header === undefined || !isModern ? undefined : (parameters) => mirrorVerdict(header, message, parameters),
    protocolVersion,
    common: observed === undefined ? common : { ...common, ...observed.envelope },
    own: {
      requestUid,
      jsonrpcIdHash: context.hashes.handles.hash(typeof id === 'string' ? `s${id}` : `n${plainText(id)}`),
      traceId: trace?.traceId,
      spanId: trace?.spanId,
      traceClientSupplied: trace === undefined ? undefined : true,
    },
    logicalCallId: requestUid,
    round: undefined,
    toolName: undefined,
    definitionHash: undefined,
    argsHmac: undefined,
    retry: undefined,
    about: undefined,
    presented: NO_HANDLES,
    operation: undefined,
    isAnswered: false,
    whenAnswered: undefined,
    next: undefined,
    last: undefined,
  }
}

const MAX_COMMONS = 32

/** One object per caller and method on a connection: its encoding is made once. Nothing in it is ever changed. */
function commonOf(
  context: AuditContext,
  facts: ConnectionFacts,
  identity: Identity,
  method: string,
  era: 'legacy' | 'modern',
  protocolVersion: string | undefined,
  source: ReturnType<Exchange['source']> | undefined,
): Common {
  const sessionFp = era === 'modern' ? undefined : facts.sessionFp
  const { clientName, clientVersion, transport, commons } = facts
  const known = commons.get(method)
  if (
    known !== undefined &&
    known['principalKey'] === identity.principalKey &&
    known['clientKey'] === identity.clientKey &&
    known['actorKeys'] === identity.actorKeys &&
    known['tenantKey'] === identity.tenantKey &&
    known['principalKind'] === identity.principalKind &&
    known['sessionFp'] === sessionFp &&
    known['clientName'] === clientName &&
    known['clientVersion'] === clientVersion &&
    known['protocolVersion'] === protocolVersion &&
    known['era'] === era &&
    known['keyVersion'] === context.keyRing.version &&
    known['sourceAddressFp'] === source?.sourceAddressFp
  )
    return known
  const { principalKey, principalKind, actorKeys, tenantKey, clientKey, clientKind, correlationKey } = identity
  const common: Common = {
    method,
    transport,
    era,
    protocolVersion,
    clientName,
    clientVersion,
    sessionFp,
    principalKey,
    principalKind,
    actorKeys,
    tenantKey,
    clientKey,
    clientKind,
    correlationKey: sessionFp ?? correlationKey,
    sourceAddressFp: source?.sourceAddressFp,
    addressClass: source?.addressClass,
    decision: 'allow',
    captureLevel: context.captureLevel,
    keyVersion: context.keyRing.version,
  }
  if (commons.size >= MAX_COMMONS) commons.clear()
  commons.set(method, common)
  return common
}

/** The uid of the verification that let this request in. Without a wrapped verifier the authInfo itself is the evidence, told once a request. */
function authenticated(
  context: AuditContext,
  authInfo: object,
  started: Instant,
  exchange: Exchange | undefined,
): string {
  const claimed = claimVerification(authInfo, context, exchange)
  if (claimed !== undefined) {
    if (claimed === exchange?.requestUid) exchange.takeUid()
    return claimed
  }
  const requestUid = exchange?.takeUid() ?? uuidV7(started)
  const { token } = authInfo as { token?: unknown }
  const text = typeof token === 'string' ? token : ''
  // One verification lets a whole batch in.
  const reason = wasVerified(authInfo)
    ? 'accepted by the verifier, with another message'
    : 'authInfo of the request; the verifier is not instrumented'
  context.guard(() => tellAllowed(context, authInfo, text, requestUid, started, undefined, reason, exchange))
  return requestUid
}

function httpFactsOf(header: HeaderReader, extra: MessageExtra | undefined): HttpFacts {
  return {
    verb: nameOf(extra?.request?.method) ?? 'POST',
    origin: nameOf(header('origin')),
    host: nameOf(header('host')),
    hasAuthorization: header('authorization') !== undefined,
    sessionHeaderPresent: header('mcp-session-id') !== undefined,
    lastEventIdPresent: header('last-event-id') !== undefined,
    observed: extra?.observed?.http,
  }
}
