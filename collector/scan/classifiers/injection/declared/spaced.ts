/** Words whose letters stand apart, `f o r w a r d`, `s-e-n-d`: no reader needs that but one who is to miss them. */
import type { Subject } from '../../../classifier.ts'
import { declaredLexicon, hashWord, meaningOf } from '../lexicon.ts'
import { DO } from '../meaning.ts'

const LETTERS_APART = /(?<![a-z0-9])(?:[a-z][ ._-]){2,40}[a-z](?![a-z0-9])/gi
const VERBS = DO.read | DO.send | DO.put | DO.call | DO.run | DO.keep | DO.hide | DO.dismiss | DO.destroy | DO.divert
const MIN_LETTERS = 4

/** Where such a word that is a verb of the lexicon stands; undefined: nowhere. */
export function spacedOut(
  text: string,
  { surface }: Subject,
): { readonly start: number; readonly end: number } | undefined {
  if (surface !== 'definition') return undefined
  for (const { 0: run, index } of text.matchAll(LETTERS_APART)) {
    const word = run.replace(/[ ._-]/g, '').toLowerCase()
    // `A B C D` is a list; the first word of a longer run may be the verb
    for (let length = Math.min(word.length, 14); length >= MIN_LETTERS; length--)
      if (((meaningOf(declaredLexicon, hashWord(word.slice(0, length)))?.doing ?? 0) & VERBS) !== 0)
        return { start: index, end: index + run.length }
  }
  return undefined
}
