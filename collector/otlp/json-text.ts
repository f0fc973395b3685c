/** JSON request bytes to a JavaScript value: depth is bounded before parsing, and bad UTF-8 stays visible in the string it spoils. */
import { isUtf8 } from 'node:buffer'
import { LIMITS } from '../../schemas/field.ts'
import { OtlpUnreadable } from './records.ts'

/** The frame of a request takes eleven levels, a map inside a map four more, with one level of room for the extensions of a newer OTLP. */
const MAX_DEPTH = 12 + 4 * LIMITS.depth

/** Throws OtlpUnreadable when it is no JSON or nested deeper than any event may be. */
export function parseJson(bytes: Uint8Array): unknown {
  checkDepth(bytes)
  try {
    return JSON.parse(isUtf8(bytes) ? utf8.decode(bytes) : decodeMarkingBadBytes(bytes)) as unknown
  } catch {
    throw new OtlpUnreadable('not a JSON request, or cut short')
  }
}

/** The same for what must be an object. */
export function parseJsonRequest(bytes: Uint8Array): { readonly [field: string]: unknown } {
  const value = parseJson(bytes)
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    throw new OtlpUnreadable('a JSON request must be an object')
  return value as { readonly [field: string]: unknown }
}

const utf8 = new TextDecoder()

/** One pass over the bytes, constant memory. JSON.parse itself accepts a million levels and takes its time over them. */
function checkDepth(bytes: Uint8Array): void {
  let depth = 0
  for (let at = 0; at < bytes.length; at++) {
    const octet = bytes[at]
    if (octet === 0x22) {
      at = endOfString(bytes, at + 1)
    } else if (octet === 0x7b || octet === 0x5b) {
      if (++depth > MAX_DEPTH) throw new OtlpUnreadable(`values nested deeper than ${LIMITS.depth}`)
    } else if (octet === 0x7d || octet === 0x5d) depth--
  }
}

/** Index of the closing quote, or the end of the bytes. */
function endOfString(bytes: Uint8Array, from: number): number {
  let at = from
  while (at < bytes.length && bytes[at] !== 0x22) at += bytes[at] === 0x5c ? 2 : 1
  return at
}

/**
 * Decode bytes that are not UTF-8: each byte that belongs to no character becomes a lone surrogate. The request can then be
 * parsed, and only the records that hold such a byte are refused (their text is not well-formed), not their neighbours.
 */
function decodeMarkingBadBytes(bytes: Uint8Array): string {
  const parts: string[] = []
  let good = 0
  let at = 0
  while (at < bytes.length) {
    const width = characterWidth(bytes, at)
    if (width > 0) at += width
    else {
      if (at > good) parts.push(utf8NoBom.decode(bytes.subarray(good, at)))
      parts.push(String.fromCharCode(0xdc00 + bytes[at]!))
      good = ++at
    }
  }
  if (at > good) parts.push(utf8NoBom.decode(bytes.subarray(good, at)))
  return parts.join('')
}

const utf8NoBom = new TextDecoder('utf-8', { ignoreBOM: true })

/** Bytes of the UTF-8 character at `at`, 0 when there is none (RFC 3629, table 3-7 of Unicode). */
function characterWidth(bytes: Uint8Array, at: number): number {
  const lead = bytes[at]!
  if (lead < 0x80) return 1
  const second = bytes[at + 1] ?? 0
  if (lead >= 0xc2 && lead <= 0xdf) return isTail(second) ? 2 : 0
  if (lead >= 0xe0 && lead <= 0xef) {
    const low = lead === 0xe0 ? 0xa0 : 0x80
    const high = lead === 0xed ? 0x9f : 0xbf
    return second >= low && second <= high && isTail(bytes[at + 2]) ? 3 : 0
  }
  if (lead >= 0xf0 && lead <= 0xf4) {
    const low = lead === 0xf0 ? 0x90 : 0x80
    const high = lead === 0xf4 ? 0x8f : 0xbf
    return second >= low && second <= high && isTail(bytes[at + 2]) && isTail(bytes[at + 3]) ? 4 : 0
  }
  return 0
}

const isTail = (octet: number | undefined): boolean => octet !== undefined && (octet & 0xc0) === 0x80
