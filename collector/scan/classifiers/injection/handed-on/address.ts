/** injection.addressed: what was handed on speaks to the model that reads it, or of the user whom it works for, and wants something. */
import type { Matcher } from '../act.ts'
import { DO, HOW, TO } from '../meaning.ts'
import { after, before, find, has, type Sentence } from '../sentence.ts'
import { IS } from '../tokens.ts'
import { ASK } from './ask.ts'
import { ANY, dutyAfter, isFirstWord, openingOrder, placeOf } from './place.ts'

export const addressed: Matcher = (s, _subject, report) => {
  if ((s.as & ASK.agent) !== 0) {
    const agent = find(s, { as: ASK.agent })
    const { at } = s.tokens
    const early = at[agent]! - at[s.from]! <= 6
    const order = orderAfter(s, agent)
    if (early && order < 0 && isMeantFor(s, agent) && (s.how & (HOW.you | HOW.your)) !== 0)
      report('role_marker', 0.5, agent, agent)
    if (early && order >= 0) {
      // note to models: …; dear assistant, …; if you are an AI that reads this, …
      const isCalled = isCalledOut(s, agent)
      const reads = after(s, agent, 5, { as: ASK.reading }) >= 0
      if (isCalled || reads) {
        report('role_marker', 0.6, agent, order)
        return
      }
      const duty = (s.tokens.as[s.from]! & ASK.question) !== 0 ? -1 : dutyAfter(s, agent, 3)
      const { strangeness } = placeOf(s)
      if (duty >= 0 && strangeness >= 0.5 && at[order]! - at[duty]! <= 4) report('role_marker', 0.5, agent, order)
    }
  }
  // when you summarise this, …
  if ((s.how & HOW.when) !== 0 && (s.how & HOW.you) !== 0 && (s.as & ASK.reading) !== 0) {
    const when = find(s, { how: HOW.when })
    const you = after(s, when, 1, { how: HOW.you })
    const reads = you >= 0 ? after(s, you, 1, { as: ASK.reading }) : -1
    const order = reads >= 0 ? openingOrder(s, ANY) : -1
    if (
      order > reads &&
      (reads + 1 < s.to ? after(s, reads, 3, { how: HOW.this }) >= 0 : false) &&
      placeOf(s).strangeness >= 0.5
    )
      report('task', 0.5, when, order)
  }
  // forget the question; stop what you are doing
  const dropped = (s.doing & DO.dismiss) !== 0 ? openingOrder(s, ANY) : -1
  if (dropped >= 0 && has(s, dropped, { doing: DO.dismiss })) {
    const wish = after(s, dropped, 4, { about: TO.wish | TO.orders })
    if (wish >= 0 && ((s.as & ASK.user) !== 0 || (s.how & HOW.you) !== 0)) report('override', 0.6, dropped, wish)
  }
  // your previous task is cancelled; the question of the user; the user wants you to
  if ((s.as & ASK.user) !== 0 && (s.doing | s.as) !== 0) {
    const user = find(s, { as: ASK.user })
    const wants = after(s, user, 2, { about: TO.wish })
    const you = wants >= 0 ? after(s, wants, 3, { how: HOW.you }) : -1
    if (you >= 0 && after(s, you, 4, { as: ASK.deed | ASK.ado | ASK.shape }) >= 0) report('task', 0.5, user, you)
    const order = openingOrder(s, ASK.deed | ASK.ado | ASK.shape | ASK.work)
    if (order < 0) return
    // tell the reader to …; ask for the credit card number of the user
    const person = after(s, order, 8, { as: ASK.user })
    const speaks = has(s, order, { doing: DO.tell | DO.answer | DO.ask })
    if (person >= 0 && speaks && placeOf(s).strangeness >= 0.6) report('task', 0.5, order, person)
  }
}

/** `dear assistant,`, `Copilot:`, `note to the model …:`, `if you are an AI`. */
function isCalledOut(s: Sentence, agent: number): boolean {
  const { text, ends, as } = s.tokens
  const mark = text[ends[agent]!]
  const first = agent > s.from && (as[agent - 1]! & ASK.lead) !== 0 ? agent - 1 : agent
  if ((mark === ':' || mark === ',') && isFirstWord(s.tokens, first)) return true
  return (
    isMeantFor(s, agent) || (before(s, agent, 4, { how: HOW.you }) >= 0 && before(s, agent, 6, { how: HOW.when }) >= 0)
  )
}

const MEANT_FOR = /\b(?:to|for|dear|attention)\s(?:(?:the|any|all|every|an?|other|automated|large|language)\s){0,3}$/i
/** `to the model that reads this:`, `for the AI only:` */
const isMeantFor = ({ tokens: { text, starts, ends } }: Sentence, agent: number): boolean =>
  MEANT_FOR.test(text.slice(Math.max(0, starts[agent]! - 24), starts[agent]!)) &&
  /^[^\n.:]{0,60}:\s/.test(text.slice(ends[agent]!, ends[agent]! + 64))

function orderAfter(s: Sentence, agent: number): number {
  const wanted = ASK.deed | ASK.ado | ASK.shape | ASK.work
  for (let i = agent + 1; i < s.to; i++) {
    if ((s.tokens.as[i]! & wanted) === 0 && !has(s, i, { doing: DO.base })) continue
    if ((s.tokens.is[i]! & IS.clauseStart) !== 0) return i
    if (before(s, i, 2, { as: ASK.duty | ASK.lead, doing: DO.must | DO.not }) >= 0) return i
  }
  return -1
}
