/** The questions of sentence.ts, asked of what is spoken of (OF). */

import { HOW } from '../meaning.ts'
import { before, type Sentence } from '../sentence.ts'

export const speaksOf = (s: Sentence): number => s.tokens.sentenceOf[s.index]!

/** First token from `start` on that speaks of it; -1: none. */
export function findOf(s: Sentence, of: number, start = s.from): number {
  if ((speaksOf(s) & of) === 0) return -1
  for (let i = Math.max(start, s.from); i < s.to; i++) if ((s.tokens.of[i]! & of) !== 0) return i
  return -1
}

/** First token after `i`, at most `words` further. */
export function afterOf(s: Sentence, i: number, words: number, of: number): number {
  const { at, of: spoken } = s.tokens
  for (let k = i + 1; k < s.to && at[k]! <= at[i]! + words; k++) if ((spoken[k]! & of) !== 0) return k
  return -1
}

/** Last token before `i`, at most `words` away. */
export function beforeOf(s: Sentence, i: number, words: number, of: number): number {
  const { at, of: spoken } = s.tokens
  for (let k = i - 1; k >= s.from && at[k]! >= at[i]! - words; k--) if ((spoken[k]! & of) !== 0) return k
  return -1
}

/** The text between the first and the last token, both within it. */
export const spanOf = (s: Sentence, from: number, to: number): string =>
  s.tokens.text.slice(s.tokens.starts[from]!, s.tokens.ends[to]!)

/** From the token to the end of the sentence, no more than `characters`. */
export const restOf = (s: Sentence, i: number, characters = 120): string =>
  s.tokens.text.slice(s.tokens.ends[i]!, Math.min(s.tokens.ends[s.to - 1]! + 48, s.tokens.ends[i]! + characters))

/** In a manual such things are said of many tools; in a few sentences they are what the definition is about. */
const TERSE_CHARACTERS = 700
export const isTerse = (s: Sentence): boolean => s.tokens.text.length <= TERSE_CHARACTERS

/** It depends on something: `when …`, `if …`. */
export const isConditional = (s: Sentence, i: number): boolean => before(s, i, 12, { how: HOW.when }) >= 0
