/** Admission: one candidate becomes an AuditEvent with a verified identity and a time of receipt, or a dead letter. */
import { stampReceived, structuralFault } from '../schemas/bounds.ts'
import { type AuditEvent, parseEvent } from '../schemas/event.ts'
import { governance } from '../schemas/events/governance.ts'
import { LIMITS } from '../schemas/field.ts'
import type { Caller, DeadLetter } from '../schemas/ports.ts'
import { EVERY_SERVER } from '../schemas/topics.ts'
import { deadLetter } from './dead-letter.ts'
import { redactEvent } from './redact-event.ts'

/** Each such event is written to every partition. */
const FACTS: ReadonlySet<string> = new Set([...Object.keys(governance), 'tool.approved', 'tool.approval.revoked'])
export type Admitted = { readonly event: AuditEvent } | { readonly refused: DeadLetter }

/**
 * Tenant and server come from the credential; a body that says otherwise is refused, never corrected silently. Without keys the
 * tenant is `default` and the server id is the producer’s claim, and the row says so. `trusted` keeps tenant and receivedAt of the
 * candidate: only for records that our own collect role signed.
 */
export function admit(candidate: unknown, caller: Caller, receivedMs: number, trusted = false): Admitted {
  const refuse = (field: string, reason: string): Admitted => ({
    refused: deadLetter('admission', field, reason, caller.tenant, receivedMs, candidate),
  })
  if (candidate === null || typeof candidate !== 'object') return refuse('', 'must be an object')
  const parsed = parseEvent(candidate)
  // An event that is taken unchanged holds known fields only, and those have no room for depth or forbidden keys.
  if ('fault' in parsed || parsed.event !== candidate) {
    const fault = structuralFault(candidate)
    if (fault !== undefined) return refuse(fault.field, fault.reason)
  }
  if ('fault' in parsed) return refuse(parsed.fault.field, parsed.fault.reason)
  const event = parsed.event
  if (isTooLarge(event)) return refuse('', `larger than ${LIMITS.eventBytes} bytes`)
  if (trusted) {
    if (event.receivedAt === undefined || event.tenant === undefined)
      return refuse('receivedAt', 'a collector’s record must carry receivedAt and tenant')
    return { event }
  }
  if (event.tenant !== undefined && event.tenant !== '' && event.tenant !== caller.tenant)
    return refuse('tenant', 'differs from the tenant of the credential')
  if (caller.servers !== undefined && caller.servers.length > 0 && !caller.servers.includes(event.serverId))
    return refuse('serverId', 'the credential may not speak for this server')
  if (FACTS.has(event.eventType) && !caller.claimed && caller.governs !== true)
    return refuse('eventType', `${event.eventType} is believed from a credential with the role operator alone`)
  if (event.serverId === EVERY_SERVER) {
    if ((caller.servers ?? []).length > 0)
      return refuse('serverId', 'a credential that is bound to servers may not speak for all of them')
    if (!FACTS.has(event.eventType))
      return refuse('serverId', `* is for facts about all servers, and ${event.eventType} happens on one`)
  }
  event.tenant = caller.tenant
  if (caller.claimed) event.serverClaimed = true
  else delete event.serverClaimed
  delete event.claimedEventTime
  return { event: redactEvent(stampReceived(event, receivedMs)) }
}

/** A character is at most six bytes of JSON, and so is a digit, a comma or a quote of anything else. */
const BYTES_PER_CHAR = 6
const CHARS_OF_OTHERS = 32

/** Written out as JSON only when its texts could make it too large: a usual event has a hundredth of that. */
const isTooLarge = (event: AuditEvent): boolean =>
  charsOf(event) * BYTES_PER_CHAR > LIMITS.eventBytes && Buffer.byteLength(JSON.stringify(event)) > LIMITS.eventBytes

/** Depth was bounded before. */
function charsOf(value: unknown): number {
  if (typeof value === 'string') return value.length + 1
  if (value === null || typeof value !== 'object') return CHARS_OF_OTHERS
  let chars = 1
  if (Array.isArray(value)) for (const inner of value) chars += charsOf(inner)
  else for (const key in value) chars += key.length + 1 + charsOf((value as Record<string, unknown>)[key])
  return chars
}
