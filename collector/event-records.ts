/** AuditEvents as OTLP log records: what the collect role writes to Kafka, in the wire format of the OpenTelemetry Collector. */
import type { AuditEvent } from '../schemas/event.ts'
import { attributesOf, EVENT_NAME_PREFIX, SERVER_ATTRIBUTE, SERVICE_ATTRIBUTE } from '../schemas/wire.ts'
import { encodeLogs, type LogRecordToEncode } from './instrument/delivery/otlp-encode.ts'

const SCOPE = { name: 'mcp-auditd', version: '1' }
const SEVERITY_INFO = 9

/** One ExportLogsServiceRequest. Events of one server share a resource; their order is kept within it. */
export function encodeEvents(events: readonly AuditEvent[]): Uint8Array {
  const servers = new Map<string, LogRecordToEncode[]>()
  for (const event of events) {
    const records = servers.get(event.serverId)
    if (records === undefined) servers.set(event.serverId, [recordOf(event)])
    else records.push(recordOf(event))
  }
  const parts = [...servers].map(([serverId, records]) =>
    encodeLogs({ resource: { [SERVICE_ATTRIBUTE]: serverId, [SERVER_ATTRIBUTE]: serverId }, scope: SCOPE, records }),
  )
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts)
}

const recordOf = (event: AuditEvent): LogRecordToEncode => ({
  time: event.eventTime,
  observedTime: event.receivedAt ?? event.eventTime,
  eventName: EVENT_NAME_PREFIX + event.eventType,
  severityNumber: SEVERITY_INFO,
  body: JSON.stringify(event),
  attributes: attributesOf(event),
  traceId: event.traceId ?? '',
  spanId: event.spanId ?? '',
})
