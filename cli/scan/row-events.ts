/** The audit events of a row: its messages pass a connection as they would on the wire, and the instrumentation tells what it saw. */
import { admit } from '../../collector/admit.ts'
import { AuditContext } from '../../collector/instrument/audit-context.ts'
import type { AuditSink } from '../../collector/instrument/delivery/audit-sink.ts'
import { auditEventOf, type PendingEvent } from '../../collector/instrument/delivery/pending-event.ts'
import { Connection } from '../../collector/instrument/messages/connection.ts'
import { ServerRegistry } from '../../collector/instrument/registry/registry.ts'
import { BOUNDS } from '../../collector/scan/scan.ts'
import type { AuditEvent } from '../../schemas/event.ts'
import type { ScanRow, Words } from './row.ts'

export const TENANT = 'scan'
const CALLER = { tenant: TENANT, producer: 'scan', claimed: true }
/** A row says no time: its messages come at these, so that the outcome of a row is always the same. */
const EPOCH_MS = Date.parse('2026-01-01T00:00:00Z')
const STEP_MS = 1_000
/** A change is no hurry: whoever compares within a day must not take it for two lists at once. */
const CHANGE_AFTER_MS = 2 * 86_400_000

/** An event, and whether it tells of what is in force: the list before a change is only there to be compared with. */
export interface RowEvent {
  readonly event: AuditEvent
  readonly isCurrent: boolean
}
export interface RowEvents {
  readonly events: readonly RowEvent[]
  /** Why not all of the row could be told; '' when it was. */
  readonly fault: string
}

export function eventsOf(row: ScanRow): RowEvents {
  const sink = new Collected()
  const context = new AuditContext(
    { sink, vantage: 'gateway', lacks: ['no_principal'], heartbeatMs: 0, scanBounds: BOUNDS },
    row.server,
    sink,
  )
  const registry = new ServerRegistry(context, {}, undefined)
  registry.begin('', 'legacy')
  const transport = { send: async () => undefined }
  // A row says nothing of its transport: on stdio rules make allowances for whoever works at home, on HTTP they ask for its headers.
  const wire = new Wire(context, new Connection(context, registry, transport, 'inproc', undefined))
  if (row.earlier !== undefined) wire.ask('tools/list', {}, { tools: row.earlier })
  const before = sink.events.length
  if (row.tools !== undefined) wire.ask('tools/list', {}, { tools: row.tools })
  if (row.call !== undefined)
    wire.ask('tools/call', { name: row.call.tool, arguments: row.call.arguments }, row.call.result)
  const events: RowEvent[] = []
  // What was parsed from JSON can only be too deep for whoever writes it as JSON again.
  let fault = context.errors === 0 ? '' : 'row: nested too deeply'
  for (const [index, pending] of sink.events.entries()) {
    const isCurrent = index >= before
    const atMs = EPOCH_MS + index * STEP_MS + (isCurrent ? CHANGE_AFTER_MS : 0)
    const candidate = { ...auditEventOf(pending, index), eventTime: new Date(atMs).toISOString() }
    const admitted = admit(candidate, CALLER, atMs)
    if ('event' in admitted) events.push({ event: admitted.event, isCurrent })
    else fault = `row: its ${candidate.eventType} event: ${admitted.refused.field}: ${admitted.refused.reason}`
  }
  return { events, fault }
}

/** Requests and their answers, one after the other. */
class Wire {
  private readonly context: AuditContext
  private readonly connection: Connection
  private id = 0
  constructor(context: AuditContext, connection: Connection) {
    this.context = context
    this.connection = connection
  }
  /** Without a result nobody answers. */
  ask(method: string, params: Words, result: Words | undefined): void {
    const id = ++this.id
    this.context.guard(() => this.connection.received({ id, method, params }, undefined))
    if (result !== undefined) this.context.guard(() => this.connection.sending({ id, result }, undefined))
  }
}

/** Keeps what is told. */
class Collected implements AuditSink {
  readonly events: PendingEvent[] = []
  emit(event: PendingEvent): void {
    this.events.push(event)
  }
  flush = async (): Promise<boolean> => true
  shutdown = async (): Promise<void> => undefined
  get stats() {
    return { numbered: this.events.length, sent: 0, dropped: 0, queued: 0, retries: 0, errors: 0 }
  }
  countsOf() {
    return { numbered: this.events.length, dropped: 0, queued: 0 }
  }
}
