/** The wire below a modern stdio server of SDK v2: subscriptions/listen is served on it and never reaches the server's own transport. */
import type { AuditContext } from '../audit-context.ts'
import type { ServerRegistry } from '../registry/registry.ts'
import type { TransportLike } from '../server-shape.ts'
import type { Connection } from './connection.ts'
import { acknowledgement, ListenStream } from './listen-streams.ts'
import { SUBSCRIPTION_ID } from './notifications.ts'
import type { RpcMessage } from './request.ts'

const watched = new WeakSet<TransportLike>()
type Id = string | number

/** Does nothing where the transport has no wire below it. `connection`: the one of the server above. */
export function watchWire(
  context: AuditContext,
  connection: Connection,
  registry: ServerRegistry,
  transport: TransportLike,
): void {
  const { _wire: wire } = transport as { _wire?: TransportLike }
  if (wire === undefined || wire === null || typeof wire.send !== 'function') return
  connection.isRouted = true
  if (watched.has(wire)) return
  watched.add(wire)
  const streams = new Map<Id, ListenStream>()
  const end = (id: Id, by: 'client' | 'server'): void => {
    streams.get(id)?.closed(by)
    streams.delete(id)
  }

  /** Opens the request that an acknowledgement answers: the one that made the server may have come before we did. */
  const listened = (message: RpcMessage): void => {
    const ack = acknowledgement(message)
    if (ack === undefined || (typeof ack.id !== 'string' && typeof ack.id !== 'number')) return
    const request = connection.serving(ack.id) ?? connection.received(listenRequest(ack.id), undefined)
    if (request === undefined) return
    connection.sending({ id: ack.id, result: {} }, undefined)
    const stream = new ListenStream(context, request)
    streams.set(ack.id, stream)
    stream.opened(ack.filter, registry)
  }
  const outbound = (message: RpcMessage): void => {
    const { id, method, params } = message
    if (typeof method === 'string') {
      const { _meta } = (params ?? {}) as { _meta?: Readonly<Record<string, unknown>> | null }
      const subscription = _meta?.[SUBSCRIPTION_ID] as Id | undefined
      if (subscription === undefined) return
      if (streams.has(subscription)) streams.get(subscription)!.message(message)
      else listened(message)
    } else if (id !== undefined && id !== null)
      // The end of a stream, or the refusal of one that was asked for; other answers passed the server's own transport.
      streams.has(id)
        ? end(id, 'server')
        : connection.serving(id)?.method === LISTEN && connection.sending(message, undefined)
  }
  const inbound = (message: RpcMessage): void => {
    const { id, method, params } = message
    if (method === LISTEN && id !== undefined && id !== null) connection.received(message, MODERN)
    if (method === 'notifications/cancelled') end((params as { requestId?: Id } | undefined)?.requestId as Id, 'client')
  }

  const { send, onmessage, onclose } = wire
  wire.send = (message: unknown, options?: unknown) => {
    context.guard(() => outbound(message as RpcMessage))
    return send.call(wire, message, options)
  }
  wire.onmessage = (message: RpcMessage, extra?: unknown) => {
    context.guard(() => inbound(message))
    onmessage?.(message as never, extra as never)
  }
  wire.onclose = () => {
    context.guard(() => {
      for (const id of [...streams.keys()]) end(id, 'client')
    })
    onclose?.()
  }
}

const LISTEN = 'subscriptions/listen'
const MODERN = { classification: { era: 'modern' } }
const listenRequest = (id: Id): RpcMessage => ({
  id,
  method: LISTEN,
  params: { _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' } },
})
