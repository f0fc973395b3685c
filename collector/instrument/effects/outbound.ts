/**
 * outbound.request: what a server process asks of others while it serves a call. Listens on the diagnostics channels of undici (fetch)
 * and node:http; patches nothing. Requests outside any call, and those of our own exporters, are not told.
 */

import { elapsedMs, type Instant, instantNow } from '../clock.ts'
import { addressClass } from '../edge/address-class.ts'
import { sha256 } from '../keys/keyed-hash.ts'
import { type CallInFlight, callInFlight } from '../messages/call-in-flight.ts'
import { callFields } from '../messages/request.ts'
import { nameOf } from '../names.ts'
import { textsOf } from './call-effects.ts'
import { type SentCredential, type SentHeaders, sentCredential, tokenHandedOut } from './credential-relation.ts'

/** More requests in one call are counted by the flag of the last one told. */
const MAX_TOLD = 256
/** Bodies to and from token endpoints are read as far as this. */
const MAX_TOKEN_BODY_CHARACTERS = 65_536

/** Sockets, as both clients have them; certificates where they speak TLS. */
export interface PeerSocket {
  readonly remoteAddress?: string | undefined
  getPeerCertificate?(): { readonly issuer?: object } | undefined
}
export interface OutboundStart {
  readonly origin: string
  /** Path and query. */
  readonly target: string
  readonly verb: string
  readonly headers: SentHeaders
  readonly bodyBytes: number | undefined
}

const PATH_CLASSES: readonly (readonly [RegExp, string])[] = [
  [/\/introspect(ion)?$/i, 'introspect'],
  [/\/(token|access_token)$/i, 'token'],
  [/\/revoke$/i, 'revoke'],
  [/\/userinfo$/i, 'userinfo'],
  [/\/\.well-known\/|\/jwks(\.json)?$|\/certs$/i, 'metadata'],
  [/\/graphql$/i, 'graphql'],
  [/\/(api|v\d+)(\/|$)/i, 'api'],
]
export function pathClass(target: string): string {
  const path = target.split('?', 1)[0]!
  return PATH_CLASSES.find(([pattern]) => pattern.test(path))?.[1] ?? 'other'
}

/** How many requests of a call were told, and redirects that wait for the request that follows them. */
interface CallOutbound {
  told: number
  readonly redirects: Map<string, Outbound>
}
const byRequest = new WeakMap<object, CallOutbound>()

/** One request from its start to its answer, over all its redirects. */
export class Outbound {
  readonly call: CallInFlight
  private readonly started: Instant = instantNow()
  private readonly credential: SentCredential
  private readonly first: OutboundStart
  /** Of the request that is under way: the first one, or the last that a redirect led to. */
  private url: URL | undefined
  private readonly redirectHosts: string[] = []
  private address: string | undefined
  private issuerHash: string | undefined
  private isTold = false
  /** The bodies, only where the path is a token endpoint's. */
  private requestBody: string | undefined
  private answerBody = ''

  private constructor(call: CallInFlight, start: OutboundStart) {
    this.call = call
    this.first = start
    this.url = urlOf(start)
    this.credential = sentCredential(call, start.headers, start.target)
  }

  /** Undefined outside a call, and where its server does not want to know. A request that follows a redirect goes on with the first one. */
  static begin(start: OutboundStart): Outbound | undefined {
    const call = callInFlight()
    if (call === undefined || !call.context.options.outbound) return undefined
    const state = stateOf(call)
    const key = start.origin + start.target
    const followed = state.redirects.get(key)
    if (followed !== undefined) {
      state.redirects.delete(key)
      followed.url = urlOf(start)
      if (followed.redirectHosts.length < 16) followed.redirectHosts.push(hostOf(start.origin))
      // A credential that goes along to another host is what matters, not the one the first host got.
      const again = sentCredential(call, start.headers, start.target)
      if (again.relation === 'same_token') followed.credential.relation === 'same_token' || followed.passOn(again)
      return followed
    }
    return state.told >= MAX_TOLD ? undefined : new Outbound(call, start)
  }

  private passOn(credential: SentCredential): void {
    Object.assign(this, { credential })
  }

  get isTokenEndpoint(): boolean {
    return this.first.verb === 'POST' && pathClass(this.first.target) === 'token'
  }
  sentBody(chunk: string): void {
    if ((this.requestBody?.length ?? 0) < MAX_TOKEN_BODY_CHARACTERS) this.requestBody = (this.requestBody ?? '') + chunk
  }
  receivedBody(chunk: string): void {
    if (this.answerBody.length < MAX_TOKEN_BODY_CHARACTERS) this.answerBody += chunk
  }
  /** The whole answer of a token endpoint is there. */
  completed(): void {
    if (this.isTokenEndpoint) tokenHandedOut(this.call, this.requestBody, this.answerBody)
  }

  connected(socket: PeerSocket | undefined | null): void {
    this.address = socket?.remoteAddress ?? this.address
    const issuer = socket?.getPeerCertificate?.()?.issuer
    if (issuer !== undefined) this.issuerHash = sha256(JSON.stringify(issuer))
  }

  /** `location`: of a redirect; then the request that follows it may still come. */
  answered(status: number, location: string | undefined): void {
    if (status >= 300 && status < 400 && location !== undefined && URL.canParse(location, this.url)) {
      const next = new URL(location, this.url)
      const { redirects } = stateOf(this.call)
      redirects.set(next.origin + next.pathname + next.search, this)
      this.lastStatus = status
      return
    }
    this.tell(status, undefined)
  }
  private lastStatus = 0

  failed(error: unknown): void {
    const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown }
    this.tell(0, nameOf(code) ?? nameOf(name) ?? 'error')
  }

  /** A redirect that nobody followed. */
  abandoned(): void {
    this.tell(this.lastStatus, undefined)
  }

  private tell(status: number, failure: string | undefined): void {
    if (this.isTold) return
    this.isTold = true
    const { call, credential, first, redirectHosts } = this
    const { request, context } = call
    const state = stateOf(call)
    state.told++
    const flags = [
      ...(request.isAnswered ? ['after_answer'] : []),
      ...(state.told >= MAX_TOLD ? ['outbound_bounded'] : []),
    ]
    const fields = {
      eventType: 'outbound.request' as const,
      ...callFields(request),
      destinationHost: nameOf(hostOf(first.origin)),
      pathClass: pathClass(first.target),
      verb: nameOf(first.verb),
      // Where nobody answered, an address that was asked for by number still tells its class.
      ipClass: addressClass(this.address ?? hostOf(first.origin)),
      argumentMatch: isNamed(hostOf(first.origin), textsOf(request.params.arguments)),
      redirects: redirectHosts.length,
      redirectHosts: redirectHosts.length === 0 ? undefined : redirectHosts.map((host) => nameOf(host) ?? ''),
      credentialRelation: credential.relation,
      sentAud: credential.audiences,
      status,
      failure,
      bytesOut: first.bodyBytes,
      tlsIssuerHash: this.issuerHash,
      durationMs: elapsedMs(this.started, instantNow()),
      flags: flags.length === 0 ? undefined : flags,
    }
    context.emit(fields, this.started, request.common)
  }
}

function stateOf({ request, context }: CallInFlight): CallOutbound {
  let state = byRequest.get(request)
  if (state === undefined) {
    const made: CallOutbound = { told: 0, redirects: new Map() }
    byRequest.set(request, made)
    const before = request.whenAnswered
    request.whenAnswered = () => {
      before?.()
      for (const waiting of made.redirects.values()) context.guard(() => waiting.abandoned())
      made.redirects.clear()
    }
    state = made
  }
  return state
}

const urlOf = ({ target, origin }: OutboundStart): URL | undefined =>
  URL.canParse(target, origin) ? new URL(target, origin) : undefined
/**
 * Whether arguments say where the request goes: as a URL, however its address is spelt, or as a bare host. A name without a dot
 * is only taken where it is the whole text: `api` stands in many sentences.
 */
function isNamed(host: string, texts: readonly string[]): boolean {
  const isPlain = !host.includes('.') && !host.includes(':')
  return texts.some((text) => {
    const lower = text.slice(0, MAX_SEARCHED_CHARACTERS).toLowerCase()
    if (isPlain ? lower === host || lower.startsWith(`${host}:`) : lower.includes(host)) return true
    return lower.includes('://') && hostOf(lower.trim()) === host
  })
}
const MAX_SEARCHED_CHARACTERS = 65_536

/** Lower case, without port, user and brackets; an address stays one: where a request went is the fact. */
const hostOf = (origin: string): string =>
  URL.canParse(origin) ? new URL(origin).hostname.replace(/^\[|\]$/g, '') : 'invalid'
