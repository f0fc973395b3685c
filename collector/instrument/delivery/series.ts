/** Numbers of producers: each event gets the next of its series, and every loss is told in that same series. */
import type { NumberRun } from './backlog.ts'
import type { ProducerFacts } from './pending-event.ts'

interface Gap {
  readonly first: number
  readonly last: number
  readonly count: number
  readonly reason: string
}
export interface Series {
  next: number
  dropped: number
  /** Lost numbers not yet reported. */
  gap: Gap | undefined
  /** Reports on their way, by their own number: one that is lost too is told again by the next. */
  readonly reports: Map<number, Gap>
  /** Last number a checkpoint covers. */
  covered: number
}

function joined(one: Gap | undefined, other: Gap): Gap {
  if (one === undefined) return other
  const { reason, count } = one
  const first = Math.min(one.first, other.first)
  return { first, last: Math.max(one.last, other.last), count: count + other.count, reason }
}

/** Series by the object that names their producer. */
export class SeriesLedger {
  numbered = 0
  dropped = 0
  private readonly series = new Map<ProducerFacts, Series>()

  get all(): Iterable<[ProducerFacts, Series]> {
    return this.series
  }
  /** Events that come back from disk name their producer in words of their own. */
  find(producer: ProducerFacts): Series | undefined {
    const known = this.series.get(producer)
    if (known !== undefined) return known
    for (const [own, series] of this.series)
      if (own.producerId === producer.producerId && own.serverId === producer.serverId) return series
    return undefined
  }
  /** Where what concerns a server is told: in a series of it, else in any. */
  speaker(serverId: string | undefined): ProducerFacts | undefined {
    for (const producer of this.series.keys()) if (producer.serverId === serverId) return producer
    return this.series.keys().next().value
  }

  of(producer: ProducerFacts): Series {
    let series = this.series.get(producer)
    if (series === undefined) {
      series = { next: 1, dropped: 0, gap: undefined, reports: new Map(), covered: 0 }
      this.series.set(producer, series)
    }
    return series
  }
  number(series: Series): number {
    this.numbered++
    return series.next++
  }

  /** Separate runs of losses before the next report are told as one span with its true count. */
  lose({ producer, first, last, count }: NumberRun, reason: string): void {
    const series = this.find(producer) ?? this.of(producer)
    this.dropped += count
    series.dropped += count
    series.gap = joined(series.gap, { first, last, count, reason })
    for (const [seq, gap] of series.reports)
      if (seq >= first && seq <= last) {
        series.reports.delete(seq)
        series.gap = joined(series.gap, gap)
      }
  }

  /** Arrived: reports among these numbers are told for good. */
  arrived({ producer, last }: NumberRun): void {
    const reports = this.find(producer)?.reports
    for (const seq of reports?.keys() ?? []) if (seq <= last) reports!.delete(seq)
  }

  get hasGaps(): boolean {
    for (const { gap } of this.series.values()) if (gap !== undefined) return true
    return false
  }
}
