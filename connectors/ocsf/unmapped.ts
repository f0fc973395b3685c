/** What OCSF has no attribute for stays in the event, as it is, under `unmapped`. */
import type { EventFields } from '../../schemas/event.ts'
import { aiToolOf } from './entities.ts'
import type { Attributes } from './event.ts'

/** Envelope fields that stand in attributes of OCSF, whole. */
const PLACED: ReadonlySet<string> = new Set([
  ...['eventId', 'eventType', 'eventTime', 'receivedAt', 'tenant', 'serverId', 'serverVersion', 'producerId', 'labels'],
  ...['principalKey', 'clientKey', 'clientName', 'sessionFp', 'sourceAddressFp', 'addressClass', 'requestUid'],
  ...['protocolVersion', 'toolName', 'definitionHash', 'decision', 'errorCode', 'traceId'],
])

export function unmappedOf(event: EventFields): Attributes {
  const rest = Object.fromEntries(Object.entries(event).filter(([field]) => !PLACED.has(field)))
  const tool = aiToolOf(event)
  return { ...(tool !== undefined && { ai_tool: tool }), mcp_audit: rest }
}
