/**
 * Rules for what is done by others: when a mail is sent, a file written, an order placed, then something is to be changed, added, sent along
 * or removed. A description says how its own tool is used; it does not rule over other acts.
 */
import type { Matcher } from '../act.ts'
import { AS, DO, HOW, TO } from '../meaning.ts'
import { after, before, find, has, isLater, isOneClause, type Sentence } from '../sentence.ts'
import { IS } from '../tokens.ts'
import { isDeclared, isDemanded, isDenied, parameterOf, stands } from './standpoint.ts'

const TRIGGER = { how: HOW.when | HOW.before | HOW.after | HOW.all }
const ACT = DO.divert | DO.put | DO.send | DO.destroy | DO.keep
const VALUE = { about: TO.mail | TO.url | TO.path | TO.secretPath | TO.enemy }
const NUMBER = /(?:\+\d[\d ()-]{7,}|\b\d{1,3}(?:\.\d{1,3}){3}\b|\b\d{4,}(?:-\d{2,}){1,4}\b)/
/** A place in the machine, not the name of a file. */
const ABSOLUTE = /^[~/\\]|^[A-Z]:\\|^[a-z0-9]{2,6}:\/\//

export const rulings: Matcher = (s, subject, report) => {
  if (!isDeclared(subject) || parameterOf(subject) !== '' || !isLater(s)) return
  if ((s.doing & ACT) === 0 || !stands(s, TRIGGER)) return
  for (let act = find(s, { doing: ACT }); act >= 0; act = find(s, { doing: ACT }, act + 1)) {
    if (isDenied(s, act) || !isDemanded(s, act) || (s.tokens.is[act]! & (IS.quoted | IS.fenced)) !== 0) continue
    if (has(s, act, { about: TO.identifier | TO.otherTool | TO.ownTool | TO.named })) continue
    const found = after(s, act, 10, VALUE)
    const { text, ends, starts } = s.tokens
    const isPlace = found >= 0 && has(s, found, { about: TO.path | TO.secretPath })
    const value = isPlace && !ABSOLUTE.test(text.slice(starts[found]!, ends[found]!)) ? -1 : found
    const isShown = value >= 0 && before(s, value, 4, { how: HOW.example, as: AS.preset }) >= 0
    const number = NUMBER.test(text.slice(ends[act]!, ends[act]! + 60))
    const instead = after(s, act, 14, { how: HOW.instead }) >= 0
    const isOther = isAboutOthers(s, act)
    if (((value >= 0 && !isShown) || number) && isOther && (value < 0 || isOneClause(s, act, value)))
      report('cross_tool', 0.5, act, Math.max(act, value))
    else if (has(s, act, { doing: DO.divert | DO.destroy }) && instead && isOther) report('cross_tool', 0.4, act, act)
    else continue
    return
  }
}

/** The occasion is an act of the user or of another tool, not a call of this one. */
function isAboutOthers(s: Sentence, act: number): boolean {
  const trigger = find(s, TRIGGER)
  const own = after(s, trigger, 5, { about: TO.ownTool | TO.parameter })
  return own < 0 || own > act
}
