/** One line around an event store: messages that wait in it for a client that comes back, and who put them there. */
import { contextFor, knownContext } from '../audit-context.ts'
import { nameOf } from '../names.ts'
import type { InstrumentOptions } from '../options.ts'
import { callInFlight, followCalls } from './call-in-flight.ts'
import type { RpcMessage } from './request.ts'

interface EventStoreLike {
  storeEvent: (streamId: never, message: never) => Promise<unknown>
}
export type EventStoreOptions = InstrumentOptions & {
  /** Session whose messages this store keeps, where each has a store of its own. */
  readonly sessionId?: string | (() => string | undefined) | undefined
}

const stores = new WeakSet<object>()

/**
 * The same store, for `eventStore` of the transport. Of what is stored only notifications and requests of the server are told: an answer
 * belongs to who asked. `options`: those of instrumentMcpServer. Say it before the server connects. Never fails the store.
 */
export function auditEventStore<S extends EventStoreLike>(store: S, options: EventStoreOptions = {}): S {
  if (stores.has(store)) return store
  stores.add(store)
  followCalls()
  const { storeEvent } = store
  const observed = (streamId: never, message: never): Promise<unknown> => {
    tellStored(options, streamId, message)
    return storeEvent.call(store, streamId, message)
  }
  try {
    Object.assign(store, { storeEvent: observed })
  } catch {
    // A frozen store stays unobserved.
  }
  return store
}

function tellStored(options: EventStoreOptions, streamId: unknown, message: unknown): void {
  try {
    const { method, id } = (message ?? {}) as RpcMessage
    if (typeof method !== 'string') return
    const context = callInFlight()?.context ?? knownContext(options) ?? contextFor(options, '')
    context.guard(() => {
      const { handles } = context.hashes
      const session = typeof options.sessionId === 'function' ? options.sessionId() : options.sessionId
      const targetSessionFp = session === undefined ? undefined : handles.hash(session)
      context.emit({
        eventType: 'queue.enqueued',
        queueKind: id === undefined ? 'notification' : 'request',
        notification: nameOf(method),
        sessionFp: targetSessionFp,
        era: 'legacy',
        subscriptionIdHash: typeof streamId === 'string' ? handles.hash(streamId) : undefined,
        targetSessionFp,
        broadcast: false,
        ...enqueuedBy(),
      })
    })
  } catch {
    // The store works all the same.
  }
}

/** Who runs: the caller of the request in whose course this happens, or nobody, which is the server by itself. */
export function enqueuedBy(): {
  readonly causeRequestUid: string | undefined
  readonly producerPrincipal: string | undefined
} {
  const request = callInFlight()?.request
  // '': nobody's request; absent: somebody's who is not known.
  return {
    causeRequestUid: request?.requestUid,
    producerPrincipal: request === undefined ? '' : request.identity.principalKey,
  }
}
