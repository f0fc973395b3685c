/** Events of an HTTP exchange: what never reached a transport is told here; what did is told by its connection and only enriched. */
import { type AuditContext, contextFor, knownContext } from '../audit-context.ts'
import { elapsedMs, instantNow } from '../clock.ts'
import type { Request, RpcMessage } from '../messages/request.ts'
import { openUnreached, tellChallenged, tellRefusedCall } from './challenge.ts'
import { rememberNonce, tellProof } from './dpop.ts'
import { credentialsIn, httpFieldsOf, isRemarkable } from './edge-facts.ts'
import type { EdgeOptions } from './edge-options.ts'
import { CLIENT_CLOSED, type Exchange } from './exchange.ts'
import { pathOf } from './http-head.ts'
import { isMetadataPath, tellServedMetadata } from './metadata.ts'
import { type Refusal, refusalOf } from './refusal.ts'

const contextOf = ({ reached, options }: Exchange): AuditContext =>
  reached[0]?.context ?? knownContext(options) ?? contextFor(options, '')

/** Runs our own code beside an exchange: what it throws goes no further. */
export function beside(exchange: Exchange, run: (context: AuditContext) => void): void {
  try {
    const context = contextOf(exchange)
    context.guard(() => run(context))
  } catch {
    // No context can be made of these options: the server itself is not observed either.
  }
}

/** A JSON-RPC request of this exchange has reached a transport. */
export function joined(exchange: Exchange, context: AuditContext, request: Request): void {
  exchange.reached.push({ context, request })
  learn(exchange)
  tellProof(context, exchange, 'allow', callerFields(request))
  if (request.method !== 'tools/call' || !isRemarkable(exchange)) return
  exchange.whenAnswered((status) =>
    // How the call itself ends is in its row.
    context.guard(() => tellHttp(context, exchange, request, { status, processed: true })),
  )
}

/** The answer begins. */
export function answerBegins(exchange: Exchange, status: number, answer: Exchange['answer']): void {
  if (exchange.status !== undefined) return
  exchange.answered(status, answer)
  beside(exchange, (context) => {
    const nonce = answer('dpop-nonce')
    if (nonce !== undefined) rememberNonce(context, nonce)
    if (isStream(exchange)) tellStreamOpened(context, exchange)
  })
}

/** The answer is complete, or the client has left before. */
export function exchangeEnds(exchange: Exchange, isAborted: boolean, messages = 0): void {
  const isUnanswered = exchange.status === undefined
  exchange.answered(CLIENT_CLOSED)
  beside(exchange, (context) => {
    if (isStream(exchange)) tellStreamClosed(context, exchange, isAborted, messages)
    else if (exchange.reached.length === 0) tellUnreached(context, exchange, isAborted && isUnanswered)
  })
}

/** Answers of which the beginning of the body is read: errors, and documents that clients are told to trust. */
export const isReadAnswer = (exchange: Exchange, status: number): boolean =>
  status >= 400 || (status === 200 && isMetadataPath(pathOf(exchange.head)))
export const MAX_ANSWER_CHARACTERS = 65_536

export const isStream = ({ head, status, answer, reached }: Exchange): boolean =>
  head.verb === 'GET' &&
  status === 200 &&
  reached.length === 0 &&
  /^text\/event-stream\b/.test(answer('content-type') ?? '')

function tellUnreached(context: AuditContext, exchange: Exchange, isAborted: boolean): void {
  const { head, told } = exchange
  const status = exchange.status ?? CLIENT_CLOSED
  if (isMetadataPath(pathOf(head))) {
    if (status === 200) tellServedMetadata(context, exchange)
    return
  }
  if (told.has('oauth') || !concernsMcp(exchange, status)) return
  if (status >= 400) tellRefused(context, exchange, isAborted)
  else if (head.verb === 'DELETE') tellDeleted(context, exchange)
  else if (head.verb === 'POST' && isRemarkable(exchange) && isAccounted(exchange)) tellServed(context, exchange)
}

/** Paths on which a transport was reached, by the options of their edge. Bounded: a router may take any path. */
const endpoints = new WeakMap<EdgeOptions, Set<string>>()
const MAX_ENDPOINTS = 64
function learn({ head, options }: Exchange): void {
  const known = endpoints.get(options)
  if (known === undefined) endpoints.set(options, new Set([pathOf(head)]))
  else if (known.size < MAX_ENDPOINTS) known.add(pathOf(head))
}

/** Whether a request that no transport has seen was meant for one. */
function concernsMcp(exchange: Exchange, status: number): boolean {
  const { head, refused, answer, options } = exchange
  if (refused !== undefined) return true
  const { endpoint } = options
  if (endpoint !== undefined) return [endpoint].flat().includes(pathOf(head))
  const { header, verb } = head
  const isJson = verb === 'POST' && /^application\/json\b/.test(header('content-type') ?? '')
  const isForStream = (header('accept') ?? '').includes('text/event-stream')
  const challenge = answer('www-authenticate')
  if (MCP_HEADERS.some((name) => header(name) !== undefined) || (isJson && isForStream)) return true
  if (challenge?.includes('resource_metadata') || messagesOf(exchange.parsedBody()).some(isJsonRpc)) return true
  // Once it is known where MCP is served, what only resembles it elsewhere is the business of another part of the application.
  const learned = endpoints.get(options)
  if (learned !== undefined && learned.size < MAX_ENDPOINTS && !learned.has(pathOf(head))) return false
  if (status === 401 || challenge !== undefined) return true
  return isJson || isForStream || (status === 403 && header('origin') !== undefined)
}
const MCP_HEADERS = ['mcp-session-id', 'mcp-protocol-version', 'mcp-method']
const isJsonRpc = (message: object): boolean => (message as { jsonrpc?: unknown }).jsonrpc === '2.0'

function tellRefused(context: AuditContext, exchange: Exchange, isAborted: boolean): void {
  const status = exchange.status ?? CLIENT_CLOSED
  const refusal = refusalOf(exchange, status)
  const messages = messagesOf(exchange.parsedBody())
  let request = exchange.refused
  if (request === undefined) {
    request = openUnreached(context, exchange, messages[0], refusal.decision)
    const { asked } = refusal
    if (refusal.isChallenge)
      tellChallenged(context, request, {
        status,
        error: asked.parameters['error'],
        scopes: asked.parameters['scope']?.split(' '),
        resourceMetadataUrl: asked.parameters['resource_metadata'],
        schemes: asked.schemes,
      })
    for (const [at, message] of messages.entries()) {
      if (message.method !== 'tools/call') continue
      const call = at === 0 ? request : openUnreached(context, exchange, message, refusal.decision)
      tellRefusedCall(context, call, refusal.errorCode)
    }
  }
  tellProof(context, exchange, refusal.kind === 'authorization' ? 'deny' : 'allow', callerFields(request))
  const outcome = isAborted ? 'cancelled' : status >= 500 ? 'protocol_error' : 'denied'
  tellHttp(context, exchange, request, { outcome, status, processed: false, refusal: isAborted ? undefined : refusal })
}

/** JSON-RPC requests of a parsed body; a batch counts as far as the SDKs take one. */
const MAX_BATCH = 100
function messagesOf(body: unknown): RpcMessage[] {
  const messages = (Array.isArray(body) ? body.slice(0, MAX_BATCH) : [body]) as (RpcMessage | null | undefined)[]
  return messages.filter(
    (message): message is RpcMessage =>
      message !== null && typeof message === 'object' && typeof message.method === 'string',
  )
}

interface HttpEnding {
  readonly outcome?: string | undefined
  readonly status: number
  readonly processed: boolean
  readonly refusal?: Refusal | undefined
}
function tellHttp(context: AuditContext, exchange: Exchange, request: Request, ending: HttpEnding): void {
  const { outcome, status, processed, refusal } = ending
  const time = instantNow()
  context.emit(
    {
      eventType: 'http.request',
      ...request.own,
      outcome,
      errorCode: refusal?.errorCode,
      // The tool stands in a header too since 2026-07-28.
      toolName: request.toolName,
      durationMs: elapsedMs(exchange.started, time),
      status,
      ...httpFieldsOf(exchange, context),
      headerCheck: refusal?.headerCheck,
      headerMismatches: refusal?.headerMismatches,
      refusal: refusal?.kind,
      processed,
    },
    time,
    request.common,
  )
}

function tellServed(context: AuditContext, exchange: Exchange): void {
  const request = openUnreached(context, exchange, messagesOf(exchange.parsedBody())[0], 'allow')
  tellHttp(context, exchange, request, { outcome: 'ok', status: exchange.status ?? 200, processed: true })
}

/**
 * A header or cookie that nobody here was seen to check may well have been checked: that the request was carried out is not said then,
 * because it would read as carried out for nobody. A credential in the wrong place is told all the same.
 */
function isAccounted(exchange: Exchange): boolean {
  if (exchange.caller() !== undefined || exchange.identity !== undefined) return true
  const { location } = credentialsIn(exchange)
  return location !== 'header' && location !== 'cookie'
}

function tellDeleted(context: AuditContext, exchange: Exchange): void {
  const request = openUnreached(context, exchange, undefined, 'allow')
  const sessionFp = request.common['sessionFp']
  if (sessionFp !== undefined && !exchange.told.has('session')) {
    exchange.told.add('session')
    const fields = { eventType: 'session.terminated' as const, ...request.own, reason: 'deleted by the client' }
    context.emit(fields, undefined, request.common)
  }
  if (isAccounted(exchange))
    tellHttp(context, exchange, request, { outcome: 'ok', status: exchange.status ?? 200, processed: true })
}

const streams = new WeakMap<Exchange, Request>()

function tellStreamOpened(context: AuditContext, exchange: Exchange): void {
  const request = openUnreached(context, exchange, undefined, 'allow')
  streams.set(exchange, request)
  learn(exchange)
  const lastEventId = exchange.head.header('last-event-id')
  tellProof(context, exchange, 'allow', callerFields(request))
  context.emit(
    {
      eventType: 'stream.opened',
      ...request.own,
      streamKind: 'get',
      lastEventFp: lastEventId === undefined ? undefined : context.hashes.handles.hash(lastEventId),
    },
    undefined,
    request.common,
  )
  if (isAccounted(exchange)) tellHttp(context, exchange, request, { outcome: 'ok', status: 200, processed: true })
}

function tellStreamClosed(context: AuditContext, exchange: Exchange, isAborted: boolean, messages: number): void {
  const request = streams.get(exchange)
  if (request === undefined) return
  const time = instantNow()
  context.emit(
    {
      eventType: 'stream.closed',
      ...request.own,
      durationMs: elapsedMs(exchange.started, time),
      streamKind: 'get',
      closedBy: isAborted ? 'client' : 'server',
      early: isAborted,
      messages,
    },
    time,
    request.common,
  )
}

/** Envelope fields of the caller, for events that stand beside those of the request. */
function callerFields({ common }: Request): object {
  const { principalKey, principalKind, clientKey, tenantKey } = common
  return { principalKey, principalKind, clientKey, tenantKey }
}
