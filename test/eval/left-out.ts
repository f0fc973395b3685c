/**
 * Leave one source out, for classifiers that are written and not trained. Nothing can be trained anew without a source, so what may have
 * come from it is taken away instead: on its rows only those classes count that found something on another source of the same set without
 * too many false alarms outside of it, and its words count only as far as another source, malicious or benign, has them too. What is left
 * of recall is what the other sources alone would have given; a list of phrases or names that was read off a source falls to nothing.
 */
import type { EvalRow, EvalSet } from './corpora.ts'
import type { Measured } from './lines.ts'
import { HIGH, type Verdict } from './measure.ts'

/** A class that flags more of the benign rows of a set than this would not have been kept. */
const MAX_FALSE_SHARE = 0.01
const WORD = /[\p{L}\p{N}]{3,}/gu
/** Where words are what is read. Of tokens and of characters that nobody sees, each row has its own. */
const READ_AS_WORDS: ReadonlySet<EvalSet> = new Set(['tools', 'results', 'arguments', 'changes'])

/** Words by source: two sources are enough to know that a word is not one's own. */
export class Vocabulary {
  private readonly sourceOf = new Map<string, string>()
  private readonly shared = new Set<string>()

  constructor(rows: readonly EvalRow[]) {
    for (const { source, rows: own } of rows) for (const text of textsIn(own)) this.note(text, source)
  }

  private note(text: string, source: string): void {
    for (const [found] of text.matchAll(WORD)) {
      const word = found.toLowerCase()
      const first = this.sourceOf.get(word)
      if (first === undefined) this.sourceOf.set(word, source)
      else if (first !== source) this.shared.add(word)
    }
  }

  /** The row without the words that only its source has. */
  withoutOwnWords(row: EvalRow): EvalRow {
    const masked = (text: string): string =>
      text.replace(WORD, (word) => (this.shared.has(word.toLowerCase()) ? word : 'x'.repeat(word.length)))
    return { ...row, rows: row.rows.map((one) => mapped(one, masked) as EvalRow['rows'][number]) }
  }
}

function* textsIn(value: unknown): Generator<string> {
  if (typeof value === 'string') yield value
  else if (value !== null && typeof value === 'object') for (const inner of Object.values(value)) yield* textsIn(inner)
}
/** Values only: names of members say what a row is. */
function mapped(value: unknown, to: (text: string) => string): unknown {
  if (typeof value === 'string') return to(value)
  if (Array.isArray(value)) return value.map((inner) => mapped(inner, to))
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, mapped(inner, to)]))
}

/** The classes by which a row counts as found. */
const counting = (set: EvalSet, { classes }: Verdict): Verdict['classes'] =>
  set === 'changes' ? classes.filter(({ rank }) => rank >= HIGH) : classes

/** Classes that proved themselves on other sources. */
export class Proven {
  /** By set and class: sources of malicious rows that it flagged, and benign rows by source. */
  private readonly found = new Map<string, Set<string>>()
  private readonly falsely = new Map<string, Map<string, number>>()
  private readonly benign = new Map<EvalSet, Map<string, number>>()
  private readonly sources = new Map<EvalSet, Set<string>>()

  constructor(measured: readonly Measured[]) {
    for (const { row, neutral } of measured) {
      const { set, source, isMalicious } = row
      if (isMalicious) setOf(this.sources, set).add(source)
      else add(mapOf(this.benign, set), source)
      for (const { kind } of counting(set, neutral))
        if (isMalicious) setOf(this.found, `${set} ${kind}`).add(source)
        else add(mapOf(this.falsely, `${set} ${kind}`), source)
    }
  }

  /** Whether there is another source that could have taught anything. */
  hasOthers(set: EvalSet, source: string): boolean {
    return READ_AS_WORDS.has(set) && [...setOf(this.sources, set)].some((other) => other !== source)
  }

  isFoundWithout({ row: { set, source }, leftOut }: Measured): boolean {
    const isKept = (kind: string): boolean =>
      [...setOf(this.found, `${set} ${kind}`)].some((other) => other !== source) &&
      without(mapOf(this.falsely, `${set} ${kind}`), source) <=
        MAX_FALSE_SHARE * without(mapOf(this.benign, set), source)
    return leftOut !== undefined && counting(set, leftOut).some(({ kind }) => isKept(kind))
  }
}

function setOf<K>(all: Map<K, Set<string>>, key: K): Set<string> {
  const known = all.get(key) ?? new Set()
  all.set(key, known)
  return known
}
function mapOf<K>(all: Map<K, Map<string, number>>, key: K): Map<string, number> {
  const known = all.get(key) ?? new Map()
  all.set(key, known)
  return known
}
const add = (counts: Map<string, number>, key: string): void => void counts.set(key, (counts.get(key) ?? 0) + 1)
const without = (counts: ReadonlyMap<string, number>, key: string): number =>
  [...counts].reduce((sum, [other, count]) => (other === key ? sum : sum + count), 0)
