/** The queue between a server and an exporter: bounded, numbered, every loss counted and reported, retries of the same bytes. */
import { performance } from 'node:perf_hooks'
import { encodeLogs } from './otlp-encode.ts'
import { logRecordOf, type PendingEvent, type ProducerFacts, pendingEvent, resourceOf, SCOPE } from './pending-event.ts'

export interface QueueOptions {
  /** Events waiting at most; 8192. Beyond it the newest is refused, counted and reported as a gap. */
  readonly maxQueued?: number
  /** Events in one request; 512. */
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

interface Series {
  next: number
  dropped: number
  /** A run of lost numbers not yet reported. */
  gap: { first: number; last: number; reason: string } | undefined
}
interface Queued {
  readonly event: PendingEvent
  readonly seq: number
}

/** Bytes, roughly, that one request may hold: brokers and receivers refuse messages of a megabyte and more. */
const MAX_BATCH_WEIGHT = 600_000
/** Queue memory, roughly: large events (argument shapes, registries) fill it sooner than their number says. */
const MAX_QUEUE_WEIGHT = 64_000_000
const weightOf = (event: PendingEvent): number => {
  const { args, definitions, argHandles, mintedHandles } = event.fields as Record<
    string,
    { length?: number } | undefined
  >
  return (
    1_000 +
    (args?.length ?? 0) * 120 +
    (definitions?.length ?? 0) * 800 +
    ((argHandles?.length ?? 0) + (mintedHandles?.length ?? 0)) * 120
  )
}

export class AuditQueue implements AuditSink {
  private readonly exporter: AuditExporter
  private readonly limits: Required<QueueOptions>
  private readonly series = new Map<ProducerFacts, Series>()
  private waiting: Queued[] = []
  private weight = 0
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
      maxBatch: options.maxBatch ?? 512,
      delayMs: options.delayMs ?? 200,
      retryBaseMs: options.retryBaseMs ?? 250,
      retryMaxMs: options.retryMaxMs ?? 30_000,
    }
  }

  get stats(): SinkStats {
    const { numbered, sent, dropped, retries, errors } = this
    return { numbered, sent, dropped, queued: this.waiting.length + this.inFlight, retries, errors }
  }

  countsOf(producer: ProducerFacts) {
    const series = this.series.get(producer)
    let queued = 0
    for (const waiting of this.waiting) if (waiting.event.producer === producer) queued++
    return { numbered: (series?.next ?? 1) - 1, dropped: series?.dropped ?? 0, queued }
  }

  emit(event: PendingEvent): void {
    let series = this.series.get(event.producer)
    if (series === undefined) {
      series = { next: 1, dropped: 0, gap: undefined }
      this.series.set(event.producer, series)
    }
    const seq = series.next++
    this.numbered++
    const weight = weightOf(event)
    const isFull =
      this.waiting.length + this.inFlight >= this.limits.maxQueued || this.weight + weight > MAX_QUEUE_WEIGHT
    if (isFull || this.closed) {
      this.lose(series, seq, this.closed ? 'closed' : 'queue full')
      return
    }
    this.waiting.push({ event, seq })
    this.weight += weight
    if (this.sending !== undefined) return
    if (this.waiting.length >= this.limits.maxBatch) this.start()
    // Unref'd: a server that has nothing else to do may end; sinks.ts flushes on beforeExit.
    else if (this.timer === undefined) this.timer = setTimeout(() => this.start(), this.limits.delayMs).unref()
  }

  private lose(series: Series, seq: number, reason: string): void {
    this.dropped++
    series.dropped++
    const { gap } = series
    if (gap !== undefined && gap.last + 1 === seq) gap.last = seq
    else if (gap === undefined) series.gap = { first: seq, last: seq, reason }
    // A second, separate run before the first could be reported: one report spans both, which overstates but never hides.
    else gap.last = seq
  }

  private start(): void {
    if (this.timer !== undefined) clearTimeout(this.timer)
    this.timer = undefined
    this.sending ??= this.drain().finally(() => {
      this.sending = undefined
      if (this.waiting.length > 0 && !this.closed) this.start()
    })
  }

  private async drain(): Promise<void> {
    while (this.waiting.length > 0) {
      this.reportGaps()
      const taken = this.take()
      const batch = this.encode(taken)
      if (batch.count > 0) await this.deliver(batch, taken)
      this.inFlight = 0
      if (this.closed && this.pauseMs > 0) return
    }
    this.reportGaps()
  }

  private take(): Queued[] {
    let weight = 0
    let count = 0
    while (count < this.waiting.length && count < this.limits.maxBatch) {
      const next = weightOf(this.waiting[count]!.event)
      if (count > 0 && weight + next > MAX_BATCH_WEIGHT) break
      weight += next
      count++
    }
    this.weight -= weight
    this.inFlight = count
    return this.waiting.splice(0, count)
  }

  private encode(taken: readonly Queued[]): EncodedBatch {
    const groups = new Map<unknown, Queued[]>()
    for (const queued of taken) {
      const key = queued.event.resource ?? queued.event.producer
      const group = groups.get(key)
      if (group === undefined) groups.set(key, [queued])
      else group.push(queued)
    }
    const parts: BatchPart[] = []
    for (const group of groups.values()) {
      const { producer, resource: application } = group[0]!.event
      const series = this.series.get(producer)!
      try {
        const resource = resourceOf(producer, application)
        const records = group.map(({ event, seq }) => logRecordOf(event, seq))
        const { serverId, producerId } = producer
        parts.push({
          serverId,
          producerId,
          count: group.length,
          bytes: encodeLogs({ resource, scope: SCOPE, records }),
        })
      } catch {
        this.errors++
        for (const { seq } of group) this.lose(series, seq, 'not encodable')
      }
    }
    return { parts, count: parts.reduce((sum, part) => sum + part.count, 0) }
  }

  /** Offers the same bytes until they are taken or refused for good. */
  private async deliver(batch: EncodedBatch, taken: readonly Queued[]): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      const outcome = await this.attempt(batch)
      if (outcome.kind === 'sent') {
        this.pauseMs = 0
        this.sent += batch.count - (outcome.rejected ?? 0)
        return
      }
      if (outcome.kind === 'refused') {
        for (const { event, seq } of taken) this.lose(this.series.get(event.producer)!, seq, outcome.reason)
        return
      }
      if (this.closed && attempt > 0) {
        for (const { event, seq } of taken) this.lose(this.series.get(event.producer)!, seq, outcome.reason)
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

  private async attempt(batch: EncodedBatch): Promise<ExportOutcome> {
    try {
      return await this.exporter.export(batch)
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
        message: `instrument.queue: producerSeq: ${gap.reason}: events ${gap.first} to ${gap.last} were lost`,
        dropped: gap.last - gap.first + 1,
        firstSeq: gap.first,
        lastSeq: gap.last,
      })
      this.numbered++
      this.waiting.push({ event, seq: series.next++ })
      this.weight += weightOf(event)
    }
  }

  async flush(timeoutMs = 10_000): Promise<boolean> {
    const until = performance.now() + timeoutMs
    while (this.waiting.length + this.inFlight > 0) {
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
