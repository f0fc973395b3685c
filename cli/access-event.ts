/** That a person read or changed what the audit holds is itself an event of the audit. */
import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { AuditdError } from '../schemas/errors.ts'
import { type AuditEvent, parseEvent } from '../schemas/event.ts'
import { oversight } from '../schemas/events/oversight.ts'
import { LIMITS } from '../schemas/field.ts'

/** The server that events about the audit itself name. */
export const OWN_SERVER = 'mcp-auditd'
const OPERATIONS = oversight['audit.access'].operation.unwrap().options
const words = (max: number) =>
  z
    .string()
    .max(max)
    // What is typed in a shell may hold what no event may.
    .transform((text) => text.toWellFormed().replaceAll('\0', '\ufffd'))

export const access = z.strictObject({
  operation: z.enum(OPERATIONS).describe('What was done.'),
  actor: words(LIMITS.nameChars).describe('Who did it.'),
  subject: words(LIMITS.nameChars).default('').describe('What it was done to.'),
  rows: z.int().min(0).optional().describe('Rows that were read or changed; absent: it begins.'),
  reason: words(LIMITS.textChars).default('').describe('Reason given.'),
  approver: words(LIMITS.nameChars).optional().describe('Second person, where one is needed.'),
  tenant: words(LIMITS.nameChars).default('default').describe('Tenant whose data it is.'),
})
export type Access = z.input<typeof access>

export function accessEvent(given: Access, nowMs: number): AuditEvent {
  const { tenant, rows, ...what } = access.parse(given)
  const at = new Date(nowMs).toISOString()
  const parsed = parseEvent({
    eventType: 'audit.access',
    eventId: randomUUID(),
    eventTime: at,
    receivedAt: at,
    serverId: OWN_SERVER,
    tenant,
    vantage: 'server',
    source: 'ingest',
    ...what,
    ...(rows !== undefined && { rows }),
  })
  if ('fault' in parsed) throw new AuditdError('usage', 'audit.access', parsed.fault.field, parsed.fault.reason)
  return parsed.event
}
