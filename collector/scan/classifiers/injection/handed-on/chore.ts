/** injection.task: what was handed on sets whoever reads it a piece of work that has nothing to do with the rest of it. */
import type { Matcher } from '../act.ts'
import { HOW } from '../meaning.ts'
import { after, before, type Sentence } from '../sentence.ts'
import { ASK } from './ask.ts'
import { isFirstWord, isPlainAround, openingOrder, placeOf, shareOfOrders } from './place.ts'

/** A manual or a recipe gives more orders than these. */
const FEW_ORDERS = 0.34
const QUOTED_WORK = /:\s{0,2}["'\u201c\u2018]\S[^"'\u201d\u2019]{8}/

/** A question that stands alone, `?` its end. */
const MIN_QUESTION = 24

/** A question about something else, on a line of its own in what asks nothing otherwise. */
function strayQuestion(s: Sentence): boolean {
  const { text } = s.tokens
  if ((s.tokens.as[s.from]! & (ASK.question | ASK.modal)) === 0 || !isFirstWord(s.tokens, s.from)) return false
  const { from, to, strangeness } = placeOf(s)
  if (text[to] !== '?' || to - from < MIN_QUESTION || strangeness < 0.99) return false
  const isOwnLine =
    (from === 0 || text.slice(from - 2, from).includes('\n') || text[from] === '\n') &&
    (to + 1 >= text.length || /^["'\u201d\u2019]?\s{0,2}(?:\n|$)/.test(text.slice(to + 1, to + 5)))
  const isOnly = text.indexOf('?') === to && text.indexOf('?', to + 1) < 0
  return isOwnLine && isOnly && isPlainAround(s)
}

export const chore: Matcher = (s, _subject, report) => {
  if ((s.as & ASK.question) !== 0 && strayQuestion(s)) {
    report('task', 0.5, s.from, s.to - 1)
    return
  }
  if ((s.as & ASK.work) === 0) return
  const order = openingOrder(s, ASK.work)
  if (order < 0) return
  if (shareOfOrders(s.tokens) > FEW_ORDERS) return
  const { from, to, strangeness } = placeOf(s)
  if (strangeness < 0.6) return
  const piece = after(s, order, 9, { as: ASK.piece | ASK.cipher })
  const tongue = (s.as & ASK.tongue) !== 0
  const isQuoted = QUOTED_WORK.test(s.tokens.text.slice(from, to))
  const isRecipients = before(s, s.to - 1, 40, { how: HOW.your }) >= 0
  if (isQuoted || tongue) report('task', 0.55, order, s.to - 1)
  else if (piece >= 0 && strangeness >= 0.75 && !isRecipients) report('task', 0.5, order, piece)
  else if (strangeness >= 0.99 && !isRecipients && to - from >= 24 && isPlainAround(s))
    report('task', 0.5, order, s.to - 1)
}
