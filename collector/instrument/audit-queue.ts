/** The queue between a server and an exporter: bounded, numbered, every loss counted and reported, retries of the same bytes. */
import { performance } from 'node:perf_hooks'
import { outsideCalls } from './call-in-flight.ts'
import { closeSlab, encodeInto, openSlab, type Slab } from './event-encoder.ts'
import { type PendingEvent, type ProducerFacts, pendingEvent } from './pending-event.ts'

export interface QueueOptions {
  /** Events waiting at most; 8192. Beyond it the newest is refused, counted and reported as a gap. */
  readonly maxQueued?: number
  /** Events in one request; 2048. A request starts early once 512 wait. */
  readonly maxBatch?: number
  /** Longest wait of an event before its request starts, ms; 200. */
  readonly delayMs?: number
  /** First and longest pause after a failed request, ms; 250 and 30000. Jitter up to half is taken off. */
  readonly retryBaseMs?: number
  readonly retryMaxMs?: number
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
  readonly queued: number
  readonly retries: number
  /** Errors of our own, swallowed so that no call fails. */
  readonly errors: number
}
/** Where instrumentation puts its events. `emit` never throws and never waits. */
export interface AuditSink {
  emit(event: PendingEvent): void
  /** True when everything emitted so far was acknowledged in time. */
  flush(timeoutMs?: number): Promise<boolean>
  shutdown(timeoutMs?: number): Promise<void>
  readonly stats: SinkStats
  /** Events of one producer so far, for its heartbeats. */
  countsOf(producer: ProducerFacts): { readonly numbered: number; readonly dropped: number; readonly queued: number }
}

interface Gap {
  readonly first: number
  readonly last: number
  readonly count: number
  readonly reason: string
}
interface Series {
  next: number
  dropped: number
  /** Lost numbers not yet reported. */
  gap: Gap | undefined
  /** Reports on their way, by their own number: one that is lost too is told again by the next. */
  readonly reports: Map<number, Gap>
}

function joined(one: Gap | undefined, other: Gap): Gap {
  if (one === undefined) return other
  const { reason, count } = one
  const first = Math.min(one.first, other.first)
  return { first, last: Math.max(one.last, other.last), count: count + other.count, reason }
}

/** Events that start a request, and that stand in one part of it. */
const PART_EVENTS = 512
/** Bytes of one part: a Kafka broker refuses messages of a megabyte. A request is a few parts. */
const MAX_PART_BYTES = 600_000
const MAX_BATCH_BYTES = 4 * MAX_PART_BYTES
/** Memory of what waits: large events (argument shapes, registries) fill it sooner than their number says. */
const MAX_QUEUED_BYTES = 64_000_000

function partOf(slab: Slab): BatchPart {
  const { serverId, producerId } = slab.producer
  return { serverId, producerId, count: slab.count, bytes: closeSlab(slab) }
}

export class AuditQueue implements AuditSink {
  private readonly exporter: AuditExporter
  private readonly limits: Required<QueueOptions>
  private readonly series = new Map<ProducerFacts, Series>()
  /** Encoded events, oldest first; those still open for more are also in `current`. */
  private readonly slabs: Slab[] = []
  private readonly current = new Map<ProducerFacts, Slab>()
  private waiting = 0
  private waitingBytes = 0
  private inFlight = 0
  private timer: NodeJS.Timeout | undefined
  private sending: Promise<void> | undefined
  private pauseMs = 0
  private wake: (() => void) | undefined
  private closed = false
  private numbered = 0
  private sent = 0
  private dropped = 0
  private retries = 0
  private errors = 0

  constructor(exporter: AuditExporter, options: QueueOptions = {}) {
    this.exporter = exporter
    this.limits = {
      maxQueued: options.maxQueued ?? 8_192,
      maxBatch: options.maxBatch ?? 2_048,
      delayMs: options.delayMs ?? 200,
      retryBaseMs: options.retryBaseMs ?? 250,
      retryMaxMs: options.retryMaxMs ?? 30_000,
    }
  }

  get stats(): SinkStats {
    const { numbered, sent, dropped, retries, errors } = this
    return { numbered, sent, dropped, queued: this.waiting + this.inFlight, retries, errors }
  }

  countsOf(producer: ProducerFacts) {
    const series = this.series.get(producer)
    let queued = 0
    for (const slab of this.slabs) if (slab.producer === producer) queued += slab.count
    return { numbered: (series?.next ?? 1) - 1, dropped: series?.dropped ?? 0, queued }
  }

  emit(event: PendingEvent): void {
    let series = this.series.get(event.producer)
    if (series === undefined) {
      series = { next: 1, dropped: 0, gap: undefined, reports: new Map() }
      this.series.set(event.producer, series)
    }
    const seq = series.next++
    this.numbered++
    const isFull = this.waiting + this.inFlight >= this.limits.maxQueued || this.waitingBytes > MAX_QUEUED_BYTES
    if (isFull || this.closed) this.lose(series, seq, seq, 1, this.closed ? 'closed' : 'queue full')
    else this.append(series, event, seq)
    if (this.sending !== undefined) return
    if (this.waiting >= Math.min(PART_EVENTS, this.limits.maxBatch)) this.start()
    // Unref'd: a server that has nothing else to do may end; sinks.ts flushes on beforeExit.
    else if (this.timer === undefined) this.timer = setTimeout(() => this.start(), this.limits.delayMs).unref()
  }

  /** Encoded at once: the event is then bytes, which a retry sends again as they are. */
  private append(series: Series, event: PendingEvent, seq: number): void {
    let slab = this.current.get(event.producer)
    if (
      slab === undefined ||
      slab.count >= Math.min(PART_EVENTS, this.limits.maxBatch) ||
      slab.length > MAX_PART_BYTES
    ) {
      slab = openSlab(event, seq)
      this.current.set(event.producer, slab)
      this.slabs.push(slab)
    }
    const before = slab.length
    try {
      encodeInto(slab, event, seq)
      this.waiting++
      this.waitingBytes += slab.length - before
    } catch {
      this.errors++
      this.lose(series, seq, seq, 1, 'not encodable')
    }
  }

  /** Separate runs of losses before the next report are told as one span with its true count. */
  private lose(series: Series, first: number, last: number, count: number, reason: string): void {
    this.dropped += count
    series.dropped += count
    series.gap = joined(series.gap, { first, last, count, reason })
    for (const [seq, gap] of series.reports)
      if (seq >= first && seq <= last) {
        series.reports.delete(seq)
        series.gap = joined(series.gap, gap)
      }
  }

  private start(): void {
    if (this.timer !== undefined) clearTimeout(this.timer)
    this.timer = undefined
    this.sending ??= this.drain().finally(() => {
      this.sending = undefined
      if (this.waiting > 0 && !this.closed) this.start()
    })
  }

  private async drain(): Promise<void> {
    this.reportGaps()
    while (this.waiting > 0) {
      const slabs = this.take()
      const parts = slabs.filter(({ count }) => count > 0).map(partOf)
      if (parts.length > 0) await this.deliver({ parts, count: this.inFlight }, slabs)
      this.inFlight = 0
      if (this.closed && this.pauseMs > 0) return
      this.reportGaps()
    }
  }

  private take(): Slab[] {
    let bytes = 0
    let events = 0
    let count = 0
    for (const slab of this.slabs) {
      if (count > 0 && (events + slab.count > this.limits.maxBatch || bytes + slab.length > MAX_BATCH_BYTES)) break
      bytes += slab.length
      events += slab.count
      count++
      if (this.current.get(slab.producer) === slab) this.current.delete(slab.producer)
    }
    this.waiting -= events
    this.waitingBytes -= bytes
    this.inFlight = events
    return this.slabs.splice(0, count)
  }

  /** Offers the same bytes until they are taken or refused for good. */
  private async deliver(batch: EncodedBatch, slabs: readonly Slab[]): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      const outcome = await this.attempt(batch)
      if (outcome.kind === 'sent') {
        this.pauseMs = 0
        this.sent += batch.count - (outcome.rejected ?? 0)
        for (const { producer, last } of slabs) {
          const { reports } = this.series.get(producer)!
          for (const seq of reports.keys()) if (seq <= last) reports.delete(seq)
        }
        return
      }
      if (outcome.kind === 'refused') {
        this.loseAll(slabs, outcome.reason)
        // The report of this loss may be refused too: without a pause that would be a loop.
        this.pauseMs = Math.min(this.limits.retryMaxMs, Math.max(this.limits.retryBaseMs, this.pauseMs * 2))
        if (!this.closed) await this.pause(this.pauseMs)
        return
      }
      if (this.closed && attempt > 0) {
        this.loseAll(slabs, outcome.reason)
        this.pauseMs = this.limits.retryMaxMs
        return
      }
      this.retries++
      const { retryBaseMs, retryMaxMs } = this.limits
      this.pauseMs = Math.min(retryMaxMs, retryBaseMs * 2 ** Math.min(attempt, 16))
      const jittered = this.pauseMs * (0.5 + Math.random() / 2)
      await this.pause(Math.max(outcome.afterMs ?? 0, jittered))
    }
  }

  private loseAll(slabs: readonly Slab[], reason: string): void {
    for (const { producer, first, last, count } of slabs)
      if (count > 0) this.lose(this.series.get(producer)!, first, last, count, reason)
  }

  private async attempt(batch: EncodedBatch): Promise<ExportOutcome> {
    try {
      return await outsideCalls(() => this.exporter.export(batch))
    } catch (error) {
      this.errors++
      return { kind: 'retry', reason: error instanceof Error ? error.name : 'error' }
    }
  }

  /** Waits, but not past a flush: whoever flushes wants the next attempt now. */
  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, Math.min(ms, 2 ** 31 - 1)).unref()
      this.wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  /** A run of lost numbers becomes an auditd.error of the same series, so that the receiver can tell a loss from a fault of its own. */
  private reportGaps(): void {
    for (const [producer, series] of this.series) {
      const { gap } = series
      if (gap === undefined) continue
      series.gap = undefined
      const event = pendingEvent(producer, {
        eventType: 'auditd.error',
        component: 'instrument.queue',
        code: 'bus_overloaded',
        message: `instrument.queue: producerSeq: ${gap.reason}: ${gap.count} events of ${gap.first} to ${gap.last} were lost`,
        dropped: gap.count,
        firstSeq: gap.first,
        lastSeq: gap.last,
      })
      this.numbered++
      const seq = series.next++
      series.reports.set(seq, gap)
      this.append(series, event, seq)
    }
  }

  private get hasGaps(): boolean {
    for (const { gap } of this.series.values()) if (gap !== undefined) return !this.closed
    return false
  }

  async flush(timeoutMs = 10_000): Promise<boolean> {
    const until = performance.now() + timeoutMs
    while (this.waiting + this.inFlight > 0 || this.hasGaps) {
      const leftMs = until - performance.now()
      if (leftMs <= 0) return false
      this.wake?.()
      this.start()
      let timer: NodeJS.Timeout | undefined
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, Math.min(leftMs, Math.max(50, this.pauseMs)))
      })
      await Promise.race([this.sending, late])
      clearTimeout(timer)
    }
    return true
  }

  async shutdown(timeoutMs = 10_000): Promise<void> {
    if (this.closed) return
    await this.flush(timeoutMs)
    this.closed = true
    if (this.timer !== undefined) clearTimeout(this.timer)
    this.wake?.()
    await this.exporter.shutdown()
  }
}
