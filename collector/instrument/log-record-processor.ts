/** The OpenTelemetry way in: a LogRecordProcessor for NodeSDK that carries audit events without sampling or silent loss. */
import { EVENT_NAME_PREFIX, FIELD_OF_ATTRIBUTE, RESOURCE_FIELDS } from '../../schemas/wire.ts'
import { type AuditExporter, AuditQueue, type QueueOptions, type SinkStats } from './audit-queue.ts'
import { type Instant, instantNow, uuidV7 } from './clock.ts'
import type { Attributes } from './otlp-encode.ts'
import type { Fields, PendingEvent, ProducerFacts } from './pending-event.ts'

export interface AuditLogRecordProcessorOptions extends QueueOptions {
  readonly exporter: AuditExporter
}

/** What is read of an SDK log record; the same on SDK 2.x (0.2xx) and 3.x. */
export interface LogRecordLike {
  readonly eventName?: string | undefined
  readonly hrTime?: Instant
  readonly attributes?: Readonly<Record<string, unknown>>
  readonly resource?: { readonly attributes: Readonly<Record<string, unknown>> }
  readonly spanContext?: { readonly traceId: string; readonly spanId: string } | undefined
}

const inResource = new Set<string>(RESOURCE_FIELDS)

/**
 * Takes records whose event name starts with `mcp_audit.` and leaves all others to other processors. Numbers are given here, in the
 * order of arrival; the record is read at once, because the SDK lets nobody change it later.
 */
export class AuditLogRecordProcessor {
  private readonly queue: AuditQueue
  private readonly producers = new Map<string, ProducerFacts>()

  constructor(options: AuditLogRecordProcessorOptions) {
    this.queue = new AuditQueue(options.exporter, options)
  }

  get stats(): SinkStats {
    return this.queue.stats
  }

  /** Numbers, losses and queue of one producer, for the heartbeats of the instrumentation. */
  countsOf(producer: ProducerFacts) {
    const own = this.producers.get(`${producer.serverId}\u0000${producer.producerId}`)
    return own === undefined ? { numbered: 0, dropped: 0, queued: 0 } : this.queue.countsOf(own)
  }

  onEmit(record: LogRecordLike): void {
    const name = record.eventName
    if (name === undefined || !name.startsWith(EVENT_NAME_PREFIX)) return
    this.queue.emit(this.read(record, name.slice(EVENT_NAME_PREFIX.length)))
  }

  private read(record: LogRecordLike, eventType: string): PendingEvent {
    const fields: Record<string, unknown> = { eventType }
    const facts: Record<string, unknown> = {}
    for (const [attribute, value] of Object.entries(record.attributes ?? {})) {
      const field = FIELD_OF_ATTRIBUTE.get(attribute)
      if (field === undefined) continue
      if (inResource.has(field)) facts[field] = value
      else fields[field] = value
    }
    const time = record.hrTime ?? instantNow()
    const eventId = typeof fields['eventId'] === 'string' ? fields['eventId'] : uuidV7(time)
    // Given again on the way out: the id, the number of this queue and the constants of a native event.
    for (const field of ['eventId', 'producerSeq', 'schemaVersion', 'vantage', 'source']) delete fields[field]
    if (record.spanContext !== undefined && fields['traceId'] === undefined) {
      fields['traceId'] = record.spanContext.traceId
      fields['spanId'] = record.spanContext.spanId
    }
    const resource = (record.resource?.attributes ?? {}) as Attributes
    return { producer: this.producerOf(facts, resource), eventId, time, fields: fields as Fields, resource }
  }

  /** One numbered series per (server, producer instance); without instance the process is one. */
  private producerOf(facts: Record<string, unknown>, resource: Attributes): ProducerFacts {
    const claimed = facts['serverId'] ?? resource['mcp_audit.server.id'] ?? resource['service.name'] ?? 'unknown'
    const serverId = String(claimed)
    const key = `${serverId}\u0000${String(facts['producerId'] ?? '')}`
    let producer = this.producers.get(key)
    if (producer === undefined) {
      producer = { producerId: uuidV7(instantNow()), ...facts, serverId }
      this.producers.set(key, producer)
    }
    return producer
  }

  async forceFlush(options?: { timeoutMillis?: number }): Promise<void> {
    await this.queue.flush(options?.timeoutMillis)
  }

  async shutdown(): Promise<void> {
    await this.queue.shutdown()
  }
}
