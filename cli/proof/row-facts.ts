/** What the proof keeps of a row, read from its JSONCompactEachRow line: its hash, that of its identity, its position, its receipt. */
import { hash } from 'node:crypto'
import { canonicalTime, receivedTime } from '../../schemas/stored-row.ts'

export const ROW_HASH_BYTES = 16
export const IDENTITY_HASH_BYTES = 8

export interface RowFacts {
  readonly offset: number
  readonly index: number
  /** As the column prints it. */
  readonly receivedAt: string
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const ZERO = 0x30
const NINE = 0x39
/** `2026-11-24 01:02:03.123` */
const MILLISECOND_TIME = 23

/**
 * The line from `from` to `to` (its line end left out) of the columns event_type, tenant, server_id, event_id, event_time, received_at, …,
 * position_offset, position_index. Writes both hashes at row `at`. Times count in canonical form, all else as it stands.
 */
export function readRow(
  bytes: Buffer,
  from: number,
  to: number,
  rowHashes: Buffer,
  identityHashes: Buffer,
  at: number,
): RowFacts {
  const typeEnd = stringEnd(bytes, from + 1)
  const identityEnd = stringEnd(bytes, stringEnd(bytes, stringEnd(bytes, typeEnd + 1) + 1) + 1)
  const timeEnd = stringEnd(bytes, identityEnd + 1)
  const receivedEnd = stringEnd(bytes, timeEnd + 1)
  const receivedAt = bytes.toString('latin1', timeEnd + 2, receivedEnd - 1)
  const isCanonical = hasCanonicalTime(bytes, identityEnd + 2, timeEnd - 1) && receivedAt.length === MILLISECOND_TIME
  const digest = isCanonical
    ? hash('sha256', bytes.subarray(from, to), 'hex')
    : hash('sha256', canonicalLine(bytes, from, to, identityEnd, timeEnd, receivedEnd), 'hex')
  rowHashes.write(digest, at * ROW_HASH_BYTES, ROW_HASH_BYTES, 'hex')
  const identity = hash('sha256', bytes.subarray(typeEnd + 1, identityEnd), 'hex')
  identityHashes.write(identity, at * IDENTITY_HASH_BYTES, IDENTITY_HASH_BYTES, 'hex')
  const indexFrom = numberStart(bytes, to - 1)
  const offsetFrom = numberStart(bytes, indexFrom - 1)
  return {
    offset: numberAt(bytes, offsetFrom, indexFrom - 1),
    index: numberAt(bytes, indexFrom, to - 1),
    receivedAt: isCanonical ? receivedAt : receivedTime(receivedAt),
  }
}

/** Index after the closing quote of the text that opens at `at`. */
function stringEnd(bytes: Buffer, at: number): number {
  for (let i = at + 1; i < bytes.length; i++) {
    if (bytes[i] === BACKSLASH) i += 1
    else if (bytes[i] === QUOTE) return i + 1
  }
  return bytes.length
}
/** Where the number that ends before `end` begins. */
function numberStart(bytes: Buffer, end: number): number {
  let at = end
  while (at > 0 && bytes[at - 1]! >= ZERO && bytes[at - 1]! <= NINE) at -= 1
  return at
}
function numberAt(bytes: Buffer, from: number, to: number): number {
  let value = 0
  for (let at = from; at < to; at++) value = value * 10 + bytes[at]! - ZERO
  return value
}
function hasCanonicalTime(bytes: Buffer, from: number, to: number): boolean {
  const length = to - from
  return length === MILLISECOND_TIME || (length > MILLISECOND_TIME && bytes[to - 1] !== ZERO)
}
function canonicalLine(
  bytes: Buffer,
  from: number,
  to: number,
  identityEnd: number,
  timeEnd: number,
  receivedEnd: number,
): Buffer {
  const time = canonicalTime(bytes.toString('latin1', identityEnd + 2, timeEnd - 1))
  const received = receivedTime(bytes.toString('latin1', timeEnd + 2, receivedEnd - 1))
  const between = Buffer.from(`"${time}","${received}"`)
  return Buffer.concat([bytes.subarray(from, identityEnd + 1), between, bytes.subarray(receivedEnd, to)])
}

/** The same line with its times in canonical form: its SHA-256 begins with the row hash. */
export function canonicalLineOf(line: string): string {
  const bytes = Buffer.from(line)
  const typeEnd = stringEnd(bytes, 1)
  const identityEnd = stringEnd(bytes, stringEnd(bytes, stringEnd(bytes, typeEnd + 1) + 1) + 1)
  const timeEnd = stringEnd(bytes, identityEnd + 1)
  return canonicalLine(bytes, 0, bytes.length, identityEnd, timeEnd, stringEnd(bytes, timeEnd + 1)).toString()
}
