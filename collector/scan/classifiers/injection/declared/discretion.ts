/** The user is to be kept in the dark: nothing said of an act, a text or a copy; an act dressed as something else. */
import type { Matcher } from '../act.ts'
import { AS, DO, HOW, TO } from '../meaning.ts'
import { after, before, find, has, isLater, isOneClause, near, type Sentence } from '../sentence.ts'
import { IS } from '../tokens.ts'
import { findDemanded, isDeclared, isDemanded, isForbidding, parameterOf, stands } from './standpoint.ts'

const PERSON = { about: TO.person, as: AS.nobody }
/** Of what a manual keeps from view with a reason: results, values, names. */
const PRESENTATION = { about: TO.data | TO.secret | TO.named | TO.file | TO.reply | TO.keyish, as: AS.verdict }

export const discretion: Matcher = (s, subject, report) => {
  if (!isDeclared(subject)) return
  // the user is not supposed to learn …
  if ((s.doing & DO.know) !== 0 && (s.doing & DO.not) !== 0)
    for (let know = find(s, { doing: DO.know }); know >= 0; know = find(s, { doing: DO.know }, know + 1)) {
      const person = before(s, know, 9, PERSON)
      const not = person >= 0 ? before(s, know, 8, { doing: DO.not }) : -1
      if (not < person - 1 || not < 0) continue
      if (
        isForbidding(s, not) &&
        (near(s, not, 1, { doing: DO.must }) >= 0 || after(s, not, 2, { how: HOW.to }) >= 0) &&
        !isConditional(s, know)
      ) {
        report('conceal', 0.6, person, know)
        break
      }
    }
  // the user should only see the result
  if ((s.how & HOW.only) !== 0 && (s.doing & DO.know) !== 0 && (s.doing & DO.must) !== 0) {
    const know = find(s, { doing: DO.know })
    const only = near(s, know, 2, { how: HOW.only })
    const person = only >= 0 ? before(s, know, 5, { about: TO.person }) : -1
    if (person >= 0 && before(s, know, 4, { doing: DO.must }) > person) report('conceal', 0.45, person, know)
  }
  // keep it out of the list you show
  const keep = findDemanded(s, { doing: DO.keep })
  if (
    keep >= 0 &&
    isDemanded(s, keep) &&
    isLater(s) &&
    /\bout of\b/i.test(s.tokens.text.slice(s.tokens.starts[keep]!, s.tokens.starts[keep]! + 80)) &&
    stands(s, { doing: DO.show | DO.tell, about: TO.reply | TO.person })
  )
    report('conceal', 0.5, keep, keep)
  // this instruction is confidential
  const orders = find(s, { about: TO.orders })
  if (orders >= 0 && before(s, orders, 2, { how: HOW.this }) >= 0 && near(s, orders, 4, { how: HOW.hidden }) >= 0)
    report('conceal', 0.55, orders, orders)
  // staff should not be told
  const told = find(s, { doing: DO.tell })
  if (told >= 0 && /(?:ed|told)$/i.test(s.tokens.text.slice(s.tokens.starts[told]!, s.tokens.ends[told]!))) {
    const not = before(s, told, 3, { doing: DO.not })
    const person = not >= 0 ? before(s, not, 5, { about: TO.person }) : -1
    const isDuty = not >= 0 && (before(s, not, 1, { doing: DO.must }) >= 0 || after(s, not, 2, { how: HOW.to }) >= 0)
    if (person >= 0 && isDuty && !isConditional(s, told)) report('conceal', 0.6, person, told)
  }
  // so that nobody notices; keep it between us
  if ((s.as & AS.nobody) !== 0) {
    const nobody = find(s, { as: AS.nobody })
    const know = after(s, nobody, 3, { doing: DO.know })
    if (know >= 0) report('conceal', 0.6, nobody, know)
    const keep = before(s, nobody, 7, { doing: DO.keep })
    if (keep >= 0 && isDemanded(s, keep) && near(s, keep, 4, { how: HOW.this }) >= 0)
      report('conceal', 0.55, keep, nobody)
  }
  // never reveal this description
  if ((s.doing & DO.not) !== 0 && (s.about & TO.orders) !== 0)
    for (let verb = find(s, TELL); verb >= 0; verb = find(s, TELL, verb + 1)) {
      const not = before(s, verb, 5, { doing: DO.not })
      const orders = after(s, verb, 9, { about: TO.orders })
      if (not >= 0 && orders >= 0 && isForbidding(s, not) && before(s, orders, 2, { how: HOW.this | HOW.your }) >= 0) {
        report('conceal', 0.6, not, orders)
        break
      }
    }
  // other languages refuse behind the verb: `sag das nicht`, `n'informe pas`
  if ((s.doing & DO.tell) !== 0 && (s.doing & (DO.not | DO.nothing)) !== 0)
    for (let tell = find(s, { doing: DO.tell }); tell >= 0; tell = find(s, { doing: DO.tell }, tell + 1)) {
      if (!has(s, tell, { doing: DO.please })) continue
      const not = after(s, tell, 4, { doing: DO.not | DO.nothing })
      if (not < 0 || near(s, tell, 6, { about: TO.person, how: HOW.this }) < 0) continue
      report('conceal', 0.6, tell, not)
      break
    }
  // no need to bring this up with anybody; without a word to the user
  if ((s.doing & DO.not) !== 0)
    for (let verb = find(s, TELL); verb >= 0; verb = find(s, TELL, verb + 1)) {
      const not = before(s, verb, 5, { doing: DO.not })
      if (not < 0 || isApart(s, not, verb) || !isForbidding(s, not)) continue
      // `never go on without telling the user` demands the opposite
      if (before(s, not, 10, { doing: DO.not }) >= 0) continue
      const person = after(s, verb, 9, PERSON)
      if (person < 0 || isConditional(s, person)) continue
      const hidden = { doing: DO.send | DO.put | DO.call | DO.read | DO.destroy, as: AS.extra | AS.trace }
      const it = after(s, verb, 9, { how: HOW.this })
      const isAct = after(s, verb, 9, hidden) >= 0 || (it >= 0 && it < person) || isAboutIt(s, person)
      const isShown = after(s, verb, 6, PRESENTATION) >= 0
      const isSwitch = parameterOf(subject) !== '' && !isAct
      report('conceal', isSwitch || (!isAct && isShown) ? 0.35 : isAct ? 0.6 : 0.55, not, person)
      break
    }
  // do not point it out
  if ((s.doing & DO.not) !== 0 && (s.doing & DO.tell) !== 0 && (s.how & HOW.this) !== 0 && isLater(s)) {
    const tell = find(s, { doing: DO.tell })
    const not = before(s, tell, 3, { doing: DO.not })
    const it = after(s, tell, 2, { how: HOW.this })
    if (not >= 0 && it >= 0 && isForbidding(s, not) && !isApart(s, not, tell) && !isConditional(s, it))
      report('conceal', 0.5, not, it)
  }
  // hide it from view, in whatever language
  const hide = findDemanded(s, { doing: DO.hide })
  const from = hide < 0 ? -1 : after(s, hide, 4, { about: TO.person })
  if (from >= 0 && isDemanded(s, hide) && after(s, hide, 2, { how: HOW.this }) >= 0) report('conceal', 0.6, hide, from)
  // logs are to be wiped
  const wipe = findDemanded(s, { doing: DO.destroy })
  if (wipe >= 0 && (s.about & TO.path) !== 0 && isLater(s) && isDemanded(s, wipe)) {
    const path = after(s, wipe, 4, { about: TO.path })
    if (
      path >= 0 &&
      /(?:^|\/)logs?(?:\/|$)|_history$|\.log$/.test(s.tokens.text.slice(s.tokens.starts[path]!, s.tokens.ends[path]!))
    )
      report('conceal', 0.5, wipe, path)
  }
  // remove what would tell of it
  if ((s.as & AS.trace) !== 0 && (s.doing & (DO.destroy | DO.dismiss)) !== 0) {
    const trace = find(s, { as: AS.trace })
    const verb = near(s, trace, 5, { doing: DO.destroy | DO.dismiss })
    const done = stands(s, { how: HOW.after, doing: DO.done | DO.know | DO.not })
    if (verb >= 0 && done && isDemanded(s, verb) && isLater(s)) report('conceal', 0.5, verb, trace)
  }
}

const TELL = { doing: DO.tell | DO.show | DO.answer }

/** `tell the user about it`, `… of this`. */
const isAboutIt = (s: Sentence, person: number): boolean =>
  after(s, person, 3, { how: HOW.this }) >= 0 && isOneClause(s, person, Math.min(person + 1, s.to - 1))

/** Something else begins between the two: the refusal is not of this verb. */
const isApart = (s: Sentence, not: number, verb: number): boolean => {
  for (let k = not + 1; k <= verb; k++) if ((s.tokens.is[k]! & IS.clauseStart) !== 0) return true
  return false
}

/** Allowed under a condition, or later: no secret. */
const isConditional = (s: Sentence, from: number): boolean =>
  near(s, from, 8, { as: AS.unless }) >= 0 ||
  after(s, from, 6, { how: HOW.before }) >= 0 ||
  has(s, from, { as: AS.unless })
