/** What waits to be sent, oldest first: encoded events in memory, and stretches of the spool whose events are on disk only. */
import type { BatchPart } from './audit-sink.ts'
import { closeSlab, encodeInto, freeSlab, openSlab, type Slab } from './event-encoder.ts'
import type { PendingEvent, ProducerFacts } from './pending-event.ts'
import type { Stretch } from './spool/reader.ts'
import type { SpoolPosition } from './spool/segment.ts'
import type { Spool } from './spool/spool.ts'

/** Events that start a request, and that stand in one part of it. */
export const PART_EVENTS = 512
/** Bytes of one part: a Kafka broker refuses messages of a megabyte. A request is a few parts. */
const MAX_PART_BYTES = 600_000
const MAX_BATCH_BYTES = 4 * MAX_PART_BYTES
/** Memory of what waits: large events (argument shapes, registries) fill it sooner than their number says. */
const MAX_QUEUED_BYTES = 64_000_000

/** Numbers of one producer that share their fate. */
export interface NumberRun {
  readonly producer: ProducerFacts
  readonly first: number
  readonly last: number
  readonly count: number
}
/** A request, and where it came from. */
export interface Taken {
  readonly parts: readonly BatchPart[]
  readonly count: number
  readonly runs: readonly NumberRun[]
  /** Read from disk; `next` is where the stretch goes on. */
  readonly stretch?: Stretch
  readonly next?: SpoolPosition | undefined
}
interface Limits {
  readonly maxQueued: number
  readonly maxBatch: number
}
/** How much of a slab is on disk, and where its first frame stands. */
interface Written {
  readonly bytes: number
  readonly count: number
  readonly start: SpoolPosition
}
const NOTHING = { bytes: 0, count: 0 }
const isStretch = (entry: Slab | Stretch): entry is Stretch => 'folder' in entry

export class Backlog {
  /** Events in memory that wait, and those of the request under way. */
  waiting = 0
  inFlight = 0
  /** Events on disk only. */
  spooled = 0
  /** Events that neither memory nor disk could keep after all. */
  onLost: (run: NumberRun, reason: string) => void = () => undefined
  private waitingBytes = 0
  private readonly limits: Limits
  private readonly spool: Spool | undefined
  private readonly entries: (Slab | Stretch)[] = []
  /** Slabs still open for more, of events in memory and of those for the disk alone. */
  private readonly current = new Map<ProducerFacts, Slab>()
  private readonly overflow = new Map<ProducerFacts, Slab>()
  /** Slabs with events that are not on disk yet, by the number of the first of those. */
  private readonly dirty = new Map<Slab, number>()
  private readonly written = new WeakMap<Slab, Written>()

  constructor(limits: Limits, spool: Spool | undefined) {
    this.limits = limits
    this.spool = spool
    if (spool === undefined) return
    for (const stretch of spool.stretches) this.adopt(stretch)
    spool.onAdopted = (stretch) => this.adopt(stretch)
    spool.onHandedOver = () => this.forgetDisk()
  }

  get total(): number {
    return this.waiting + this.inFlight + this.spooled
  }
  /** Memory is full. */
  get isFull(): boolean {
    return this.waiting + this.inFlight >= this.limits.maxQueued || this.waitingBytes > MAX_QUEUED_BYTES
  }
  queuedOf(producer: ProducerFacts): number {
    let queued = 0
    for (const entry of this.entries) if (!isStretch(entry) && entry.producer === producer) queued += entry.count
    return queued
  }

  private adopt(stretch: Stretch): void {
    this.endStretch()
    this.entries.push(stretch)
    this.spooled += stretch.events
  }

  /** The adopter sends what lay on our disk; what is in memory as well is written again, and what was not written yet stays there. */
  private forgetDisk(): void {
    for (const entry of this.entries.splice(0)) {
      if (isStretch(entry)) this.spooled -= entry.events
      else {
        this.entries.push(entry)
        this.written.delete(entry)
        this.dirty.set(entry, entry.first)
      }
    }
    for (const slab of this.overflow.values()) {
      this.entries.push(slab)
      this.waiting += slab.count
      this.waitingBytes += slab.length
    }
    this.overflow.clear()
  }

  /**
   * Encoded at once: the event is then bytes, which a retry sends again as they are. Answers why it is refused; `must`: never. Throws
   * on a value that has no JSON form.
   */
  add(event: PendingEvent, seq: number, must: boolean): string | undefined {
    const { spool } = this
    if (must || !this.isFull) {
      if (spool !== undefined) this.endStretch()
      this.encode(this.current, event, seq)
      return undefined
    }
    if (spool === undefined || event.expendable === true) return 'queue full'
    if (!spool.hasRoom) return spool.trouble ?? 'spool full'
    this.beginStretch(spool)
    this.encode(this.overflow, event, seq)
    return undefined
  }

  private encode(into: Map<ProducerFacts, Slab>, event: PendingEvent, seq: number): void {
    let slab = into.get(event.producer)
    if (
      slab === undefined ||
      slab.count >= Math.min(PART_EVENTS, this.limits.maxBatch) ||
      slab.length > MAX_PART_BYTES
    ) {
      // One frame a slab, and a segment of not much more than a thousand events, however many come in one turn.
      if (slab !== undefined) this.persist()
      slab = openSlab(event, seq)
      into.set(event.producer, slab)
      if (into === this.current) this.entries.push(slab)
    }
    const before = slab.length
    encodeInto(slab, event, seq)
    if (into === this.current) {
      this.waiting++
      this.waitingBytes += slab.length - before
    } else {
      this.spooled++
      ;(this.entries.at(-1) as Stretch).events++
    }
    if (this.spool !== undefined && !this.dirty.has(slab)) this.dirty.set(slab, seq)
  }

  /** From here on events are on disk only; what is in memory is written first, so that the stretch begins behind it. */
  private beginStretch(spool: Spool): void {
    const last = this.entries.at(-1)
    if (last !== undefined && isStretch(last) && !last.adopted && last.to === undefined) return
    this.persist()
    this.current.clear()
    this.entries.push({ folder: spool.path!, adopted: false, from: spool.position, to: undefined, events: 0 })
  }
  private endStretch(): void {
    const last = this.entries.at(-1)
    if (last === undefined || !isStretch(last) || last.adopted || last.to !== undefined) return
    this.persist()
    last.to = this.spool!.position
  }

  /** Writes to disk what is not there yet, synchronously. Without a disk that works memory keeps what it has, and the rest is lost. */
  persist(): void {
    const { spool, dirty } = this
    if (spool === undefined || dirty.size === 0) return
    const slabs = [...dirty.keys()]
    const runs = [...dirty].map(([slab, first]) => {
      const { bytes, count } = this.written.get(slab) ?? NOTHING
      const records = slab.bytes.subarray(bytes, slab.length)
      return { producer: slab.producer, count: slab.count - count, first, last: slab.last, records }
    })
    const start = spool.position
    const isWritten = spool.write(runs)
    for (const slab of slabs) {
      if (this.overflow.get(slab.producer) === slab) this.settleOverflow(slab, isWritten)
      else if (isWritten) {
        const kept = this.written.get(slab)
        this.written.set(slab, { bytes: slab.length, count: slab.count, start: kept?.start ?? start })
        dirty.delete(slab)
      }
    }
  }

  private settleOverflow(slab: Slab, isWritten: boolean): void {
    this.overflow.delete(slab.producer)
    this.dirty.delete(slab)
    if (!isWritten) {
      this.spooled -= slab.count
      ;(this.entries.at(-1) as Stretch).events -= slab.count
      this.onLost(slab, this.spool?.trouble ?? 'spool full')
    }
    freeSlab(slab)
  }

  /** The next request; undefined when nothing waits. From disk only as much as one segment has. */
  async take(): Promise<Taken | undefined> {
    for (let front = this.entries[0]; front !== undefined; front = this.entries[0]) {
      this.persist()
      if (!isStretch(front)) return this.takeSlabs()
      const spool = this.spool!
      const { segment, offset } = spool.position
      const batch = await spool.read(front, this.limits.maxBatch)
      for (const loss of batch.losses) spool.tell(loss)
      if (this.entries[0] !== front) continue
      if (batch.next !== undefined) {
        this.inFlight = batch.count
        front.events -= batch.count
        this.spooled -= batch.count
        return { parts: batch.parts, count: batch.count, runs: batch.runs, stretch: front, next: batch.next }
      }
      const isOpen = !front.adopted && front.to === undefined
      const { position } = spool
      if (isOpen && (this.overflow.size > 0 || position.segment !== segment || position.offset !== offset)) continue
      // What was counted and not found has been told as a loss.
      this.spooled -= front.events
      this.entries.shift()
      if (front.adopted) spool.deliveredOf(front, undefined)
    }
    return undefined
  }

  private takeSlabs(): Taken {
    let bytes = 0
    let events = 0
    let taken = 0
    for (const slab of this.entries) {
      if (isStretch(slab)) break
      if (taken > 0 && (events + slab.count > this.limits.maxBatch || bytes + slab.length > MAX_BATCH_BYTES)) break
      bytes += slab.length
      events += slab.count
      taken++
      if (this.current.get(slab.producer) === slab) this.current.delete(slab.producer)
      this.dirty.delete(slab)
    }
    this.waiting -= events
    this.waitingBytes -= bytes
    this.inFlight = events
    const slabs = (this.entries.splice(0, taken) as Slab[]).filter(({ count }) => count > 0)
    const runs = slabs.map(({ producer, first, last, count }) => ({ producer, first, last, count }))
    const parts = slabs.map((slab) => {
      const { serverId, producerId } = slab.producer
      return { serverId, producerId, count: slab.count, bytes: closeSlab(slab) }
    })
    return { parts, count: events, runs }
  }

  /** The request was taken, or refused for good: its segments are not needed any more. */
  settle({ stretch, next }: Taken): void {
    this.inFlight = 0
    if (stretch !== undefined) {
      stretch.from = next!
      if (stretch.adopted) this.spool!.deliveredOf(stretch, next)
    }
    if (this.spool === undefined) return
    let position: SpoolPosition | undefined
    for (const entry of this.entries) {
      if (isStretch(entry)) position = entry.adopted ? undefined : entry.from
      else position = this.written.get(entry)?.start
      if (position !== undefined) break
    }
    this.spool.delivered(position ?? this.spool.position)
  }
}
