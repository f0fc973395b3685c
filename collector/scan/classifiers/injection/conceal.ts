/** injection.conceal: the person is to be kept from knowing what is done. */
import type { Matcher } from './act.ts'
import { isDeclared, isForbidding, parameterOf } from './declared/standpoint.ts'
import { DO, HOW, TO } from './meaning.ts'
import { after, before, find, has, isLater, isOneClause, isRefused, near, pairs, type Sentence } from './sentence.ts'

const TELL = { doing: DO.tell }
const SAY = { doing: DO.tell | DO.answer }
/** What a manual may well ask to be left out: raw data, identifiers, secrets. */
const PRESENTATION = { about: TO.data | TO.secret | TO.named | TO.file | TO.prompt | TO.reply }
/** Allowed under a condition, or later. */
const CONDITION = /\b(?:unless|until|before|except|without)\b/i

export const conceal: Matcher = (s, subject, report) => {
  // do not tell the user; never mention this; without informing anybody
  if (
    (s.doing & (DO.not | DO.nothing)) !== 0 &&
    (s.doing & (DO.tell | DO.answer)) !== 0 &&
    ((s.about & TO.person) !== 0 || (s.how & HOW.this) !== 0)
  )
    for (let verb = find(s, SAY); verb >= 0; verb = find(s, SAY, verb + 1)) {
      const refused = has(s, verb, TELL) ? before(s, verb, 5, { doing: DO.not }) : -1
      const not = Math.max(refused, after(s, verb, 5, { doing: DO.nothing }))
      if (not < 0) continue
      if (not === refused && (!isOneClause(s, not, verb) || (isDeclared(subject) && !isForbidding(s, not)))) continue
      // `is not communicated to users`: a fault that is described.
      if (not === refused && isParticiple(s, verb) && before(s, verb, 5, { doing: DO.must }) < 0) continue
      // `what the user did not mention`: the person is who speaks.
      if (not < verb && before(s, not, 2, { about: TO.person }) >= 0) continue
      const person = after(s, verb, 8, { about: TO.person })
      const what = after(s, verb, 5, { how: HOW.this, doing: DO.read | DO.send | DO.call | DO.run | DO.put })
      if (person >= 0 && CONDITION.test(s.tokens.text.slice(s.tokens.ends[verb]!, s.tokens.ends[person]! + 24))) {
        report('conceal', 0.35, not, person)
        break
      }
      // `do not notify the customer`: a switch of a parameter
      const isSwitch = isDeclared(subject) && parameterOf(subject) !== '' && what < 0
      if (person >= 0 && isSwitch) report('conceal', 0.35, not, person)
      else if (person >= 0)
        report('conceal', what >= 0 || after(s, verb, 6, PRESENTATION) < 0 ? 0.8 : 0.55, not, person)
      else if (what >= 0 && has(s, what, { how: HOW.this })) report('conceal', 0.55, not, what)
      else continue
      break
    }
  // do not show this to the user: weaker, manuals say so of raw output
  if ((s.doing & DO.not) !== 0 && (s.doing & DO.show) !== 0 && (s.about & TO.person) !== 0)
    pairs(s, { doing: DO.show }, { about: TO.person }, 8, (verb, person) => {
      const not = before(s, verb, 4, { doing: DO.not })
      // `never delete without showing the user first` demands the opposite
      if (not < 0 || before(s, not, 10, { doing: DO.not }) >= 0) return false
      if (isDeclared(subject) && !isForbidding(s, not)) return false
      const isPresentation = after(s, verb, 6, PRESENTATION) >= 0
      report('conceal', isPresentation ? 0.35 : 0.5, not, person)
      return true
    })
  // silently send
  if ((s.how & HOW.silent) !== 0)
    for (let quiet = find(s, { how: HOW.silent }); quiet >= 0; quiet = find(s, { how: HOW.silent }, quiet + 1)) {
      const verb = near(s, quiet, 2, { doing: DO.send | DO.read | DO.put | DO.call | DO.keep | DO.harvest })
      if (verb >= 0 && near(s, quiet, 4, { doing: DO.not | DO.dismiss }) < 0) {
        report('conceal', isDeclared(subject) && !isLater(s) ? 0.4 : 0.6, quiet, verb)
        break
      }
    }
  // hide this from the user; the user must not know
  if ((s.about & TO.person) !== 0) {
    if ((s.doing & DO.hide) !== 0 || (s.how & HOW.hidden) !== 0)
      pairs(s, { doing: DO.hide, how: HOW.hidden }, { how: HOW.from }, 6, (verb, from) => {
        const person = after(s, from, 3, { about: TO.person })
        const isMeant = has(s, verb, { doing: DO.hide }) || before(s, verb, 8, { doing: DO.keep | DO.must }) >= 0
        if (person >= 0 && !isRefused(s, verb))
          report('conceal', isMeant || !isDeclared(subject) || startsWithKeep(s) ? 0.7 : 0.4, verb, person)
        return person >= 0
      })
    if ((s.doing & DO.not) !== 0 && (s.doing & DO.know) !== 0 && !isDeclared(subject))
      pairs(s, { about: TO.person }, { doing: DO.know }, 8, (person, know) => {
        const not = before(s, know, 6, { doing: DO.not })
        if (not > person || (not >= 0 && before(s, person, 4, { doing: DO.not }) === not)) {
          report('conceal', 0.6, person, know)
          return true
        }
        return false
      })
  }
  // make it look like a normal part of the result
  if (
    (s.how & HOW.normal) !== 0 &&
    (s.how & HOW.this) !== 0 &&
    (s.doing & (DO.show | DO.make | DO.play | DO.hide)) !== 0
  )
    pairs(s, { doing: DO.show | DO.hide | DO.play }, { how: HOW.normal }, 10, (verb, normal) => {
      const like = before(s, normal, 5, { how: HOW.into | HOW.when | HOW.example | HOW.this })
      if (like > verb) report('conceal', 0.5, verb, normal)
      return like > verb
    })
}

/** communicated, told: not a form of an order. */
const isParticiple = ({ tokens: { text, ends, doing } }: Sentence, verb: number): boolean =>
  (doing[verb]! & DO.base) === 0 && /(?:ed|told|shown|given)$/i.test(text.slice(ends[verb]! - 5, ends[verb]!))

/** `Keep the second one hidden`: `keep` stands in no word list of its own. */
const startsWithKeep = ({ tokens: { text, starts }, from }: Sentence): boolean =>
  /\bkeep\b/i.test(text.slice(Math.max(0, starts[from]! - 40), starts[from]! + 40))
