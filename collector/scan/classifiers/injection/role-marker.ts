/**
 * injection.role_marker: the text pretends to be a turn, a system notice or a template of the model's own dialogue. Read from the marks
 * (`<`, `[`, `|`) that the tokeniser noted, and from headings such as `SYSTEM NOTE:`.
 */
import type { Subject } from '../../classifier.ts'
import type { Report } from './act.ts'
import { hashWord, meaningOf, plainLexicon } from './lexicon.ts'
import { DO, HOW, TO } from './meaning.ts'
import { IS, type Tokens } from './tokens.ts'

/** Tokens of chat templates: no prose holds them but prose about them. */
const TEMPLATE =
  /^(?:<\|[a-z_ ]{2,24}\|?>|\[\/?INST\]|<<\/?SYS>>|<\/?s>\s*\[INST\]|<(?:start|end)_of_turn>|<\/?(?:tool_call|function_calls|antml:invoke|invoke|tool_response)\b|\[(?:AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS)\])/
const MAX_MARK_CHARACTERS = 64
/** A word of authority or of secrecy: who would be speaking, or that it is not for everybody. */
const SPEAKER = TO.authority | TO.mode | TO.enemy
const WORDS = /[A-Za-z]{2,20}/g

/** What the words between two brackets claim: 0 nothing, 1 urgency, 2 authority or secrecy. */
function claimOf(inside: string): 0 | 1 | 2 {
  let claim: 0 | 1 | 2 = 0
  let words = 0
  let forAgent = false
  WORDS.lastIndex = 0
  for (let match = WORDS.exec(inside); match !== null; match = WORDS.exec(inside)) {
    if (++words > 5) return 0
    const word = match[0]
    const meaning = meaningOf(plainLexicon, hashWord(word.toLowerCase()))
    if (meaning === undefined) continue
    if ((meaning.to & (TO.agent | TO.secret)) !== 0) forAgent = true
    if (
      (meaning.to & SPEAKER) !== 0 ||
      (meaning.how & HOW.hidden) !== 0 ||
      ((meaning.to & TO.orders) !== 0 && (word === word.toUpperCase() || forAgent))
    )
      claim = 2
    else if (claim === 0 && (meaning.how & HOW.notice) !== 0) claim = 1
  }
  return claim
}

const isNameCharacter = (code: number): boolean =>
  code === 95 || code === 41 || (code >= 48 && code <= 57) || (code >= 65 && code <= 90) || (code >= 97 && code <= 122)
const isCalledAgent = (words: string): boolean => /\b(?:assistant|agent|model|llm|ai|system)\b/i.test(words)
const isShouted = (text: string): boolean => text === text.toUpperCase()

export function roleMarkers(tokens: Tokens, subject: Subject, report: Report): void {
  const { text, marks } = tokens
  const isRead = subject.surface !== 'definition' && subject.surface !== 'instructions'
  let bracketed = 0
  /** 0: no comment is closed from here on. */
  let lastComment = -1
  for (const mark of marks) {
    const code = text.charCodeAt(mark)
    if (code === 124 && text.charCodeAt(mark + 1) !== 124) continue
    const piece = text.slice(mark, mark + MAX_MARK_CHARACTERS)
    if (code !== 124 && TEMPLATE.test(piece)) {
      const at = tokenAt(tokens, mark)
      report('role_marker', 0.75, at, at)
      continue
    }
    if (code === 60) {
      if (piece.startsWith('<!--')) {
        // A comment is not shown to a person, but the model reads it.
        if (lastComment >= 0 && lastComment < mark) continue
        const end = text.indexOf('-->', mark)
        if (end < 0) lastComment = 0
        if (!isRead && end > 0 && end - mark > 24) {
          const first = tokenAt(tokens, mark)
          const last = tokenAt(tokens, end)
          report('role_marker', holdsOrder(tokens, first, last) ? 0.55 : 0.4, first, last)
        }
        continue
      }
      const end = piece.indexOf('>')
      const close = end < 0 ? piece.length : end
      if (close < 3 || piece.charCodeAt(1) === 47) continue
      // With attributes only the name speaks.
      const inside = /^[^\s=/]{1,40}(?:\s[A-Za-z]{1,20}){0,4}(?=\s[a-z_-]{1,20}=|$)/.exec(piece.slice(1, close))?.[0]
      if (inside === undefined) continue
      const claim = claimOf(inside)
      if (claim === 0) continue
      const isShout = isShouted(inside)
      const at = tokenAt(tokens, mark)
      // An element of that name with an order inside: a turn of the dialogue, not a name that is spoken of.
      const closed = claim === 2 && !isRead ? text.indexOf(`</${/^[^\s=/]{1,40}/.exec(inside)![0]}>`, mark) : -1
      const isTurn = closed > 0 && closed - mark < MAX_ELEMENT && holdsOrder(tokens, at, tokenAt(tokens, closed))
      if (claim === 2) report('role_marker', isShout ? 0.6 : isTurn ? 0.55 : 0.4, at, at)
      else report('role_marker', isShout ? (isRead ? 0.5 : 0.45) : 0.2, at, at)
    } else if (code === 91) {
      const close = piece.indexOf(']')
      // [[assistant: …]]
      const called = isRead ? null : /^\[{1,2}\s?([A-Za-z_ -]{2,24}):\s/.exec(piece)
      if (called !== null && isCalledAgent(called[1]!))
        report('role_marker', 0.5, tokenAt(tokens, mark), tokenAt(tokens, mark))
      if (close < 4 || piece.charCodeAt(close + 1) === 40) continue
      // `X[SYSTEM_MODE]` is an index.
      if (mark > 0 && isNameCharacter(text.charCodeAt(mark - 1))) continue
      const inside = piece.slice(1, close)
      if (claimOf(inside) < 2) continue
      bracketed++
      const at = tokenAt(tokens, mark)
      report('role_marker', isShouted(inside) ? 0.5 : bracketed > 3 ? 0.6 : 0.3, at, at)
    } else {
      const inside = piece.replace(/^\|+/, '')
      const close = inside.indexOf('|')
      if (close > 3 && claimOf(inside.slice(0, close)) === 2 && isShouted(inside.slice(0, close)))
        report('role_marker', 0.55, tokenAt(tokens, mark), tokenAt(tokens, mark))
    }
  }
  if (!isRead) {
    const fence = FENCED_TURN.exec(text)
    if (fence !== null) report('role_marker', 0.5, tokenAt(tokens, fence.index), tokenAt(tokens, fence.index))
  }
  headings(tokens, isRead, report)
}
/** A code block that says it is a turn of the dialogue. */
const FENCED_TURN = /```(?:system|assistant|developer|admin)\b/i

const MAX_ELEMENT = 4_000
/** Between the two tokens something is ordered, or the model is spoken to. */
function holdsOrder(tokens: Tokens, first: number, last: number): boolean {
  const ordered = DO.read | DO.send | DO.put | DO.call | DO.run | DO.keep | DO.tell | DO.dismiss
  for (let i = first; i <= last && i < tokens.count; i++) {
    const doing = tokens.doing[i]!
    if ((doing & ordered) !== 0 && (doing & DO.base) !== 0) {
      if ((tokens.is[i]! & IS.clauseStart) !== 0) return true
      if (i <= first + 1 || (tokens.doing[i - 1]! & (DO.must | DO.please)) !== 0) return true
    }
  }
  return false
}

/** Headings in capitals with a colon; turns of a dialogue and notes to the machine inside what was read. */
function headings(tokens: Tokens, isRead: boolean, report: Report): void {
  const speaks = TO.authority | TO.mode | TO.agent | TO.pretext
  if (((tokens.toAll & speaks) | (tokens.howAll & HOW.hidden)) === 0) return
  let turns = 0
  for (let i = 0; i < tokens.count; i++) {
    const is = tokens.is[i]!
    const to = tokens.to[i]!
    const how = tokens.how[i]!
    if (
      (is & HEADING) === HEADING &&
      ((to & (SPEAKER | TO.orders | TO.pretext)) | (how & (HOW.hidden | HOW.notice))) !== 0
    ) {
      const claim = headingClaim(tokens, i)
      if (claim > 0) report('role_marker', claim, i, i)
    }
    // instructions for the AI:
    if ((to & TO.orders) !== 0 && (is & IS.clauseStart) !== 0) {
      const agent = agentAfter(tokens, i, 4)
      if (agent >= 0 && (tokens.is[agent]! & IS.colon) !== 0) report('role_marker', isRead ? 0.55 : 0.5, i, agent)
      else if (agent >= 0 && !isRead && tokens.text.charCodeAt(tokens.ends[agent]!) === 10)
        report('role_marker', 0.4, i, agent)
      // Hidden instruction: …
      else if (!isRead && (is & IS.colon) !== 0 && i > 0 && (tokens.how[i - 1]! & HOW.hidden) !== 0)
        report('role_marker', 0.5, i - 1, i)
    }
    if (!isRead) continue
    if ((is & TURN) === TURN && (to & (TO.agent | TO.person | TO.authority)) !== 0) {
      turns++
      if (turns === 2) report('role_marker', 0.45, i, i)
    }
    // assistant, do …
    if ((to & TO.agent) !== 0 && (tokens.at[i]! <= 2 || (is & IS.clauseStart) !== 0) && isCalled(tokens, i))
      report('role_marker', 0.5, i, i + 1)
    // A note to the machine that reads this; an important message to you, the model.
    const isNote = (how & HOW.notice) !== 0 && (is & IS.clauseStart) !== 0
    const isMessage = (to & TO.message) !== 0
    if (!isNote && !isMessage) continue
    const agent = agentAfter(tokens, i, 9)
    if (agent < 0) continue
    const isImportant = i > 0 && (tokens.how[i - 1]! & HOW.notice) !== 0
    const lead = tokens.how[agent - 1]!
    if (isMessage && (lead & HOW.you) === 0 && !(isImportant && (lead & HOW.to) !== 0)) continue
    report('role_marker', 0.55, i, agent)
  }
}

/** The first word for a model within so many words after token `i`; -1: none. */
function agentAfter(tokens: Tokens, i: number, words: number): number {
  for (let k = i + 1; k < tokens.count && tokens.at[k]! - tokens.at[i]! <= words; k++)
    if ((tokens.to[k]! & TO.agent) !== 0) return k
  return -1
}

/** A comma or colon follows the word, and then an order: somebody is called. */
function isCalled(tokens: Tokens, i: number): boolean {
  const mark = tokens.text.charCodeAt(tokens.ends[i]!)
  if ((mark !== 44 && mark !== 58) || i + 1 >= tokens.count || tokens.at[i + 1]! - tokens.at[i]! > 3) return false
  return (tokens.doing[i + 1]! & (DO.base | DO.please | DO.must)) !== 0 || (tokens.how[i + 1]! & HOW.you) !== 0
}

const RULED_BEFORE = /(?:^|\n|\s)[#=*-]{2,8} {0,2}(?:(?:BEGIN|START|END)\s{1,2})?$/
const HEADING = IS.capitals | IS.clauseStart
const TURN = IS.lineStart | IS.colon
const MAX_HEADING_CHARACTERS = 48
const isCapitalOrBlank = (code: number): boolean =>
  (code >= 65 && code <= 90) || code === 32 || code === 45 || code === 95

/** Capitals up to a colon, `SYSTEM MAINTENANCE NOTICE:`: what the words among them claim. */
function headingClaim(tokens: Tokens, first: number): number {
  const { text } = tokens
  const start = tokens.starts[first]!
  let end = tokens.ends[first]!
  const limit = Math.min(text.length, start + MAX_HEADING_CHARACTERS)
  while (end < limit && isCapitalOrBlank(text.charCodeAt(end))) end++
  // A line of its own between rules counts like a colon.
  const isRuled =
    RULED_BEFORE.test(text.slice(Math.max(0, start - 24), start)) &&
    /^\s{0,2}(?:[#=*-]{2,}|\n|$)/.test(text.slice(end, end + 6))
  if (text.charCodeAt(end) !== 58 && !isRuled) return 0
  let authority = false
  let pretext = false
  let notice = false
  for (let k = first; k < tokens.count && tokens.starts[k]! < end; k++) {
    if ((tokens.to[k]! & SPEAKER) !== 0 || (tokens.how[k]! & HOW.hidden) !== 0) authority = true
    if ((tokens.to[k]! & TO.pretext) !== 0) pretext = true
    if ((tokens.how[k]! & HOW.notice) !== 0) notice = true
  }
  const isLone = end === tokens.ends[first]!
  if (authority) return isLone ? ((tokens.to[first]! & TO.authority) !== 0 ? 0.4 : 0.3) : 0.5
  return pretext && notice ? 0.35 : 0
}

/** The token that starts at or after an offset. */
function tokenAt(tokens: Tokens, offset: number): number {
  let low = 0
  let high = tokens.count - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if (tokens.starts[middle]! < offset) low = middle + 1
    else high = middle
  }
  return Math.max(0, low)
}
