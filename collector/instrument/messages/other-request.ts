/** Events of requests that are not tool calls: one http.request each, and what initialize, discover and tasks tell besides. */
import type { AuditContext } from '../audit-context.ts'
import { elapsedMs, type Instant, instantNow } from '../clock.ts'
import { scanContent, tellFindings } from '../content/content-scan.ts'
import { httpFieldsOf, isRemarkable } from '../edge/edge-facts.ts'
import { canonical } from '../keys/canonical.ts'
import { sha256 } from '../keys/keyed-hash.ts'
import { nameOf, namesOf } from '../names.ts'
import type { ServerRegistry } from '../registry/registry.ts'
import type { ConnectionFacts, Ending, Request } from './request.ts'

/** HTTP status by JSON-RPC code in the modern era, where the SDK answers before a handler runs (its LADDER_ERROR_HTTP_STATUS). */
const LADDER: Readonly<Record<string, number>> = {
  '-32700': 400,
  '-32600': 400,
  '-32601': 404,
  '-32020': 400,
  '-32021': 400,
  '-32022': 400,
}
/** What a closed connection counts as; no answer went out. */
const CLIENT_CLOSED = 499

function statusOf({ era, http }: Request, { outcome, errorCode }: Ending): number {
  if (http === undefined) return 0
  if (outcome === 'cancelled' || outcome === 'timeout') return CLIENT_CLOSED
  return (era === 'modern' ? LADDER[errorCode ?? ''] : undefined) ?? 200
}

export function tellRequest(context: AuditContext, request: Request, ending: Ending): void {
  const time = instantNow()
  const { exchange } = request
  // The edge knows the status that goes out, as soon as it does.
  if (exchange === undefined) emitRequest(context, request, ending, time, statusOf(request, ending))
  else exchange.whenAnswered((status) => context.guard(() => emitRequest(context, request, ending, time, status)))
  if (ending.result === undefined) return
  if (request.method === 'initialize' || request.method === 'server/discover')
    tellIdentity(context, request, ending.result)
}

/** A call whose headers and body disagree has an http.request beside its row: `about` is what that says. */
export function readMirror(registry: ServerRegistry, request: Request): void {
  const { exchange, mirror, params } = request
  const { name } = params
  const parameters = typeof name === 'string' ? registry.definitions?.mirrored.get(name) : undefined
  const verdict = mirror?.(parameters ?? [])
  if (verdict === undefined || verdict.headerCheck === 'ok') return
  // The edge tells of this one anyway.
  if (exchange === undefined || !isRemarkable(exchange)) request.about = { ...verdict, toolName: nameOf(name) }
}

function emitRequest(context: AuditContext, request: Request, ending: Ending, time: Instant, status: number): void {
  const { exchange, started } = request
  const mirror = request.method === 'tools/call' ? request.about : request.mirror?.([])
  const http = request.http?.()
  context.emit(
    {
      eventType: 'http.request',
      ...request.own,
      outcome: ending.outcome,
      errorCode: ending.errorCode,
      durationMs: elapsedMs(started, time),
      verb: http?.verb,
      status,
      origin: http?.origin,
      host: http?.host,
      headerCheck: http === undefined ? undefined : 'not_checked',
      ...mirror,
      credentialLocation: http === undefined ? undefined : http.hasAuthorization ? 'header' : 'none',
      lastEventIdPresent: http?.lastEventIdPresent,
      sessionHeaderPresent: http?.sessionHeaderPresent,
      processed: ending.errorCode !== '-32601',
      ...(exchange !== undefined && httpFieldsOf(exchange, context)),
      ...http?.observed,
    },
    time,
    request.common,
  )
}

const hashOf = (value: unknown): string => {
  const text = value === undefined ? undefined : canonical(value)
  return text === undefined ? '' : sha256(text)
}

/** Name, instructions and capabilities as the server hands them out; hashes, because they are long and may carry instructions to a model. */
function tellIdentity(context: AuditContext, { era }: Request, result: Readonly<Record<string, unknown>>): void {
  const capabilities = (result['capabilities'] ?? {}) as Readonly<Record<string, unknown>>
  const meta = result['_meta'] as Readonly<Record<string, unknown>> | undefined
  const { instructions } = result
  const versions = result['supportedVersions'] ?? result['protocolVersions']
  const isNews = context.tellIdentity(
    {
      serverInfoHash: hashOf(result['serverInfo'] ?? meta?.['io.modelcontextprotocol/serverInfo']),
      instructionsHash: typeof instructions === 'string' ? sha256(instructions) : '',
      capabilitiesHash: hashOf(capabilities),
      capabilities: namesOf(Object.keys(capabilities).sort()),
      extensions: namesOf(Object.keys((capabilities['extensions'] ?? {}) as object).sort()),
      supportedVersions: namesOf(versions),
    },
    era,
  )
  if (!isNews || typeof instructions !== 'string') return
  const scanned = scanContent(context, 'instructions', '', instructions)
  tellFindings(context, 'instructions', scanned, { era }, undefined)
}

/** session.created: what can be said of a session id without saying it. */
export function tellSession(context: AuditContext, facts: ConnectionFacts, request: Request): void {
  const fields = {
    eventType: 'session.created' as const,
    ...request.own,
    ...context.sessionIds.seen(facts.sessionId ?? '', facts.sessionFp ?? ''),
  }
  context.emit(fields, undefined, request.common)
}
