/** What passed by and was not understood: counted by reason, and told, but never once per message. */
import type { AuditContext } from '../instrument/audit-context.ts'

export type UnreadReason =
  | 'not JSON-RPC'
  | 'too large'
  | 'compression not readable'
  | 'charset not readable'
  | 'too much at once'
const CODES: Readonly<Record<UnreadReason, string>> = {
  'not JSON-RPC': 'unreadable',
  'too large': 'event_too_large',
  'compression not readable': 'unreadable',
  'charset not readable': 'unreadable',
  'too much at once': 'bus_overloaded',
}
/** Told at the first one, then at most this often, and at the end. */
const TELL_EVERY_MS = 60_000

export class Unread {
  private readonly context: AuditContext
  private readonly component: string
  private readonly waiting = new Map<string, { reason: UnreadReason; from: string; count: number }>()
  private toldAtMs = Number.NEGATIVE_INFINITY
  total = 0

  constructor(context: AuditContext, component: string) {
    this.context = context
    this.component = component
  }

  /** `from`: who said it, `client` or `server`. */
  count(reason: UnreadReason, from: 'client' | 'server'): void {
    this.total++
    const key = `${from} ${reason}`
    const entry = this.waiting.get(key)
    if (entry === undefined) this.waiting.set(key, { reason, from, count: 1 })
    else entry.count++
    if (performance.now() - this.toldAtMs >= TELL_EVERY_MS) this.tell()
  }

  /** One auditd.error per reason and side, with the number of messages that have no events of their own. */
  tell(): void {
    for (const { reason, from, count } of this.waiting.values())
      this.context.guard(() =>
        this.context.emit({
          eventType: 'auditd.error',
          component: this.component,
          code: CODES[reason],
          message: `${this.component}: ${from}: ${count} messages passed unread: ${reason}`,
          dropped: count,
        }),
      )
    this.waiting.clear()
    this.toldAtMs = performance.now()
  }
}
