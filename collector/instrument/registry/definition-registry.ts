/** One kind of definitions of a server: asked at the start and after every change, compared with what clients are really shown. */
import type { AuditContext } from '../audit-context.ts'
import { scannedDefinitions, tellDefinitionFindings } from '../content/definition-scan.ts'
import type { Identity } from '../identity/identity.ts'
import { statedMs } from '../messages/stated.ts'
import type { ServerLike } from '../server-shape.ts'
import { type Definitions, definitionsOf, fittingDefinitions, type Listed } from './definitions.ts'
import { type RegistryKind, type Signature, TOOLS } from './registry-kinds.ts'
import { type Caching, KEPT } from './registry-ledger.ts'
import { declaredScopes } from './required-scopes.ts'

export type RegistrySource = 'startup' | 'mutation' | 'list' | 'probe'

/** A look that costs a conversion of every schema is repeated at most this often for servers built per request. */
const RECHECK_MS = 1_000
/** Events of a server whose list handler does not answer wait this long for the fingerprint, then go without. */
const PROBE_TIMEOUT_MS = 1_000
const MAX_PAGES = 64

/** Something that happens in order: a look whose answer is awaited has no `run` yet. */
interface Step {
  run: (() => void) | undefined
}

/** Microtasks between a notification and its handler in both SDKs: one or two. A turn of the event loop would keep calls waiting. */
const HANDLER_HOPS = 4
async function afterHandlers(): Promise<void> {
  for (let hop = 0; hop < HANDLER_HOPS; hop++) await undefined
}

const NO_SIGNATURE: Signature = { text: 'server', exact: false }

/** The registry of one kind of one server object. */
export class DefinitionRegistry {
  definitions: Definitions | undefined
  /** It was looked once for handlers that list. */
  begun = false
  protected readonly context: AuditContext
  protected readonly server: ServerLike
  protected readonly facade: ServerLike | undefined
  private readonly kind: RegistryKind
  private scopeSetHash = ''
  private era = ''
  private asked = false
  private settling = false
  private readonly steps: Step[] = []

  constructor(context: AuditContext, server: ServerLike, facade: ServerLike | undefined, kind: RegistryKind) {
    this.context = context
    this.server = server
    this.facade = facade
    this.kind = kind
  }

  /** First message of a connection: now scopes and era are known. Cheap when nothing can have changed. */
  begin(scopeSetHash: string, era: string): void {
    if (!this.settling && !this.asked) this.start(scopeSetHash, era)
  }

  /** Whether a look under these scopes and this era was told already, by whichever server of this id. */
  isTold(scopeSetHash: string, era: string): boolean {
    return this.context.ledger.told.has(`${this.kind.eventType}\n${era}\n${scopeSetHash}`)
  }

  /**
   * The handshake is over. Servers register tools that depend on the client in `oninitialized`, which runs next: what they offer from
   * then on is their start, not a change. Requests that came with it wait in order for that look.
   */
  beginAfterSetup(scopeSetHash: string, era: string): void {
    if (this.asked || this.settling) return
    this.settling = true
    const place: Step = { run: undefined }
    this.steps.push(place)
    void afterHandlers().then(() => {
      this.settling = false
      this.context.guard(() => this.start(scopeSetHash, era, place))
      // Without a look there is nothing to wait for.
      if (!this.asked) place.run = () => undefined
      this.advance()
    })
  }

  private start(scopeSetHash: string, era: string, place?: Step): void {
    if (this.asked) return
    // Also where nobody can be asked (an observer on the wire): lists that pass by are told under them.
    this.scopeSetHash = scopeSetHash
    this.era = era
    this.begun = true
    if (this.handlers().length === 0) return
    this.asked = true
    this.look('startup', place)
  }

  /** The list handlers that the server has, in the order of the kind. */
  private handlers(): ListHandler[] {
    const { _requestHandlers: all } = this.server
    if (all === undefined || !this.kind.lists.some(({ method }) => all.has(method))) return []
    return this.kind.lists.flatMap((list) => {
      const run = all.get(list.method)
      return run === undefined ? [] : [{ ...list, run }]
    })
  }

  /** The server says that what it offers changed. Before the first message there is nobody to tell apart from the start. */
  changed(): void {
    if (this.asked) this.look('mutation')
  }

  /** Runs now, or as soon as the fingerprints in force at this moment are known; in order with looks and other calls. */
  whenKnown(then: () => void): void {
    if (this.steps.length === 0) then()
    else this.steps.push({ run: then })
  }

  private advance(): void {
    while (this.steps[0]?.run !== undefined) {
      const { run } = this.steps.shift()!
      this.context.guard(run!)
    }
  }

  /** `place`: the step that this look fills, else it is the last one. */
  private look(source: RegistrySource, place?: Step): void {
    const handlers = this.handlers()
    if (handlers.length === 0 || !this.context.registryProbe || !this.kind.mayProbe(this.facade)) {
      if (place !== undefined) place.run = () => undefined
      return
    }
    const signature = this.signature()
    const { looks } = this.context.ledger
    const key = `${this.kind.eventType}\n${this.era}\n${this.scopeSetHash}\n${signature.text}`
    const seen = looks.get(key)
    const nowMs = performance.now()
    // A list handler of the user's own may answer anything after a change: then it is always asked.
    const mayReuse = source !== 'mutation' || signature !== NO_SIGNATURE
    if (seen !== undefined && mayReuse && (signature.exact || seen.untilMs > nowMs)) {
      const adopt = (): void => this.adopt(seen.definitions, source, seen.caching)
      if (place === undefined) this.whenKnown(adopt)
      else place.run = adopt
      return
    }
    const step: Step = place ?? { run: undefined }
    if (place === undefined) this.steps.push(step)
    this.probe(handlers, step, (definitions, caching) => {
      if (looks.size >= KEPT) looks.delete(looks.keys().next().value!)
      looks.set(key, { definitions, caching, untilMs: nowMs + RECHECK_MS })
      this.adopt(definitions, source, caching)
    })
  }

  /** Registrations may hold anything, also what has no text: then the list itself says what they are. */
  private signature(): Signature {
    try {
      return (this.facade === undefined ? undefined : this.kind.signature(this.facade)) ?? NO_SIGNATURE
    } catch {
      return NO_SIGNATURE
    }
  }

  /** The handlers run at once, so that they answer for this moment; the answer takes its place in the order of steps. */
  private probe(
    handlers: readonly ListHandler[],
    step: Step,
    done: (definitions: Definitions, caching: Caching) => void,
  ): void {
    const finish = (run: () => void): void => {
      clearTimeout(timer)
      step.run ??= run
      this.advance()
    }
    // Too late is never: the next change or list says what is in force.
    const timer = setTimeout(() => finish(() => undefined), PROBE_TIMEOUT_MS).unref()
    Promise.all(handlers.map(async (handler) => ({ ...handler, ...(await this.list(handler)) }))).then(
      (lists) =>
        finish(() => {
          for (const { method, listed } of lists) this.keepPart(method, listed)
          done(this.definitionsOf(lists.flatMap(({ listed }) => listed)), lists[0]!.caching)
        }),
      // A list that needs more than we can offer (an identity, a session) is seen when a client asks for it.
      () => finish(() => undefined),
    )
  }

  private definitionsOf(listed: readonly Listed[]): Definitions {
    return definitionsOf(
      this.kind,
      listed,
      this.kind === TOOLS ? declaredScopes(this.context.options, this.facade) : undefined,
    )
  }

  private async list({ method, member, run }: ListHandler): Promise<{ listed: Listed[]; caching: Caching }> {
    const listed: Listed[] = []
    let caching: Caching = {}
    let cursor: string | undefined
    for (let page = 0; page < MAX_PAGES; page++) {
      const params = cursor === undefined ? {} : { cursor }
      const answer = await run({ jsonrpc: '2.0', id: 0, method, params }, probeExtra(method))
      const codec = this.server._negotiatedWireCodec?.()
      const result = (codec === undefined ? answer : codec.encodeResult(method, answer)) as Record<string, unknown>
      caching = cachingOf(result)
      listed.push(...((result[member] as Listed[] | undefined) ?? []))
      cursor = result['nextCursor'] as string | undefined
      if (cursor === undefined) break
    }
    return { listed, caching }
  }

  /** A list on its way to a client. Pages are merged, and only the last one completes it; lists of one kind are joined. */
  shown(method: string, result: ShownList, cursor: unknown, caller: Caller): void {
    const { scopeSetHash, principalKey, clientKey } = caller
    const list = this.kind.lists.find((each) => each.method === method)
    const page = list === undefined ? undefined : result[list.member]
    if (!Array.isArray(page)) return
    const { pages } = this.context.ledger
    let listed = page as readonly Listed[]
    let count = 1
    if (typeof cursor === 'string') {
      const before = pages.get(`${method}\n${scopeSetHash}\n${cursor}`)
      if (before === undefined) return
      listed = [...before.listed, ...listed]
      count = before.count + 1
    }
    if (typeof result['nextCursor'] === 'string') {
      if (pages.size >= KEPT) pages.delete(pages.keys().next().value!)
      pages.set(`${method}\n${scopeSetHash}\n${result['nextCursor']}`, { listed, count })
      return
    }
    // Whom it was shown to: one caller's list may differ from another's.
    const more = { pages: count, ...cachingOf(result), principalKey, clientKey }
    // Behind looks that began before it: a look says what was in force earlier.
    this.whenKnown(() => {
      this.scopeSetHash = scopeSetHash
      this.keepPart(method, listed)
      const { whole, isComplete } = this.joined(listed)
      this.adopt(this.definitionsOf(whole), 'list', isComplete ? more : { ...more, flags: ['list_incomplete'] })
    })
  }

  private partKey(method: string): string {
    return `${method}\n${this.era}\n${this.scopeSetHash}`
  }

  /** Lists of a kind that is made of several are kept until the others are seen. */
  private keepPart(method: string, listed: readonly Listed[]): void {
    if (this.kind.lists.length === 1) return
    const { parts } = this.context.ledger
    if (parts.size >= KEPT) parts.delete(parts.keys().next().value!)
    parts.set(this.partKey(method), listed)
  }

  /** All that is known of this kind. Incomplete: a list that the server has, or may have, was not seen yet. */
  private joined(listed: readonly Listed[]): { readonly whole: readonly Listed[]; readonly isComplete: boolean } {
    const { lists } = this.kind
    if (lists.length === 1) return { whole: listed, isComplete: true }
    const { _requestHandlers: handlers } = this.server
    const parts = lists.map(({ method }) => this.context.ledger.parts.get(this.partKey(method)))
    const isComplete = lists.every(({ method }, at) => parts[at] !== undefined || handlers?.has(method) === false)
    return { whole: parts.flatMap((part) => part ?? []), isComplete }
  }

  /** From here on these definitions are in force for this server; told when they differ from what was told last. */
  private adopt(definitions: Definitions, source: RegistrySource, more: object = {}): void {
    this.definitions = definitions
    const { told } = this.context.ledger
    const key = `${this.kind.eventType}\n${this.era}\n${this.scopeSetHash}`
    const before = told.get(key)
    if (before === definitions.identity) return
    if (told.size >= KEPT * 16) told.delete(told.keys().next().value!)
    told.set(key, definitions.identity)
    const scanned = scannedDefinitions(this.context, definitions)
    const { definitions: list, trimmed } = fittingDefinitions(scanned.definitions)
    const { flags = [], ...rest } = more as { flags?: readonly string[] }
    const all = trimmed ? ['definitions_trimmed', ...flags] : flags
    this.context.emit({
      eventType: this.kind.eventType,
      registrySource: before === undefined && source !== 'list' ? 'startup' : source === 'startup' ? 'probe' : source,
      listHash: definitions.listHash,
      scopeSetHash: this.scopeSetHash,
      definitions: list,
      era: this.era === '' ? undefined : this.era,
      unscannedBytes: scanned.unscannedBytes,
      flags: all.length > 0 ? all : undefined,
      ...rest,
    })
    tellDefinitionFindings(this.context, definitions, this.era)
  }
}

const cachingOf = ({ ttlMs, cacheScope }: ShownList): Caching => ({
  ttlMs: statedMs(ttlMs),
  ...((cacheScope === 'public' || cacheScope === 'private') && { cacheScope }),
})

type Handler = (request: unknown, extra: unknown) => unknown
interface ListHandler {
  readonly method: string
  readonly member: string
  readonly run: Handler
}
/** Who is shown a list. */
export type Caller = Pick<Identity, 'scopeSetHash' | 'principalKey' | 'clientKey'>
type ShownList = Readonly<Record<string, unknown>>

/** What a list handler may look at when nobody asked: no identity, a signal that never fires, no way to send. */
function probeExtra(method: string): Readonly<Record<string, unknown>> {
  const { signal } = new AbortController()
  const nothing = async (): Promise<void> => undefined
  const mcpReq = { id: 0, method, signal, send: nothing, notify: nothing, requestState: () => undefined }
  return { signal, requestId: 0, sendNotification: nothing, sendRequest: nothing, mcpReq }
}
