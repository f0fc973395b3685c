/** The ports between instrumentation, its queue and an exporter: where events are put, and what carries batches away. */
import type { PendingEvent, ProducerFacts } from './pending-event.ts'
import type { FsyncPolicy } from './spool/writer.ts'

/** A durable spool on disk: events are in its files before they are sent, and are sent again after a crash. */
export interface SpoolOptions {
  /** May be shared by processes of one host, and by sinks. Never by hosts, which a network file system would allow. */
  readonly folder: string
  /** Bytes of all undelivered segments of this sink; 256 MB, and four times that with what processes before it left. Beyond it events wait in memory, then they are dropped and counted. */
  readonly maxBytes?: number
  /** Default `interval`. */
  readonly fsync?: FsyncPolicy
}
export interface QueueOptions {
  /** Events waiting in memory at most; 8192. Beyond it the newest go to the spool; without one they are refused, counted and told as a gap. */
  readonly maxQueued?: number
  /** Events in one request; 2048. A request starts early once 512 wait. */
  readonly maxBatch?: number
  /** Longest wait of an event before its request starts, ms; 200. */
  readonly delayMs?: number
  /** First and longest pause after a failed request, ms; 250 and 30000. Jitter up to half is taken off. */
  readonly retryBaseMs?: number
  readonly retryMaxMs?: number
  /** Options, or the folder alone; `false`: none, whatever MCP_AUDIT_SPOOL says. */
  readonly spool?: SpoolOptions | string | false
}
/** Events of one server in one request: one ExportLogsServiceRequest. Bytes of several parts may be concatenated. */
export interface BatchPart {
  readonly serverId: string
  readonly producerId: string
  readonly count: number
  readonly bytes: Uint8Array
}
export interface EncodedBatch {
  readonly parts: readonly BatchPart[]
  readonly count: number
}
/** `retry`: the same bytes are offered again. `refused`: the receiver will never take them; `rejected` counts those of a partial success. */
export type ExportOutcome =
  | { readonly kind: 'sent'; readonly rejected?: number }
  | { readonly kind: 'retry'; readonly reason: string; readonly afterMs?: number }
  | { readonly kind: 'refused'; readonly reason: string }
export interface AuditExporter {
  export(batch: EncodedBatch): Promise<ExportOutcome>
  shutdown(): Promise<void>
}
export interface SinkStats {
  /** Events numbered: taken or refused. */
  readonly numbered: number
  /** Events a receiver acknowledged. */
  readonly sent: number
  /** Events lost here, for whatever reason. */
  readonly dropped: number
  /** Events waiting in memory. */
  readonly queued: number
  /** Events waiting on disk only; absent without a spool. */
  readonly spooled?: number | undefined
  readonly retries: number
  /** Errors of our own, swallowed so that no call fails. */
  readonly errors: number
}
/** Events of one producer so far, for its heartbeats. */
export interface ProducerCounts {
  readonly numbered: number
  readonly dropped: number
  readonly queued: number
  /** With a spool: events of all producers that wait on disk only, and the hash of its newest sealed segment. */
  readonly spooled?: number | undefined
  readonly chainHash?: string | undefined
}
/** Where instrumentation puts its events. `emit` never throws and never waits. */
export interface AuditSink {
  emit(event: PendingEvent): void
  /** True when everything emitted so far was acknowledged in time. */
  flush(timeoutMs?: number): Promise<boolean>
  shutdown(timeoutMs?: number): Promise<void>
  readonly stats: SinkStats
  countsOf(producer: ProducerFacts): ProducerCounts
  /** The instance of this server before this one, as the spool knows it. */
  previousProducer?(serverId: string): string | undefined
  /** Why an event would not be safe now; undefined when it would. `failingMs`: so long may the exporter have failed. */
  unavailable?(failingMs: number): string | undefined
  /** Resolves true when there is room for the events of a call, false after `timeoutMs`; undefined: there is room now. */
  room?(timeoutMs: number): Promise<boolean> | undefined
}
