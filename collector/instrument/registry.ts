/** What a server offers: asked at the start and after every change, compared with what clients are really shown, told when it changes. */
import { LIMITS } from '../../schemas/field.ts'
import type { AuditContext } from './audit-context.ts'
import { type Definitions, definitionsOf, fittingDefinitions, type ListedTool } from './definitions.ts'
import { KEPT } from './registry-ledger.ts'
import type { RegisteredToolLike, ServerLike } from './server-shape.ts'

export type RegistrySource = 'startup' | 'mutation' | 'list' | 'probe'

/** A look that costs a conversion of every schema is repeated at most this often for servers built per request. */
const RECHECK_MS = 1_000
/** Events of a server whose list handler does not answer wait this long for the fingerprint, then go without. */
const PROBE_TIMEOUT_MS = 1_000
const MAX_PAGES = 64

const schemaIds = new WeakMap<object, number>()
let nextSchemaId = 1

/**
 * Tells one state of an McpServer's tools from another without converting schemas. `exact`: every schema was seen before as this
 * very object, so an equal signature means equal definitions; else a schema may differ in depth, and the look expires.
 */
function signatureOf(tools: Readonly<Record<string, RegisteredToolLike>>): {
  readonly text: string
  readonly exact: boolean
} {
  let exact = true
  const part = (schema: unknown): string => {
    if (schema === null || typeof schema !== 'object') return '-'
    const id = schemaIds.get(schema)
    if (id !== undefined) return String(id)
    schemaIds.set(schema, nextSchemaId++)
    exact = false
    const shape = (schema as { shape?: unknown }).shape ?? schema
    return `{${typeof shape === 'object' && shape !== null ? Object.keys(shape).join() : ''}}`
  }
  let text = ''
  for (const name in tools) {
    const tool = tools[name]!
    const extras =
      tool.annotations === undefined && tool._meta === undefined ? '' : JSON.stringify([tool.annotations, tool._meta])
    text += `${name}\u0001${tool.enabled}\u0001${tool.title}\u0001${tool.description}\u0001${extras}\u0001${part(tool.inputSchema)}\u0001${part(tool.outputSchema)}\n`
  }
  return { text, exact }
}

/** Something that happens in order: a look whose answer is awaited has no `run` yet. */
interface Step {
  run: (() => void) | undefined
}

/** Microtasks between a notification and its handler in both SDKs: one or two. A turn of the event loop would keep calls waiting. */
const HANDLER_HOPS = 4
async function afterHandlers(): Promise<void> {
  for (let hop = 0; hop < HANDLER_HOPS; hop++) await undefined
}

/** The registry of one server object. */
export class ServerRegistry {
  definitions: Definitions | undefined
  private readonly context: AuditContext
  private readonly server: ServerLike
  private readonly facade: ServerLike | undefined
  private scopeSetHash = ''
  private era = ''
  private asked = false
  private settling = false
  private readonly steps: Step[] = []

  constructor(context: AuditContext, server: ServerLike, facade: ServerLike | undefined) {
    this.context = context
    this.server = server
    this.facade = facade
  }

  /** First message of a connection: now scopes and era are known. Cheap when nothing can have changed. */
  begin(scopeSetHash: string, era: string): void {
    if (!this.settling) this.start(scopeSetHash, era)
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
    if (this.server._requestHandlers?.get('tools/list') === undefined) return
    this.asked = true
    this.look('startup', place)
  }

  /** The server says that its tools changed. Before the first message there is nobody to tell apart from the start. */
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
    const handler = this.server._requestHandlers?.get('tools/list')
    if (handler === undefined || !this.context.registryProbe) {
      if (place !== undefined) place.run = () => undefined
      return
    }
    const tools = this.facade?._registeredTools
    const signature = tools === undefined ? { text: 'server', exact: false } : signatureOf(tools)
    const { looks } = this.context.ledger
    const key = `${this.era}\n${this.scopeSetHash}\n${signature.text}`
    const seen = looks.get(key)
    const nowMs = performance.now()
    // A list handler of the user's own may answer anything after a change: then it is always asked.
    const mayReuse = source !== 'mutation' || tools !== undefined
    if (seen !== undefined && mayReuse && (signature.exact || seen.untilMs > nowMs)) {
      const adopt = (): void => this.adopt(seen.definitions, source)
      if (place === undefined) this.whenKnown(adopt)
      else place.run = adopt
      return
    }
    const step: Step = place ?? { run: undefined }
    if (place === undefined) this.steps.push(step)
    this.probe(handler, step, (definitions) => {
      if (looks.size >= KEPT) looks.delete(looks.keys().next().value!)
      looks.set(key, { definitions, untilMs: nowMs + RECHECK_MS })
      this.adopt(definitions, source)
    })
  }

  /** The handler runs at once, so that it answers for this moment; its answer takes its place in the order of steps. */
  private probe(
    handler: (request: unknown, extra: unknown) => unknown,
    step: Step,
    done: (definitions: Definitions) => void,
  ): void {
    const finish = (run: () => void): void => {
      clearTimeout(timer)
      step.run ??= run
      this.advance()
    }
    // Too late is never: the next change or list says what is in force.
    const timer = setTimeout(() => finish(() => undefined), PROBE_TIMEOUT_MS).unref()
    this.list(handler).then(
      (tools) => finish(() => done(definitionsOf(tools))),
      // A list that needs more than we can offer (an identity, a session) is seen when a client asks for it.
      () => finish(() => undefined),
    )
  }

  private async list(handler: (request: unknown, extra: unknown) => unknown): Promise<ListedTool[]> {
    const tools: ListedTool[] = []
    let cursor: string | undefined
    for (let page = 0; page < MAX_PAGES; page++) {
      const params = cursor === undefined ? {} : { cursor }
      const request = { jsonrpc: '2.0', id: 0, method: 'tools/list', params }
      const answer = await handler(request, probeExtra())
      const codec = this.server._negotiatedWireCodec?.()
      const result = (codec === undefined ? answer : codec.encodeResult('tools/list', answer)) as {
        tools?: ListedTool[]
        nextCursor?: string
      }
      tools.push(...(result.tools ?? []))
      cursor = result.nextCursor
      if (cursor === undefined) break
    }
    return tools
  }

  /** A tools/list answer on its way to a client. Pages are merged; only the last one completes a list. */
  shown(
    result: { tools?: unknown; nextCursor?: unknown; ttlMs?: unknown; cacheScope?: unknown },
    cursor: unknown,
    scopeSetHash: string,
  ): void {
    if (!Array.isArray(result.tools)) return
    const { pages } = this.context.ledger
    let tools = result.tools as readonly ListedTool[]
    let count = 1
    if (typeof cursor === 'string') {
      const before = pages.get(`${scopeSetHash}\n${cursor}`)
      if (before === undefined) return
      tools = [...before.tools, ...tools]
      count = before.count + 1
    }
    if (typeof result.nextCursor === 'string') {
      if (pages.size >= KEPT) pages.delete(pages.keys().next().value!)
      pages.set(`${scopeSetHash}\n${result.nextCursor}`, { tools, count })
      return
    }
    const { ttlMs, cacheScope } = result
    this.scopeSetHash = scopeSetHash
    this.adopt(definitionsOf(tools), 'list', {
      pages: count,
      ...(typeof ttlMs === 'number' && ttlMs >= 0 && ttlMs <= LIMITS.integer && { ttlMs }),
      ...((cacheScope === 'public' || cacheScope === 'private') && { cacheScope }),
    })
  }

  /** From here on these definitions are in force for this server; told when they differ from what was told last. */
  private adopt(definitions: Definitions, source: RegistrySource, more: Readonly<Record<string, unknown>> = {}): void {
    this.definitions = definitions
    const { told } = this.context.ledger
    const key = `${this.era}\n${this.scopeSetHash}`
    const before = told.get(key)
    if (before === definitions.listHash) return
    if (told.size >= KEPT * 16) told.delete(told.keys().next().value!)
    told.set(key, definitions.listHash)
    const { definitions: list, trimmed } = fittingDefinitions(definitions.definitions)
    this.context.emit({
      eventType: 'tools.registry',
      registrySource: before === undefined && source !== 'list' ? 'startup' : source === 'startup' ? 'probe' : source,
      listHash: definitions.listHash,
      scopeSetHash: this.scopeSetHash,
      definitions: list,
      era: this.era === '' ? undefined : this.era,
      flags: trimmed ? ['definitions_trimmed'] : undefined,
      ...more,
    })
  }
}

/** What a list handler may look at when nobody asked: no identity, a signal that never fires, no way to send. */
function probeExtra(): Readonly<Record<string, unknown>> {
  const { signal } = new AbortController()
  const nothing = async (): Promise<void> => undefined
  const mcpReq = { id: 0, method: 'tools/list', signal, send: nothing, notify: nothing, requestState: () => undefined }
  return { signal, requestId: 0, sendNotification: nothing, sendRequest: nothing, mcpReq }
}
