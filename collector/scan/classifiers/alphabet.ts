/** Alphabets that tokens and numbers are written in, as bits of a table, and what can be measured of a text in one pass over it. */
import { codeUnitsOf } from '../code-units.ts'

/** One bit each; an alphabet is any of them together. */
export const IN = {
  digit: 1,
  /** a-f */
  lowerHex: 2,
  /** g-z */
  lowerRest: 4,
  /** A-F */
  upperHex: 8,
  /** G-Z */
  upperRest: 16,
  underscore: 32,
  hyphen: 64,
  /** + / */
  base64: 128,
  dot: 256,
  tilde: 512,
  equals: 1024,
  space: 2048,
  colon: 4096,
  /** ( ) */
  parenthesis: 8192,
} as const

export const LOWER = IN.lowerHex | IN.lowerRest
export const UPPER = IN.upperHex | IN.upperRest
export const LETTER = LOWER | UPPER
export const ALNUM = LETTER | IN.digit
export const WORD = ALNUM | IN.underscore
export const URL64 = WORD | IN.hyphen
export const BASE64 = ALNUM | IN.base64
export const LOWER_HEX = IN.digit | IN.lowerHex
export const HEX = LOWER_HEX | IN.upperHex
export const UPPER_DIGIT = UPPER | IN.digit
export const LOWER_DIGIT = LOWER | IN.digit

const TABLE = new Uint16Array(128)
for (let code = 48; code <= 57; code++) TABLE[code] = IN.digit
for (let code = 97; code <= 122; code++) TABLE[code] = code <= 102 ? IN.lowerHex : IN.lowerRest
for (let code = 65; code <= 90; code++) TABLE[code] = code <= 70 ? IN.upperHex : IN.upperRest
for (const [characters, bit] of [
  ['_', IN.underscore],
  ['-', IN.hyphen],
  ['+/', IN.base64],
  ['.', IN.dot],
  ['~', IN.tilde],
  ['=', IN.equals],
  [' ', IN.space],
  [':', IN.colon],
  ['()', IN.parenthesis],
] as const)
  for (const character of characters) TABLE[character.charCodeAt(0)] = bit

/** The bit of a character; 0 outside every alphabet. */
export const bitOf = (code: number): number => (code < 128 ? TABLE[code]! : 0)
export const isIn = (text: string, at: number, alphabet: number): boolean => {
  const code = text.charCodeAt(at)
  return code < 128 && (TABLE[code]! & alphabet) !== 0
}

/** Where the run of `alphabet` that begins at `start` ends, at most `max` characters on. */
export function runEnd(text: string, start: number, alphabet: number, max: number): number {
  const limit = Math.min(text.length, start + max)
  let end = start
  while (end < limit && isIn(text, end, alphabet)) end++
  return end
}
/** Where the run of `alphabet` that ends before `end` begins, at most `max` characters back. */
export function runStart(text: string, end: number, alphabet: number, max: number): number {
  const limit = Math.max(0, end - max)
  let start = end
  while (start > limit && isIn(text, start - 1, alphabet)) start--
  return start
}

/**
 * Visits every run of at least `min` characters of `alphabet`. It looks at every `min`-th character first: prose, whose words are
 * short, costs a fraction of a look per character.
 */
export function eachRun(
  text: string,
  alphabet: number,
  min: number,
  visit: (start: number, end: number) => void,
): void {
  const { length } = text
  if (length < min) return
  let units = codeUnitsOf(text)
  const table = TABLE
  let start = 0
  let known = 0
  let probe = min - 1
  while (probe < length) {
    let at = probe
    while (at >= known && isOf(table, units[at]!, alphabet)) at--
    if (at >= known) {
      start = at + 1
      known = probe + 1
      probe = start + min - 1
      continue
    }
    let end = probe + 1
    while (end < length && isOf(table, units[end]!, alphabet)) end++
    visit(start, end)
    // The visitor may have read another text.
    units = codeUnitsOf(text)
    start = known = end + 1
    probe = start + min - 1
  }
}

/** `table`: the one above; a local name of it is read twice as fast. */
const isOf = (table: Uint16Array, unit: number, alphabet: number): boolean =>
  unit < 128 && (table[unit]! & alphabet) !== 0

/** What chance would give, and what words and counters do not. */
export interface Variety {
  readonly length: number
  /** Shannon entropy of the characters, bits each. */
  readonly entropy: number
  /** Share of neighbours of different kind (lower, upper, digit) among letters and digits: 0.6 for random base62, below 0.15 in words. */
  readonly changes: number
  readonly digits: number
  readonly lowers: number
  readonly uppers: number
  /** The longest repetition of one character. */
  readonly repeat: number
  /** The longest run of letters in the order of the alphabet. */
  readonly letterSequence: number
  readonly isHex: boolean
}

const counts = new Uint16Array(128)
/** n times log2 n. */
const SURPRISE = Float64Array.from({ length: 257 }, (_, times) => (times === 0 ? 0 : times * Math.log2(times)))
/** Reads at most 256 characters: a longer text does not become more random. */
export function varietyOf(text: string, start: number, end: number): Variety {
  const stop = Math.min(end, start + 256)
  counts.fill(0)
  let digits = 0
  let lowers = 0
  let uppers = 0
  let hexes = 0
  let changes = 0
  let repeat = 1
  let longestRepeat = 1
  let sequence = 1
  let longestSequence = 1
  let kindBefore = 0
  let before = -2
  for (let at = start; at < stop; at++) {
    const code = text.charCodeAt(at)
    const bit = bitOf(code)
    counts[code & 127]!++
    if ((bit & HEX) !== 0) hexes++
    let kind = 0
    if ((bit & IN.digit) !== 0) {
      kind = 1
      digits++
    } else if ((bit & LOWER) !== 0) {
      kind = 2
      lowers++
    } else if ((bit & UPPER) !== 0) {
      kind = 3
      uppers++
    }
    if (kind !== 0) {
      if (kindBefore !== 0 && kind !== kindBefore) changes++
      kindBefore = kind
    }
    repeat = code === before ? repeat + 1 : 1
    sequence = code === before + 1 && kind > 1 ? sequence + 1 : 1
    if (repeat > longestRepeat) longestRepeat = repeat
    if (sequence > longestSequence) longestSequence = sequence
    before = code
  }
  const length = stop - start
  let entropy = 0
  for (let code = 0; code < 128; code++) if (counts[code] !== 0) entropy += SURPRISE[counts[code]!]!
  entropy = length === 0 ? 0 : Math.log2(length) - entropy / length
  const letters = digits + lowers + uppers
  return {
    length: end - start,
    entropy,
    changes: letters < 2 ? 0 : changes / (letters - 1),
    digits,
    lowers,
    uppers,
    repeat: longestRepeat,
    letterSequence: longestSequence,
    isHex: hexes === length,
  }
}
