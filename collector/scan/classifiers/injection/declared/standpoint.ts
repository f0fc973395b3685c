/** What the matchers of definitions ask beyond the words: where the sentence stands, and what the names around it have announced already. */
import type { Subject } from '../../../classifier.ts'
import { remembered } from '../../../remembered.ts'
import { declaredLexicon, hashWord, type Meaning, meaningOf } from '../lexicon.ts'
import { AS, DO, HOW, TO } from '../meaning.ts'
import { after, before, find, has, isLater, isOneClause, near, type Sentence, type Wanted } from '../sentence.ts'
import { IS } from '../tokens.ts'
import { isOtherTool } from '../tool-reference.ts'

export const isDeclared = ({ surface }: Subject): boolean => surface === 'definition' || surface === 'instructions'

/** The parameter whose schema the text stands in; '' in what describes the whole tool. Asked for the same text again and again. */
export function parameterOf(subject: Subject): string {
  if (subject === last.subject) return last.parameter
  const { path } = subject
  const at = path.lastIndexOf('properties.')
  const name = at < 0 ? null : /^[^.[]+/.exec(path.slice(at + 11))
  last.subject = subject
  last.parameter = name === null ? '' : name[0]
  return last.parameter
}
const last: { subject: Subject | undefined; parameter: string } = { subject: undefined, parameter: '' }

const NOTHING: Meaning = { doing: 0, to: 0, how: 0, as: 0, of: 0 }
/** Everything the words of a name mean: `apiKey`, `chat_history`. A tool that says in its name what it takes hides nothing. */
export const announced: (name: string) => Meaning = remembered((name: string): Meaning => {
  let { doing, to, how, as, of } = NOTHING
  const words = name
    .slice(0, 96)
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
  for (const word of words) {
    const meaning = word === '' ? undefined : meaningOf(declaredLexicon, hashWord(word))
    if (meaning === undefined) continue
    doing |= meaning.doing
    to |= meaning.to
    how |= meaning.how
    as |= meaning.as
    of |= meaning.of
  }
  return { doing, to, how, as, of }
})

const FORBIDS_BEFORE = /(?:^|[^a-z])(?:do|must|should|shall|may|need|please|ought|ever|you|and|or|but)\s{1,3}$/i
const FORBIDDING = /^(?:never|don't|dont|mustn't|shouldn't|needn't|without|avoid|refrain|nothing|no)$/
/** The refusal is an order, not a fault that is told of: `do not`, `must not`, `not to`, `never`; in other languages any. */
export function isForbidding(s: Sentence, not: number): boolean {
  const { text, starts, ends, is } = s.tokens
  const word = text.slice(starts[not]!, ends[not]!).toLowerCase().replace('\u2019', "'")
  if (/^(?:isn't|aren't|doesn't|didn't|wasn't|hasn't|can't|cannot|can’t|won't|neither|nor|non)$/.test(word))
    return false
  // `no menciones`: the verb is of another language
  if (word === 'no' && not + 1 < s.to && has(s, not + 1, { doing: DO.please })) return true
  if (word === 'no') return /^\s{1,2}(?:need|reason)/.test(text.slice(ends[not]!, ends[not]! + 10))
  if (word === 'never')
    return (
      (is[not]! & IS.clauseStart) !== 0 || FORBIDS_BEFORE.test(text.slice(Math.max(0, starts[not]! - 9), starts[not]!))
    )
  if (word !== 'not')
    return FORBIDDING.test(word) || text.charCodeAt(starts[not]!) > 127 || !/^[a-z']+$/.test(word) || word.length < 6
  if (
    /^\s{1,2}(?:(?:need|have|supposed|meant|allowed|required)\s{1,2})?to\s/.test(
      text.slice(ends[not]!, ends[not]! + 16),
    )
  )
    return true
  return (
    (is[not]! & IS.clauseStart) !== 0 || FORBIDS_BEFORE.test(text.slice(Math.max(0, starts[not]! - 9), starts[not]!))
  )
}

/** A quotation or a code span opens right after the token, and no name of a tool stands in it: a value. */
export function opensValue(s: Sentence, i: number): boolean {
  const { text, ends, starts } = s.tokens
  const lead = /^[^.\n]{0,14}?["'`\u201c]/.exec(text.slice(ends[i]!, ends[i]! + 16))
  if (lead === null) return false
  const at = ends[i]! + lead[0].length
  for (let k = i + 1; k < s.to && starts[k]! <= at; k++) if (starts[k] === at) return !isForeignTool(s, k)
  return true
}

/** What the slot is called that something is to be put into: `debug`; '' when none is named. */
export function slotName(s: Sentence, from: number): string {
  const slot = after(s, from, 16, { about: TO.named | TO.parameter })
  if (slot < 0) return ''
  const named = has(s, slot, { about: TO.named }) ? slot : near(s, slot, 1, { about: TO.named })
  const at = named < 0 ? slot : named
  return s.tokens.text.slice(s.tokens.starts[at]!, s.tokens.ends[at]!)
}

/** The next sentence puts something into a slot: `… . Provide it in x`. */
export function isPassedOn(s: Sentence): boolean {
  const { sentences, sentenceDoing, sentenceTo, sentenceAs } = s.tokens
  const next = s.index + 1
  if (next >= sentences) return false
  return (
    (sentenceTo[next]! & (TO.parameter | TO.named)) !== 0 &&
    ((sentenceDoing[next]! & (DO.put | DO.send)) !== 0 || (sentenceAs[next]! & (AS.holds | AS.goes)) !== 0)
  )
}

/** What the names of the parameter and of the tool announce; worked out once for each text. */
export function announcedIn(subject: Subject): { readonly own: Meaning; readonly tool: Meaning } {
  if (subject !== lastNames.subject) {
    lastNames.subject = subject
    lastNames.own = announced(parameterOf(subject))
    lastNames.tool = announced(subject.toolName)
  }
  return lastNames
}
const lastNames: { subject: Subject | undefined; own: Meaning; tool: Meaning } = {
  subject: undefined,
  own: NOTHING,
  tool: NOTHING,
}

/** A refusal of this very verb: nothing new begins between the two. */
export function isDenied(s: Sentence, i: number): boolean {
  const not = before(s, i, 5, { doing: DO.not })
  if (not < 0) return false
  for (let k = not + 1; k <= i; k++) if ((s.tokens.is[k]! & IS.clauseStart) !== 0) return false
  return true
}

/** The model is to do it: the base form at the head of a clause, or any form after a word of duty, in whatever voice. */
export function isDemanded(s: Sentence, i: number): boolean {
  const { is, doing, text, starts } = s.tokens
  // `the answer`, `your request`: a noun
  if (NOUN_AFTER.test(text.slice(Math.max(0, starts[i]! - 8), starts[i]!))) return false
  if ((doing[i]! & DO.please) !== 0 && (doing[i]! & ~(DO.please | DO.base)) !== 0) return true
  if ((doing[i]! & DO.base) !== 0) {
    if ((is[i]! & (IS.clauseStart | IS.lineStart)) !== 0) return true
    // `first read`, `then send`, `also copy`, `and forward`: the head of the clause is an adverb or another order.
    const head = clauseHead(s, i)
    if (head < i && (doing[head]! & (DO.base | DO.please)) !== 0) return true
    if (before(s, i, 2, { how: HOW.first | HOW.after | HOW.automatic | HOW.silent | HOW.now }) >= 0) return true
    if (opensMainClause(s, i, head)) return true
  }
  return isDuty(s, i)
}

const NOUN_AFTER = /(?:^|[^a-z])(?:the|an?|your|their|its|each|every|any|no|user's)\s{1,2}$/i
const JOINED = /(?:^|[^a-z])(?:and|then|also|now|please|so)\s{1,2}$/i
/** Words after which a base form is no order: what has a subject, a modal verb or an article before it. */
const GOVERNED =
  /(?:^|[^a-z])(?:you|we|they|i|he|she|it|that|which|who|users|clients|to|the|an?|each|every|any|all|this|your|its|their|can|may|might|will|would|could|not|doesn't|don't|does|do|did|of|for|in|on|with|and|or|by|no)\s{1,2}$/i

/** `… and wipe the log`; `before each push add a remote`: an order after a coordinated or a subordinate clause. */
function opensMainClause(s: Sentence, i: number, head: number): boolean {
  const { text, starts, how } = s.tokens
  // `… to create and delete files`, but not `you need to run … and include …`
  const to = before(s, i, 8, { how: HOW.to })
  if (to > s.from && !has(s, to - 1, { as: AS.duty })) return false
  const lead = text.slice(Math.max(0, starts[i]! - 12), starts[i]!)
  if (JOINED.test(lead)) return isLater(s)
  const isSubordinate = head < i && (how[head]! & (HOW.before | HOW.after | HOW.when | HOW.into | HOW.from)) !== 0
  return isSubordinate && isLater(s) && s.tokens.at[i]! - s.tokens.at[head]! >= 2 && !GOVERNED.test(lead)
}

/** A word of duty stands before it: `must be sent`, `has to carry`, `needs to go`. */
export function isDuty(s: Sentence, i: number): boolean {
  // Without blanks every character counts as a word.
  if (s.tokens.text.charCodeAt(s.tokens.starts[i]!) > 0x2e80)
    return before(s, i, 24, { doing: DO.must | DO.please }) >= 0
  if (before(s, i, 4, { doing: DO.must | DO.please }) >= 0) return true
  // policy requires that … be copied; should have their … dropped
  const { text, starts, ends } = s.tokens
  if (/ed$|[^s]ent$|put$/i.test(text.slice(starts[i]!, ends[i]!))) {
    const isSubjunctive = /\bbe\s{1,2}(?:\w{2,12}ly\s{1,2})?$/i.test(
      text.slice(Math.max(0, starts[i]! - 18), starts[i]!),
    )
    const must = before(s, i, isSubjunctive ? 16 : 7, { doing: DO.must })
    if (must >= 0 && (isSubjunctive || isOneClause(s, must, i))) return true
  }
  const to = before(s, i, 3, { how: HOW.to })
  return (
    to >= 0 && has(s, to - 1 >= s.from ? to - 1 : to, { as: AS.duty }) && s.tokens.at[to]! - s.tokens.at[to - 1]! === 1
  )
}

/** First token of the clause that token `i` stands in. */
export function clauseHead(s: Sentence, i: number): number {
  let k = i
  while (k > s.from && (s.tokens.is[k]! & IS.clauseStart) === 0) k--
  return k
}

/** A value that is named as a sample or a preset. */
export const isSample = (s: Sentence, i: number, sample: Wanted): boolean => before(s, i, 5, sample) >= 0

/** First verb with the meaning that is demanded and not refused; -1: none. */
export function findDemanded(s: Sentence, wanted: Wanted, start = s.from): number {
  for (let i = find(s, wanted, start); i >= 0; i = find(s, wanted, i + 1))
    if (isDemanded(s, i) && !isDenied(s, i)) return i
  return -1
}

/** First token with the meaning that is neither refused nor `except`. */
export function findFree(s: Sentence, wanted: Wanted): number {
  for (let i = find(s, wanted); i >= 0; i = find(s, wanted, i + 1)) if (!isDenied(s, i)) return i
  return -1
}

/** Another tool: listed, called by the words around it, or named as tools are. */
export const isForeignTool = (s: Sentence, i: number): boolean =>
  isOtherTool(s, i) ||
  (has(s, i, { about: TO.named }) &&
    !has(s, i, { about: TO.ownTool | TO.parameter }) &&
    before(s, i, 2, { doing: DO.invoke }) >= 0) ||
  (has(s, i, { as: AS.toolLike }) && after(s, i, 1, { about: TO.parameter }) < 0)
export function foreignToolIn(s: Sentence, from = s.from): number {
  const wanted = { about: TO.otherTool | TO.identifier | TO.named }
  for (let i = find(s, wanted, from); i >= 0; i = find(s, wanted, i + 1)) if (isForeignTool(s, i)) return i
  return -1
}

/** The nearest verb before a token that is demanded, else the nearest at all; after it when none stands before. */
export function giverOf(s: Sentence, i: number, words: number, wanted: Wanted): number {
  let nearest = -1
  for (let k = before(s, i, words, wanted); k >= s.from; k--) {
    if (s.tokens.at[i]! - s.tokens.at[k]! > words) break
    if (!has(s, k, wanted)) continue
    if (nearest < 0) nearest = k
    if (isDemanded(s, k)) return k
  }
  return nearest >= 0 ? nearest : after(s, i, words, wanted)
}

export const stands = (s: Sentence, wanted: Wanted): boolean => find(s, wanted) >= 0
export const isBeside = (s: Sentence, i: number, words: number, wanted: Wanted): boolean =>
  has(s, i, wanted) || after(s, i, words, wanted) >= 0 || before(s, i, words, wanted) >= 0
