/** The sinks: a queue of our own, an application's LoggerProvider, memory for tests, and the default of the process. */
import type { AuditEvent } from '../../schemas/event.ts'
import { attributesOf, EVENT_NAME_PREFIX } from '../../schemas/wire.ts'
import { AuditQueue } from './audit-queue.ts'
import type { AuditExporter, AuditSink, QueueOptions } from './audit-sink.ts'
import { OtlpAuditExporter } from './otlp-exporter.ts'
import { auditEventOf, type PendingEvent, type ProducerFacts, SCOPE } from './pending-event.ts'

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

/** Sinks that hold events: flushed when the process is about to end by itself, after the last words of `atExit`. */
const open = new Set<AuditSink>()
const lastWords = new Set<() => void>()
const EXIT_FLUSH_MS = 2_000
/** beforeExit comes again after every piece of work it starts: a receiver that is down must not keep a process alive. */
const EXIT_ATTEMPTS = 3
let hooked = false

function hookExit(): void {
  if (hooked) return
  hooked = true
  let attempts = 0
  process.on('beforeExit', () => {
    if (attempts++ >= EXIT_ATTEMPTS) return
    for (const say of lastWords) say()
    for (const sink of open)
      if (sink.stats.queued > 0)
        void sink.flush(EXIT_FLUSH_MS).then((whole) => {
          // Nobody answered in all that time: the process has waited long enough.
          if (!whole) attempts = EXIT_ATTEMPTS
        })
  })
}

/** Runs when the event loop is empty; emits what is still to be said. Safe to run more than once. */
export function atExit(say: () => void): void {
  lastWords.add(say)
  hookExit()
}
export const forgetAtExit = (say: () => void): boolean => lastWords.delete(say)

/** A numbered, bounded queue in front of an exporter. */
export function createSink(exporter: AuditExporter, options?: QueueOptions): AuditSink {
  const queue = new AuditQueue(exporter, options)
  open.add(queue)
  hookExit()
  return queue
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
