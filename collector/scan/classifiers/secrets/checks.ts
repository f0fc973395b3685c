/** What proves a token, or shows that it cannot be one: checksums, structures inside, and the words of documentation samples. */
import { type Variety, varietyOf } from '../alphabet.ts'

/** true: proven. false: refuted. undefined: this format has no proof. */
export type Proof = (text: string, start: number, end: number) => boolean | undefined

const CRC = new Uint32Array(256)
for (let byte = 0; byte < 256; byte++) {
  let value = byte
  for (let bit = 0; bit < 8; bit++) value = (value & 1) === 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1
  CRC[byte] = value
}
/** CRC-32 (IEEE) of ASCII text; `node:zlib` has it only from Node 20.15 on. */
export function crc32(text: string, start: number, end: number): number {
  let crc = 0xffffffff
  for (let at = start; at < end; at++) crc = CRC[(crc ^ text.charCodeAt(at)) & 255]! ^ (crc >>> 8)
  return (crc ^ 0xffffffff) >>> 0
}

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
/** 32 bits as six digits of base 62, as GitHub and npm end their tokens. */
export function base62(value: number): string {
  let digits = ''
  for (let place = 0; place < 6; place++) {
    digits = BASE62[value % 62]! + digits
    value = Math.floor(value / 62)
  }
  return digits
}

/** Thirty random characters and their CRC-32: `ghp_`, `npm_` and relatives. Longer bodies are of newer kinds. */
export const crcTail: Proof = (text, start, end) => {
  const body = text.indexOf('_', start) + 1
  if (end - body !== 36) return undefined
  return base62(crc32(text, body, end - 6)) === text.slice(end - 6, end)
}

/** The last eight characters are the CRC-32, in hex, of what stands before. */
export const crcHexTail: Proof = (text, start, end) => {
  const tail = text.slice(end - 8, end).toLowerCase()
  const stop = text[end - 9] === '_' || text[end - 9] === '=' ? end - 9 : end - 8
  return crc32(text, start, stop).toString(16).padStart(8, '0') === tail ? true : undefined
}

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
/** The account number inside an AWS key id; undefined when it holds none. Ids made before 2019 hold none either. */
export function awsAccount(id: string): number | undefined {
  let value = 0n
  for (const character of id.slice(4, 14)) {
    const digit = BASE32.indexOf(character)
    if (digit < 0) return undefined
    value = value * 32n + BigInt(digit)
  }
  // Ten characters are 50 bits; of the first 48 the account number is what follows the first and precedes the last seven.
  const account = Number(((value >> 2n) & 0x7fffffffff80n) >> 7n)
  return account < 1_000_000_000_000 ? account : undefined
}
export const awsKeyId: Proof = (text, start, end) => {
  const id = text.slice(start, end)
  return /^[A-Z]{4}[A-Z2-7]{16}$/.test(id) && awsAccount(id) !== undefined ? true : undefined
}

/** The object inside a base64 or base64url text; undefined when there is none. Reads at most 4096 characters. */
export function jsonInside(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(text.slice(0, 4096), 'base64url').toString('utf8'))
    return value !== null && typeof value === 'object' && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined
  } catch {
    return undefined
  }
}

/** The bytes after the prefix begin as those of the format do. */
export const beginsWith =
  (prefix: string, opening: string): Proof =>
  (text, start) => {
    const bytes = Buffer.from(text.slice(start + prefix.length, start + prefix.length + 32), 'base64url')
    return bytes.toString('latin1').startsWith(opening) ? true : undefined
  }

/** A Discord bot token begins with the base64 of a number. */
export const numberInside: Proof = (text, start) => {
  const first = text.slice(start, text.indexOf('.', start))
  return /^\d{17,20}$/.test(Buffer.from(first, 'base64url').toString('latin1')) ? true : undefined
}

const SAMPLE =
  /example|placeholder|sample|dummy|redacted|changeme|change[_-]me|your[_-]?|[_-]here|insert|replace|x{5}|\*{3}|<[a-z]|\.\.\.|\$\{|\{\{|secretkey|apikey|api[_-]key|tokenhere|test[_-]?token|randomstring|lorem|foobar|todo/i
/** Whether a value is what documentation writes instead of one. */
export function isSample(value: string, variety: Variety): boolean {
  if (variety.repeat >= 6 || variety.letterSequence >= 9) return true
  return SAMPLE.test(value.length > 512 ? value.slice(0, 512) : value)
}

/** Whether a text varies as random ones do: neither a word, nor a counter, nor a name with a number at its end. */
export function looksRandom(variety: Variety): boolean {
  const { length, entropy, changes, digits, lowers, uppers, isHex } = variety
  if (length < 16) return false
  const letters = lowers + uppers
  if (digits === 0) return lowers >= 6 && uppers >= 6 && changes >= 0.32 && entropy >= 3.5
  if (letters < 2) return false
  if (isHex) return entropy >= 2.8 && changes >= 0.2
  return digits >= 2 && entropy >= 3.2 && changes >= 0.18
}
export const isRandomAt = (text: string, start: number, end: number): boolean =>
  looksRandom(varietyOf(text, start, end))
