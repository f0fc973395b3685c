/** injection.answer in what was handed on: the answer to the user is to be shaped, disguised or given a passenger. */
import type { Matcher } from '../act.ts'
import { DO, HOW, TO } from '../meaning.ts'
import { after, before, find, has, type Sentence } from '../sentence.ts'
import { ASK } from './ask.ts'
import { dutyAfter, openingOrder, placeOf, shareOfOrders } from './place.ts'

const SHAPED = ASK.shape | ASK.work

/** `your reply`, `the summary you write`, `any answer`; -1: none. */
function ownReply(s: Sentence): number {
  const reply = { about: TO.reply, as: ASK.reply }
  for (let i = find(s, reply); i >= 0; i = find(s, reply, i + 1)) {
    if (before(s, i, 3, { how: HOW.your }) >= 0) return i
    const you = after(s, i, 3, { how: HOW.you })
    if (you >= 0 && after(s, you, 3, { doing: DO.make | DO.answer | DO.show, as: ASK.work }) >= 0) return i
  }
  return -1
}

/** Exercises and forms are orders throughout. */
const MANY_ORDERS = 0.5

export const replyForm: Matcher = (s, _subject, report) => {
  if (shareOfOrders(s.tokens) > MANY_ORDERS) return
  if (((s.about & TO.reply) | (s.as & ASK.reply)) !== 0 && (s.how & (HOW.your | HOW.you)) !== 0) {
    const reply = ownReply(s)
    if (reply >= 0) {
      // weave … into your answer; write your answer backwards
      const order = openingOrder(s, SHAPED)
      if (order >= 0 && order !== reply && !isReceived(s, reply)) {
        const { strangeness } = placeOf(s)
        report(
          'answer',
          strangeness >= 0.6 || (s.as & ASK.cipher) !== 0 ? 0.6 : strangeness >= 0.4 ? 0.5 : 0.4,
          order,
          reply,
        )
        return
      }
      // your reply must contain …
      const duty = dutyAfter(s, reply, 3)
      if (duty >= 0 && s.tokens.at[reply]! - s.tokens.at[s.from]! <= 6 && placeOf(s).strangeness >= 0.5) {
        report('answer', 0.55, reply, duty)
        return
      }
    }
  }
  // begin the summary with …; output nothing but …; answer every question with …
  if ((s.as & ASK.shape) !== 0) {
    const order = openingOrder(s, ASK.shape)
    if (order >= 0 && (s.tokens.as[order]! & ASK.ado) === 0) {
      const isAnswer = has(s, order, { doing: DO.answer })
      const reply = isAnswer ? order : after(s, order, 2, { as: ASK.reply })
      const only = isAnswer
        ? after(s, order, 4, { doing: DO.nothing, how: HOW.only | HOW.all | HOW.instead })
        : reply >= 0 && /^\s(?:with|by)\s/.test(s.tokens.text.slice(s.tokens.ends[reply]!, s.tokens.ends[reply]! + 6))
          ? reply
          : -1
      if (reply >= 0 && only >= 0 && !isReceived(s, order) && placeOf(s).strangeness >= 0.6) {
        report('answer', 0.5, order, only)
        return
      }
    }
  }
  // reply in Morse code, answer only in French, use emojis
  if ((s.as & (ASK.cipher | ASK.tongue)) !== 0) {
    const order = openingOrder(s, ASK.shape)
    if (order >= 0 && has(s, order, { doing: DO.answer })) {
      const how = after(s, order, 5, { as: ASK.cipher | ASK.tongue })
      if (
        how >= 0 &&
        (before(s, how, 3, { how: HOW.into }) >= 0 ||
          /\b(?:using|with)\s/.test(s.tokens.text.slice(s.tokens.ends[order]!, s.tokens.starts[how]!))) &&
        placeOf(s).strangeness >= 0.5
      )
        report('answer', 0.55, order, how)
    }
  }
}

/** An answer to what was sent: `include the number in your reply to this mail`, `send your answer by Friday`. */
const isReceived = (s: Sentence, reply: number): boolean =>
  after(s, reply, 4, { about: TO.message | TO.mail }) >= 0 || before(s, reply, 4, { doing: DO.know }) >= 0
