/** AuditEvents as OTLP log records: what the collect role writes to Kafka, in the wire format of the OpenTelemetry Collector. */
import type { AuditEvent } from '../schemas/event.ts'
import { attributeOf, EVENT_NAME_PREFIX, RECORD_FIELDS, RESOURCE_FIELDS } from '../schemas/wire.ts'
import { type AnyValue, encodeLogs, type LogRecordToEncode } from './instrument/otlp-encode.ts'

const SCOPE = { name: 'mcp-auditd', version: '1' }
const SEVERITY_INFO = 9
const elsewhere = new Set<string>([...RECORD_FIELDS, ...RESOURCE_FIELDS])
const attributes = new Map<string, string>()

/** One ExportLogsServiceRequest. Events of one producer share a resource; their order is kept within it. */
export function encodeEvents(events: readonly AuditEvent[]): Uint8Array {
  const groups = new Map<string, { resource: Record<string, AnyValue>; records: LogRecordToEncode[] }>()
  for (const event of events) {
    const wide = event as unknown as Readonly<Record<string, AnyValue>>
    const key = RESOURCE_FIELDS.map((field) => String(wide[field] ?? '')).join('\u0000')
    let group = groups.get(key)
    if (group === undefined) {
      group = { resource: resourceOf(wide), records: [] }
      groups.set(key, group)
    }
    group.records.push(recordOf(event, wide))
  }
  const parts = [...groups.values()].map(({ resource, records }) => encodeLogs({ resource, scope: SCOPE, records }))
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts)
}

function resourceOf(event: Readonly<Record<string, AnyValue>>): Record<string, AnyValue> {
  const resource: Record<string, AnyValue> = { 'service.name': event['serverId'] ?? 'unknown' }
  for (const field of RESOURCE_FIELDS) if (event[field] !== undefined) resource[attributeOf(field)] = event[field]
  return resource
}

function recordOf(event: AuditEvent, wide: Readonly<Record<string, AnyValue>>): LogRecordToEncode {
  const own: Record<string, AnyValue> = {}
  for (const field of Object.keys(wide)) {
    if (elsewhere.has(field)) continue
    let attribute = attributes.get(field)
    if (attribute === undefined) {
      attribute = attributeOf(field)
      attributes.set(field, attribute)
    }
    own[attribute] = wide[field]!
  }
  return {
    time: event.eventTime,
    observedTime: event.receivedAt ?? event.eventTime,
    eventName: EVENT_NAME_PREFIX + event.eventType,
    severityNumber: SEVERITY_INFO,
    attributes: own,
    ...(event.traceId === undefined ? {} : { traceId: event.traceId }),
    ...(event.spanId === undefined ? {} : { spanId: event.spanId }),
  }
}
