/**
 * The lexicon: hash of a word -> what it can mean. An open-addressed table of integers, so that a word of the text is looked up from
 * the hash that was summed while reading it, without making a string. A false match needs 32 equal bits and costs at most a false hit.
 */
import { foldWord } from './fold.ts'
import { ASK } from './handed-on/ask.ts'
import { handedOnVerbs, handedOnWords } from './handed-on/words-handed-on.ts'
import { DO } from './meaning.ts'
import { englishVerbs, englishWords, irregularForms, type WordLine } from './words.ts'
import { declaredParts, declaredVerbs, declaredWords } from './words-declared.ts'
import { cjkWords, foreignWords } from './words-foreign.ts'
import { declaredCjkWords, declaredForeignWords } from './words-foreign-declared.ts'
import { declaredMatters } from './words-matters.ts'

export interface Meaning {
  readonly doing: number
  readonly to: number
  readonly how: number
  readonly as: number
  readonly of: number
}

export const HASH_SEED = 0x811c9dc5
/** FNV-1a, one character. */
export const hashStep = (hash: number, code: number): number => Math.imul(hash ^ code, 16777619)

export function hashWord(word: string): number {
  let hash = HASH_SEED
  for (let i = 0; i < word.length; i++) hash = hashStep(hash, word.charCodeAt(i))
  return hash
}

const VOWEL = /[aeiou]/

/** Third person, past and -ing of a regular verb; a form that does not exist does no harm. */
export function formsOf(verb: string): readonly string[] {
  const last = verb.at(-1) ?? ''
  const beforeLast = verb.at(-2) ?? ''
  if (last === 'e') return [verb, `${verb}s`, `${verb}d`, `${verb.slice(0, -1)}ing`]
  if (last === 'y' && !VOWEL.test(beforeLast))
    return [verb, `${verb.slice(0, -1)}ies`, `${verb.slice(0, -1)}ied`, `${verb}ing`]
  if (/(?:s|x|ch|sh|z)$/.test(verb)) return [verb, `${verb}es`, `${verb}ed`, `${verb}ing`]
  return [verb, `${verb}s`, `${verb}ed`, `${verb}ing`]
}

type Growing = Map<string, { doing: number; to: number; how: number; as: number; of: number }>
type Forms = (word: string) => readonly string[]
const asIs: Forms = (word) => [word]

function learn(meanings: Growing, [doing, to, how, words]: WordLine, forms: Forms, as = 0, of = 0): void {
  for (const word of words.split(' ')) {
    for (const form of forms(word)) {
      const known = meanings.get(form)
      if (known === undefined) meanings.set(form, { doing, to, how, as, of })
      else {
        known.doing |= doing
        known.to |= to
        known.how |= how
        known.as |= as
        known.of |= of
      }
    }
  }
}

function learnVerbs(meanings: Growing, lines: readonly WordLine[]): void {
  for (const line of lines) {
    learn(meanings, line, formsOf)
    learn(meanings, [DO.base, 0, 0, line[3]], asIs)
  }
}
const folded: Forms = (word) => [foldWord(word)]
function learnForeign(meanings: Growing, lines: readonly WordLine[]): void {
  for (const [doing, to, how, words] of lines)
    learn(meanings, [doing === 0 ? 0 : doing | DO.base, to, how, words], folded)
}
/** Verbs of other languages stand in the lists in the form of an order: wherever they stand, they are one. */
function learnOrders(meanings: Growing, english: ReadonlyMap<string, Meaning>, lines: readonly WordLine[]): void {
  const refusals = DO.not | DO.must
  for (const [doing, , , words] of lines)
    if (doing !== 0 && (doing & refusals) === 0)
      for (const word of words.split(' ')) {
        const form = foldWord(word)
        if (!english.has(form)) meanings.get(form)!.doing |= DO.please
      }
}

const SIZE = 1 << 13
const MASK = SIZE - 1

/** Words of one kind of text. */
export class Lexicon {
  readonly hashes = new Int32Array(SIZE)
  readonly slots = new Int16Array(SIZE).fill(-1)
  readonly table: Meaning[] = []
  readonly cjk = new Map<string, Meaning>()
  longest = 1
  /** First characters of the words in cjk: at all others there is nothing to look for. */
  readonly cjkFirsts: ReadonlySet<number>

  constructor(meanings: ReadonlyMap<string, Meaning>, cjk: readonly WordLine[]) {
    for (const [word, meaning] of meanings) {
      const hash = hashWord(word) | 0
      let at = (hash ^ (hash >>> 15)) & MASK
      while (this.slots[at] !== -1) at = (at + 1) & MASK
      this.hashes[at] = hash
      this.slots[at] = this.table.push(meaning) - 1
    }
    const byWord: Growing = new Map()
    for (const line of cjk) learn(byWord, line, asIs)
    for (const [word, meaning] of byWord) {
      this.cjk.set(word, meaning)
      this.longest = Math.max(this.longest, word.length)
    }
    this.cjkFirsts = new Set(Array.from(byWord.keys(), (word) => word.charCodeAt(0)))
  }

  /** The longest word that starts at `at` of a text without blanks, and its length. */
  cjkMeaningAt(text: string, at: number): { readonly meaning: Meaning; readonly length: number } | undefined {
    if (!this.cjkFirsts.has(text.charCodeAt(at))) return undefined
    for (let length = Math.min(this.longest, text.length - at); length > 0; length--) {
      const meaning = this.cjk.get(text.slice(at, at + length))
      if (meaning !== undefined) return { meaning, length }
    }
    return undefined
  }
}

/** What the word of this hash means; nothing for words that are not in the lexicon. */
export function meaningOf({ hashes, slots, table }: Lexicon, hash: number): Meaning | undefined {
  let at = (hash ^ (hash >>> 15)) & MASK
  for (;;) {
    const slot = slots[at]!
    if (slot === -1) return undefined
    if (hashes[at] === hash) return table[slot]
    at = (at + 1) & MASK
  }
}

function plainMeanings(): Growing {
  const meanings: Growing = new Map()
  learnVerbs(meanings, englishVerbs)
  for (const line of [...irregularForms, ...englishWords]) learn(meanings, line, asIs)
  learnForeign(meanings, foreignWords)
  return meanings
}
function declaredMeanings(): Growing {
  const english: Growing = new Map()
  learnVerbs(english, [...englishVerbs, ...declaredVerbs])
  for (const line of [...irregularForms, ...englishWords, ...declaredWords]) learn(english, line, asIs)
  const meanings = plainMeanings()
  learnVerbs(meanings, declaredVerbs)
  for (const line of declaredWords) learn(meanings, line, asIs)
  learnForeign(meanings, declaredForeignWords)
  learnOrders(meanings, english, [...foreignWords, ...declaredForeignWords])
  for (const [as, words] of declaredParts) learn(meanings, [0, 0, 0, words], asIs, as)
  for (const [of, words] of declaredMatters) learn(meanings, [0, 0, 0, words], asIs, 0, of)
  return meanings
}

/** The fourth set holds other bits here than in definitions: handed-on/ask.ts. */
function handedOnMeanings(): Growing {
  const meanings = plainMeanings()
  for (const [as, words] of handedOnVerbs) learn(meanings, [0, 0, 0, words], asIs, as | ASK.base)
  for (const [as, words] of handedOnWords) learn(meanings, [0, 0, 0, words], asIs, as)
  return meanings
}

/** What is read or passed; and what a server declares, where more words bear on what is ordered. */
export const handedOnLexicon = new Lexicon(handedOnMeanings(), cjkWords)
export const plainLexicon = new Lexicon(plainMeanings(), cjkWords)
export const declaredLexicon = new Lexicon(declaredMeanings(), [...cjkWords, ...declaredCjkWords])
