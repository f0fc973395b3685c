/**
 * How an AuditEvent stands in an OpenTelemetry log record, for the producer, the receiver and the Kafka topic: the body is the event as
 * JSON text, and is all that we read. Name, attributes and resource repeat of it what a stock Collector filters and routes by.
 */
import type { AuditEvent } from './event.ts'

/** `eventName` of a record is this prefix and the event type: `mcp_audit.tool.call`. */
export const EVENT_NAME_PREFIX = 'mcp_audit.'
/** Attributes of a record; the semantic conventions' names. */
export const RECORD_ATTRIBUTES = {
  eventId: 'log.record.uid',
  method: 'mcp.method.name',
  toolName: 'gen_ai.tool.name',
} as const
/** Attributes of its resource. */
export const SERVICE_ATTRIBUTE = 'service.name'
export const SERVER_ATTRIBUTE = 'mcp_audit.server.id'

/** The attributes of an event's record: those of its method and tool only where it has one. */
export function attributesOf({ eventId, method, toolName }: AuditEvent): { [attribute: string]: string } {
  const attributes: { [attribute: string]: string } = { [RECORD_ATTRIBUTES.eventId]: eventId }
  if (method !== undefined) attributes[RECORD_ATTRIBUTES.method] = method
  if (toolName !== undefined) attributes[RECORD_ATTRIBUTES.toolName] = toolName
  return attributes
}

/** ClickHouse column of an envelope field: `eventId` is `event_id`. */
export const columnOf = (field: string): string => field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
