/** One connection of a server: sees every message in both directions, pairs answers with requests, and never disturbs either. */
import type { AuditContext } from './audit-context.ts'
import { joined } from './edge-events.ts'
import { tellElicitation } from './elicitation.ts'
import { exchangeInFlight } from './exchange.ts'
import { nameOf } from './names.ts'
import { tellRequest, tellSession } from './other-request.ts'
import type { ServerRegistry } from './registry.ts'
import {
  type ConnectionFacts,
  type MessageExtra,
  openRequest,
  type Request,
  type RpcMessage,
  type RpcParams,
  type Transport,
} from './request.ts'
import type { TransportLike } from './server-shape.ts'
import type { Spans } from './spans.ts'
import { type Ending, tellCall, tellResult } from './tool-call.ts'

/** Requests open at once on one connection; beyond it the oldest is given up as unanswered, so that memory stays bounded. */
const MAX_OPEN = 10_000
const TOLD_NOTIFICATIONS = new Set([
  'notifications/tools/list_changed',
  'notifications/prompts/list_changed',
  'notifications/resources/list_changed',
])

/** SDK v1 wraps protocol errors of its own into results; this is how they read, on v1 and v2. */
const WRAPPED_CODE = /^MCP error (-32\d{3})/
const INVALID_INPUT = /^Input validation error/

export class Connection {
  private readonly context: AuditContext
  private readonly registry: ServerRegistry
  private readonly transport: TransportLike
  private readonly spans: Spans | undefined
  private readonly facts: ConnectionFacts
  private readonly open = new Map<string | number, Request>()
  private pending = 0

  constructor(
    context: AuditContext,
    registry: ServerRegistry,
    transport: TransportLike,
    kind: Transport,
    spans: Spans | undefined,
  ) {
    this.context = context
    this.registry = registry
    this.transport = transport
    this.spans = spans
    this.facts = {
      transport: kind,
      sessionId: undefined,
      sessionFp: undefined,
      protocolVersion: undefined,
      clientName: undefined,
      clientVersion: undefined,
      commons: new Map(),
    }
  }

  /** A message from the client, before the server sees it. The request it opened, if it did. */
  received(message: RpcMessage, extra: MessageExtra | undefined): Request | undefined {
    if (message === null || typeof message !== 'object' || typeof message.method !== 'string') return undefined
    if (message.id === undefined || message.id === null) {
      if (message.method === 'notifications/cancelled') this.cancelled((message.params ?? {}) as RpcParams)
      if (message.method === 'notifications/initialized')
        this.registry.beginAfterSetup(this.context.identity(extra?.authInfo).scopeSetHash, 'legacy')
      return undefined
    }
    this.readSession()
    const request = openRequest(this.context, this.facts, message, extra)
    if (message.method !== 'initialize') this.registry.begin(request.identity.scopeSetHash, request.era)
    this.enqueue(request)
    if (message.method === 'tools/call') tellCall(this.context, this.registry, request)
    const { exchange } = request
    if (exchange !== undefined) this.context.guard(() => joined(exchange, this.context, request))
    if (this.spans !== undefined) {
      const { traceId, spanId } = request.own
      request.operation = this.spans.begin({
        method: request.method,
        // The registry may not have answered yet, and a span has its name from the start.
        toolName: message.method === 'tools/call' ? (request.toolName ?? nameOf(request.params.name)) : undefined,
        protocolVersion: request.protocolVersion,
        isHttp: request.http !== undefined,
        parent: traceId === undefined || spanId === undefined ? undefined : { traceId, spanId },
      })
    }
    return request
  }

  /** A message to the client, before the transport has it. */
  sending(message: RpcMessage, options: { readonly relatedRequestId?: string | number } | undefined): void {
    if (message === null || typeof message !== 'object') return
    if (typeof message.method === 'string') this.initiated(message.method, message, options?.relatedRequestId)
    else if (message.id !== undefined && message.id !== null) this.answered(message.id, message)
  }

  /** The transport is closed: whatever is open gets no answer any more. */
  closed(): void {
    for (const id of [...this.open.keys()])
      for (let request = this.dequeue(id); request !== undefined; request = this.dequeue(id))
        this.settle(request, { outcome: 'cancelled', errorCode: 'connection_closed', result: undefined })
    const { sessionFp, transport } = this.facts
    if (sessionFp === undefined) return
    this.facts.sessionFp = undefined
    // A DELETE of the client ends it, and the edge that sees the request says no more of it.
    const exchange = exchangeInFlight()
    const isDeleted = exchange?.head.verb === 'DELETE'
    if (isDeleted) exchange?.told.add('session')
    this.context.emit({
      eventType: 'session.terminated',
      sessionFp,
      correlationKey: sessionFp,
      transport,
      era: 'legacy',
      ...(isDeleted && { requestUid: exchange?.requestUid, ...exchange?.source(this.context) }),
      reason: isDeleted ? 'deleted by the client' : 'connection closed',
    })
  }

  /** The transport invents the session while it reads `initialize`: it is there when that message arrives. */
  private readSession(): void {
    const { sessionId } = this.transport
    if (typeof sessionId !== 'string' || sessionId === this.facts.sessionId) return
    this.facts.sessionId = sessionId
    this.facts.sessionFp = this.context.hashes.handles.hash(sessionId)
  }

  private enqueue(request: Request): void {
    if (this.pending >= MAX_OPEN) {
      const oldest = this.dequeue(this.open.keys().next().value!)
      if (oldest !== undefined)
        this.settle(oldest, { outcome: 'timeout', errorCode: 'too_many_open', result: undefined })
    }
    this.pending++
    const earlier = this.open.get(request.id)
    if (earlier === undefined) this.open.set(request.id, request)
    else {
      ;(earlier.last ?? earlier).next = request
      earlier.last = request
    }
  }

  private dequeue(id: string | number): Request | undefined {
    const request = this.open.get(id)
    if (request === undefined) return undefined
    this.pending--
    const { next, last } = request
    if (next === undefined) this.open.delete(id)
    else {
      this.open.set(id, next)
      if (last !== next) next.last = last
    }
    return request
  }

  /** A client that gives up says so, or just leaves. An answer that still comes is not a second result. */
  private cancelled({ requestId, reason }: RpcParams): void {
    const request = this.open.get(requestId as string | number)
    if (request === undefined || request.method === 'initialize') return
    this.dequeue(request.id)
    const isTimeout = typeof reason === 'string' && /timed? ?out/i.test(reason)
    this.settle(request, { outcome: isTimeout ? 'timeout' : 'cancelled', errorCode: undefined, result: undefined })
  }

  private answered(id: string | number, message: RpcMessage): void {
    const request = this.dequeue(id)
    if (request === undefined) return
    if (message.error !== undefined && message.error !== null) {
      const { code } = message.error as { code?: unknown }
      this.settle(request, { outcome: 'protocol_error', errorCode: String(code), result: undefined })
      return
    }
    const result = (message.result ?? {}) as Readonly<Record<string, unknown>>
    const isError = request.method === 'tools/call' && result['isError'] === true
    this.settle(request, {
      outcome: isError ? 'tool_error' : 'ok',
      errorCode: isError ? wrappedCode(result) : undefined,
      result,
    })
  }

  private settle(request: Request, ending: Ending): void {
    const { context, registry, spans } = this
    request.isAnswered = true
    if (request.whenAnswered !== undefined) context.guard(request.whenAnswered)
    if (request.method === 'tools/call') tellResult(context, registry, request, ending)
    else {
      if (request.method === 'initialize' && ending.result !== undefined) this.initialized(request, ending.result)
      const { result } = ending
      if (request.method === 'tools/list' && result !== undefined)
        context.guard(() => registry.shown(result, request.params.cursor, request.identity.scopeSetHash))
      tellRequest(context, request, ending)
    }
    if (spans !== undefined && request.operation !== undefined) {
      const failed =
        ending.outcome === 'ok'
          ? undefined
          : ending.outcome === 'tool_error'
            ? 'tool_error'
            : (ending.errorCode ?? ending.outcome)
      spans.end(request.operation, failed, ending.outcome === 'protocol_error' ? ending.errorCode : undefined)
    }
  }

  private initialized(request: Request, result: Readonly<Record<string, unknown>>): void {
    const { protocolVersion } = result
    if (typeof protocolVersion === 'string') this.facts.protocolVersion = protocolVersion
    if (this.facts.sessionFp !== undefined) tellSession(this.context, this.facts, request)
  }

  /** The server speaks first: a request of its own (legacy era), or a notification. */
  private initiated(method: string, message: RpcMessage, relatedId: string | number | undefined): void {
    const cause = relatedId === undefined ? undefined : this.open.get(relatedId)
    if (method === 'elicitation/create' && message.id !== undefined) {
      const { sessionFp, transport } = this.facts
      if (cause === undefined)
        tellElicitation(this.context, { sessionFp, transport, era: 'legacy' }, message.params, undefined)
      else tellElicitation(this.context, cause.own, message.params, cause.common)
    }
    if (!TOLD_NOTIFICATIONS.has(method)) return
    const { sessionFp, transport } = this.facts
    this.context.emit({
      eventType: 'notification.sent',
      transport,
      sessionFp,
      correlationKey: sessionFp,
      notification: method,
      causeRequestUid: cause?.requestUid,
      producerPrincipal: cause?.identity.principalKey,
    })
  }
}

function wrappedCode(result: Readonly<Record<string, unknown>>): string | undefined {
  const [first] = Array.isArray(result['content']) ? (result['content'] as { text?: unknown }[]) : []
  if (typeof first?.text !== 'string') return undefined
  return WRAPPED_CODE.exec(first.text)?.[1] ?? (INVALID_INPUT.test(first.text) ? '-32602' : undefined)
}
