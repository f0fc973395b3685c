/** Installs the observation: on a server by its connect, on a factory around its products. Cheap, because it may happen per request. */
import { type AuditContext, contextFor } from './audit-context.ts'
import { gated } from './delivery/call-gate.ts'
import { tellChallenge } from './edge/challenge.ts'
import { listenAsked } from './edge/mcp-handler.ts'
import { watchOutbound } from './effects/outbound-channels.ts'
import { watchSideEffects } from './effects/side-effects.ts'
import { followsCalls, withinCall } from './messages/call-in-flight.ts'
import { Connection } from './messages/connection.ts'
import type { MessageExtra, RpcMessage, Transport } from './messages/request.ts'
import { type Spans, spansFor } from './messages/spans.ts'
import { watchWire } from './messages/stdio-wire.ts'
import { watchStreams } from './messages/transport-streams.ts'
import { trustedName } from './names.ts'
import type { InstrumentOptions } from './options.ts'
import type { DefinitionRegistry } from './registry/definition-registry.ts'
import { ServerRegistry } from './registry/registry.ts'
import type { ServerLike, TransportLike } from './server-shape.ts'

/**
 * Marks the functions we put in place, so that nothing is observed twice. On our functions and not in a WeakSet of their objects:
 * where a server is built per request, weak entries cost the garbage collector more than all else here.
 */
const OURS = Symbol.for('mcp-auditd.instrumented')
/** Who observes. Read by other copies of this package in the process too: a field is only ever added. */
interface Installation {
  /** What code says wins over what `register` does for everybody. */
  readonly by: 'code' | 'register'
  /** Somebody else has taken over: tells nothing new, and finishes what it has begun. */
  retired: boolean
}
interface Marked {
  [OURS]?: Installation
}
const installed = (value: unknown): Installation | undefined =>
  typeof value === 'function' ? (value as Marked)[OURS] : undefined
function mark<F extends object>(replacement: F, installation: Installation): F {
  ;(replacement as Marked)[OURS] = installation
  return replacement
}
/** Whether `by` leaves alone what is there. */
const keeps = (there: Installation | undefined, by: Installation['by']): boolean =>
  there !== undefined && (there.by === 'code' || by === 'register')

/**
 * The same server, or a factory of the same type around the given one. A second call on the same object changes nothing.
 * Failing to install is never an error of the server: it then runs unobserved, and its silence is an alert.
 */
export function instrumentMcpServer<T extends object>(serverOrFactory: T, options: InstrumentOptions = {}): T {
  if (typeof serverOrFactory === 'function') return wrapFactory(serverOrFactory, options, 'code')
  install(serverOrFactory as ServerLike, options, 'code')
  return serverOrFactory
}

/**
 * For `register`: a server is about to take this transport, and nobody may have instrumented it. `server` is a McpServer, which then
 * asks the server below it, or that one, whose connect is already running. Clients connect too: they are none of ours.
 */
export function observeConnecting(server: ServerLike, transport: TransportLike, options: InstrumentOptions): void {
  const isFacade = server.server !== undefined && typeof server.server.connect === 'function'
  const target = isFacade ? server.server! : server
  if (installed(target.connect) === undefined && '_serverInfo' in target)
    install(server, options, 'register', isFacade ? undefined : transport)
}

export function wrapFactory<F extends object>(factory: F, options: InstrumentOptions, by: Installation['by']): F {
  if (keeps(installed(factory), by)) return factory
  const installation: Installation = { by, retired: false }
  const apply = (target: (...args: unknown[]) => unknown, self: unknown, args: unknown[]): unknown => {
    const product = Reflect.apply(target, self, args)
    if (product instanceof Promise) return product.then((server: unknown) => observed(server, options, by, args[0]))
    return observed(product, options, by, args[0])
  }
  // Marked by what it answers, not on the factory: that one stays as it was.
  const get = (target: object, property: string | symbol): unknown =>
    property === OURS ? installation : Reflect.get(target, property)
  return new Proxy(factory as unknown as (...args: unknown[]) => unknown, { apply, get }) as unknown as F
}

function observed(product: unknown, options: InstrumentOptions, by: Installation['by'], request: unknown): unknown {
  if (product === null || typeof product !== 'object') return product
  try {
    // A factory that returns { server, … } as many published servers do.
    const { server } = product as { server?: unknown }
    const isServer = typeof (product as ServerLike).connect === 'function'
    const target = isServer || server === null || typeof server !== 'object' ? product : server
    const context = install(target as ServerLike, options, by)
    if (context !== undefined) observeEntry(context, request)
  } catch {
    // Unobserved, never broken.
  }
  return product
}

/**
 * subscriptions/listen is answered by createMcpHandler itself: its server is built, asked for capabilities and never connected.
 * The mirrored header, which the handler has compared with the body by then, is the one sign of it.
 */
function observeEntry(context: AuditContext, request: unknown): void {
  const info = (request as { requestInfo?: { headers?: Headers; method?: string } } | undefined)?.requestInfo
  if (info?.headers?.get?.('mcp-method') !== 'subscriptions/listen') return
  const { authInfo } = request as { authInfo?: object }
  const registry = new ServerRegistry(context, {}, undefined)
  const connection = new Connection(context, registry, { send: async () => undefined }, 'http', undefined)
  const opened = connection.received({ id: 0, method: 'subscriptions/listen' }, {
    authInfo,
    request: info,
    classification: { era: 'modern' },
  } as MessageExtra)
  connection.sending({ id: 0, result: {} }, undefined)
  if (opened !== undefined) listenAsked({ context, request: opened, registry }, info as Request)
}

/**
 * The context of the server, made at its first installation; undefined when there is nothing to hold on to, or somebody observes it.
 * `connecting`: the transport that it is taking right now.
 */
function install(
  target: ServerLike,
  options: InstrumentOptions,
  by: Installation['by'],
  connecting?: TransportLike,
): AuditContext | undefined {
  const facade = target.server !== undefined && typeof target.server.connect === 'function' ? target : undefined
  const server = facade === undefined ? target : target.server!
  if (typeof server.connect !== 'function') return undefined
  const before = installed(server.connect)
  if (keeps(before, by)) return undefined
  if (before !== undefined) before.retired = true
  const name = server._serverInfo?.name
  const context = contextFor(options, typeof name === 'string' ? trustedName(name) : '')
  const { outbound, sideEffects } = context.options
  if (outbound) watchOutbound()
  if (sideEffects) watchSideEffects(sideEffects)
  const registry = new ServerRegistry(context, server, facade)
  const connect = server.connect
  const installation: Installation = { by, retired: false }
  const begin = (transport: TransportLike, isStarted: boolean): void =>
    context.guard(() => {
      if (installation.retired || keeps(installed(transport.send), by)) return
      context.start(server)
      observe(context, registry, transport, isStarted, installation)
    })
  server.connect = mark(function connectObserved(this: ServerLike, transport: TransportLike): Promise<void> {
    begin(transport, false)
    return connect.call(this, transport)
  }, installation)
  if (connecting !== undefined) begin(connecting, false)
  // Too late for the handshake, in time for every request from now on.
  else if (server.transport !== undefined) begin(server.transport, true)
  watchMutations(context, registry, facade ?? server, installation)
  if (facade !== undefined) watchChallenges(context, facade as ChallengingServer, installation)
  return context
}

/** McpServer of SDK v2: asked by the HTTP entry before dispatch, so that a refused request never reaches a transport. */
interface ChallengingServer {
  resolveScopeChallenge?: (request: { readonly request: object; readonly authInfo?: object }) => unknown
}
function watchChallenges(context: AuditContext, target: ChallengingServer, installation: Installation): void {
  const resolve = target.resolveScopeChallenge
  if (typeof resolve !== 'function') return
  target.resolveScopeChallenge = async (asked) => {
    const challenge = (await resolve.call(target, asked)) as { readonly scopes?: readonly string[] } | undefined
    if (challenge !== undefined && !installation.retired)
      context.guard(() => {
        const { request: message, authInfo } = asked
        const { resourceMetadataUrl } = (authInfo ?? {}) as { resourceMetadataUrl?: string }
        const { scopes } = challenge
        tellChallenge(
          context,
          { message, authInfo },
          { status: 403, error: 'insufficient_scope', scopes, resourceMetadataUrl },
        )
      })
    return challenge
  }
}

/** McpServer calls these on itself for every registration, update, removal and switch; low-level servers are told to by their authors. */
function watchMutations(
  context: AuditContext,
  registry: ServerRegistry,
  target: ServerLike,
  installation: Installation,
): void {
  const watch = (name: ListChanged, kind: () => DefinitionRegistry): void => {
    const original = target[name]
    if (typeof original !== 'function') return
    target[name] = function changedObserved(this: ServerLike): unknown {
      if (!installation.retired) context.guard(() => kind().changed())
      return original.call(this)
    }
  }
  watch('sendToolListChanged', () => registry)
  watch('sendPromptListChanged', () => registry.prompts)
  watch('sendResourceListChanged', () => registry.resources)
}
type ListChanged = 'sendToolListChanged' | 'sendPromptListChanged' | 'sendResourceListChanged'

/**
 * The SDK puts its handlers on the transport and then starts it: that is the moment to stand before them, whether it kept what it
 * found there (SDK 1.13 and later) or not. `send` is replaced on the object, which nobody else needs to know.
 */
function observe(
  context: AuditContext,
  registry: ServerRegistry,
  transport: TransportLike,
  isStarted: boolean,
  installation: Installation,
): void {
  const spans = spansFor(context.options.tracer, context.options.meter)
  const connection = new Connection(context, registry, transport, kindOf(transport), spans)
  context.guard(() => watchStreams(context, connection, transport))
  context.guard(() => watchWire(context, connection, registry, transport))
  const receive = (message: RpcMessage, extra: MessageExtra | undefined) => {
    if (installation.retired) return undefined
    try {
      return connection.received(message, extra)
    } catch {
      context.errors++
      return undefined
    }
  }
  const listen = (): void => {
    runWithin(context, registry, transport, spans, receive)
    const { onclose } = transport
    transport.onclose = () => {
      context.guard(() => connection.closed())
      onclose?.()
    }
  }
  const { send, start } = transport
  if (isStarted) listen()
  else
    transport.start = () => {
      context.guard(listen)
      return start?.call(transport) ?? Promise.resolve()
    }
  transport.send = mark((message: unknown, sendOptions?: unknown) => {
    try {
      connection.sending(message as RpcMessage, sendOptions as { relatedRequestId?: string | number } | undefined)
    } catch {
      context.errors++
    }
    return send.call(transport, message, sendOptions)
  }, installation)
}

type Receive = (message: RpcMessage, extra: MessageExtra | undefined) => ReturnType<Connection['received']>
/** The server's handling runs inside the span and the call in flight, where somebody asks for them. */
function runWithin(
  context: AuditContext,
  registry: ServerRegistry,
  transport: TransportLike,
  spans: Spans | undefined,
  receive: Receive,
): void {
  const inner = transport.onmessage as ((message: RpcMessage, extra?: MessageExtra) => void) | undefined
  const deliver = (message: RpcMessage, extra?: MessageExtra) => {
    const request = receive(message, extra)
    if (request === undefined || (spans === undefined && !followsCalls())) return inner?.(message, extra)
    const handle = () => inner?.(message, extra)
    const { operation } = request
    const run = spans === undefined || operation === undefined ? handle : () => spans.within(operation, handle)
    return followsCalls() ? withinCall({ context, request, extra }, run) : run()
  }
  transport.onmessage = gated({
    context,
    definitions: () => registry.definitions,
    deliver,
    refuse: (message, extra, error) => {
      receive(message, extra)
      const answer = transport.send({ jsonrpc: '2.0', id: message.id, error }, { relatedRequestId: message.id })
      // A connection that is gone needs no answer.
      answer.catch(() => undefined)
    },
    failed: (error) => context.guard(() => transport.onerror?.(error as Error)),
  })
}

const kinds = new WeakMap<object, Transport>()

/** By name where the class keeps it, else by what only such a transport has: published servers are often minified. Once per class. */
function kindOf(transport: TransportLike): Transport {
  const made = transport.constructor
  const known = kinds.get(made)
  if (known !== undefined) return known
  const { name } = made
  let kind: Transport = 'inproc'
  if (/stdio/i.test(name) || '_stdin' in transport || '_wire' in transport) kind = 'stdio'
  else if (/^SSE/.test(name)) kind = 'sse_legacy'
  else if (/http/i.test(name) || 'handleRequest' in transport || 'handleMessage' in transport) kind = 'http'
  // A plain object tells nothing about the next one.
  if (made !== Object) kinds.set(made, kind)
  return kind
}
