/** Where a sentence stands in what was handed on, and what it opens with. */
import { DO, HOW, TO } from '../meaning.ts'
import { after, has, isRefused, type Sentence } from '../sentence.ts'
import { IS, type Tokens } from '../tokens.ts'
import { ASK } from './ask.ts'
import { strangeness } from './topic.ts'

/** Characters by which a sentence may reach beyond its first and last word that mean something. */
const BEFORE = 80
const BEYOND = 240

export interface Place {
  readonly from: number
  readonly to: number
  /** Share of its words that stand nowhere else in the text; -1: not known. */
  readonly strangeness: number
}

const isEnd = (code: number): boolean => code === 10 || code === 46 || code === 33 || code === 63 || code === 0x3002

export function placeOf(s: Sentence): Place {
  const { text, starts, ends } = s.tokens
  let from = starts[s.from]!
  const first = Math.max(0, from - BEFORE)
  while (from > first && !isEnd(text.charCodeAt(from - 1))) from--
  let to = ends[s.to - 1]!
  const last = Math.min(text.length, to + BEYOND)
  while (to < last && !(isEnd(text.charCodeAt(to)) && !(text.charCodeAt(to + 1) > 32))) to++
  return { from, to, strangeness: strangeness(text, from, to) }
}

/** Words that may lead in an order. */
const LEAD_WORDS = 3
/** Tokens at the beginning of a sentence among which the order is looked for. */
const OPENING_TOKENS = 14

/** Whatever is ordered. */
export const ANY = 0

/** The order that a sentence opens with, after `please`, `next` or a clause with `before`, `when` or `if`; -1: none. */
export function openingOrder(s: Sentence, wanted: number): number {
  const { doing, as, how, is, at } = s.tokens
  const isSubordinate =
    (how[s.from]! & (HOW.when | HOW.before | HOW.after | HOW.regardless | HOW.into | HOW.first)) !== 0
  for (let i = s.from; i < s.to && i < s.from + OPENING_TOKENS; i++) {
    if (((as[i]! & ASK.base) | (doing[i]! & DO.base)) === 0 || (wanted !== ANY && (as[i]! & wanted) === 0)) continue
    if ((is[i]! & IS.colon) !== 0) continue
    if (isAskedFor(s, i)) return isRefused(s, i) ? -1 : i
    let k = i
    while (k > s.from && at[k]! - at[k - 1]! === 1 && (is[k]! & IS.clauseStart) === 0 && (as[k - 1]! & ASK.lead) !== 0)
      k--
    if ((is[k]! & IS.clauseStart) === 0 || at[i]! - at[k]! > LEAD_WORDS) continue
    if (isRefused(s, i) || !goesOn(s.tokens, i)) continue
    if (k === s.from ? isFirstWord(s.tokens, k) : isSubordinate || isLeadIn(s, k)) return i
  }
  return -1
}

/** Words follow in the same cell and line. */
const goesOn = ({ text, ends }: Tokens, i: number): boolean =>
  /^(?:[\s,*_]{1,3}[^\s|]|:\s?\S)/.test(text.slice(ends[i]!, ends[i]! + 5)) &&
  !/^\s{0,2}\n\s{0,2}\n/.test(text.slice(ends[i]!, ends[i]! + 6))

/** `can you …`, `could you please …` at the beginning of its sentence. */
function isAskedFor(s: Sentence, i: number): boolean {
  const { as, how, at, is } = s.tokens
  let you = i - 1
  while (you > s.from && (as[you]! & ASK.lead) !== 0) you--
  return (
    you > s.from &&
    (how[you]! & HOW.you) !== 0 &&
    (as[you - 1]! & ASK.modal) !== 0 &&
    at[i]! - at[you - 1]! <= LEAD_WORDS &&
    (is[you - 1]! & IS.clauseStart) !== 0
  )
}

/** What stands before it leads in or calls somebody: `Next, …`, `Assistant, …`, `for automated readers: …`. */
function isLeadIn(s: Sentence, k: number): boolean {
  let isLead = true
  for (let i = s.from; i < k; i++) {
    if (has(s, i, { as: ASK.agent, about: TO.agent | TO.authority, how: HOW.notice | HOW.hidden })) return true
    isLead &&= (s.tokens.as[i]! & ASK.lead) !== 0
  }
  return isLead
}

/** No word stands before it in its sentence, line, cell or string; the points of a list are what the list is about. */
export function isFirstWord({ text, starts }: Tokens, i: number): boolean {
  let at = starts[i]! - 1
  let isListed = false
  let isTold = false
  for (; at >= 0 && text.charCodeAt(at) !== 10; at--) {
    const mark = text[at]!
    if (mark === '-' || mark === '*' || mark === '#') isListed = true
    else if (mark === '"' || mark === '|' || mark === ']' || mark === '>') isTold = true
    else if (mark !== ' ' && mark !== '\t' && mark !== '\r' && mark !== '_' && mark !== "'" && mark !== '\\') break
  }
  if (at < 0 || text.charCodeAt(at) === 10) return !isListed
  if (isTold && !isListed) return true
  return (
    !isListed &&
    /[.!?;)\]\u3002n]/.test(text[at]!) &&
    (text[at] !== 'n' || text[at - 1] === '\\') &&
    starts[i]! - at > 1
  )
}

/** `must`, `should`, `has to`, `is to` within so many words after token `i`; -1: none. */
export function dutyAfter(s: Sentence, i: number, words: number): number {
  const duty = after(s, i, words, { as: ASK.duty })
  if (duty >= 0) return duty
  const { text, ends } = s.tokens
  return /^\s{1,2}(?:\w{1,12}\s){0,2}(?:has|have|is|are)\sto\s/.test(text.slice(ends[i]!, ends[i]! + 40)) ? i : -1
}

/** What is known of a whole text, once it has been asked. */
let known = ''
let share = 0
let names = 0
let fenced = 0

/** Sentences that open with an order among all of them; names of functions and files; words in code blocks. */
function know({ text, tokens }: { readonly text: string; readonly tokens: Tokens }): void {
  if (known === text) return
  known = text
  let orders = 0
  for (let n = 0; n < tokens.sentences; n++) {
    const i = tokens.firsts[n]!
    if ((tokens.is[i]! & IS.clauseStart) !== 0 && (tokens.doing[i]! & (DO.base | DO.please)) !== 0) orders++
  }
  share = orders < 4 ? 0 : orders / tokens.sentences
  names = fenced = 0
  for (let i = 0; i < tokens.count; i++) {
    if ((tokens.is[i]! & IS.fenced) !== 0) fenced++
    if ((tokens.to[i]! & (TO.identifier | TO.path)) !== 0) names++
  }
}

/** A manual or a recipe gives orders throughout. */
export function shareOfOrders(tokens: Tokens): number {
  know({ text: tokens.text, tokens })
  return share
}

/** Shorter texts are no manuals. */
const SHORT = 1_500
/** What stands in the manner of the text around it, or orders nothing, counts for less. */
export function standingOf(s: Sentence, first: number, isClaim: boolean): number {
  const { strangeness } = placeOf(s)
  const isOpening = (s.tokens.doing[first]! & DO.base) !== 0 && (s.tokens.is[first]! & IS.clauseStart) !== 0
  const isOrder =
    isOpening ||
    openingOrder(s, ANY) >= 0 ||
    (s.how & HOW.you) !== 0 ||
    (s.as & ASK.agent) !== 0 ||
    (s.doing & DO.please) !== 0
  if (!isOrder && !isClaim) return strangeness < 0 ? 0.8 : 0.5
  if (strangeness < 0 || strangeness >= 0.75) return 1
  return (
    (strangeness < 0.34 ? 0.6 : strangeness < 0.5 ? 0.85 : 1) *
    (s.tokens.text.length < SHORT || isPlainAround(s) ? 1 : 0.75)
  )
}

/** Words after a mark among which somebody is spoken to. */
const SPOKEN = 40
/** The same of a mark of a turn: it names a model, or something is said to somebody behind it. */
export function standingOfMark(tokens: Tokens, mark: number): number {
  const isNote = (tokens.how[mark]! & HOW.notice) !== 0 || (tokens.to[mark]! & TO.message) !== 0
  if (isNote && /^[^\n:]{0,80}:\s/.test(tokens.text.slice(tokens.starts[mark]!, tokens.starts[mark]! + 90))) return 1
  for (let i = mark; i < tokens.count && tokens.at[i]! - tokens.at[mark]! <= SPOKEN; i++) {
    const doing = tokens.doing[i]!
    if ((tokens.how[i]! & (HOW.you | HOW.your)) !== 0 || (doing & DO.please) !== 0) return 1
    if (i > mark && (doing & DO.base) !== 0 && (tokens.is[i]! & (IS.clauseStart | IS.colon)) === IS.clauseStart)
      return 1
    if (i > mark && (doing & DO.must) !== 0 && (tokens.to[i]! & TO.wish) === 0) return 0.85
  }
  return AGENT.test(tokens.text.slice(tokens.starts[mark]!, tokens.starts[mark]! + 24)) ? 1 : 0.6
}
const AGENT = /^\W{0,3}(?:[A-Z]{2,12}[ _-])?(?:AI|LLM|ASSISTANT|AGENT|MODEL|SYSTEM)[ _:\]-]/

/** Names of functions and files in the rest of the text, from which on it is a text about programs. */
const MANY_NAMES = 2
export function isPlainAround(s: Sentence): boolean {
  const { to, is, text } = s.tokens
  know({ text, tokens: s.tokens })
  let ownNames = 0
  let ownFenced = 0
  for (let i = s.from; i < s.to; i++) {
    if ((is[i]! & IS.fenced) !== 0) ownFenced++
    if ((to[i]! & (TO.identifier | TO.path)) !== 0) ownNames++
  }
  return fenced === ownFenced && names - ownNames < MANY_NAMES
}

const CALLS = ASK.agent | ASK.user
/** Something could be ordered in it, or somebody be spoken to: most sentences are none of that. */
export function mayOrder(s: Sentence): boolean {
  if ((s.as & CALLS) !== 0) return true
  if (((s.about & TO.reply) | (s.as & ASK.reply)) !== 0 && (s.how & (HOW.your | HOW.you)) !== 0) return true
  if ((s.as & ASK.code) !== 0 && (s.as & ASK.next) !== 0) return true
  if ((s.tokens.as[s.from]! & (ASK.question | ASK.modal)) !== 0) return true
  return openingOrder(s, ANY) >= 0
}
