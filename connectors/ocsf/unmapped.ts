/** What OCSF has no attribute for stays in the event, as it is, under `unmapped`: nothing of an event is lost. */
import type { EventFields } from '../../schemas/event.ts'
import { aiToolOf } from './entities.ts'
import { type Attributes, msOf } from './event.ts'

/** Texts that attributes of OCSF hold whole, where the class and the direction of the event have them. */
const HELD: ReadonlySet<string> = new Set([
  ...['eventId', 'eventType', 'eventTime', 'tenant', 'serverId', 'serverVersion', 'producerId', 'errorCode'],
  ...['principalKey', 'clientKey', 'clientName', 'sessionFp', 'sourceAddressFp', 'addressClass', 'requestUid'],
  ...['protocolVersion', 'toolName', 'definitionHash', 'traceId', 'method'],
])

/** `told`: what the event says already. */
export function unmappedOf(event: EventFields, told: Attributes): Attributes {
  const texts = new Set<string>()
  gather(told, texts)
  const isTold = ([field, value]: readonly [string, unknown]): boolean =>
    (HELD.has(field) && (value === '' || texts.has(String(value)))) ||
    // Milliseconds say all of it.
    (field === 'receivedAt' && msOf(value) !== undefined) ||
    (field === 'labels' && Array.isArray(value) && value.length > 0)
  const tool = aiToolOf(event)
  return {
    ...(tool !== undefined && { ai_tool: tool }),
    mcp_audit: Object.fromEntries(Object.entries(event).filter((entry) => !isTold(entry))),
  }
}

function gather(value: unknown, texts: Set<string>): void {
  if (typeof value === 'string') texts.add(value)
  else if (typeof value === 'object' && value !== null) for (const each of Object.values(value)) gather(each, texts)
}
