/** The OpenTelemetry way in: a LogRecordProcessor for NodeSDK that carries audit events without sampling or silent loss. */
import { EVENT_NAME_PREFIX } from '../../../schemas/wire.ts'
import { type Instant, instantNow, instantOf, uuidV7 } from '../clock.ts'
import { AuditQueue } from './audit-queue.ts'
import type { AuditExporter, QueueOptions, SinkStats } from './audit-sink.ts'
import type { Fields, PendingEvent, ProducerFacts } from './pending-event.ts'
import { watchExit } from './process-end.ts'
import { withSpool } from './sinks.ts'

export interface AuditLogRecordProcessorOptions extends QueueOptions {
  readonly exporter: AuditExporter
}

/** What is read of an SDK log record; the same on SDK 2.x (0.2xx) and 3.x. */
export interface LogRecordLike {
  readonly eventName?: string | undefined
  readonly hrTime?: Instant
  readonly body?: unknown
  readonly resource?: { readonly attributes: Readonly<Record<string, unknown>> }
  readonly spanContext?: { readonly traceId: string; readonly spanId: string } | undefined
}

/**
 * Takes records whose event name starts with `mcp_audit.` and leaves all others to other processors. Numbers are given here, in the
 * order of arrival, and written into the body; the record is read at once, because the SDK lets nobody change it later.
 */
export class AuditLogRecordProcessor {
  private readonly queue: AuditQueue
  private readonly producers = new Map<string, ProducerFacts>()
  /** Records of our name whose body is no event: nobody could store them. */
  private unreadable = 0

  constructor(options: AuditLogRecordProcessorOptions) {
    this.queue = new AuditQueue(options.exporter, withSpool(options))
    // The application flushes its SDK; what it never gets to is written down at least.
    if (this.queue.hasSpool) watchExit(this.queue)
  }

  get stats(): SinkStats {
    const { dropped, errors, ...counts } = this.queue.stats
    return { ...counts, dropped: dropped + this.unreadable, errors: errors + this.unreadable }
  }

  /** Numbers, losses and queue of one producer, for the heartbeats of the instrumentation. */
  countsOf({ serverId, producerId }: ProducerFacts) {
    const own = this.producers.get(`${serverId}\u0000${producerId}`)
    return own === undefined ? { numbered: 0, dropped: 0, queued: 0 } : this.queue.countsOf(own)
  }

  onEmit(record: LogRecordLike): void {
    if (record.eventName?.startsWith(EVENT_NAME_PREFIX) !== true) return
    const event = this.read(record)
    if (event === undefined) this.unreadable++
    else this.queue.emit(event)
  }

  private read({ body, hrTime, spanContext, resource }: LogRecordLike): PendingEvent | undefined {
    const said = parsed(body)
    if (said === undefined) return undefined
    // Given again on the way out: the number of this queue and the constants of a native event.
    const { eventId, eventTime, serverId, producerId, producerSeq, schemaVersion, vantage, source, ...fields } = said
    if (typeof fields['eventType'] !== 'string' || typeof serverId !== 'string') return undefined
    const time = instantOf(eventTime) ?? hrTime ?? instantNow()
    if (spanContext !== undefined && fields['traceId'] === undefined) {
      fields['traceId'] = spanContext.traceId
      fields['spanId'] = spanContext.spanId
    }
    const service = resource?.attributes['service.name']
    return {
      producer: this.producerOf(serverId, producerId, typeof service === 'string' ? service : serverId),
      eventId: typeof eventId === 'string' && EVENT_ID.test(eventId) ? eventId : uuidV7(time),
      time,
      fields: fields as Fields,
    }
  }

  /** One numbered series per (server, producer instance); without instance the process is one. */
  private producerOf(serverId: string, producerId: unknown, serviceName: string): ProducerFacts {
    const key = `${serverId}\u0000${String(producerId ?? '')}`
    let producer = this.producers.get(key)
    if (producer === undefined) {
      const own = typeof producerId === 'string' ? producerId : uuidV7(instantNow())
      producer = { serverId, producerId: own, serviceName }
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

const EVENT_ID = /^[0-9a-f-]{32,36}$/

function parsed(body: unknown): Record<string, unknown> | undefined {
  try {
    const value: unknown = typeof body === 'string' ? JSON.parse(body) : undefined
    return value !== null && typeof value === 'object' ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}
