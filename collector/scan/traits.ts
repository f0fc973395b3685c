/** What characters a text holds, found in one pass: it tells which decodings and classifiers can find anything in it at all. */
import { codeUnitsOf } from './code-units.ts'

/** One bit each. A classifier whose `needs` share no bit with a text's traits is not asked about it. */
export const TRAIT = {
  percent: 1,
  ampersand: 1 << 1,
  backslash: 1 << 2,
  /** Sixteen or more characters of the base64url alphabet in a row, with digits or both cases: perhaps something encoded, or a token. */
  encodedRun: 1 << 3,
  /** Anything above U+007F. */
  nonAscii: 1 << 4,
  /** C0 except tab, LF and CR; DEL. */
  control: 1 << 5,
  slash: 1 << 6,
  colon: 1 << 7,
  at: 1 << 8,
  digit: 1 << 9,
  upper: 1 << 10,
  lower: 1 << 11,
  /** ' " ` */
  quote: 1 << 12,
  dot: 1 << 13,
  /** ( ) */
  parenthesis: 1 << 14,
  /** { } [ ] */
  bracket: 1 << 15,
  /** < > */
  angle: 1 << 16,
  /** ; | */
  chain: 1 << 17,
  dollar: 1 << 18,
  equals: 1 << 19,
  /** LF, CR */
  lineBreak: 1 << 20,
  /** space, tab */
  space: 1 << 21,
  hyphen: 1 << 22,
  underscore: 1 << 23,
  /** # */
  hash: 1 << 24,
  asterisk: 1 << 25,
  tilde: 1 << 26,
  /** Sixteen or more characters of the base64url alphabet in a row, whatever they are. */
  longRun: 1 << 27,
  /** ! + , ? ^: with it every character of ASCII has a bit. */
  other: 1 << 28,
} as const

const RUN_CHARACTERS = 16
/** Marks the base64 and base64url alphabets in the table; no trait of a text. */
const ENCODING_ALPHABET = 1 << 30

/** By character of ASCII. */
const TABLE = new Int32Array(128)
function mark(characters: string, bits: number): void {
  for (const character of characters) TABLE[character.charCodeAt(0)]! |= bits
}
for (let code = 0; code < 32; code++) TABLE[code] = TRAIT.control
TABLE[127] = TRAIT.control
TABLE[9] = TRAIT.space
TABLE[10] = TRAIT.lineBreak
TABLE[13] = TRAIT.lineBreak
mark(' ', TRAIT.space)
mark('%', TRAIT.percent)
mark('&', TRAIT.ampersand)
mark('\\', TRAIT.backslash)
mark('/', TRAIT.slash)
mark(':', TRAIT.colon)
mark('@', TRAIT.at)
mark('0123456789', TRAIT.digit)
mark('ABCDEFGHIJKLMNOPQRSTUVWXYZ', TRAIT.upper)
mark('abcdefghijklmnopqrstuvwxyz', TRAIT.lower)
mark('\'"`', TRAIT.quote)
mark('.', TRAIT.dot)
mark('()', TRAIT.parenthesis)
mark('{}[]', TRAIT.bracket)
mark('<>', TRAIT.angle)
mark(';|', TRAIT.chain)
mark('$', TRAIT.dollar)
mark('=', TRAIT.equals)
mark('-', TRAIT.hyphen)
mark('_', TRAIT.underscore)
mark('#', TRAIT.hash)
mark('*', TRAIT.asterisk)
mark('~', TRAIT.tilde)
mark('!+,?^', TRAIT.other)
mark('0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz+/-_', ENCODING_ALPHABET)

/** Both cases, or a digit: a run without is a long word or a line drawn in a table. */
const isMixed = (bits: number): boolean => (bits & TRAIT.digit) !== 0 || (bits & CASES) === CASES
const CASES = TRAIT.upper | TRAIT.lower

export interface Survey {
  readonly traits: number
  /** Length in UTF-8. */
  readonly bytes: number
}

/** Linear, about 0.4 ns a character. */
export function survey(text: string): Survey {
  const units = codeUnitsOf(text)
  const { length } = text
  const table = TABLE
  let traits = 0
  for (let i = 0; i < length; i++) {
    const unit = units[i]!
    traits |= unit < 128 ? table[unit]! : TRAIT.nonAscii
  }
  if (length >= RUN_CHARACTERS) traits |= traitsOfRuns(units, length)
  return {
    traits: traits & ~ENCODING_ALPHABET,
    bytes: (traits & TRAIT.nonAscii) === 0 ? length : Buffer.byteLength(text),
  }
}

/** Whether a code unit is a character of the base64 or base64url alphabet. */
export const isEncoding = (unit: number): boolean => isOf(TABLE, unit)

function traitsOfRuns(units: Uint16Array, length: number): number {
  let traits = 0
  for (let run = nextRun(units, length, 0); run >= 0; ) {
    let bits = 0
    let end = run
    while (isEncoding(units[end]!)) bits |= TABLE[units[end++]!]!
    if (isMixed(bits)) return TRAIT.longRun | TRAIT.encodedRun
    traits = TRAIT.longRun
    run = nextRun(units, length, end)
  }
  return traits
}

/**
 * Where the first run of sixteen or more characters of those alphabets begins, from `from` on, where no run may be in progress; -1: none.
 * It is read backwards from where such a run would end: a word that is shorter costs a look at its last characters.
 */
export function nextRun(units: Uint16Array, length: number, from: number): number {
  const table = TABLE
  for (let last = from + RUN_CHARACTERS - 1; last < length; ) {
    let start = last + 1
    while (start > from && isOf(table, units[start - 1]!)) start--
    if (last - start >= RUN_CHARACTERS - 1) return start
    last = start + RUN_CHARACTERS - 1
  }
  return -1
}
/** `table`: the one above; a local name of it is read twice as fast. */
const isOf = (table: Int32Array, unit: number): boolean => unit < 128 && (table[unit]! & ENCODING_ALPHABET) !== 0
