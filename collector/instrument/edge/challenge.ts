/** Requests that were refused at the door, before any server saw them: 401 and 403 with WWW-Authenticate, and their like. */
import { type AuditContext, contextFor } from '../audit-context.ts'
import { type MessageExtra, openRequest, type Request, type RpcMessage } from '../messages/request.ts'
import { tellCall, tellResult } from '../messages/tool-call.ts'
import { nameOf, namesOf, wireNamesOf } from '../names.ts'
import type { InstrumentOptions } from '../options.ts'
import { ServerRegistry } from '../registry/registry.ts'
import { type Exchange, exchangeInFlight } from './exchange.ts'
import { isModernHead } from './http-head.ts'

export interface Challenge {
  /** HTTP status of the answer: 401 or 403. */
  readonly status: number
  /** `error` of WWW-Authenticate, such as insufficient_scope. */
  readonly error?: string | undefined
  /** Scopes the answer asks for. */
  readonly scopes?: readonly string[] | undefined
  readonly resourceMetadataUrl?: string | undefined
  /** Schemes of WWW-Authenticate. */
  readonly schemes?: readonly string[] | undefined
}
export interface ChallengedRequest {
  /** The JSON-RPC request of the body. */
  readonly message: object
  /** What the verifier answered; undefined when there was no valid token. */
  readonly authInfo?: object | undefined
  readonly sessionId?: string | undefined
}

/**
 * For servers that refuse in their own middleware and have no edge (`auditExpress` and its like see every refusal by themselves);
 * SDK v2's `scopeChallenge` is seen without either. Gives auth.challenge.sent, and for a tools/call its row of calls: refused, not
 * carried out. Never throws.
 */
export function auditChallenge(
  request: ChallengedRequest,
  challenge: Challenge,
  options: InstrumentOptions = {},
): void {
  try {
    const context = contextFor(options, '')
    context.guard(() => tellChallenge(context, request, challenge))
  } catch {
    // No context can be made of these options: the server itself will not be observed either.
  }
}

export function tellChallenge(context: AuditContext, challenged: ChallengedRequest, challenge: Challenge): void {
  const { message, authInfo, sessionId } = challenged
  const exchange = exchangeInFlight()
  // The edge tells one refusal of an exchange: whoever knows more came first.
  if (exchange?.refused !== undefined) return
  const id = sessionId ?? exchange?.head.header('mcp-session-id')
  const request = decided(openUnseen(context, message as RpcMessage, id, { authInfo }, exchange), 'challenge')
  tellChallenged(context, request, challenge)
  const { status } = challenge
  if (request.method === 'tools/call') tellRefusedCall(context, request, String(status))
  if (exchange !== undefined) exchange.refused = request
  else if (request.method !== 'tools/call') {
    const refused = {
      eventType: 'http.request' as const,
      ...request.own,
      outcome: 'denied',
      errorCode: String(status),
      verb: 'POST',
      status,
      credentialLocation: authInfo === undefined ? 'none' : 'header',
      sessionHeaderPresent: sessionId !== undefined,
      processed: false,
    }
    context.emit(refused, undefined, request.common)
  }
}

export function tellChallenged(context: AuditContext, request: Request, challenge: Challenge): void {
  const { status, error, scopes, resourceMetadataUrl, schemes } = challenge
  const sent = {
    eventType: 'auth.challenge.sent' as const,
    ...request.own,
    status,
    error: nameOf(error),
    scopesChallenged: wireNamesOf(scopes),
    resourceMetadataHash:
      resourceMetadataUrl === undefined ? undefined : context.hashes.handles.hash(resourceMetadataUrl),
    challengeSchemes: namesOf(schemes),
  }
  context.emit(sent, undefined, request.common)
}

/** The row of calls of a tools/call that was not carried out. */
export function tellRefusedCall(context: AuditContext, request: Request, errorCode: string): void {
  // Nothing was looked up for this request: a registry that knows nothing says no fingerprint.
  const registry = new ServerRegistry(context, {}, undefined)
  tellCall(context, registry, request)
  tellResult(context, registry, request, { outcome: 'denied', errorCode, result: undefined })
}

/**
 * A request that reached no transport, from the message of its body if anybody has read it, else from the headers that mirror it since
 * 2026-07-28.
 */
export function openUnreached(
  context: AuditContext,
  exchange: Exchange,
  message: RpcMessage | undefined,
  decision: string,
): Request {
  const { head } = exchange
  const [method, name] = [head.header('mcp-method'), head.header('mcp-name')]
  const version = head.header('mcp-protocol-version')
  const isModern = isModernHead(head)
  const extra = {
    authInfo: exchange.caller(),
    request: { method: head.verb, headers: { get: head.header } },
    classification: isModern ? { era: 'modern', revision: version } : undefined,
  } as unknown as MessageExtra
  const sessionId = head.header('mcp-session-id')
  const asked = message ?? { method }
  const request = decided(openUnseen(context, asked, sessionId, extra, exchange), decision)
  if (method === 'tools/call' || message?.method === 'tools/call')
    request.toolName = nameOf((message?.params as { name?: unknown } | null | undefined)?.name) ?? nameOf(name)
  const hasId = message?.id !== undefined && message.id !== null
  return hasId ? request : { ...request, own: { ...request.own, jsonrpcIdHash: undefined } }
}

function openUnseen(
  context: AuditContext,
  message: RpcMessage,
  sessionId: string | undefined,
  extra: MessageExtra,
  exchange: Exchange | undefined,
): Request {
  const facts = {
    transport: 'http' as const,
    sessionId,
    sessionFp: sessionId === undefined ? undefined : context.hashes.handles.hash(sessionId),
    protocolVersion: undefined,
    clientName: undefined,
    clientVersion: undefined,
    commons: new Map(),
  }
  return openRequest(context, facts, message, extra, exchange)
}

const decided = (request: Request, decision: string): Request => ({
  ...request,
  common: { ...request.common, decision },
})
