/** The bytes of a spool segment: frames with checksums, a head that names the segment before it, and a seal with the hash of it all. */
import { createHash, type Hash } from 'node:crypto'
import * as zlib from 'node:zlib'
import type { ProducerFacts } from '../pending-event.ts'

export const NO_HASH = '0'.repeat(64)
export const segmentName = (number: number): string => `${String(number).padStart(8, '0')}.seg`
export const segmentNumber = (name: string): number | undefined =>
  /^\d{8}\.seg$/.test(name) ? Number(name.slice(0, 8)) : undefined

/** Where a frame begins. */
export interface SpoolPosition {
  readonly segment: number
  readonly offset: number
}
export interface SegmentHead {
  readonly version: 1
  readonly number: number
  /** SHA-256 of the segment before, hex; zeros for the first. */
  readonly previous: string
  readonly instance: string
}
/** Encoded log records of one producer, in the order of their numbers. */
export interface EventFrame {
  readonly offset: number
  readonly end: number
  readonly producer: ProducerFacts
  readonly count: number
  readonly first: number
  readonly last: number
  readonly records: Buffer
}
/** Events that stand in a segment and cannot be read. */
export interface DamagedFrame {
  readonly producer: ProducerFacts | undefined
  readonly first: number
  readonly last: number
  readonly count: number
}
export interface ScannedSegment {
  readonly head: SegmentHead | undefined
  readonly frames: readonly EventFrame[]
  readonly damaged: readonly DamagedFrame[]
  /** Bytes between frames that are no frame. */
  readonly unreadableBytes: number
  /** End of the last whole frame: what follows is the tail of a write that was cut off. */
  readonly end: number
  readonly seal: { readonly hash: string; readonly events: number } | undefined
  /** SHA-256 of everything before the seal, or of all of it. */
  readonly hash: string
}

const HEADER_BYTES = 36
const MAGIC = 0x3153_414d
const MAGIC_BYTES = Buffer.from('MAS1')
const KINDS = { head: 0, producer: 1, events: 2, seal: 3 } as const
type Kind = keyof typeof KINDS
const KIND_NAMES = Object.keys(KINDS) as readonly Kind[]

let table: Uint32Array | undefined
function slowCrc(bytes: Uint8Array): number {
  table ??= Uint32Array.from({ length: 256 }, (_, n) => {
    let value = n
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb8_8320 : value >>> 1
    return value >>> 0
  })
  let crc = 0xffff_ffff
  for (const byte of bytes) crc = table[(crc ^ byte) & 0xff]! ^ (crc >>> 8)
  return (crc ^ 0xffff_ffff) >>> 0
}
/** CRC-32; native since Node 20.15. */
export const crc32: (bytes: Uint8Array) => number = typeof zlib.crc32 === 'function' ? zlib.crc32 : slowCrc

export interface FrameFields {
  readonly kind: Kind
  /** Index of the producer within its segment. */
  readonly producer?: number
  readonly count?: number
  readonly first?: number
  readonly last?: number
}

/** The header that stands before `body`. */
export function frameHeader(fields: FrameFields, body: Uint8Array): Buffer {
  const header = Buffer.allocUnsafe(HEADER_BYTES)
  header.writeUInt32LE(MAGIC, 0)
  header.writeUInt32LE(body.length, 4)
  header.writeUInt32LE(crc32(body), 8)
  header.writeUInt16LE(KINDS[fields.kind], 12)
  header.writeUInt16LE(fields.producer ?? 0, 14)
  header.writeUInt32LE(fields.count ?? 0, 16)
  header.writeUIntLE(fields.first ?? 0, 20, 6)
  header.writeUIntLE(fields.last ?? 0, 26, 6)
  header.writeUInt32LE(crc32(header.subarray(0, 32)), 32)
  return header
}
export const jsonFrame = (kind: 'head' | 'producer', value: object, producer = 0): Buffer => {
  const body = Buffer.from(JSON.stringify(value))
  return Buffer.concat([frameHeader({ kind, producer }, body), body])
}
/** Ends a segment; `hash` covers all bytes before it. */
export function sealFrame(hash: Hash, events: number): { readonly bytes: Buffer; readonly hash: string } {
  const digest = hash.digest()
  return {
    bytes: Buffer.concat([frameHeader({ kind: 'seal', count: events }, digest), digest]),
    hash: digest.toString('hex'),
  }
}
export const SEAL_BYTES = HEADER_BYTES + 32

/** The events a sealed segment says it holds, from its last bytes; undefined when it was never sealed. */
export function sealedEvents(tail: Buffer): number | undefined {
  if (tail.length < SEAL_BYTES) return undefined
  const at = tail.length - SEAL_BYTES
  const frame = frameAt(tail, at)
  return frame?.kind === 'seal' ? frame.count : undefined
}

interface Frame {
  readonly kind: Kind
  readonly producer: number
  readonly count: number
  readonly first: number
  readonly last: number
  readonly body: Buffer
  readonly intact: boolean
}
/** The frame that begins here; undefined when none does, or when its end is missing. */
function frameAt(bytes: Buffer, at: number): Frame | undefined {
  if (at + HEADER_BYTES > bytes.length || bytes.readUInt32LE(at) !== MAGIC) return undefined
  if (crc32(bytes.subarray(at, at + 32)) !== bytes.readUInt32LE(at + 32)) return undefined
  const end = at + HEADER_BYTES + bytes.readUInt32LE(at + 4)
  const kind = KIND_NAMES[bytes.readUInt16LE(at + 12)]
  if (end > bytes.length || kind === undefined) return undefined
  const body = bytes.subarray(at + HEADER_BYTES, end)
  return {
    kind,
    producer: bytes.readUInt16LE(at + 14),
    count: bytes.readUInt32LE(at + 16),
    first: bytes.readUIntLE(at + 20, 6),
    last: bytes.readUIntLE(at + 26, 6),
    body,
    intact: crc32(body) === bytes.readUInt32LE(at + 8),
  }
}

function parsed<T>(body: Buffer): T | undefined {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'))
    return value !== null && typeof value === 'object' ? (value as T) : undefined
  } catch {
    return undefined
  }
}
const producerIn = (body: Buffer): ProducerFacts | undefined => {
  const facts = parsed<ProducerFacts>(body)
  return typeof facts?.serverId === 'string' && typeof facts.producerId === 'string' ? facts : undefined
}

/** Reads a segment. A damaged frame costs its own events; behind damaged bytes the next frame is looked for. Never throws. */
export function scanSegment(bytes: Buffer): ScannedSegment {
  const frames: EventFrame[] = []
  const damaged: DamagedFrame[] = []
  const producers = new Map<number, ProducerFacts>()
  let head: SegmentHead | undefined
  let seal: ScannedSegment['seal']
  let hashed = bytes.length
  let unreadableBytes = 0
  let skipped = 0
  let at = 0
  let whole = 0
  while (at < bytes.length) {
    const frame = frameAt(bytes, at)
    if (frame === undefined) {
      const next = bytes.indexOf(MAGIC_BYTES, at + 1)
      skipped += (next < 0 ? bytes.length : next) - at
      at = next < 0 ? bytes.length : next
      continue
    }
    unreadableBytes += skipped
    skipped = 0
    const { kind, body, intact, count, first, last } = frame
    const offset = at
    at += HEADER_BYTES + body.length
    whole = at
    const producer = producers.get(frame.producer)
    if (kind === 'events' && (!intact || producer === undefined)) damaged.push({ producer, first, last, count })
    else if (kind === 'events') frames.push({ offset, end: at, producer: producer!, count, first, last, records: body })
    else if (!intact) unreadableBytes += body.length
    else if (kind === 'head') head ??= parsed<SegmentHead>(body)
    else if (kind === 'producer') {
      const facts = producerIn(body)
      if (facts !== undefined) producers.set(frame.producer, facts)
    } else {
      seal = { hash: body.toString('hex'), events: count }
      hashed = offset
    }
  }
  const hash = createHash('sha256').update(bytes.subarray(0, hashed)).digest('hex')
  return { head, frames, damaged, unreadableBytes, end: whole, seal, hash }
}
