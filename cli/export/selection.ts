/** What an export holds: which kind of thing, of which time, of whom. */
import { AuditdError } from '../../schemas/errors.ts'
import { EVENT_TYPES, type EventType } from '../../schemas/event.ts'

export const EXPORTED = ['events', 'findings', 'alerts'] as const
export type Exported = (typeof EXPORTED)[number]

export interface Selection {
  readonly what: Exported
  /** Milliseconds since 1970; [from, to). Of events the receipt, of findings the event time, of alerts when they were last seen. */
  readonly fromMs: number
  readonly toMs: number
  /** '' for all. */
  readonly tenant: string
  readonly server: string
  /** Event types; of findings and alerts ids of rules. Empty for all. */
  readonly types: readonly string[]
}
export interface SelectionOptions {
  readonly what: string
  readonly from: string
  readonly to: string
  readonly tenant?: string
  readonly server?: string
  readonly type?: string
}

/** Throws AuditdError('usage') naming the option. */
export function selectionOf({ what, from, to, tenant = '', server = '', type = '' }: SelectionOptions): Selection {
  if (!EXPORTED.some((known) => known === what)) throw wrong('--what', `must be one of ${EXPORTED.join(', ')}`)
  const fromMs = instant(from, '--from')
  const toMs = instant(to, '--to')
  if (toMs <= fromMs) throw wrong('--to', 'must be later than --from')
  const types = type
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '')
  const unknown = types.find((each) => !EVENT_TYPES.includes(each as EventType))
  if (what === 'events' && unknown !== undefined) throw wrong('--type', `no such event type: ${unknown}`)
  return { what: what as Exported, fromMs, toMs, tenant, server, types }
}

export const wrong = (option: string, reason: string): AuditdError => new AuditdError('usage', 'export', option, reason)

/** The engine’s times end before those of JavaScript do. */
const FIRST_MS = Date.parse('1970-01-01T00:00:00Z')
const LAST_MS = Date.parse('2262-01-01T00:00:00Z')
function instant(text: string, option: string): number {
  const ms = Date.parse(text)
  if (!(ms >= FIRST_MS && ms <= LAST_MS)) throw wrong(option, 'must be a time such as 2026-11-24T00:00:00Z')
  return ms
}
