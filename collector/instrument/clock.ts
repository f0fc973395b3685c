/** Time and identifiers of events: nanosecond wall time and UUIDv7, both without a system call that blocks. */
import { randomFillSync } from 'node:crypto'
import { INSTANT } from '../../schemas/field.ts'

/** Seconds and nanoseconds since 1970: what OTLP carries, exact where a single double is not. */
export type Instant = readonly [seconds: number, nanoseconds: number]

/** Wall clock and monotonic clock drift apart (NTP, sleep); beyond this the anchor is taken anew. */
const MAX_DRIFT_MS = 5
let anchorMs = Date.now()
let anchorTicks = performance.now()

/** Now. Between two anchors it never goes back, and it resolves what performance.now() resolves. */
export function instantNow(): Instant {
  let elapsedMs = performance.now() - anchorTicks
  const wallMs = Date.now()
  if (Math.abs(anchorMs + elapsedMs - wallMs) > MAX_DRIFT_MS) {
    anchorMs = wallMs
    anchorTicks = performance.now()
    elapsedMs = 0
  }
  const wholeMs = Math.floor(elapsedMs)
  const atMs = anchorMs + wholeMs
  const seconds = Math.floor(atMs / 1000)
  return [seconds, (atMs - seconds * 1000) * 1_000_000 + Math.floor((elapsedMs - wholeMs) * 1_000_000)]
}

/** Milliseconds between two instants, with their fraction. */
export const elapsedMs = (from: Instant, to: Instant): number =>
  Math.max(0, (to[0] - from[0]) * 1000 + (to[1] - from[1]) / 1_000_000)

/** Events come in order, so the text of one second serves many. */
let second = Number.NaN
let secondText = ''
/** RFC 3339 in UTC with nine decimals. */
export function rfc3339(instant: Instant): string {
  if (instant[0] !== second) {
    second = instant[0]
    secondText = new Date(second * 1000).toISOString().slice(0, 19)
  }
  return `${secondText}.${String(1e9 + instant[1]).slice(1)}Z`
}

/** The instant of such a text with any number of decimals up to nine; undefined when it is none. */
export function instantOf(text: unknown): Instant | undefined {
  if (typeof text !== 'string' || !INSTANT.test(text)) return undefined
  return [Date.parse(`${text.slice(0, 19)}Z`) / 1000, Number(text.slice(20, -1).padEnd(9, '0'))]
}

/** Character codes of the hex digits. */
const DIGITS = Uint8Array.from('0123456789abcdef', (digit) => digit.charCodeAt(0))
const POOL_BYTES = 8_192
const RANDOM_BYTES = 10
const pool = new Uint8Array(POOL_BYTES)
let poolAt = POOL_BYTES
/** One id as characters; written and read in one go, which leaves a single flat string behind. */
const text = Buffer.alloc(36, '-')
let timeMs = -1

/** UUIDv7 (RFC 9562): 48 bits of milliseconds, 74 random bits. */
export function uuidV7(instant: Instant): string {
  const ms = instant[0] * 1000 + Math.floor(instant[1] / 1_000_000)
  if (ms !== timeMs) {
    timeMs = ms
    const hex = ms.toString(16).padStart(12, '0')
    text.write(`${hex.slice(0, 8)}-${hex.slice(8)}-7`, 0, 'latin1')
  }
  if (poolAt > POOL_BYTES - RANDOM_BYTES) {
    randomFillSync(pool)
    poolAt = 0
  }
  let from = poolAt
  poolAt += RANDOM_BYTES
  const first = pool[from++]!
  const second = pool[from++]!
  text[15] = DIGITS[first >> 4]!
  text[16] = DIGITS[first & 15]!
  text[17] = DIGITS[second >> 4]!
  text[19] = DIGITS[8 | (second & 3)]!
  let octet = pool[from++]!
  text[20] = DIGITS[octet >> 4]!
  text[21] = DIGITS[octet & 15]!
  octet = pool[from++]!
  text[22] = DIGITS[octet & 15]!
  for (let at = 24; at < 36; at += 2) {
    octet = pool[from++]!
    text[at] = DIGITS[octet >> 4]!
    text[at + 1] = DIGITS[octet & 15]!
  }
  return text.toString('latin1')
}
