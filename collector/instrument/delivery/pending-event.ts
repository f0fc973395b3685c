/** An event on its way: fields as the schema names them, and the AuditEvent that they become. */
import type { AuditEvent, EventType } from '../../../schemas/event.ts'
import { type Instant, instantNow, rfc3339, uuidV7 } from '../clock.ts'

export const SCOPE = { name: '@mcp-auditd/instrument', version: '0.1.0' } as const

/** What every event of this package says of itself. */
export const CONSTANTS = { schemaVersion: 1, vantage: 'server', source: 'native' } as const

/** Facts of one producer instance of one server: part of each of its events. */
export interface ProducerFacts {
  readonly serverId: string
  readonly producerId: string
  /** Only where it is not `server`: an observer between client and server. */
  readonly vantage?: 'gateway'
  readonly previousProducerId?: string
  readonly sdk?: string
  readonly sdkVersion?: string
  readonly integrationVersion?: string
  readonly serverName?: string
  readonly serverVersion?: string
  readonly buildDigest?: string
  /** For the resource only: an application's own service name, when its events come through its LoggerProvider. */
  readonly serviceName?: string
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
  /** Of a tool whose events are dropped rather than written to a spool when memory is full. */
  readonly expendable?: boolean
}

export function pendingEvent(
  producer: ProducerFacts,
  fields: Fields,
  time: Instant = instantNow(),
  common?: Readonly<Record<string, unknown>>,
): PendingEvent {
  return { producer, eventId: uuidV7(time), time, fields, common }
}

/** The event as the service sees it, before receipt; the number is left to whoever sends it when it is not given. */
export function auditEventOf(event: PendingEvent, producerSeq?: number): AuditEvent {
  const out: Record<string, unknown> = {
    eventId: event.eventId,
    eventTime: rfc3339(event.time),
    ...CONSTANTS,
    ...event.producer,
  }
  if (producerSeq !== undefined) out['producerSeq'] = producerSeq
  for (const fields of [event.common ?? {}, event.fields])
    for (const field in fields) if (fields[field] !== undefined) out[field] = fields[field]
  return out as unknown as AuditEvent
}
