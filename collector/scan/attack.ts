/** What the classifiers of argument attacks share: their surface, how a hit is made, and what kind of text they have before them. */
import type { Hit, Reading, Subject, Surface } from './classifier.ts'
import { survey } from './traits.ts'

export const ARGUMENTS: ReadonlySet<Surface> = new Set(['arguments'])

/** From here on a hit is called malicious. */
const MALICIOUS = 0.7

export const attack = (kind: string, score: number, start: number, end: number): Hit => ({
  class: `attack.${kind}`,
  score,
  verdict: score >= MALICIOUS ? 'malicious' : 'suspicious',
  start,
  end,
})

/** What characters a reading holds. */
export const traitsOf = (reading: Reading): number => reading.traits ?? survey(reading.text).traits

const PROSE_CHARACTERS = 1_000
/**
 * The text is written for a reader or a file: a message, a document, source code that is stored. It may show any attack without being
 * one. A parameter of unknown purpose that is long or has several lines is taken for such a text.
 */
export function isDocument(reading: Reading, subject: Subject): boolean {
  if (subject.role === 'text') return true
  if (subject.role !== 'unknown') return false
  // Lines that came encoded were meant to pass for one.
  return reading.text.length > PROSE_CHARACTERS || (!reading.decodings.includes('percent') && hasLines(reading.text))
}
function hasLines(text: string): boolean {
  const first = text.indexOf('\n')
  return first >= 0 && text.indexOf('\n', first + 1) >= 0
}

/** The last name of the path the text stands under, without indices: `args.user.name[2]` -> `name`. */
export function parameterOf(subject: Subject): string {
  const path = subject.path.replace(/(?:\[\d+\])+$/, '')
  return path.slice(path.lastIndexOf('.') + 1).toLowerCase()
}

/** Parameters that take a pattern: `a|b` and `(x)*` are at home there. */
const PATTERNS =
  /(?:pattern|regex|regexp|glob|grep|match|selector|search|query|filter|exclude|include|keyword|keywords|q)$/
export const takesPattern = (subject: Subject): boolean => PATTERNS.test(parameterOf(subject))
