/** HMAC-SHA-256 for short texts, many per tool call: the state after the key block is kept, so a short text costs two compressions. */
import * as crypto from 'node:crypto'

/**
 * node:crypto's createHmac takes about 2.5 us a call, mostly fixed cost; this takes about 0.6 us for up to 55 bytes. Longer texts
 * go to the native hash. Equality with createHmac is a test over lengths and keys.
 */
const ROUNDS = new Int32Array(64)
const START = new Int32Array(8)
{
  // First 32 bits of the fractional parts of the cube (square) roots of the first 64 (8) primes: FIPS 180-4, 4.2.2 and 5.3.3.
  const fraction = (root: number): number => ((root - Math.floor(root)) * 4_294_967_296) | 0
  let found = 0
  for (let candidate = 2; found < 64; candidate++) {
    let prime = true
    for (let divisor = 2; divisor * divisor <= candidate; divisor++) if (candidate % divisor === 0) prime = false
    if (!prime) continue
    if (found < 8) START[found] = fraction(Math.sqrt(candidate))
    ROUNDS[found++] = fraction(Math.cbrt(candidate))
  }
}

const BLOCK = 64
/** Longest text for the compression written here; beyond it the native hash is faster. */
const SHORT_BYTES = 4 * BLOCK - 9
const MAX_SCRATCH_CHARACTERS = 131_072
const schedule = new Int32Array(64)
/** One block of key, then the text. Grows with the longest text, up to MAX_SCRATCH_CHARACTERS. */
let scratch = Buffer.alloc(BLOCK + 4_096)
/** Character codes of the hex digits, and room for one digest of 128 bits. */
const DIGITS = Uint8Array.from('0123456789abcdef', (digit) => digit.charCodeAt(0))
const digestText = Buffer.alloc(32)

function compress(state: Int32Array, bytes: Uint8Array, at: number): void {
  const w = schedule
  for (let i = 0, j = at; i < 16; i++, j += 4)
    w[i] = (bytes[j]! << 24) | (bytes[j + 1]! << 16) | (bytes[j + 2]! << 8) | bytes[j + 3]!
  for (let i = 16; i < 64; i++) {
    const x = w[i - 15]!
    const y = w[i - 2]!
    const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3)
    const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10)
    w[i] = (w[i - 16]! + s0 + w[i - 7]! + s1) | 0
  }
  let a = state[0]!
  let b = state[1]!
  let c = state[2]!
  let d = state[3]!
  let e = state[4]!
  let f = state[5]!
  let g = state[6]!
  let h = state[7]!
  for (let i = 0; i < 64; i++) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7))
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + ROUNDS[i]! + w[i]!) | 0
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10))
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0
    h = g
    g = f
    f = e
    e = (d + t1) | 0
    d = c
    c = b
    b = a
    a = (t1 + t2) | 0
  }
  state[0] = (state[0]! + a) | 0
  state[1] = (state[1]! + b) | 0
  state[2] = (state[2]! + c) | 0
  state[3] = (state[3]! + d) | 0
  state[4] = (state[4]! + e) | 0
  state[5] = (state[5]! + f) | 0
  state[6] = (state[6]! + g) | 0
  state[7] = (state[7]! + h) | 0
}

const inner = new Int32Array(8)
const outer = new Int32Array(8)
/** The second pass always hashes 64 + 32 bytes: padding and length never change. */
const outerBlock = new Uint8Array(BLOCK)
outerBlock[32] = 0x80
outerBlock[62] = 0x03

/** Padding after `length` bytes of text that follow one block of key; the number of blocks of text and padding. */
function pad(bytes: Uint8Array, from: number, length: number): number {
  const blocks = Math.ceil((length + 9) / BLOCK)
  const end = from + blocks * BLOCK
  bytes.fill(0, from + length, end)
  bytes[from + length] = 0x80
  const bits = (length + BLOCK) * 8
  bytes[end - 2] = bits >>> 8
  bytes[end - 1] = bits & 0xff
  bytes[end - 3] = bits >>> 16
  return blocks
}

const nativeDigest: (bytes: Uint8Array) => Uint8Array =
  // One-shot since Node 20.12 and half the price of a Hash object.
  typeof crypto.hash === 'function'
    ? (bytes) => crypto.hash('sha256', bytes, 'buffer')
    : (bytes) => crypto.createHash('sha256').update(bytes).digest()

/** A key of one purpose. `hash` is the first 128 bits of the HMAC as 32 lower-case hex digits (threat-catalog 4.3). */
export class KeyedHash {
  private readonly innerKey = new Uint8Array(BLOCK)
  private readonly innerState = START.slice()
  private readonly outerState = START.slice()

  constructor(key: Uint8Array) {
    const short = key.length > BLOCK ? nativeDigest(key) : key
    const outerKey = new Uint8Array(BLOCK).fill(0x5c)
    this.innerKey.fill(0x36)
    for (let i = 0; i < short.length; i++) {
      this.innerKey[i] = this.innerKey[i]! ^ short[i]!
      outerKey[i] = outerKey[i]! ^ short[i]!
    }
    compress(this.innerState, this.innerKey, 0)
    compress(this.outerState, outerKey, 0)
  }

  hash(text: string): string {
    // Nothing bounds a state that a client hands back: the scratch is not made for it.
    const isHuge = text.length > MAX_SCRATCH_CHARACTERS
    const length = isHuge ? Number.POSITIVE_INFINITY : write(text)
    if (length <= SHORT_BYTES) {
      inner.set(this.innerState)
      const blocks = pad(scratch, BLOCK, length)
      for (let block = 1; block <= blocks; block++) compress(inner, scratch, block * BLOCK)
      for (let i = 0; i < 8; i++) {
        const word = inner[i]!
        outerBlock[i * 4] = word >>> 24
        outerBlock[i * 4 + 1] = word >>> 16
        outerBlock[i * 4 + 2] = word >>> 8
        outerBlock[i * 4 + 3] = word
      }
    } else if (isHuge) outerBlock.set(crypto.createHash('sha256').update(this.innerKey).update(text).digest(), 0)
    else {
      scratch.set(this.innerKey, 0)
      outerBlock.set(nativeDigest(scratch.subarray(0, BLOCK + length)), 0)
    }
    outer.set(this.outerState)
    compress(outer, outerBlock, 0)
    for (let i = 0; i < 4; i++) {
      const word = outer[i]!
      for (let digit = 0; digit < 8; digit++) digestText[i * 8 + digit] = DIGITS[(word >>> (28 - digit * 4)) & 15]!
    }
    // One flat string, where concatenation would leave a dozen behind.
    return digestText.toString('latin1')
  }
}

/** UTF-8 into the scratch behind the key block; lone surrogates become U+FFFD as everywhere in Node. */
function write(text: string): number {
  const room = BLOCK + text.length * 3 + BLOCK + 9
  if (scratch.length < room) scratch = Buffer.alloc(Math.max(room, scratch.length * 2))
  if (text.length <= 32) {
    let at = 0
    for (; at < text.length; at++) {
      const code = text.charCodeAt(at)
      if (code > 127) break
      scratch[BLOCK + at] = code
    }
    if (at === text.length) return at
  }
  return scratch.write(text, BLOCK, 'utf8')
}

/** SHA-256 of a text as 64 lower-case hex digits; for public facts such as definitions, never for identities. */
export const sha256: (text: string) => string =
  typeof crypto.hash === 'function'
    ? (text) => crypto.hash('sha256', text)
    : (text) => crypto.createHash('sha256').update(text).digest('hex')
