/** subscriptions/listen (2026-07-28): what was subscribed to, every notification that goes out on it, and its end. */
import type { AuditContext } from '../audit-context.ts'
import { elapsedMs, instantNow } from '../clock.ts'
import { nameOf } from '../names.ts'
import type { ServerRegistry } from '../registry/registry.ts'
import { tellSubscribed } from './content-request.ts'
import { SUBSCRIPTION_ID, tellNotification } from './notifications.ts'
import type { Request, RpcMessage } from './request.ts'

const ACKNOWLEDGED = 'notifications/subscriptions/acknowledged'
const MAX_FILTERS = 32

type Json = Readonly<Record<string, unknown>>

/** What a server agrees to deliver, as it says first on every such stream. */
export function acknowledgement(message: unknown): { readonly id: unknown; readonly filter: Json } | undefined {
  const { method, params } = (message ?? {}) as RpcMessage
  if (method !== ACKNOWLEDGED || params === null || typeof params !== 'object') return undefined
  const { notifications, _meta } = params as { notifications?: unknown; _meta?: Json | null }
  const filter = notifications !== null && typeof notifications === 'object' ? (notifications as Json) : {}
  return { id: _meta?.[SUBSCRIPTION_ID], filter }
}

/** One stream from its acknowledgement to its end. */
export class ListenStream {
  private readonly context: AuditContext
  private readonly request: Request
  private messages = 0
  private isOpen = false

  constructor(context: AuditContext, request: Request) {
    this.context = context
    this.request = request
  }

  /** Undefined `filter`: it cannot be seen from here. `registry`: of the server whose resources are subscribed to. */
  opened(filter: Json | undefined, registry?: ServerRegistry): void {
    if (this.isOpen) return
    this.isOpen = true
    const { own, common } = this.request
    const names = Object.entries(filter ?? {}).flatMap(([name, value]) =>
      value === true || (Array.isArray(value) && value.length > 0) ? [nameOf(name)!] : [],
    )
    this.context.emit(
      {
        eventType: 'stream.opened',
        ...own,
        streamKind: 'listen',
        filter: filter === undefined ? undefined : names.slice(0, MAX_FILTERS),
        flags: filter === undefined ? ['filter_unseen'] : undefined,
      },
      undefined,
      common,
    )
    const uris = filter?.['resourceSubscriptions']
    if (Array.isArray(uris) && registry !== undefined) tellSubscribed(this.context, registry, this.request, uris)
  }

  /** A message on this stream. Undefined: one that could not be read. */
  message(message: RpcMessage | undefined): void {
    this.messages++
    if (typeof message?.method === 'string') tellNotification(this.context, this.request.common, message, undefined)
  }

  closed(by: 'client' | 'server'): void {
    if (!this.isOpen) return
    this.isOpen = false
    const time = instantNow()
    this.context.emit(
      {
        eventType: 'stream.closed',
        ...this.request.own,
        durationMs: elapsedMs(this.request.started, time),
        streamKind: 'listen',
        closedBy: by,
        // Only the server's own end is the end it meant.
        early: by === 'client',
        messages: this.messages,
      },
      time,
      this.request.common,
    )
  }
}
