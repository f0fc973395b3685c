/** The sinks: a queue of our own, an application's LoggerProvider, memory for tests, and the default of the process. */
import type { AuditEvent } from '../../../schemas/event.ts'
import { attributesOf, EVENT_NAME_PREFIX } from '../../../schemas/wire.ts'
import { AuditQueue } from './audit-queue.ts'
import type { AuditExporter, AuditSink, QueueOptions } from './audit-sink.ts'
import { OtlpAuditExporter } from './otlp-exporter.ts'
import { auditEventOf, type PendingEvent, type ProducerFacts, SCOPE } from './pending-event.ts'
import { watchExit } from './process-end.ts'
import { FSYNC_POLICIES } from './spool/writer.ts'

/** What is asked of a LoggerProvider: the same on both lines of the OpenTelemetry API. */
export interface LoggerProviderLike {
  getLogger(name: string, version?: string): { emit(record: LoggedRecord): void }
  forceFlush?(): Promise<void>
}
interface LoggedRecord {
  eventName: string
  timestamp: [number, number]
  severityNumber: number
  body: string
  attributes: { [attribute: string]: string }
}

/** A numbered, bounded queue in front of an exporter. MCP_AUDIT_SPOOL names the folder of its spool when the options name none. */
export function createSink(exporter: AuditExporter, options: QueueOptions = {}): AuditSink {
  const queue = new AuditQueue(exporter, withSpool(options))
  watchExit(queue)
  return queue
}

/** MCP_AUDIT_SPOOL, MCP_AUDIT_SPOOL_BYTES and MCP_AUDIT_SPOOL_FSYNC, for options that say nothing of a spool. */
export function withSpool(options: QueueOptions): QueueOptions {
  const folder = process.env['MCP_AUDIT_SPOOL']
  if (options.spool !== undefined || folder === undefined || folder === '') return options
  const bytes = Number(process.env['MCP_AUDIT_SPOOL_BYTES'])
  const fsync = FSYNC_POLICIES.find((policy) => policy === process.env['MCP_AUDIT_SPOOL_FSYNC'])
  return { ...options, spool: { folder, ...(bytes > 0 && { maxBytes: bytes }), ...(fsync && { fsync }) } }
}

let processSink: AuditSink | undefined
/** The sink of those who name none: OTLP to the address of the environment. One per process. */
export function defaultSink(): AuditSink {
  processSink ??= createSink(new OtlpAuditExporter())
  return processSink
}

/** After its shutdown the next one who asks gets a new one. */
export function releaseDefaultSink(): void {
  processSink = undefined
}

/** Keeps AuditEvents in memory, in order, numbered: for tests and for programs that forward them themselves. */
export function memorySink(): AuditSink & { readonly events: AuditEvent[] } {
  const events: AuditEvent[] = []
  const next = new Map<ProducerFacts, number>()
  return {
    events,
    emit(event) {
      const seq = next.get(event.producer) ?? 1
      next.set(event.producer, seq + 1)
      events.push(auditEventOf(event, seq))
    },
    flush: async () => true,
    shutdown: async () => undefined,
    get stats() {
      return { numbered: events.length, sent: events.length, dropped: 0, queued: 0, retries: 0, errors: 0 }
    },
    countsOf: (producer) => ({ numbered: (next.get(producer) ?? 1) - 1, dropped: 0, queued: 0 }),
  }
}

const loggerSinks = new WeakMap<LoggerProviderLike, AuditSink>()

/**
 * Emits through an application's LoggerProvider. Numbers, retries and losses are the business of the processor behind it
 * (AuditLogRecordProcessor); with another processor the events are as safe as that processor is.
 */
export function loggerSink(provider: LoggerProviderLike): AuditSink {
  const existing = loggerSinks.get(provider)
  if (existing !== undefined) return existing
  const logger = provider.getLogger(SCOPE.name, SCOPE.version)
  let numbered = 0
  let errors = 0
  const emitted = new Map<ProducerFacts, number>()
  const sink: AuditSink = {
    emit(event: PendingEvent) {
      numbered++
      emitted.set(event.producer, (emitted.get(event.producer) ?? 0) + 1)
      try {
        const audit = auditEventOf(event)
        // The trace a client claimed stands in the body only: it must not become the record's own context.
        logger.emit({
          eventName: EVENT_NAME_PREFIX + audit.eventType,
          timestamp: [event.time[0], event.time[1]],
          severityNumber: 9,
          body: JSON.stringify(audit),
          attributes: attributesOf(audit),
        })
      } catch {
        errors++
      }
    },
    async flush() {
      await provider.forceFlush?.()
      return true
    },
    // The provider is the application's: it ends with the application's SDK.
    shutdown: async () => {
      await provider.forceFlush?.()
    },
    get stats() {
      return { numbered, sent: numbered - errors, dropped: errors, queued: 0, retries: 0, errors }
    },
    countsOf: (producer) => ({ numbered: emitted.get(producer) ?? 0, dropped: 0, queued: 0 }),
  }
  loggerSinks.set(provider, sink)
  return sink
}
