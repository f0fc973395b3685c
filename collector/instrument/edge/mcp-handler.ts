/** Around createMcpHandler of SDK v2: subscriptions that it serves itself, and what is put on its bus. */
import { type AuditContext, contextFor, knownContext } from '../audit-context.ts'
import { callInFlight, followCalls } from '../messages/call-in-flight.ts'
import { enqueuedBy } from '../messages/event-store.ts'
import { acknowledgement, ListenStream } from '../messages/listen-streams.ts'
import type { RpcMessage, Request as RpcRequest } from '../messages/request.ts'
import { watchedStream } from '../messages/sse-frames.ts'
import type { InstrumentOptions } from '../options.ts'
import type { ServerRegistry } from '../registry/registry.ts'

type Fetch = (request: Request, options?: object) => Promise<Response>
interface BusEvent {
  readonly kind?: unknown
  readonly uri?: unknown
}
interface Bus {
  publish?: (event: BusEvent) => unknown
}
/** What is asked of a handler: `fetch`, and the `bus` of its notifications. */
export interface McpHandlerLike {
  fetch: (request: Request, ...rest: never[]) => Promise<Response>
  readonly bus?: object
}

interface Listened {
  readonly context: AuditContext
  readonly request: RpcRequest
  readonly registry: ServerRegistry
}
/** Requests for a stream, from the factory that saw them to the handler that answers them. */
const listened = new WeakMap<object, Listened>()
const expected = new WeakSet<object>()

const handlers = new WeakSet<object>()

/**
 * The same handler, whose subscriptions are told whole: what was subscribed to, every notification, and the end. `options`: those of
 * instrumentMcpServer around its factory, which is needed all the same. Say it before the handler serves.
 */
export function instrumentMcpHandler<H extends McpHandlerLike>(handler: H, options: InstrumentOptions = {}): H {
  if (handlers.has(handler)) return handler
  handlers.add(handler)
  followCalls()
  try {
    watchFetch(handler)
    if (handler.bus !== undefined) watchBus(handler.bus, options)
  } catch {
    // A frozen handler stays unobserved; its factory still tells what it sees.
  }
  return handler
}

function watchFetch(handler: McpHandlerLike): void {
  const fetch = handler.fetch as Fetch
  handler.fetch = async (request: Request, given?: object): Promise<Response> => {
    if (request.headers.get('mcp-method') !== 'subscriptions/listen') return fetch.call(handler, request, given)
    expected.add(request)
    const response = await fetch.call(handler, request, given)
    const found = listened.get(request)
    return found === undefined ? response : watchListen(found, response)
  }
}

/** A factory saw the request for a stream. Without a wrapped handler all that can be seen of it is that it began, and that the client left. */
export function listenAsked(listen: Listened, request: Request): void {
  listened.set(request, listen)
  if (expected.has(request)) return
  const stream = new ListenStream(listen.context, listen.request)
  stream.opened(undefined)
  request.signal?.addEventListener('abort', () => listen.context.guard(() => stream.closed('client')), { once: true })
}

function watchListen({ context, request, registry }: Listened, response: Response): Response {
  if (response.status !== 200 || !/^text\/event-stream\b/.test(response.headers.get('content-type') ?? ''))
    return response
  const stream = new ListenStream(context, request)
  return watchedStream(response, {
    message: (message) =>
      context.guard(() => {
        const ack = acknowledgement(message)
        if (ack !== undefined) stream.opened(ack.filter, registry)
        else if ((message as RpcMessage | undefined)?.method !== undefined) stream.message(message as RpcMessage)
      }),
    closed: (by) => context.guard(() => stream.closed(by)),
  })
}

/** Notifications for everybody who has subscribed, put there by whoever runs: a call, or the server by itself. */
function watchBus(bus: Bus, options: InstrumentOptions): void {
  const { publish } = bus
  if (typeof publish !== 'function') return
  bus.publish = (event) => {
    try {
      const context = callInFlight()?.context ?? knownContext(options) ?? contextFor(options, '')
      context.guard(() => {
        const { kind, uri } = event
        const subscriptionIdHash = typeof uri === 'string' ? context.hashes.arguments.hash(`s${uri}`) : undefined
        const isForAll = kind !== 'resource_updated'
        context.emit({
          eventType: 'queue.enqueued',
          queueKind: 'notification',
          era: 'modern',
          subscriptionIdHash,
          broadcast: isForAll,
          ...enqueuedBy(),
        })
      })
    } catch {
      // The bus works all the same.
    }
    return publish.call(bus, event)
  }
}
