/** How an AuditEvent stands in an OpenTelemetry log record: one mapping for the producer, the receiver and the Kafka topic. */
import { ENVELOPE_FIELDS } from './envelope.ts'
import { EVENT_TYPES, TYPE_FIELDS } from './event.ts'

/** `eventName` of a record is this prefix and the event type: `mcp_audit.tool.call`. */
export const EVENT_NAME_PREFIX = 'mcp_audit.'
const snake = (field: string): string => field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

/** Fields that are the record’s own: time, ids, name. Times are nanoseconds there. */
export const RECORD_FIELDS = ['eventTime', 'eventType', 'traceId', 'spanId'] as const
/** Fields that are the same for all events of a producer instance, and stand once in the resource. */
export const RESOURCE_FIELDS = [
  'serverId',
  'producerId',
  'previousProducerId',
  'sdk',
  'sdkVersion',
  'integrationVersion',
  'serverName',
  'serverVersion',
  'buildDigest',
  'tenant',
  'serverClaimed',
] as const
/** Semantic conventions win where they have a name; everything else is under our own prefix. */
const SPELLINGS: Readonly<Record<string, string>> = {
  eventId: 'log.record.uid',
  method: 'mcp.method.name',
  toolName: 'gen_ai.tool.name',
  protocolVersion: 'mcp.protocol.version',
  serverId: 'mcp_audit.server.id',
}
/** OpenTelemetry attribute of a field: `durationMs` is `mcp_audit.duration_ms`. */
export const attributeOf = (field: string): string => SPELLINGS[field] ?? `mcp_audit.${snake(field)}`

const all = new Set<string>(ENVELOPE_FIELDS)
for (const type of EVENT_TYPES) for (const field of Object.keys(TYPE_FIELDS[type])) all.add(field)
/** Attribute to field, for every field there is. */
export const FIELD_OF_ATTRIBUTE: ReadonlyMap<string, string> = new Map(
  [...all].map((field) => [attributeOf(field), field]),
)
/** ClickHouse column of an envelope field: `eventId` is `event_id`. */
export const columnOf = snake
