/** Events that the service tells of itself. */
import type { AuditEvent, EventType } from '../../schemas/event.ts'
import { OWN_SERVER } from '../access-event.ts'

/** `identity`: SHA-256 in hex of what makes it one event, however often it is told. */
export function ownEvent(
  eventType: EventType,
  nowMs: number,
  identity: string,
  fields: Readonly<Record<string, unknown>>,
): AuditEvent {
  const at = new Date(nowMs).toISOString()
  return {
    ...{ eventType, eventId: identity.slice(0, 32), eventTime: at, receivedAt: at },
    ...{ serverId: OWN_SERVER, tenant: 'default', vantage: 'server', source: 'ingest' },
    ...fields,
  } as AuditEvent
}
