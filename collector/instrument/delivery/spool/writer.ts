/** The writing end of a spool: appends frames to numbered segments, chains and seals them, and drops those that were delivered. */
import { createHash, type Hash } from 'node:crypto'
import * as fs from 'node:fs'
import { join } from 'node:path'
import type { ProducerFacts } from '../pending-event.ts'
import { frameHeader, jsonFrame, NO_HASH, type SpoolPosition, sealFrame, segmentName } from './segment.ts'

/**
 * When bytes are forced to the disk. All of them survive `kill -9`, since the system has the bytes. `each`: before `emit` returns, so
 * that a power cut loses nothing. `interval`: written at the end of each turn of the event loop, forced once a second. `never`: as
 * `interval`, and the system decides when.
 */
export const FSYNC_POLICIES = ['each', 'interval', 'never'] as const
export type FsyncPolicy = (typeof FSYNC_POLICIES)[number]

/** Encoded records of one producer that go into one frame. */
export interface EventRun {
  readonly producer: ProducerFacts
  readonly count: number
  readonly first: number
  readonly last: number
  readonly records: Uint8Array
}

/** A checkpoint names the hash of a sealed segment: they come this often (threat-catalog AUD-002). */
const SEGMENT_EVENTS = 1_000
const SEGMENT_MS = 60_000
const SEGMENT_BYTES = 1_000_000
const SYNC_MS = 1_000

interface OpenSegment {
  readonly number: number
  readonly path: string
  readonly fd: number
  readonly hash: Hash
  readonly producers: Map<ProducerFacts, number>
  readonly openedMs: number
  bytes: number
  events: number
}

export class SegmentWriter {
  /** Bytes of all segments that still exist. */
  bytes = 0
  /** SHA-256 of the newest sealed segment. */
  chainHash = NO_HASH
  private readonly folder: string
  private readonly instance: string
  private readonly fsync: FsyncPolicy
  private readonly sizes = new Map<number, number>()
  private open: OpenSegment | undefined
  private nextNumber = 1
  private markFd: number | undefined
  private syncTimer: NodeJS.Timeout | undefined

  constructor(folder: string, instance: string, fsync: FsyncPolicy) {
    this.folder = folder
    this.instance = instance
    this.fsync = fsync
  }

  /** Where the next frame will stand: everything before it is written. */
  get position(): SpoolPosition {
    const { open } = this
    return open === undefined ? { segment: this.nextNumber, offset: 0 } : { segment: open.number, offset: open.bytes }
  }

  /** Appends all of it or nothing; throws what the file system throws. Answers whether a segment was sealed after it. */
  append(runs: readonly EventRun[], nowMs: number): boolean {
    this.open ??= this.begin(nowMs)
    const { open } = this
    const pieces: Uint8Array[] = []
    const named: ProducerFacts[] = []
    let events = 0
    for (const { producer, records, ...fields } of runs) {
      let index = open.producers.get(producer)
      if (index === undefined) {
        index = open.producers.size
        open.producers.set(producer, index)
        named.push(producer)
        const { serverId, producerId, serviceName } = producer
        pieces.push(jsonFrame('producer', { serverId, producerId, serviceName }, index))
      }
      pieces.push(frameHeader({ kind: 'events', producer: index, ...fields }, records), records)
      events += fields.count
    }
    try {
      this.write(open, pieces)
    } catch (error) {
      for (const producer of named) open.producers.delete(producer)
      throw error
    }
    open.events += events
    if (this.fsync === 'each') fs.fdatasyncSync(open.fd)
    else if (this.fsync === 'interval') this.syncSoon()
    const isFull = open.bytes >= SEGMENT_BYTES || open.events >= SEGMENT_EVENTS
    if (!isFull && nowMs - open.openedMs < SEGMENT_MS) return false
    this.seal()
    return true
  }

  private begin(nowMs: number): OpenSegment {
    const number = this.nextNumber
    const path = join(this.folder, segmentName(number))
    const fd = fs.openSync(path, 'wx', 0o600)
    const open: OpenSegment = {
      ...{ number, path, fd, hash: createHash('sha256'), producers: new Map(), openedMs: nowMs, bytes: 0, events: 0 },
    }
    try {
      this.write(open, [jsonFrame('head', { version: 1, number, previous: this.chainHash, instance: this.instance })])
    } catch (error) {
      fs.closeSync(fd)
      fs.rmSync(path, { force: true })
      throw error
    }
    if (this.fsync === 'each') this.syncFolder()
    this.nextNumber++
    return open
  }

  /** A full disk may take a part: what was not written whole is cut off again. */
  private write(open: OpenSegment, pieces: readonly Uint8Array[]): void {
    const length = pieces.reduce((sum, { byteLength }) => sum + byteLength, 0)
    let written = 0
    try {
      written = fs.writevSync(open.fd, pieces as Uint8Array[], open.bytes)
    } finally {
      if (written !== length) fs.ftruncateSync(open.fd, open.bytes)
    }
    if (written !== length) throw Object.assign(new Error('the disk is full'), { code: 'ENOSPC' })
    for (const piece of pieces) open.hash.update(piece)
    open.bytes += length
    this.bytes += length
    this.sizes.set(open.number, open.bytes)
  }

  /** Ends the segment that is open, if one is. */
  seal(): void {
    const { open } = this
    if (open === undefined) return
    this.open = undefined
    const { bytes, hash } = sealFrame(open.hash, open.events)
    this.chainHash = hash
    try {
      fs.writeSync(open.fd, bytes, 0, bytes.length, open.bytes)
      this.bytes += bytes.length
      this.sizes.set(open.number, open.bytes + bytes.length)
      if (this.fsync === 'each') fs.fdatasyncSync(open.fd)
    } catch {
      // Without its seal it is read as one that was being written when its process died.
    }
    this.close(open.fd)
  }

  private close(fd: number): void {
    if (this.fsync !== 'interval') fs.closeSync(fd)
    else fs.fdatasync(fd, () => fs.close(fd, () => undefined))
  }

  private syncSoon(): void {
    this.syncTimer ??= setTimeout(() => {
      this.syncTimer = undefined
      if (this.open !== undefined) fs.fdatasync(this.open.fd, () => undefined)
    }, SYNC_MS).unref()
  }

  private syncFolder(): void {
    const fd = fs.openSync(this.folder, 'r')
    try {
      fs.fsyncSync(fd)
    } finally {
      fs.closeSync(fd)
    }
  }

  /** Everything before `position` was delivered: whole segments go, and where the rest begins is noted beside them. */
  delivered(position: SpoolPosition): void {
    for (const [number, bytes] of this.sizes) {
      if (number >= position.segment) break
      this.sizes.delete(number)
      this.bytes -= bytes
      // Beside us: what it holds is noted as delivered below, whether it is gone by then or not.
      fs.unlink(join(this.folder, segmentName(number)), () => undefined)
    }
    this.markFd ??= fs.openSync(join(this.folder, 'mark'), 'w', 0o600)
    fs.writeSync(this.markFd, markText(position), 0)
  }

  /** The folder is somebody else's now. */
  abandon(): void {
    clearTimeout(this.syncTimer)
    for (const fd of [this.open?.fd, this.markFd]) if (fd !== undefined) fs.closeSync(fd)
    this.open = undefined
  }

  /** `keep`: events wait in it. Else it leaves nothing to replay. */
  end(keep: boolean): void {
    clearTimeout(this.syncTimer)
    const { position } = this
    if (keep) this.seal()
    else {
      if (this.open !== undefined) fs.closeSync(this.open.fd)
      this.open = undefined
      for (const number of this.sizes.keys()) fs.rmSync(join(this.folder, segmentName(number)), { force: true })
      this.delivered({ segment: position.segment + 1, offset: 0 })
    }
    if (this.markFd !== undefined) fs.closeSync(this.markFd)
    this.markFd = undefined
  }
}

/** The same for a folder that was adopted. */
export const writeMark = (folder: string, position: SpoolPosition): void =>
  fs.writeFileSync(join(folder, 'mark'), markText(position), { mode: 0o600 })
/** Of one length, so that it is always overwritten whole. */
const markText = ({ segment, offset }: SpoolPosition): string =>
  `${String(segment).padStart(8, '0')} ${String(offset).padStart(12, '0')}\n`
/** Where the undelivered events of a folder begin; its very beginning when that is not known. */
export function readMark(folder: string): SpoolPosition {
  try {
    const match = /^(\d{8}) (\d{12})\n$/.exec(fs.readFileSync(join(folder, 'mark'), 'latin1'))
    if (match !== null) return { segment: Number(match[1]), offset: Number(match[2]) }
  } catch {
    // None was written.
  }
  return { segment: 0, offset: 0 }
}
