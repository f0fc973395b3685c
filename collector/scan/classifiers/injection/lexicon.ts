/**
 * The lexicon: hash of a word -> what it can mean. An open-addressed table of integers, so that a word of the text is looked up from
 * the hash that was summed while reading it, without making a string. A false match needs 32 equal bits and costs at most a false hit.
 */
import { DO } from './meaning.ts'
import { englishVerbs, englishWords, irregularForms, type WordLine } from './words.ts'
import { cjkWords, foreignWords } from './words-foreign.ts'

export interface Meaning {
  readonly doing: number
  readonly to: number
  readonly how: number
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

const meanings = new Map<string, { doing: number; to: number; how: number }>()

function learn([doing, to, how, words]: WordLine, forms: (word: string) => readonly string[]): void {
  for (const word of words.split(' ')) {
    for (const form of forms(word)) {
      const known = meanings.get(form)
      if (known === undefined) meanings.set(form, { doing, to, how })
      else {
        known.doing |= doing
        known.to |= to
        known.how |= how
      }
    }
  }
}

for (const line of englishVerbs) {
  learn(line, formsOf)
  learn([DO.base, 0, 0, line[3]], (verb) => [verb])
}
const asIs = (word: string): readonly string[] => [word]
for (const line of irregularForms) learn(line, asIs)
for (const line of englishWords) learn(line, asIs)
for (const [doing, to, how, words] of foreignWords) learn([doing === 0 ? 0 : doing | DO.base, to, how, words], asIs)
// `no` and `avoid` are also verbs of guarding in English prose; as words of refusal they stay what the list says.
meanings.get('must')!.doing |= DO.must

const SIZE = 1 << 13
const MASK = SIZE - 1
const hashes = new Int32Array(SIZE)
const slots = new Int16Array(SIZE).fill(-1)
const table: Meaning[] = []
for (const [word, meaning] of meanings) {
  const hash = hashWord(word) | 0
  let at = (hash ^ (hash >>> 15)) & MASK
  while (slots[at] !== -1) at = (at + 1) & MASK
  hashes[at] = hash
  slots[at] = table.push(meaning) - 1
}

/** What the word of this hash means; nothing for words that are not in the lexicon. */
export function meaningOf(hash: number): Meaning | undefined {
  let at = (hash ^ (hash >>> 15)) & MASK
  for (;;) {
    const slot = slots[at]!
    if (slot === -1) return undefined
    if (hashes[at] === hash) return table[slot]
    at = (at + 1) & MASK
  }
}

const cjk = new Map<string, Meaning>()
let longest = 1
for (const [doing, to, how, words] of cjkWords) {
  for (const word of words.split(' ')) {
    const known = cjk.get(word)
    cjk.set(word, { doing: doing | (known?.doing ?? 0), to: to | (known?.to ?? 0), how: how | (known?.how ?? 0) })
    longest = Math.max(longest, word.length)
  }
}

/** First characters of those words: at all others there is nothing to look for. */
const cjkFirsts = new Set(Array.from(cjk.keys(), (word) => word.charCodeAt(0)))

/** The longest word that starts at `at` of a text without blanks, and its length. */
export function cjkMeaningAt(
  text: string,
  at: number,
): { readonly meaning: Meaning; readonly length: number } | undefined {
  if (!cjkFirsts.has(text.charCodeAt(at))) return undefined
  for (let length = Math.min(longest, text.length - at); length > 0; length--) {
    const meaning = cjk.get(text.slice(at, at + length))
    if (meaning !== undefined) return { meaning, length }
  }
  return undefined
}
