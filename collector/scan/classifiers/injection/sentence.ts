/** One sentence as the matchers see it, and the questions they ask of it: is there this, and that within so many words. */
import { DO, HOW } from './meaning.ts'
import { IS, type Tokens } from './tokens.ts'

export interface Sentence {
  readonly tokens: Tokens
  /** Its number in the text. */
  readonly index: number
  /** First token and the one after the last. */
  readonly from: number
  readonly to: number
  /** Everything its words mean. */
  readonly doing: number
  readonly about: number
  readonly how: number
  readonly as: number
}

export function sentenceAt(tokens: Tokens, index: number): Sentence {
  return {
    tokens,
    index,
    from: tokens.firsts[index]!,
    to: tokens.firsts[index + 1]!,
    doing: tokens.sentenceDoing[index]!,
    about: tokens.sentenceTo[index]!,
    how: tokens.sentenceHow[index]!,
    as: tokens.sentenceAs[index]!,
  }
}

/** Something is said before it: the first sentence of a description says what the tool does. Words without a meaning count, too. */
export function isLater({ index, from, tokens: { text, starts } }: Sentence): boolean {
  if (index > 0) return true
  const start = starts[from] ?? 0
  return start > 4 && /[.!?:;]\s|\n|\u3002/.test(text.slice(Math.max(0, start - 400), start))
}

/** One meaning that is looked for, by which set it stands in. */
export interface Wanted {
  readonly doing?: number
  readonly about?: number
  readonly how?: number
  readonly as?: number
}

const fits = (t: Tokens, i: number, doing: number, about: number, how: number, as: number): boolean =>
  ((t.doing[i]! & doing) | (t.to[i]! & about) | (t.how[i]! & how) | (t.as[i]! & as)) !== 0

/** First token from `start` on that has any of the meanings; -1: none. */
export function find(s: Sentence, wanted: Wanted, start = s.from, end = s.to): number {
  const doing = wanted.doing ?? 0
  const about = wanted.about ?? 0
  const how = wanted.how ?? 0
  const as = wanted.as ?? 0
  if (((s.doing & doing) | (s.about & about) | (s.how & how) | (s.as & as)) === 0) return -1
  for (let i = Math.max(start, s.from); i < end && i < s.to; i++) if (fits(s.tokens, i, doing, about, how, as)) return i
  return -1
}

/** First token after `i`, at most `words` further, that has any of the meanings; -1: none. */
export function after(s: Sentence, i: number, words: number, wanted: Wanted): number {
  const t = s.tokens
  const limit = t.at[i]! + words
  const doing = wanted.doing ?? 0
  const about = wanted.about ?? 0
  const how = wanted.how ?? 0
  const as = wanted.as ?? 0
  for (let k = i + 1; k < s.to && t.at[k]! <= limit; k++) if (fits(t, k, doing, about, how, as)) return k
  return -1
}

/** Last token before `i`, at most `words` away, that has any of the meanings; -1: none. */
export function before(s: Sentence, i: number, words: number, wanted: Wanted): number {
  const t = s.tokens
  const limit = t.at[i]! - words
  const doing = wanted.doing ?? 0
  const about = wanted.about ?? 0
  const how = wanted.how ?? 0
  const as = wanted.as ?? 0
  for (let k = i - 1; k >= s.from && t.at[k]! >= limit; k--) if (fits(t, k, doing, about, how, as)) return k
  return -1
}

export const near = (s: Sentence, i: number, words: number, wanted: Wanted): number => {
  const later = after(s, i, words, wanted)
  return later >= 0 ? later : before(s, i, words, wanted)
}

export const has = (s: Sentence, i: number, wanted: Wanted): boolean =>
  fits(s.tokens, i, wanted.doing ?? 0, wanted.about ?? 0, wanted.how ?? 0, wanted.as ?? 0)

/** A refusal stands right before the word: `do not send`. */
export const isRefused = (s: Sentence, i: number): boolean => before(s, i, 3, { doing: DO.not }) >= 0

const CLAUSE_BREAK = /[,;()]\s|:\s/
/** Nothing new begins after the first of the two. */
export function isOneClause(s: Sentence, first: number, last: number): boolean {
  for (let k = first + 1; k <= last; k++) if ((s.tokens.is[k]! & IS.clauseStart) !== 0) return false
  const { text, starts, ends } = s.tokens
  return !CLAUSE_BREAK.test(text.slice(ends[first]!, Math.min(starts[last]!, ends[first]! + 200)))
}

/** Words over which an order goes on with `and`. */
const ORDER_WORDS = 16

/** An order rather than a description: a base form that opens its clause or goes on with an order, or any form after `must` or `please`. */
export function isOrdered(s: Sentence, i: number): boolean {
  const { is, doing, at } = s.tokens
  if ((doing[i]! & DO.base) !== 0) {
    if ((is[i]! & IS.clauseStart) !== 0) return true
    // It goes on with an order: `look for … and report …`.
    for (let k = i - 1; k >= s.from && at[i]! - at[k]! <= ORDER_WORDS; k--)
      if ((is[k]! & IS.clauseStart) !== 0 && (doing[k]! & (DO.base | DO.please)) !== 0) return true
  }
  return before(s, i, 3, { doing: DO.must | DO.please, how: HOW.only }) >= 0
}

/** Every pair of a verb and an object at most `words` after it (or before it, when `eitherWay`). Stops when `visit` answers true. */
export function pairs(
  s: Sentence,
  verb: Wanted,
  object: Wanted,
  words: number,
  visit: (verb: number, object: number) => boolean,
  eitherWay = false,
): void {
  for (let i = find(s, verb); i >= 0; i = find(s, verb, i + 1)) {
    let k = after(s, i, words, object)
    if (k < 0 && eitherWay) k = before(s, i, words, object)
    if (k >= 0 && visit(i, k)) return
  }
}

/** How many tokens of the sentence are about this. */
export function countOf(s: Sentence, about: number): number {
  let count = 0
  for (let i = find(s, { about }); i >= 0; i = find(s, { about }, i + 1)) count++
  return count
}
