/** The reading end of a spool: stretches of segments as requests, in order, with what is damaged told and the rest delivered. */
import { closeSync, existsSync, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { BatchPart } from '../audit-sink.ts'
import { requestOf } from '../event-encoder.ts'
import type { ProducerFacts } from '../pending-event.ts'
import {
  type EventFrame,
  type ScannedSegment,
  SEAL_BYTES,
  type SpoolPosition,
  scanSegment,
  sealedEvents,
  segmentName,
  segmentNumber,
} from './segment.ts'

/** Events that are on disk only. */
export interface Stretch {
  readonly folder: string
  /** Of a process that is gone; its folder goes with its last event. */
  readonly adopted: boolean
  from: SpoolPosition
  /** Undefined: up to what is written. */
  to: SpoolPosition | undefined
  /** As far as it is known before it is read. */
  events: number
}
/** What could not be replayed, in words. */
export interface SpoolLoss {
  readonly code: 'spool_corrupt' | 'spool_unavailable' | 'bus_overloaded'
  /** Whose events they were, where that is known. */
  readonly serverId: string | undefined
  readonly message: string
  /** Undefined: none. */
  readonly dropped: number | undefined
}
export interface ReadBatch {
  readonly parts: readonly BatchPart[]
  readonly runs: readonly {
    readonly producer: ProducerFacts
    readonly first: number
    readonly last: number
    readonly count: number
  }[]
  readonly count: number
  /** Where the next read begins; undefined: nothing is left. */
  readonly next: SpoolPosition | undefined
  readonly losses: readonly SpoolLoss[]
}

/** A broker refuses messages of a megabyte. */
const MAX_PART_BYTES = 600_000
const MAX_BATCH_BYTES = 2_400_000

export const segmentsIn = (folder: string): number[] =>
  readdirSync(folder)
    .flatMap((name) => segmentNumber(name) ?? [])
    .sort((a, b) => a - b)

/** Events that wait in a folder of a dead process: from seals, and by reading the segments that have none or are delivered in part. */
export function surveyFolder(folder: string, from: SpoolPosition): number {
  let events = 0
  for (const number of segmentsIn(folder)) {
    if (number < from.segment) continue
    const path = join(folder, segmentName(number))
    const offset = number === from.segment ? from.offset : 0
    const sealed = offset > 0 ? undefined : sealedEvents(tailOf(path))
    if (sealed !== undefined) events += sealed
    else for (const frame of scanSegment(readFileSync(path)).frames) if (frame.offset >= offset) events += frame.count
  }
  return events
}

function tailOf(path: string): Buffer {
  const { size } = statSync(path)
  const tail = Buffer.alloc(Math.min(size, SEAL_BYTES))
  const fd = openSync(path, 'r')
  try {
    readSync(fd, tail, 0, tail.length, size - tail.length)
  } finally {
    closeSync(fd)
  }
  return tail
}

export class SpoolReader {
  /** The segment being read, whole in memory; one that is still written is read anew. */
  private current: { readonly path: string; readonly scanned: ScannedSegment } | undefined
  /** Adopted folder -> numbers of its segments and which is next: nobody adds to them, and listing tens of thousands takes long. */
  private readonly adopted = new Map<string, { readonly numbers: readonly number[]; next: number }>()
  /** Folder -> hash of the segment read before, which the next must name. */
  private readonly chain = new Map<
    string,
    { readonly number: number; readonly hash: string; readonly lasts: Map<string, number> }
  >()

  /** The next events of a stretch, at most `maxEvents` unless one frame alone has more. Never throws. */
  async read(stretch: Stretch, writtenTo: SpoolPosition, maxEvents: number): Promise<ReadBatch> {
    const losses: SpoolLoss[] = []
    const to = stretch.to ?? (stretch.adopted ? { segment: Number.MAX_SAFE_INTEGER, offset: 0 } : writtenTo)
    let { from } = stretch
    for (;;) {
      const number = stretch.adopted
        ? this.adoptedFrom(stretch.folder, from.segment)
        : this.ownFrom(stretch.folder, from.segment, to.segment)
      if (number === undefined || number > to.segment || (number === to.segment && to.offset === 0)) {
        this.adopted.delete(stretch.folder)
        return { parts: [], runs: [], count: 0, next: undefined, losses }
      }
      const offset = number === from.segment ? from.offset : 0
      const scanned = await this.scan(stretch, number, losses)
      const frames = scanned.frames.filter(
        (frame) => frame.offset >= offset && (number < to.segment || frame.offset < to.offset),
      )
      if (frames.length > 0) return { ...batchOf(frames, number, maxEvents), losses }
      from = { segment: number + 1, offset: 0 }
    }
  }

  private adoptedFrom(folder: string, from: number): number | undefined {
    try {
      let list = this.adopted.get(folder)
      if (list === undefined) {
        list = { numbers: segmentsIn(folder), next: 0 }
        this.adopted.set(folder, list)
      }
      while ((list.numbers[list.next] ?? from) < from) list.next++
      return list.numbers[list.next]
    } catch {
      return undefined
    }
  }

  /** Our own are numbered without gaps; what lies before a stretch was sent and is gone. */
  private ownFrom(folder: string, from: number, to: number): number | undefined {
    for (let number = from; number <= to; number++) if (existsSync(join(folder, segmentName(number)))) return number
    return undefined
  }

  private async scan(stretch: Stretch, number: number, losses: SpoolLoss[]): Promise<ScannedSegment> {
    const path = join(stretch.folder, segmentName(number))
    if (this.current?.path === path && this.current.scanned.seal !== undefined) return this.current.scanned
    let bytes: Buffer
    try {
      bytes = await readFile(path)
    } catch (error) {
      losses.push({
        code: 'spool_corrupt',
        serverId: undefined,
        dropped: undefined,
        message: `segment ${segmentName(number)} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`,
      })
      bytes = Buffer.alloc(0)
    }
    const scanned = scanSegment(bytes)
    const isFirstLook = this.current?.path !== path
    this.current = { path, scanned }
    if (isFirstLook && (scanned.seal !== undefined || stretch.adopted))
      this.judge(stretch, number, scanned, bytes.length, losses)
    return scanned
  }

  /** What is wrong with a segment, each with the events it costs. */
  private judge(stretch: Stretch, number: number, scanned: ScannedSegment, bytes: number, losses: SpoolLoss[]): void {
    const name = segmentName(number)
    const { frames, damaged, seal, hash, head, end, unreadableBytes } = scanned
    const serverId = (frames[0] ?? damaged.find(({ producer }) => producer !== undefined))?.producer?.serverId
    const tell = (message: string, dropped: number): unknown =>
      losses.push({ code: 'spool_corrupt', serverId, message, dropped: dropped === 0 ? undefined : dropped })
    const read = frames.reduce((sum, { count }) => sum + count, 0)
    const known = damaged.reduce((sum, { count }) => sum + count, 0)
    const missing = seal === undefined ? known : Math.max(known, seal.events - read)
    const spans = damaged.map(
      ({ first, last, producer }) => `${first} to ${last} of ${producer?.producerId ?? 'unknown'}`,
    )
    if (missing > 0 || unreadableBytes > 0)
      tell(
        `segment ${name} is corrupt: ${missing} events cannot be read${spans.length === 0 ? '' : `: ${spans.slice(0, 8).join(', ')}`}`,
        missing,
      )
    else if (seal !== undefined && seal.hash !== hash)
      tell(`segment ${name} is not what was sealed: its ${read} events are replayed unproven`, 0)
    if (seal === undefined && end < bytes)
      tell(`segment ${name}: ${bytes - end} bytes of an unfinished write were cut`, 0)
    // Between our own stretches lie segments that were sent from memory.
    if (!stretch.adopted) return
    const before = this.chain.get(stretch.folder)
    const lasts = before?.lasts ?? new Map<string, number>()
    if (before !== undefined && before.number < number) {
      if (before.number !== number - 1)
        tell(
          `segments ${segmentName(before.number + 1)} to ${segmentName(number - 1)} are missing`,
          jumpsBetween(lasts, frames),
        )
      else if (head?.previous !== before.hash)
        tell(`segment ${name} breaks the chain: its ${read} events are replayed unproven`, 0)
    }
    for (const { producer, last } of frames) lasts.set(producer.producerId, last)
    this.chain.set(stretch.folder, { number, hash: seal?.hash ?? hash, lasts })
  }
}

/** Numbers between the last ones read and the first ones here. */
function jumpsBetween(lasts: ReadonlyMap<string, number>, frames: readonly EventFrame[]): number {
  let missing = 0
  const seen = new Set<string>()
  for (const { producer, first } of frames) {
    const last = lasts.get(producer.producerId)
    if (last !== undefined && !seen.has(producer.producerId)) missing += Math.max(0, first - last - 1)
    seen.add(producer.producerId)
  }
  return missing
}

/** Frames as requests: one part for each producer and 600 KB. */
function batchOf(frames: readonly EventFrame[], segment: number, maxEvents: number): Omit<ReadBatch, 'losses'> {
  const byProducer = new Map<ProducerFacts, { frames: EventFrame[]; bytes: number }[]>()
  let count = 0
  let bytes = 0
  let end = 0
  for (const frame of frames) {
    const length = frame.records.length
    if (count > 0 && (count + frame.count > maxEvents || bytes + length > MAX_BATCH_BYTES)) break
    count += frame.count
    bytes += length
    end = frame.end
    const parts = byProducer.get(frame.producer) ?? []
    byProducer.set(frame.producer, parts)
    const last = parts.at(-1)
    if (last === undefined || last.bytes + length > MAX_PART_BYTES) parts.push({ frames: [frame], bytes: length })
    else {
      last.frames.push(frame)
      last.bytes += length
    }
  }
  const all = [...byProducer].flatMap(([producer, parts]) => parts.map((part) => ({ producer, ...part })))
  return {
    parts: all.map(({ producer, frames: own, bytes: length }) => ({
      serverId: producer.serverId,
      producerId: producer.producerId,
      count: own.reduce((sum, frame) => sum + frame.count, 0),
      bytes: requestOf(
        producer,
        own.map(({ records }) => records),
        length,
      ),
    })),
    runs: all.map(({ producer, frames: own }) => ({
      producer,
      first: own[0]!.first,
      last: own.at(-1)!.last,
      count: own.reduce((sum, frame) => sum + frame.count, 0),
    })),
    count,
    next: { segment, offset: end },
  }
}
