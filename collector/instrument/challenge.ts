/** Requests that were refused at the door, before any server saw them: 401 and 403 with WWW-Authenticate. */
import { type AuditContext, contextFor, type InstrumentOptions } from './audit-context.ts'
import { namesOf } from './names.ts'
import { ServerRegistry } from './registry.ts'
import { openRequest, type Request, type RpcMessage } from './request.ts'
import { tellCall, tellResult } from './tool-call.ts'

export interface Challenge {
  /** HTTP status of the answer: 401 or 403. */
  readonly status: number
  /** `error` of WWW-Authenticate, such as insufficient_scope. */
  readonly error?: string | undefined
  /** Scopes the answer asks for. */
  readonly scopes?: readonly string[] | undefined
  readonly resourceMetadataUrl?: string | undefined
}
export interface ChallengedRequest {
  /** The JSON-RPC request of the body. */
  readonly message: object
  /** What the verifier answered; undefined when there was no valid token. */
  readonly authInfo?: object | undefined
  readonly sessionId?: string | undefined
}

/**
 * For servers that refuse in their own middleware (SDK v1, or a gate of your own); SDK v2's `scopeChallenge` is seen without it.
 * Gives auth.challenge.sent, and for a tools/call its row of calls: refused, not carried out. Never throws.
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

export function tellChallenge(
  context: AuditContext,
  { message, authInfo, sessionId }: ChallengedRequest,
  { status, error, scopes, resourceMetadataUrl }: Challenge,
): void {
  const { handles } = context.hashes
  const facts = {
    transport: 'http' as const,
    sessionId,
    sessionFp: sessionId === undefined ? undefined : handles.hash(sessionId),
    protocolVersion: undefined,
    clientName: undefined,
    clientVersion: undefined,
    commons: new Map(),
  }
  const opened = openRequest(context, facts, message as RpcMessage, { authInfo })
  const request: Request = { ...opened, common: { ...opened.common, decision: 'challenge' } }
  const sent = {
    eventType: 'auth.challenge.sent' as const,
    ...request.own,
    status,
    error,
    scopesChallenged: namesOf(scopes),
    resourceMetadataHash: resourceMetadataUrl === undefined ? undefined : handles.hash(resourceMetadataUrl),
  }
  context.emit(sent, undefined, request.common)
  if (request.method === 'tools/call') {
    // Nothing was looked up for this request: a registry that knows nothing says no fingerprint.
    const registry = new ServerRegistry(context, {}, undefined)
    tellCall(context, registry, request)
    tellResult(context, registry, request, { outcome: 'denied', errorCode: String(status), result: undefined })
    return
  }
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
