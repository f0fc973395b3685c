/** One HTTP request and its answer, as the edge sees them; whatever happens in its course finds it and shares its uid. */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { AuditContext } from '../audit-context.ts'
import { type Instant, instantNow, uuidV7 } from '../clock.ts'
import type { Identity } from '../identity/identity.ts'
import type { Verified } from '../identity/token-audit.ts'
import type { Hasher } from '../keys/keys.ts'
import type { Request as RpcRequest } from '../messages/request.ts'
import { processWide } from '../process-wide.ts'
import { addressClass } from './address-class.ts'
import type { EdgeOptions } from './edge-options.ts'
import { type HttpHead, sourceAddressOf } from './http-head.ts'

/** Status of an exchange whose client left before the answer began. */
export const CLIENT_CLOSED = 499

/** What an answer says of itself: headers in lower case, several values joined. */
export type AnswerHeader = (name: string) => string | undefined

/** What the server itself says of a DPoP proof. */
export interface ProofVerdict {
  readonly ok: boolean
  readonly reason?: string | undefined
}

/** Where a request came from, as an event may say it. */
export interface Source {
  readonly sourceAddressFp: string | undefined
  readonly addressClass: string
}
/** The same few addresses come again and again. By the key they are hashed with, which rotates. Bounded: callers choose them. */
const sources = new WeakMap<Hasher, Map<string, Source>>()
const MAX_SOURCES = 1_024

function sourceOf(context: AuditContext, address: string | undefined): Source {
  if (address === undefined) return { sourceAddressFp: undefined, addressClass: 'unknown' }
  const { addresses } = context.hashes
  let known = sources.get(addresses)
  if (known === undefined) {
    known = new Map()
    sources.set(addresses, known)
  }
  let source = known.get(address)
  if (source === undefined) {
    source = { sourceAddressFp: addresses.hash(address), addressClass: addressClass(address) }
    if (known.size >= MAX_SOURCES) known.clear()
    known.set(address, source)
  }
  return source
}

export class Exchange {
  readonly head: HttpHead
  readonly options: EdgeOptions
  readonly started: Instant = instantNow()
  /** Of the first JSON-RPC request in it, and of everything that is told without one. */
  readonly requestUid: string = uuidV7(this.started)
  /** The body as a framework has parsed it, and the caller as a middleware found him; undefined where nobody did. */
  parsedBody: () => unknown = () => undefined
  callerOf: () => object | undefined = () => undefined
  /** JSON-RPC requests that reached a transport; each is told by its connection. */
  readonly reached: { readonly context: AuditContext; readonly request: RpcRequest }[] = []
  /** What an observer on the wire may say of the caller: there is a credential that it did not verify, or none. */
  identity: Identity | undefined
  /** The request that somebody has already told to be refused. */
  refused: RpcRequest | undefined
  /** The answer of a wrapped verifier. */
  verified: object | undefined
  verification: Verified | undefined
  proofVerdict: ProofVerdict | undefined
  /** Facts that were told in its course and are not told again. */
  readonly told = new Set<'session' | 'proof' | 'oauth'>()
  status: number | undefined
  answer: AnswerHeader = () => undefined
  /** The beginning of the answer's body, where it is an error or a metadata document. */
  answerText = ''
  private uidTaken = false
  private from: Source | undefined
  private readonly waiting: ((status: number) => void)[] = []

  constructor(head: HttpHead, options: EdgeOptions) {
    this.head = head
    this.options = options
  }

  /** The uid, once: further requests of a batch have their own. */
  takeUid(): string | undefined {
    if (this.uidTaken) return undefined
    this.uidTaken = true
    return this.requestUid
  }

  /** The caller, as far as this server found out. */
  caller(): object | undefined {
    const known = this.verified ?? this.callerOf()
    return known !== null && typeof known === 'object' ? known : undefined
  }

  /** Envelope fields of everything in this exchange. */
  source(context: AuditContext): Source {
    this.from ??= sourceOf(context, sourceAddressOf(this.head, this.options.trustProxy ?? 0))
    return this.from
  }

  /** Runs when the status is known: now, or as soon as the answer begins or the client is gone. */
  whenAnswered(run: (status: number) => void): void {
    if (this.status === undefined) this.waiting.push(run)
    else run(this.status)
  }

  /** The answer begins. Only the first one counts: a status cannot change once it is sent. */
  answered(status: number, answer: AnswerHeader = this.answer): void {
    if (this.status !== undefined) return
    this.status = status
    this.answer = answer
    for (const run of this.waiting.splice(0)) {
      try {
        run(status)
      } catch {
        // What we tell is told beside the answer, and never in its way.
      }
    }
  }
}

const shared = processWide('exchanges.v1', () => ({
  storage: new AsyncLocalStorage<Exchange>(),
  /** Requests of node:http that an edge has. */
  watched: new WeakSet<object>(),
  edges: false,
}))

/** The exchange in whose course this runs. Costs nothing where no edge is installed. */
export const exchangeInFlight = (): Exchange | undefined => (shared.edges ? shared.storage.getStore() : undefined)

export function withinExchange<T>(exchange: Exchange, run: () => T): T {
  shared.edges = true
  return shared.storage.run(exchange, run)
}

/** True once for each request: a second edge around the same server leaves it to the first. */
export function isUnwatched(request: object): boolean {
  if (shared.watched.has(request)) return false
  shared.watched.add(request)
  return true
}
