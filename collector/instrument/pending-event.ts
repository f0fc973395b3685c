/** An event on its way: fields as the schema names them, and its two forms on leaving, log record and AuditEvent. */
import type { AuditEvent, EventType } from '../../schemas/event.ts'
import { attributeOf, RESOURCE_FIELDS } from '../../schemas/wire.ts'
import { type Instant, instantNow, rfc3339, uuidV7 } from './clock.ts'
import type { AnyValue, Attributes } from './otlp-encode.ts'

export const SCOPE = { name: '@mcp-auditd/instrument', version: '0.1.0' } as const

/** Facts of one producer instance of one server, said once per request as OTLP resource. */
export interface ProducerFacts {
  readonly serverId: string
  readonly producerId: string
  readonly previousProducerId?: string
  readonly sdk?: string
  readonly sdkVersion?: string
  readonly integrationVersion?: string
  readonly serverName?: string
  readonly serverVersion?: string
  readonly buildDigest?: string
}

/** Fields of one event beyond time and number. An undefined field is absent. */
export interface Fields {
  readonly eventType: EventType
  readonly [field: string]: unknown
}

/**
 * One event. `producer` is compared by identity: events of one object are one numbered series. The number is given by the queue
 * that takes the event, so that a refused one leaves a hole that can be seen.
 */
export interface PendingEvent {
  readonly producer: ProducerFacts
  readonly eventId: string
  readonly time: Instant
  readonly fields: Fields
  /** Fields it shares with other events of the same caller: one object for all of them, never changed. */
  readonly common?: Readonly<Record<string, unknown>> | undefined
  /** Resource attributes of the application, when the event came through its LoggerProvider. */
  readonly resource?: Attributes
}

export function pendingEvent(
  producer: ProducerFacts,
  fields: Fields,
  time: Instant = instantNow(),
  common?: Readonly<Record<string, unknown>>,
): PendingEvent {
  return { producer, eventId: uuidV7(time), time, fields, common }
}

/** Attribute names by field, filled as fields are met: there are about two hundred. */
const attributes: Record<string, { readonly name: string; readonly own: boolean }> = Object.create(null)
const attribute = (field: string) => {
  const entry = {
    name: attributeOf(field),
    // These three are the record's own (name, ids), not attributes.
    own: field === 'eventType' || field === 'traceId' || field === 'spanId',
  }
  attributes[field] = entry
  return entry
}

/** The attributes of an event's log record, for a LoggerProvider; the number is given by the processor behind it. */
export function attributesOf(event: PendingEvent): Record<string, AnyValue | undefined> {
  const out: Record<string, AnyValue | undefined> = {
    'log.record.uid': event.eventId,
    'mcp_audit.schema_version': 1,
    'mcp_audit.vantage': 'server',
  }
  for (const fields of [event.common ?? {}, event.fields])
    for (const field in fields) {
      const value = fields[field]
      if (value === undefined) continue
      const { name, own } = attributes[field] ?? attribute(field)
      if (!own) out[name] = value as AnyValue
    }
  return out
}

/** Resource attributes of a producer; an application's own resource attributes stand beside them. */
export function resourceOf(producer: ProducerFacts, application: Attributes = {}): Attributes {
  const out: Record<string, AnyValue> = { 'service.name': producer.serverId, ...application }
  for (const field of RESOURCE_FIELDS) {
    const value = (producer as unknown as Record<string, AnyValue | undefined>)[field]
    if (value !== undefined && value !== '') out[attributeOf(field)] = value
  }
  return out
}

/** The event as the service sees it after decoding, before receipt. */
export function auditEventOf(event: PendingEvent, producerSeq: number): AuditEvent {
  const out: Record<string, unknown> = {
    eventId: event.eventId,
    eventTime: rfc3339(event.time),
    schemaVersion: 1,
    vantage: 'server',
    source: 'native',
    ...event.producer,
    producerSeq,
  }
  for (const fields of [event.common ?? {}, event.fields])
    for (const field in fields) if (fields[field] !== undefined) out[field] = fields[field]
  return out as unknown as AuditEvent
}
