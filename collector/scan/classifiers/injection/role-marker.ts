/**
 * injection.role_marker: the text pretends to be a turn, a system notice or a template of the model's own dialogue. Read from the marks
 * (`<`, `[`, `|`) that the tokeniser noted, and from headings such as `SYSTEM NOTE:`.
 */
import type { Subject } from '../../classifier.ts'
import type { Report } from './act.ts'
import { hashWord, meaningOf } from './lexicon.ts'
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
  for (const [word] of inside.matchAll(WORDS)) {
    if (++words > 5) return 0
    const meaning = meaningOf(hashWord(word.toLowerCase()))
    if (meaning === undefined) continue
    if (
      (meaning.to & SPEAKER) !== 0 ||
      (meaning.how & HOW.hidden) !== 0 ||
      ((meaning.to & TO.orders) !== 0 && word === word.toUpperCase())
    )
      claim = 2
    else if (claim === 0 && (meaning.how & HOW.notice) !== 0) claim = 1
  }
  return claim
}

const isShouted = (text: string): boolean => text === text.toUpperCase()

export function roleMarkers(tokens: Tokens, subject: Subject, report: Report): void {
  const { text, marks } = tokens
  const isRead = subject.surface !== 'definition' && subject.surface !== 'instructions'
  let bracketed = 0
  for (const mark of marks) {
    const piece = text.slice(mark, mark + MAX_MARK_CHARACTERS)
    const code = piece.charCodeAt(0)
    const at = tokenAt(tokens, mark)
    if (code !== 124 && TEMPLATE.test(piece)) {
      report('role_marker', 0.75, at, at)
      continue
    }
    if (code === 60) {
      if (piece.startsWith('<!--')) {
        // A comment is not shown to a person, but the model reads it.
        const end = text.indexOf('-->', mark)
        if (!isRead && end > 0 && end - mark > 24) report('role_marker', 0.4, at, tokenAt(tokens, end))
        continue
      }
      const close = piece.indexOf('>')
      if (close < 3 || piece.charCodeAt(1) === 47) continue
      const inside = piece.slice(1, close)
      if (inside.includes('=') || inside.includes('/')) continue
      const claim = claimOf(inside)
      if (claim === 0) continue
      const isShout = isShouted(inside)
      if (claim === 2) report('role_marker', isShout ? 0.6 : 0.4, at, at)
      else report('role_marker', isShout ? (isRead ? 0.5 : 0.45) : 0.2, at, at)
    } else if (code === 91) {
      const close = piece.indexOf(']')
      if (close < 4 || piece.charCodeAt(close + 1) === 40 || piece.slice(0, close).includes('_')) continue
      const inside = piece.slice(1, close)
      if (claimOf(inside) < 2) continue
      bracketed++
      report('role_marker', isShouted(inside) ? 0.5 : bracketed > 3 ? 0.6 : 0.3, at, at)
    } else if (piece.startsWith('|||') || piece.startsWith('||')) {
      const inside = piece.replace(/^\|+/, '')
      const close = inside.indexOf('|')
      if (close > 3 && claimOf(inside.slice(0, close)) === 2 && isShouted(inside.slice(0, close)))
        report('role_marker', 0.55, at, at)
    }
  }
  headings(tokens, isRead, report)
}

/** `SYSTEM OVERRIDE:` and the like: capitals with authority, then a colon; and turns of a dialogue inside what was read. */
function headings(tokens: Tokens, isRead: boolean, report: Report): void {
  if (((tokens.toAll & (TO.authority | TO.mode | TO.agent)) | (tokens.howAll & HOW.hidden)) === 0) return
  let turns = 0
  for (let i = 0; i < tokens.count; i++) {
    const is = tokens.is[i]!
    if (
      (is & (IS.capitals | IS.clauseStart)) === (IS.capitals | IS.clauseStart) &&
      ((tokens.to[i]! & SPEAKER) | (tokens.how[i]! & (HOW.hidden | HOW.notice)) | (tokens.to[i]! & TO.orders)) !== 0
    ) {
      let claims = (tokens.to[i]! & SPEAKER) !== 0 || (tokens.how[i]! & HOW.hidden) !== 0
      for (
        let k = i;
        k < tokens.count && tokens.at[k]! - tokens.at[i]! <= 4 && (tokens.is[k]! & IS.capitals) !== 0;
        k++
      ) {
        if ((tokens.to[k]! & SPEAKER) !== 0) claims = true
        if ((tokens.is[k]! & IS.colon) === 0) continue
        if (claims) report('role_marker', k > i || (tokens.to[i]! & TO.authority) !== 0 ? 0.5 : 0.35, i, k)
        break
      }
    }
    if (
      isRead &&
      (is & (IS.lineStart | IS.colon)) === (IS.lineStart | IS.colon) &&
      (tokens.to[i]! & (TO.agent | TO.person | TO.authority)) !== 0
    ) {
      turns++
      if (turns === 2) report('role_marker', 0.45, i, i)
    }
    // a note to the machine that reads this
    if (isRead && (tokens.how[i]! & HOW.notice) !== 0 && (is & IS.clauseStart) !== 0) {
      for (let k = i + 1; k < tokens.count && tokens.at[k]! - tokens.at[i]! <= 6; k++)
        if ((tokens.to[k]! & TO.agent) !== 0) {
          report('role_marker', 0.5, i, k)
          break
        }
    }
    if ((tokens.doing[i]! & DO.play) !== 0) continue
  }
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
