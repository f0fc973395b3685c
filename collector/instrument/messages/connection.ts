/** One connection of a server: sees every message in both directions, pairs answers with requests, and never disturbs either. */
import type { AuditContext } from '../audit-context.ts'
import { AUDIT_UNAVAILABLE } from '../delivery/overflow.ts'
import { joined } from '../edge/edge-events.ts'
import { exchangeInFlight } from '../edge/exchange.ts'
import { nameOf } from '../names.ts'
import type { ServerRegistry } from '../registry/registry.ts'
import type { TransportLike } from '../server-shape.ts'
import { callInFlight } from './call-in-flight.ts'
import { tellHello } from './client-hello.ts'
import { isContentRequest, openContent, tellContentRequest } from './content-request.ts'
import { tellElicitation } from './elicitation.ts'
import { isChange, tellNotification } from './notifications.ts'
import { readMirror, tellRequest, tellSession } from './other-request.ts'
import {
  type ConnectionFacts,
  callFields,
  type Ending,
  type MessageExtra,
  openRequest,
  type Request,
  type RpcMessage,
  type RpcParams,
  type Transport,
} from './request.ts'
import { openRetry, tellAnswers, tellInputRequired, tellRetry } from './rounds.ts'
import { ServerRequests } from './server-requests.ts'
import type { Spans } from './spans.ts'
import { tellTaskAccess } from './tasks.ts'
import { tellCall, tellResult, tellTaskResult } from './tool-call.ts'

/** Requests open at once on one connection; beyond it the oldest is given up as unanswered, so that memory stays bounded. */
const MAX_OPEN = 10_000
/** A tool that needs a page to be visited first may refuse with this code and the URLs (legacy era). */
const URL_ELICITATION_REQUIRED = '-32042'
const MAX_ELICITATIONS = 32
/** Methods beside tools/call whose result may ask back (modern era). */
const ASKING_BACK = new Set(['prompts/get', 'resources/read'])

/** SDK v1 wraps protocol errors of its own into results; this is how they read, on v1 and v2. */
const WRAPPED_CODE = /^MCP error (-32\d{3})/
const INVALID_INPUT = /^Input validation error/

const REFUSED_BY_US = String(AUDIT_UNAVAILABLE)

export class Connection {
  /** Its notifications of changes become others on the wire, one for each subscription or none, and are told there. */
  isRouted = false
  private readonly context: AuditContext
  private readonly registry: ServerRegistry
  private readonly transport: TransportLike
  private readonly spans: Spans | undefined
  private readonly facts: ConnectionFacts
  private serverRequests: ServerRequests | undefined
  private readonly open = new Map<string | number, Request>()
  private pending = 0
  private isDeleted = false
  /** Switch of keys after which the session was hashed. */
  private keyEpoch = 0

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
    if (message === null || typeof message !== 'object') return undefined
    if (typeof message.method !== 'string') {
      if (message.id !== undefined && message.id !== null) this.serverRequests?.answered(message)
      return undefined
    }
    if (message.id === undefined || message.id === null) {
      if (message.method === 'notifications/cancelled') this.cancelled((message.params ?? {}) as RpcParams)
      if (message.method === 'notifications/initialized')
        this.registry.beginAfterSetup(this.context.identity(extra?.authInfo).scopeSetHash, 'legacy')
      return undefined
    }
    this.readSession()
    const request = openRequest(this.context, this.facts, message, extra)
    const isCall = message.method === 'tools/call'
    if (message.method === 'initialize' || request.era === 'modern')
      this.context.guard(() => tellHello(this.context, request))
    if (message.method !== 'initialize') this.registry.begin(request.identity.scopeSetHash, request.era, isCall)
    this.enqueue(request)
    if (isCall) {
      tellCall(this.context, this.registry, request)
      // createMcpHandler, which alone classifies, has compared them before.
      if (request.mirror !== undefined && extra?.classification === undefined)
        this.context.guard(() => readMirror(this.registry, request))
    } else this.context.guard(() => this.opened(request))
    const { exchange } = request
    if (exchange !== undefined) this.context.guard(() => joined(exchange, this.context, request))
    if (this.spans !== undefined) {
      const { traceId, spanId } = request.own
      request.operation = this.spans.begin({
        method: request.method,
        // The registry may not have answered yet, and a span has its name from the start.
        toolName: isCall ? (request.toolName ?? nameOf(request.params.name)) : undefined,
        protocolVersion: request.protocolVersion,
        isHttp: request.http !== undefined,
        parent: traceId === undefined || spanId === undefined ? undefined : { traceId, spanId },
      })
    }
    return request
  }

  /** What is read of a request that is no tool call, before a handler can change it. */
  private opened(request: Request): void {
    if (isContentRequest(request.method)) openContent(this.context, request)
    const asksBack = ASKING_BACK.has(request.method)
    if (asksBack) openRetry(this.context, request)
    if (asksBack || request.method === 'tasks/update') tellAnswers(this.context, request)
  }

  /** The request with this id that is being served. */
  serving(id: string | number): Request | undefined {
    return this.open.get(id)
  }

  /** The caller of a request that carries no message, such as one for a stream. */
  caller(extra: MessageExtra): Request {
    this.readSession()
    const request = openRequest(this.context, this.facts, { id: '', method: '' }, extra)
    return { ...request, own: { ...request.own, jsonrpcIdHash: undefined } }
  }

  /** Runs a DELETE: if it closes this connection, the client ended the session. */
  async deleting<T>(run: () => Promise<T>): Promise<T> {
    this.isDeleted = true
    try {
      return await run()
    } finally {
      this.isDeleted = false
    }
  }

  /** A message to the client, before the transport has it. */
  sending(message: RpcMessage, options: { readonly relatedRequestId?: string | number } | undefined): void {
    if (message === null || typeof message !== 'object') return
    if (typeof message.method === 'string') this.initiated(message, options?.relatedRequestId)
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
    const isDeleted = this.isDeleted || exchange?.head.verb === 'DELETE'
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
    const { keyRing } = this.context
    // Between requests: within one all hashes are of one version.
    keyRing.advance()
    const { epoch } = keyRing
    if (typeof sessionId !== 'string' || (sessionId === this.facts.sessionId && epoch === this.keyEpoch)) return
    this.facts.sessionId = sessionId
    this.keyEpoch = epoch
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
      const error = message.error as Readonly<Record<string, unknown>>
      const errorCode = String(error['code'])
      if (errorCode === URL_ELICITATION_REQUIRED) this.context.guard(() => this.tellRequiredPages(request, error))
      const isOurs = errorCode === REFUSED_BY_US && this.context.overflow?.mayRefuse === true
      this.settle(request, { outcome: isOurs ? 'denied' : 'protocol_error', errorCode, result: undefined, error })
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
    if (request.method === 'tools/call') {
      tellResult(context, registry, request, ending)
      // Only of headers that say something else than the body.
      if (request.about !== undefined) tellRequest(context, request, ending)
    } else this.settleOther(request, ending)
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

  private settleOther(request: Request, ending: Ending): void {
    const { context, registry } = this
    const { method, params } = request
    const { result } = ending
    if (method === 'initialize' && result !== undefined) this.initialized(request, result)
    if (result !== undefined) context.guard(() => registry.shown(method, result, params.cursor, request.identity))
    tellRequest(context, request, ending)
    if (request.retry !== undefined) context.guard(() => tellRetry(context, request, ending))
    if (isContentRequest(method)) context.guard(() => tellContentRequest(context, registry, request, ending))
    if (result !== undefined && result['resultType'] === 'input_required')
      context.guard(() => tellInputRequired(context, request, result))
    if (method.startsWith('tasks/')) context.guard(() => this.settleTask(request, ending))
  }

  /** Its result is that of the call that made the task: told under that call, once. */
  private settleTask(request: Request, ending: Ending): void {
    tellTaskAccess(this.context, request, ending)
    tellTaskResult(this.context, this.registry, request, ending)
  }

  private tellRequiredPages(request: Request, error: Readonly<Record<string, unknown>>): void {
    const { elicitations } = (error['data'] ?? {}) as { elicitations?: unknown }
    if (!Array.isArray(elicitations)) return
    for (const params of elicitations.slice(0, MAX_ELICITATIONS))
      tellElicitation(this.context, callFields(request), params, request.common)
  }

  private initialized(request: Request, result: Readonly<Record<string, unknown>>): void {
    const { protocolVersion } = result
    if (typeof protocolVersion === 'string') this.facts.protocolVersion = protocolVersion
    if (this.facts.sessionFp !== undefined) tellSession(this.context, this.facts, request)
  }

  /** The server speaks first: a request of its own (legacy era), or a notification. */
  private initiated(message: RpcMessage, relatedId: string | number | undefined): void {
    const { id, method, params } = message
    const cause = (relatedId === undefined ? undefined : this.open.get(relatedId)) ?? callInFlight()?.request
    if (id !== undefined && id !== null) {
      this.serverRequests ??= new ServerRequests(this.context, () => this.unsolicited())
      this.serverRequests.asked(id, method as string, params, cause)
    } else if (method === 'notifications/cancelled') this.serverRequests?.cancelled(params)
    else if (!this.isRouted || this.facts.era !== 'modern' || !isChange(message))
      tellNotification(this.context, this.unsolicited(), message, cause)
  }

  /** Fields of events on this connection that no request of the client caused. */
  private unsolicited(): { transport: Transport; sessionFp: string | undefined } & Readonly<Record<string, unknown>> {
    const { sessionFp, transport, era } = this.facts
    return { transport, sessionFp, correlationKey: sessionFp, era }
  }
}

function wrappedCode(result: Readonly<Record<string, unknown>>): string | undefined {
  const [first] = Array.isArray(result['content']) ? (result['content'] as { text?: unknown }[]) : []
  if (typeof first?.text !== 'string') return undefined
  return WRAPPED_CODE.exec(first.text)?.[1] ?? (INVALID_INPUT.test(first.text) ? '-32602' : undefined)
}
