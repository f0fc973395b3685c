/** The readings of a text beyond the one as it came: with its escapes undone, and what base64 or hex inside it spells. Bounded. */
import { isUtf8 } from 'node:buffer'
import type { Reading } from './classifier.ts'
import { isEncodingAlphabet, TRAIT, traitsOf } from './traits.ts'
import { unescapeOnce } from './unescape.ts'

/** A reading and the way back to the text as it came. */
export interface SourcedReading extends Reading {
  readonly traits: number
  /** Offsets in the text as it came of a span of this reading. */
  toSource(start: number, end: number): readonly [start: number, end: number]
}

/** Rounds of decoding: what is wrapped more often is not read. */
const MAX_ROUNDS = 3
/** All decoded readings together hold at most this times the characters of the text, plus a little for short ones. */
const MAX_GROWTH = 3
const SPARE_CHARACTERS = 1_024
/** Of a longer text with escapes only their surroundings are read again. */
const WHOLE_CHARACTERS = 2_048
const AROUND_CHARACTERS = 512
/** Encoded pieces of one text that are tried. */
const MAX_PIECES = 256

export const asItCame = (text: string): SourcedReading => ({
  text,
  decodings: [],
  traits: traitsOf(text),
  toSource: (start, end) => [start, end],
})

const DECODABLE = TRAIT.percent | TRAIT.ampersand | TRAIT.backslash | TRAIT.encodedRun

/** The decoded readings, least decoded first; none for a text that holds nothing decodable, at no further cost. */
export function decodedReadings(reading: SourcedReading): readonly SourcedReading[] {
  if ((reading.traits & DECODABLE) === 0) return []
  const found: SourcedReading[] = []
  let room = reading.text.length * MAX_GROWTH + SPARE_CHARACTERS
  let round: readonly SourcedReading[] = [reading]
  for (let depth = 0; depth < MAX_ROUNDS && round.length > 0; depth++) {
    const next: SourcedReading[] = []
    for (const outer of round)
      for (const inner of decodeOnce(outer)) {
        if (inner.text.length > room) continue
        room -= inner.text.length
        next.push(inner)
      }
    found.push(...next)
    round = next
  }
  return found
}

function decodeOnce(outer: SourcedReading): SourcedReading[] {
  if ((outer.traits & DECODABLE) === 0) return []
  const inner: SourcedReading[] = []
  const unescaped = unescapedReading(outer)
  if (unescaped !== undefined) inner.push(unescaped)
  if ((outer.traits & TRAIT.encodedRun) !== 0) addPieces(outer, inner)
  return inner
}

/** The text with its escapes undone; of a long text the stretch from the first escape to the last, with what stands around it. */
function unescapedReading(outer: SourcedReading): SourcedReading | undefined {
  const unescaped = unescapeOnce(outer.text)
  if (unescaped === undefined) return undefined
  const { edits, kinds } = unescaped
  const isWhole = unescaped.text.length <= WHOLE_CHARACTERS
  const from = isWhole ? 0 : Math.max(0, edits.outStart[0]! - AROUND_CHARACTERS)
  const text = isWhole ? unescaped.text : unescaped.text.slice(from, edits.outEnd.at(-1)! + AROUND_CHARACTERS)
  return {
    text,
    decodings: [...outer.decodings, ...kinds],
    traits: traitsOf(text),
    toSource: (start, end) => outer.toSource(edits.toSource(from + start, false), edits.toSource(from + end, true)),
  }
}

const MIN_PIECE_CHARACTERS = 16
/** Bytes decoded to see whether the rest is worth it: an accident passes this once in 10^5 pieces. */
const PEEK_BYTES = 9

/** Every run of the base64 alphabet that spells text gives a reading of its own, whose whole span is the run. */
function addPieces(outer: SourcedReading, into: SourcedReading[]): void {
  const { text } = outer
  let pieces = 0
  for (let start = 0; start < text.length && pieces < MAX_PIECES; start++) {
    if (!isEncodingAlphabet(text, start)) continue
    let end = start + 1
    while (end < text.length && isEncodingAlphabet(text, end)) end++
    if (end - start >= MIN_PIECE_CHARACTERS) {
      pieces++
      const piece = pieceAt(text, start, end)
      if (piece !== undefined) {
        const [from, to] = outer.toSource(piece.start, piece.end)
        into.push({
          text: piece.text,
          decodings: [...outer.decodings, piece.kind],
          traits: traitsOf(piece.text),
          toSource: () => [from, to],
        })
      }
    }
    start = end
  }
}

interface Piece {
  readonly text: string
  readonly kind: 'base64' | 'hex'
  readonly start: number
  readonly end: number
}

function pieceAt(text: string, start: number, end: number): Piece | undefined {
  const run = text.slice(start, end)
  if (run.length % 2 === 0 && isHex(run)) {
    const decoded = plausibleText(Buffer.from(run.slice(0, PEEK_BYTES * 2), 'hex'), () => Buffer.from(run, 'hex'))
    if (decoded !== undefined) return { text: decoded, kind: 'hex', start, end }
  }
  // A path or a name may stand before it: `files/Li4vLi4v…`.
  let offset = 0
  for (let attempt = 0; attempt < 4 && run.length - offset >= MIN_PIECE_CHARACTERS; attempt++) {
    const rest = run.slice(offset)
    const peek = Buffer.from(rest.slice(0, (PEEK_BYTES / 3) * 4), 'base64')
    const decoded = plausibleText(peek, () => Buffer.from(rest, 'base64'))
    if (decoded !== undefined) {
      let padded = end
      while (padded < end + 2 && text[padded] === '=') padded++
      return { text: decoded, kind: 'base64', start: start + offset, end: padded }
    }
    const separator = rest.search(/[/_+-]/)
    if (separator < 0) return undefined
    offset += separator + 1
  }
  return undefined
}

function isHex(run: string): boolean {
  for (let i = 0; i < run.length; i++) {
    const code = run.charCodeAt(i) | 32
    if (!((code >= 97 && code <= 102) || (code >= 48 && code <= 57))) return false
  }
  return true
}

/** The text that bytes spell, in UTF-8, or in UTF-16 as PowerShell takes it; undefined for binary. `peek` is how they begin. */
function plausibleText(peek: Buffer, all: () => Buffer): string | undefined {
  if (peek.length >= 8 && peek[1] === 0 && peek[3] === 0 && peek[5] === 0 && peek[7] === 0) {
    const wide = all().toString('utf16le')
    return isMostlyPrintable(wide) ? wide : undefined
  }
  for (const byte of peek) if ((byte < 32 && byte !== 9 && byte !== 10 && byte !== 13) || byte === 127) return undefined
  if (!beginsAsUtf8(peek)) return undefined
  const bytes = all()
  if (!beginsAsUtf8(bytes)) return undefined
  const text = bytes.toString('utf8')
  return isMostlyPrintable(text) ? text : undefined
}

/** UTF-8, perhaps cut in the middle of its last character. */
function beginsAsUtf8(bytes: Buffer): boolean {
  for (let cut = 0; cut < 4 && cut <= bytes.length; cut++)
    if (isUtf8(bytes.subarray(0, bytes.length - cut))) return true
  return false
}

/** At most one control character in sixteen. */
function isMostlyPrintable(text: string): boolean {
  let controls = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if ((code < 32 && code !== 9 && code !== 10 && code !== 13) || (code >= 127 && code < 160) || code === 0xfffd)
      controls++
  }
  return controls * 16 <= text.length
}

/** What base64 content of a declared binary part spells; undefined when it is binary indeed. Reads at most `maxCharacters`. */
export function textOfBlob(blob: string, maxCharacters: number): string | undefined {
  const peek = Buffer.from(blob.slice(0, 64), 'base64')
  return plausibleText(peek, () => Buffer.from(blob.slice(0, maxCharacters - (maxCharacters % 4)), 'base64'))
}
