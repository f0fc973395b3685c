/** What characters a text holds, found in one pass: it tells which decodings and classifiers can find anything in it at all. */

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
} as const

const RUN_CHARACTERS = 16
/** Marks the base64 and base64url alphabets in the table; no trait of a text. */
const ENCODING_ALPHABET = 1 << 30

/** By byte of UTF-8: every byte above 127 belongs to a character above U+007F. */
const TABLE = new Int32Array(256).fill(TRAIT.nonAscii, 128)
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
mark('0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz+/-_', ENCODING_ALPHABET)

/** Both cases, or a digit: a run without is a long word or a line drawn in a table. */
const isMixed = (bits: number): boolean => (bits & TRAIT.digit) !== 0 || (bits & CASES) === CASES
const CASES = TRAIT.upper | TRAIT.lower

/** Reading bytes is four times faster than reading characters of a string. Written and read in one go, never kept. */
const SURVEYED_CHARACTERS = 65_536
const BYTES_PER_CHARACTER = 3
let scratch: Buffer | undefined

export interface Survey {
  readonly traits: number
  /** Length in UTF-8. */
  readonly bytes: number
}

/** Linear, about 0.4 ns a character. */
export function survey(text: string): Survey {
  scratch ??= Buffer.allocUnsafeSlow(SURVEYED_CHARACTERS * BYTES_PER_CHARACTER)
  if (text.length <= SURVEYED_CHARACTERS) return surveyBytes(scratch, scratch.write(text, 'utf8'))
  let traits = 0
  for (let at = 0; at < text.length; at += SURVEYED_CHARACTERS)
    traits |= surveyBytes(scratch, scratch.write(text.slice(at, at + SURVEYED_CHARACTERS), 'utf8')).traits
  return { traits, bytes: Buffer.byteLength(text) }
}

function surveyBytes(buffer: Buffer, bytes: number): Survey {
  let traits = 0
  for (let i = 0; i < bytes; i++) traits |= TABLE[buffer[i]!]!
  if (hasRun(buffer, bytes)) traits |= TRAIT.encodedRun
  return { traits: traits & ~ENCODING_ALPHABET, bytes }
}

const isAlphabet = (buffer: Buffer, at: number): boolean => (TABLE[buffer[at] ?? 0]! & ENCODING_ALPHABET) !== 0

/**
 * A run that is long enough covers one of the places probed, and the half of it to the left or to the right of that place. The two
 * middles are looked at before the run is walked.
 */
function hasRun(buffer: Buffer, bytes: number): boolean {
  for (let probe = RUN_CHARACTERS - 1; probe < bytes; probe += RUN_CHARACTERS) {
    if (!isAlphabet(buffer, probe)) continue
    const isLikely =
      (isAlphabet(buffer, probe - 4) && isAlphabet(buffer, probe - 8)) ||
      (probe + 8 < bytes && isAlphabet(buffer, probe + 4) && isAlphabet(buffer, probe + 8))
    if (!isLikely) continue
    let bits = TABLE[buffer[probe]!]!
    let start = probe
    while (start > 0 && isAlphabet(buffer, start - 1)) bits |= TABLE[buffer[--start]!]!
    let end = probe + 1
    while (end < bytes && isAlphabet(buffer, end)) bits |= TABLE[buffer[end++]!]!
    if (end - start >= RUN_CHARACTERS && isMixed(bits)) return true
    probe = Math.max(probe, end - 1)
  }
  return false
}

/** Whether a character of the base64 or base64url alphabet stands at `index`. */
export function isEncodingAlphabet(text: string, index: number): boolean {
  const code = text.charCodeAt(index)
  return code < 128 && (TABLE[code]! & ENCODING_ALPHABET) !== 0
}
