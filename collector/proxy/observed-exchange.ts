/** One exchange through the proxy as audit events: the edge tells what never reached the server, this tells what did. */
import type { IncomingMessage } from 'node:http'
import { uuidV7 } from '../instrument/clock.ts'
import { tellChallenged } from '../instrument/edge/challenge.ts'
import { type Exchange, withinExchange } from '../instrument/edge/exchange.ts'
import { pathOf } from '../instrument/edge/http-head.ts'
import { askedFor } from '../instrument/edge/www-authenticate.ts'
import { mirrorVerdict } from '../instrument/messages/header-mirror.ts'
import type { MessageExtra, Request, RpcMessage } from '../instrument/messages/request.ts'
import { beginsLikeJson, bodyText } from '../observe/body-text.ts'
import type { Gateway } from '../observe/gateway-context.ts'
import { rpcMessagesOf } from '../observe/rpc-text.ts'
import type { StreamEvent } from '../observe/sse-reader.ts'
import type { Unread } from '../observe/unread.ts'
import type { WireConnection } from '../observe/wire-connection.ts'
import { BodyCopy, type CopyBudget } from './body-copy.ts'
import type { Watcher } from './forward.ts'
import { type Presented, presentedIn, tellPresented } from './presented-token.ts'
import type { WireSessions } from './wire-sessions.ts'

/** What all exchanges of one proxy share. */
export interface ProxyObservation {
  readonly gateway: Gateway
  readonly sessions: WireSessions
  readonly budget: CopyBudget
  readonly unread: Unread
  /** Query parameters that are one-time tickets by design. */
  readonly tickets: readonly string[]
  /** Exchanges whose end nobody has seen, to be ended with the proxy. */
  readonly open: Set<ObservedExchange>
  /** A stream may be resumed so long after it broke: until then its request is under way. */
  readonly resumeMs: number
}

/** A call is told when the server has decided whether it gets in, but a slow one not later than this. */
const DECIDES_MS = 1_000
/** Broken streams that may be resumed, at once. */
const MAX_RESUMABLE = 10_000
/** JSON-RPC errors with a 4xx status that come from behind the door: method, parameters, internal. */
const FROM_WITHIN = new Set([-32601, -32602, -32603])
const VERSION_META = 'io.modelcontextprotocol/protocolVersion'

const isJson = (contentType: string | undefined): boolean => /^application\/(\S+\+)?json\b/i.test(contentType ?? '')
const isEventStream = (contentType: string | undefined): boolean => /^text\/event-stream\b/i.test(contentType ?? '')
type Id = string | number

export class ObservedExchange implements Watcher {
  private readonly shared: ProxyObservation
  private readonly exchange: Exchange
  private readonly presented: Presented
  private readonly requestCopy: BodyCopy | undefined
  private responseCopy: BodyCopy | undefined
  private messages: readonly RpcMessage[] = []
  private bytes = 0
  private status: number | undefined
  private sessionId: string | undefined
  private connection: WireConnection | undefined
  private isOwnConnection = false
  private challenge: string | undefined
  private contentType: string | undefined
  private isTold = false
  private isTokenTold = false
  private isOver = false
  private isBegun = false
  private isLegacyPost = false
  private legacyAddress: string | undefined
  private timer: NodeJS.Timeout | undefined
  private readonly unanswered = new Map<Id, Request>()

  constructor(shared: ProxyObservation, exchange: Exchange) {
    this.shared = shared
    this.exchange = exchange
    this.presented = presentedIn(exchange, shared.gateway.context, shared.tickets)
    exchange.identity = this.presented.identity
    const { header, verb } = exchange.head
    if (verb === 'POST')
      this.requestCopy = new BodyCopy(shared.budget, header('content-encoding'), {
        whole: (body) => this.asked(body),
        unread: (reason) => shared.unread.count(reason, 'client'),
      })
    shared.open.add(this)
  }

  requestBody(chunk: Buffer): void {
    this.guard(() => {
      this.requestCopy?.write(chunk)
      if (this.isBegun) return
      this.isBegun = true
      // By what it is, not by what it is called: servers differ in which types they take for JSON.
      const { header } = this.exchange.head
      if (header('content-encoding') === undefined && !isJson(header('content-type')) && !beginsLikeJson(chunk))
        this.requestCopy?.drop()
    })
  }
  requestEnd(): void {
    this.guard(() => this.requestCopy?.end())
  }

  head({ statusCode = 0, headers }: IncomingMessage): void {
    this.guard(() => {
      this.status = statusCode
      const { header, verb } = this.exchange.head
      const id = headers['mcp-session-id']
      this.sessionId = typeof id === 'string' ? id : undefined
      this.challenge = headers['www-authenticate']
      this.contentType = headers['content-type']
      const isStream = isEventStream(headers['content-type'])
      const isLetIn = statusCode >= 200 && statusCode < 300
      const asked = header('mcp-session-id')
      if (asked !== undefined && ((verb === 'DELETE' && isLetIn) || (statusCode === 404 && verb !== 'OPTIONS')))
        this.within(() => this.shared.sessions.end(asked, pathOf(this.exchange.head)))
      const isForStream = (header('accept') ?? '').includes('text/event-stream')
      if (verb !== 'POST' && (isStream || isForStream || (verb === 'DELETE' && asked !== undefined)))
        this.tellToken(statusCode)
      if (isStream && isLetIn) this.openStream(verb, asked, headers['content-encoding'])
      else if (isJson(headers['content-type']) && verb === 'POST') this.readAnswer(headers['content-encoding'])
      this.decide()
    })
  }

  responseBody(chunk: Buffer): void {
    this.guard(() => this.responseCopy?.write(chunk))
  }
  responseEnd(): void {
    this.guard(() => this.responseCopy?.end())
  }

  /** Nobody was there: the request ends as an error of the protocol, whoever made it. */
  unreachable(status: number): void {
    this.guard(() => {
      this.status = status
      this.decide()
      this.settle(status)
    })
  }

  /** The client has everything, or is gone. Comes before the edge tells the end. */
  over(): void {
    clearTimeout(this.timer)
    this.guard(() => {
      // Gone before the server had decided: what was asked is known all the same.
      if (!this.isTold && this.status === undefined && this.messages.length > 0) this.tell(undefined)
    })
    this.requestCopy?.drop()
    if (this.responseCopy === undefined) this.finish()
    else this.responseCopy.whenDone(() => this.finish())
  }

  /** The proxy ends: nobody will see the answers any more. */
  abandon(): void {
    this.responseCopy?.drop()
    this.over()
    this.giveUp()
  }

  private guard(run: () => void): void {
    if (!this.isOver) this.shared.gateway.context.guard(run)
  }
  private within(run: () => void): void {
    withinExchange(this.exchange, run)
  }

  private asked(body: Buffer): void {
    const { header } = this.exchange.head
    const text = bodyText(body, header('content-type'))
    if (text === undefined) {
      this.shared.unread.count('charset not readable', 'client')
      return
    }
    const messages = rpcMessagesOf(text)
    if (messages === undefined) {
      // Other JSON is nobody's message: a registration, a form of the application.
      if (header('mcp-protocol-version') !== undefined || text.includes('"jsonrpc"'))
        this.shared.unread.count('not JSON-RPC', 'client')
      return
    }
    this.messages = messages
    this.bytes = body.length
    this.exchange.parsedBody = () => (messages.length === 1 ? messages[0] : messages)
    this.timer = setTimeout(() => this.guard(() => this.isTold || this.tell(undefined)), DECIDES_MS).unref()
    this.decide()
  }

  /** Tells the requests once both are known: what was asked, and how the answer begins. A refusal is the edge's to tell. */
  private decide(): void {
    const { status } = this
    if (status === undefined || this.messages.length === 0) return
    this.tellToken(status)
    if (this.isTold) {
      if (status === 401 || status === 403) this.tellLateRefusal(status)
      return
    }
    if (status < 400) this.tell('allow')
    else if (status >= 500) this.tell('error')
  }

  private tell(decision: 'allow' | 'error' | undefined): void {
    this.isTold = true
    clearTimeout(this.timer)
    const { context } = this.shared.gateway
    const { head, started } = this.exchange
    const connection = this.connect()
    const extra = { request: { method: head.verb, headers: { get: (name: string) => head.header(name) } } }
    for (const message of this.messages) {
      const observed = {
        started,
        requestUid: this.exchange.takeUid() ?? uuidV7(started),
        envelope: { decision },
        http: isModern(message) ? { ...mirrorVerdict(head.header, message) } : {},
      }
      this.within(() => {
        const request = connection.fromClient(message, this.bytes / this.messages.length, {
          ...extra,
          observed,
        } as unknown as MessageExtra)
        if (request !== undefined) this.unanswered.set(request.id, request)
      })
    }
    if (this.status !== undefined && this.status >= 500) context.guard(() => this.settle(this.status!))
  }

  /** Where these messages belong: their session, the stream of the old transport, or nowhere beyond this exchange. */
  private connect(): WireConnection {
    const { sessions } = this.shared
    const { scopeSetHash } = this.presented.identity
    const modern = this.messages.some(isModern)
    const asked = this.exchange.head.header('mcp-session-id')
    const id = this.sessionId ?? asked
    const legacy = sessions.findLegacy(this.exchange.head.target)
    this.isLegacyPost = legacy !== undefined
    this.isOwnConnection = legacy === undefined && (modern || id === undefined)
    this.connection =
      legacy ??
      (modern || id === undefined
        ? sessions.alone(modern ? 'modern' : 'legacy', scopeSetHash)
        : sessions.open(id, pathOf(this.exchange.head), scopeSetHash))
    return this.connection
  }

  /** The server took the token, or did not. A 403 says nothing about the token itself. */
  private tellToken(status: number): void {
    const { context } = this.shared.gateway
    if (this.isTokenTold) return
    this.isTokenTold = true
    if (status === 401) tellPresented(context, this.exchange, this.presented, 'deny', status)
    else if (status < 400) tellPresented(context, this.exchange, this.presented, 'allow', status)
  }

  private tellLateRefusal(status: number): void {
    const { context } = this.shared.gateway
    const { parameters, schemes } = askedFor(this.challenge)
    for (const request of this.unanswered.values())
      tellChallenged(
        context,
        { ...request, common: { ...request.common, decision: 'challenge' } },
        {
          status,
          error: parameters['error'],
          scopes: parameters['scope']?.split(' '),
          resourceMetadataUrl: parameters['resource_metadata'],
          schemes,
        },
      )
    this.settle(status)
  }

  private settle(status: number): void {
    for (const id of [...this.unanswered.keys()]) this.answered({ id, error: { code: status } })
  }

  private openStream(verb: string, session: string | undefined, encoding: string | undefined): void {
    const { sessions, budget, unread } = this.shared
    if (verb === 'GET') this.connection = session === undefined ? undefined : sessions.find(session)
    this.responseCopy = new BodyCopy(budget, encoding, {
      event: (event) => this.streamed(event, verb),
      unread: (reason) => unread.count(reason, 'server'),
    })
  }

  private streamed({ event, data }: StreamEvent, verb: string): void {
    if (event === 'endpoint' && verb === 'GET') {
      this.endLegacy()
      const { target } = this.exchange.head
      const url = new URL(data, `http://legacy.invalid${target}`)
      this.legacyAddress = url.pathname + url.search
      this.connection = this.shared.sessions.openLegacy(this.legacyAddress, this.presented.identity.scopeSetHash)
      return
    }
    const messages = event === 'message' && data !== '' ? rpcMessagesOf(data) : []
    if (messages === undefined) this.shared.unread.count('not JSON-RPC', 'server')
    for (const message of messages ?? []) this.answered(message)
  }

  private readAnswer(encoding: string | undefined): void {
    const { budget, unread } = this.shared
    this.responseCopy = new BodyCopy(budget, encoding, {
      whole: (body) => this.answer(body),
      unread: (reason) => unread.count(reason, 'server'),
    })
  }

  private answer(body: Buffer): void {
    const messages = rpcMessagesOf(bodyText(body, this.contentType) ?? '') ?? []
    const isFromWithin = messages.some(({ error }) =>
      FROM_WITHIN.has((error as { code?: number } | null | undefined)?.code ?? 0),
    )
    if (!this.isTold && this.messages.length > 0 && isFromWithin) this.tell('allow')
    if (this.isTold) for (const message of messages) this.answered(message)
  }

  private answered(message: RpcMessage): void {
    const { id } = message
    const [only] = this.unanswered.size === 1 ? this.unanswered.keys() : []
    if (typeof message.method !== 'string' && id !== undefined && id !== null) this.unanswered.delete(id)
    this.within(() => this.connection?.fromServer(message, only))
  }

  private finish(): void {
    this.guard(() => this.end())
    this.isOver = true
    if (this.unanswered.size === 0) this.shared.open.delete(this)
  }

  private end(): void {
    this.endLegacy()
    // The answer of the old transport comes on its stream.
    if (this.isLegacyPost) this.unanswered.clear()
    if (this.unanswered.size === 0) {
      if (this.isOwnConnection) this.connection?.closed()
      return
    }
    if (this.isOwnConnection) {
      this.within(() => this.connection?.closed())
      this.unanswered.clear()
    } else if (this.status === undefined || this.shared.open.size > MAX_RESUMABLE) this.giveUp()
    else setTimeout(() => this.giveUp(), this.shared.resumeMs).unref()
  }

  private giveUp(): void {
    for (const id of this.unanswered.keys()) this.connection?.gaveUp(id)
    this.unanswered.clear()
    this.shared.open.delete(this)
  }

  private endLegacy(): void {
    if (this.legacyAddress !== undefined) this.shared.sessions.endLegacy(this.legacyAddress)
    this.legacyAddress = undefined
  }
}

function isModern({ params }: RpcMessage): boolean {
  const meta = (params as { _meta?: Readonly<Record<string, unknown>> | null } | null | undefined)?._meta
  return typeof meta?.[VERSION_META] === 'string'
}
