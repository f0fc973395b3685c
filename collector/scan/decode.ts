/** The readings of a text beyond the one as it came: with its escapes undone, and what base64 or hex inside it spells. Bounded. */
import type { Reading } from './classifier.ts'
import { type Plain, plainReadings } from './disguises.ts'
import { encodedPieces } from './encoded-text.ts'
import { type Survey, survey, TRAIT } from './traits.ts'
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

/** The text as one reading, and how many bytes it is. */
export function asItCame(text: string): SourcedReading & Survey {
  const { traits, bytes } = survey(text)
  return { text, decodings: NONE, traits, bytes, toSource: itself }
}
const NONE: readonly string[] = []
const itself: SourcedReading['toSource'] = (start, end) => [start, end]

const NO_READINGS: readonly SourcedReading[] = []
const DECODABLE = TRAIT.percent | TRAIT.ampersand | TRAIT.backslash | TRAIT.encodedRun

/** The decoded readings, least decoded first; none for a text that holds nothing decodable, at no further cost. */
export function decodedReadings(reading: SourcedReading): readonly SourcedReading[] {
  const undisguised = plainReadings(reading.text, reading.traits).map((plain) => undisguisedReading(reading, plain))
  if ((reading.traits & DECODABLE) === 0 && undisguised.length === 0) return NO_READINGS
  const found: SourcedReading[] = undisguised
  let room = reading.text.length * MAX_GROWTH + SPARE_CHARACTERS
  let round: readonly SourcedReading[] = [reading, ...undisguised]
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

function decodeOnce(outer: SourcedReading): readonly SourcedReading[] {
  if ((outer.traits & DECODABLE) === 0) return NO_READINGS
  const inner: SourcedReading[] = []
  const unescaped = unescapedReading(outer)
  if (unescaped !== undefined) inner.push(unescaped)
  if ((outer.traits & TRAIT.encodedRun) !== 0) addPieces(outer, inner)
  return inner
}

const undisguisedReading = (outer: SourcedReading, { text, kind, span }: Plain): SourcedReading => ({
  text,
  decodings: [...outer.decodings, kind],
  traits: survey(text).traits,
  toSource: (start, end) => outer.toSource(...span(start, end)),
})

/** The text with its escapes undone; of a long text the stretch from the first escape to the last, with what stands around it. */
function unescapedReading(outer: SourcedReading): SourcedReading | undefined {
  const unescaped = unescapeOnce(outer.text, outer.traits)
  if (unescaped === undefined) return undefined
  const { edits, kinds } = unescaped
  const isWhole = unescaped.text.length <= WHOLE_CHARACTERS
  const from = isWhole ? 0 : Math.max(0, edits.outStart[0]! - AROUND_CHARACTERS)
  const text = isWhole ? unescaped.text : unescaped.text.slice(from, edits.outEnd.at(-1)! + AROUND_CHARACTERS)
  return {
    text,
    decodings: [...outer.decodings, ...kinds],
    traits: survey(text).traits,
    toSource: (start, end) => outer.toSource(edits.toSource(from + start, false), edits.toSource(from + end, true)),
  }
}

/** Each piece that spells text is a reading of its own; every hit in it spans the whole piece. */
function addPieces(outer: SourcedReading, into: SourcedReading[]): void {
  for (const piece of encodedPieces(outer.text)) {
    const span = outer.toSource(piece.start, piece.end)
    into.push({
      text: piece.text,
      decodings: [...outer.decodings, piece.kind],
      traits: survey(piece.text).traits,
      toSource: () => span,
    })
  }
}
