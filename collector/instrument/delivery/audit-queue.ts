/** The queue between a server and an exporter: bounded, numbered, spooled to disk if asked, every loss counted and reported. */
import { performance } from 'node:perf_hooks'
import { outsideCalls } from '../messages/call-in-flight.ts'
import { warnOnce } from '../process-warning.ts'
import type {
  AuditExporter,
  AuditSink,
  EncodedBatch,
  ExportOutcome,
  ProducerCounts,
  QueueOptions,
  SinkStats,
} from './audit-sink.ts'
import { Backlog, PART_EVENTS, type Taken } from './backlog.ts'
import { type Fields, type PendingEvent, type ProducerFacts, pendingEvent } from './pending-event.ts'
import { SeriesLedger } from './series.ts'
import { Spool } from './spool/spool.ts'

/** Room that a call needs: its own events, and those of a few others that come meanwhile. */
const CALL_EVENTS = 16
const ROOM_POLL_MS = 10
/** One failure is a receiver that starts again; so many are told to whoever runs the server. */
const FAILURES_TOLD = 3
type Limits = Required<Omit<QueueOptions, 'spool'>>

export class AuditQueue implements AuditSink {
  private readonly exporter: AuditExporter
  private readonly limits: Limits
  private readonly spool: Spool | undefined
  private readonly series = new SeriesLedger()
  private readonly backlog: Backlog
  private timer: NodeJS.Timeout | undefined
  private persisting: NodeJS.Immediate | undefined
  private sending: Promise<void> | undefined
  private pauseMs = 0
  private failingSinceMs: number | undefined
  private wake: (() => void) | undefined
  private closed = false
  private sent = 0
  private retries = 0
  private errors = 0

  constructor(exporter: AuditExporter, options: QueueOptions = {}) {
    const { spool } = options
    this.exporter = exporter
    this.limits = {
      maxQueued: options.maxQueued ?? 8_192,
      maxBatch: options.maxBatch ?? 2_048,
      delayMs: options.delayMs ?? 200,
      retryBaseMs: options.retryBaseMs ?? 250,
      retryMaxMs: options.retryMaxMs ?? 30_000,
    }
    if (spool !== undefined && spool !== false)
      this.spool = new Spool(typeof spool === 'string' ? { folder: spool } : spool)
    this.backlog = new Backlog(this.limits, this.spool)
    this.backlog.onLost = (run, reason) => this.series.lose(run, reason)
    if (this.backlog.total > 0) this.startSoon()
  }

  get stats(): SinkStats {
    const { sent, retries, errors, backlog } = this
    const { numbered, dropped } = this.series
    const queued = backlog.waiting + backlog.inFlight
    return { numbered, sent, dropped, queued, spooled: this.spool && backlog.spooled, retries, errors }
  }
  countsOf(producer: ProducerFacts): ProducerCounts {
    const series = this.series.find(producer)
    return {
      numbered: (series?.next ?? 1) - 1,
      dropped: series?.dropped ?? 0,
      queued: this.backlog.queuedOf(producer),
      spooled: this.spool && this.backlog.spooled,
      chainHash: this.spool?.chainHash,
    }
  }
  get hasSpool(): boolean {
    return this.spool !== undefined
  }
  previousProducer(serverId: string): string | undefined {
    return this.spool?.previousProducer(serverId)
  }

  unavailable(failingMs: number): string | undefined {
    if (this.closed) return 'the sink is closed'
    const { spool, backlog, failingSinceMs } = this
    if (spool?.trouble !== undefined) return spool.trouble
    if (backlog.isFull && spool?.hasRoom !== true)
      return spool === undefined ? 'the queue is full' : 'the spool is full'
    if (failingSinceMs === undefined || performance.now() - failingSinceMs < failingMs) return undefined
    return 'events cannot be delivered'
  }
  room(timeoutMs: number): Promise<boolean> | undefined {
    return this.hasRoom ? undefined : this.awaitRoom(performance.now() + timeoutMs)
  }
  private get hasRoom(): boolean {
    const { waiting, inFlight, isFull } = this.backlog
    if (this.closed || this.spool?.hasRoom) return true
    return !isFull && waiting + inFlight + CALL_EVENTS <= this.limits.maxQueued
  }
  private async awaitRoom(untilMs: number): Promise<boolean> {
    while (!this.hasRoom) {
      if (performance.now() >= untilMs) return false
      await new Promise((resolve) => setTimeout(resolve, ROOM_POLL_MS))
    }
    return true
  }

  /** What we write and send is nobody's side effect and nobody's outbound request, although a call set it off. */
  emit(event: PendingEvent): void {
    outsideCalls(() => this.accept(event))
  }
  private accept(event: PendingEvent): void {
    const series = this.series.of(event.producer)
    const seq = this.series.number(series)
    if (this.closed) this.lose(event.producer, seq, 'closed')
    else this.append(event, seq, false)
    if (this.sending !== undefined) return
    if (this.backlog.waiting >= Math.min(PART_EVENTS, this.limits.maxBatch)) this.start()
    else this.startSoon()
  }

  private append(event: PendingEvent, seq: number, must: boolean): void {
    try {
      const refusal = this.backlog.add(event, seq, must)
      if (refusal !== undefined) this.lose(event.producer, seq, refusal)
    } catch {
      this.errors++
      this.lose(event.producer, seq, 'not encodable')
    }
    if (this.spool?.fsync === 'each') this.persist()
    else if (this.spool !== undefined) this.persisting ??= setImmediate(() => this.persist())
  }
  private lose(producer: ProducerFacts, seq: number, reason: string): void {
    this.series.lose({ producer, first: seq, last: seq, count: 1 }, reason)
  }

  /** With a spool: everything emitted so far is in its files when this returns, unless the disk fails. */
  persist(): void {
    this.persisting = undefined
    outsideCalls(() => this.backlog.persist())
    if (this.spool?.hasSealed !== true) return
    this.spool.hasSealed = false
    const { chainHash } = this.spool
    for (const [producer, series] of this.series.all) {
      const [firstSeq, lastSeq] = [series.covered + 1, series.next - 1]
      series.covered = lastSeq
      if (lastSeq >= firstSeq)
        this.tell(producer, { eventType: 'auditd.checkpoint', chainHash, firstSeq, lastSeq }, false)
    }
  }

  /** An event of the queue itself, in the series it is about. `must`: however full the queue is. */
  private tell(producer: ProducerFacts, fields: Fields, must: boolean): number {
    const seq = this.series.number(this.series.of(producer))
    this.append(pendingEvent(producer, fields), seq, must)
    return seq
  }

  private startSoon(): void {
    // Unref'd: a server that has nothing else to do may end; sinks.ts flushes on beforeExit.
    this.timer ??= outsideCalls(() => setTimeout(() => this.start(), this.limits.delayMs)).unref()
  }
  private start(): void {
    if (this.timer !== undefined) clearTimeout(this.timer)
    this.timer = undefined
    this.sending ??= outsideCalls(() => this.drain()).finally(() => {
      this.sending = undefined
      if (this.backlog.total > this.backlog.inFlight && !this.closed) this.start()
    })
  }

  private async drain(): Promise<void> {
    this.report()
    for (let taken = await this.backlog.take(); taken !== undefined; taken = await this.backlog.take()) {
      const isOver = taken.count === 0 || (await this.deliver(taken))
      if (isOver && !this.closed) this.backlog.settle(taken)
      if (this.closed && this.pauseMs > 0) return
      this.report()
    }
  }

  /** Offers the same bytes until they are taken or refused for good; false when the queue is closed before, and the disk keeps them. */
  private async deliver(taken: Taken): Promise<boolean> {
    for (let attempt = 0; ; attempt++) {
      const outcome = await this.attempt(taken)
      if (outcome.kind === 'sent') {
        this.pauseMs = 0
        this.failingSinceMs = undefined
        this.sent += taken.count - (outcome.rejected ?? 0)
        for (const run of taken.runs) this.series.arrived(run)
        return true
      }
      this.failingSinceMs ??= performance.now()
      if (outcome.kind === 'refused') {
        this.loseAll(taken, outcome.reason)
        // The report of this loss may be refused too: without a pause that would be a loop.
        this.pauseMs = Math.min(this.limits.retryMaxMs, Math.max(this.limits.retryBaseMs, this.pauseMs * 2))
        if (!this.closed) await this.pause(this.pauseMs)
        return true
      }
      if (this.closed && attempt > 0) {
        this.pauseMs = this.limits.retryMaxMs
        if (this.spool !== undefined && this.spool.trouble === undefined) return false
        this.loseAll(taken, outcome.reason)
        return true
      }
      this.retries++
      if (attempt + 1 === FAILURES_TOLD)
        warnOnce(`instrument: events are not delivered (${outcome.reason}); ${this.whereabouts}`)
      const { retryBaseMs, retryMaxMs } = this.limits
      this.pauseMs = Math.min(retryMaxMs, retryBaseMs * 2 ** Math.min(attempt, 16))
      const jittered = this.pauseMs * (0.5 + Math.random() / 2)
      await this.pause(Math.max(outcome.afterMs ?? 0, jittered))
    }
  }

  private loseAll({ runs, stretch }: Taken, reason: string): void {
    for (const run of runs) {
      if (stretch?.adopted !== true) {
        this.series.lose(run, reason)
        continue
      }
      const { serverId, producerId } = run.producer
      const message = `${reason}: ${run.count} events of ${run.first} to ${run.last} of instance ${producerId} were lost`
      this.spool?.tell({ code: 'bus_overloaded', serverId, dropped: run.count, message })
    }
  }

  private get whereabouts(): string {
    const isSafe = this.spool !== undefined && this.spool.trouble === undefined
    return isSafe ? 'they wait in the spool' : 'they wait in memory, and what does not fit is lost'
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
  private report(): void {
    for (const [producer, series] of this.series.all) {
      const { gap } = series
      if (gap === undefined) continue
      series.gap = undefined
      const { reason, count, first, last } = gap
      const message = `instrument.queue: producerSeq: ${reason}: ${count} events of ${first} to ${last} were lost`
      const error = {
        eventType: 'auditd.error',
        component: 'instrument.queue',
        code: 'bus_overloaded',
        message,
      } as const
      series.reports.set(this.tell(producer, { ...error, dropped: count, firstSeq: first, lastSeq: last }, true), gap)
    }
    if (this.spool === undefined || this.series.speaker(undefined) === undefined) return
    for (const { serverId, code, message, dropped } of this.spool.untold()) {
      const speaker = this.series.speaker(serverId)
      const error = { eventType: 'auditd.error', component: 'instrument.spool', code, dropped } as const
      this.tell(speaker!, { ...error, message: `instrument.spool: ${message}` }, true)
    }
  }

  async flush(timeoutMs = 10_000): Promise<boolean> {
    const until = performance.now() + timeoutMs
    while (this.backlog.total > 0 || (this.series.hasGaps && !this.closed)) {
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
    this.persist()
    await this.flush(timeoutMs)
    this.closed = true
    if (this.timer !== undefined) clearTimeout(this.timer)
    if (this.persisting !== undefined) clearImmediate(this.persisting)
    this.backlog.persist()
    this.spool?.close(this.backlog.total > 0)
    this.wake?.()
    await this.exporter.shutdown()
  }
}
