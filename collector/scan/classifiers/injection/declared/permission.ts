/** Consent is claimed, skipped or given in the user's stead. */
import type { Matcher } from '../act.ts'
import { AS, DO, HOW, TO } from '../meaning.ts'
import { after, before, find, has, isLater, near, type Sentence } from '../sentence.ts'
import { giverOf, isDeclared, isDemanded, isDenied, isForbidding, parameterOf, stands } from './standpoint.ts'

export const permission: Matcher = (s, subject, report) => {
  // In the description of a parameter it is a switch that the user may turn.
  if (!isDeclared(subject) || parameterOf(subject) !== '') return
  // skip the confirmation
  if ((s.about & TO.consent) !== 0 && (s.doing & DO.dismiss) !== 0) {
    const leave = consentIn(s)
    const verb = leave < 0 ? -1 : near(s, leave, 6, { doing: DO.dismiss })
    const isSwitch =
      verb >= 0 &&
      before(s, verb, 6, { how: HOW.to }) >= 0 &&
      stands(s, { doing: DO.put }) &&
      (s.about & TO.agent) === 0
    if (verb >= 0 && (isDemanded(s, verb) || (s.about & TO.agent) !== 0) && !isDenied(s, verb) && !isSwitch)
      report('consent', 0.55, Math.min(verb, leave), Math.max(verb, leave))
  }
  // confirmations are no longer needed
  if ((s.as & AS.lifted) !== 0 && (s.doing & DO.not) !== 0) {
    const leave = consentIn(s)
    const off = leave < 0 ? -1 : after(s, leave, 6, { as: AS.lifted })
    if (off >= 0 && after(s, off, 3, { doing: DO.must, as: AS.goes }) >= 0 && !stands(s, { how: HOW.when }))
      report('consent', 0.5, leave, off)
  }
  // the user has agreed in advance; you have blanket permission
  if ((s.how & HOW.already) !== 0 && ((s.about & TO.consent) !== 0 || (s.doing & DO.ask) !== 0)) {
    const already = find(s, { how: HOW.already })
    const leave = near(s, already, 8, { about: TO.consent })
    if (
      (leave >= 0 || has(s, already, { about: TO.consent }) || isAgreed(s, already)) &&
      stands(s, { about: TO.person, how: HOW.you }) &&
      !stands(s, { how: HOW.when })
    )
      report('consent', 0.5, already, Math.max(already, leave))
  }
  // do not stop for approval; without waiting
  if ((s.doing & DO.not) !== 0 && (s.doing & DO.ask) !== 0)
    for (let ask = find(s, { doing: DO.ask }); ask >= 0; ask = find(s, { doing: DO.ask }, ask + 1)) {
      if (!isDenied(s, ask)) continue
      const leave = after(s, ask, 5, { about: TO.consent })
      const not = before(s, ask, 5, { doing: DO.not })
      if (leave < 0 || isQuestions(s, leave) || not < 0 || !isForbidding(s, not)) continue
      if (near(s, ask, 10, { as: AS.unless }) >= 0) continue
      report('consent', 0.5, ask, leave)
      break
    }
  // executed without confirmation, without asking; no permission from the human is needed
  if ((s.about & TO.consent) !== 0 && (s.doing & DO.not) !== 0 && isLater(s)) {
    const leave = consentIn(s)
    const not = leave < 0 ? -1 : before(s, leave, 3, { doing: DO.not })
    const act = not < 0 ? -1 : before(s, not, 12, { doing: DO.run | DO.destroy | DO.send | DO.put | DO.call })
    const isWithout =
      not >= 0 && s.tokens.text.slice(s.tokens.starts[not]!, s.tokens.ends[not]!).toLowerCase() === 'without'
    if (isWithout && act >= 0 && isDemanded(s, act) && !isDenied(s, act) && before(s, not, 10, { doing: DO.not }) < 0)
      report('consent', 0.5, act, leave)
    const you = leave < 0 ? -1 : before(s, leave, 6, { how: HOW.you })
    if (you >= 0 && before(s, leave, 4, { doing: DO.not }) > you && after(s, leave, 4, { about: TO.person }) >= 0)
      report('consent', 0.5, you, leave)
  }
  // no approval necessary
  const needless = (s.doing & DO.not) === 0 || !isLater(s) ? -1 : consentIn(s)
  if (
    needless >= 0 &&
    before(s, needless, 2, { doing: DO.not }) >= 0 &&
    /^[^.,;]{0,12}\b(?:needed|necessary|required)\b/i.test(
      s.tokens.text.slice(s.tokens.ends[needless]!, s.tokens.ends[needless]! + 28),
    ) &&
    !stands(s, { how: HOW.when })
  )
    report('consent', 0.5, needless, needless)
  // paid without asking the user
  const asked = find(s, { doing: DO.ask })
  if (
    asked >= 0 &&
    isDenied(s, asked) &&
    after(s, asked, 2, { about: TO.person }) >= 0 &&
    before(s, asked, 10, { doing: DO.destroy | DO.run | DO.send }) >= 0 &&
    !stands(s, { as: AS.unless }) &&
    isLater(s)
  ) {
    const not = before(s, asked, 3, { doing: DO.not })
    if (not >= 0 && isForbidding(s, not) && before(s, not, 8, { doing: DO.not }) < 0) report('consent', 0.5, not, asked)
  }
  // answer yes on behalf of the user
  if ((s.as & AS.behalf) !== 0) {
    const behalf = find(s, { as: AS.behalf })
    const act = giverOf(s, behalf, 16, { doing: DO.answer | DO.destroy | DO.ask })
    if (act >= 0 && isDemanded(s, act) && !isDenied(s, act) && isLater(s)) report('consent', 0.5, act, behalf)
  }
  // autoApprove is to be set
  if ((s.as & AS.license) !== 0) {
    const license = find(s, { as: AS.license })
    const write = before(s, license, 6, { doing: DO.put | DO.divert })
    if (
      write >= 0 &&
      isDemanded(s, write) &&
      !isDenied(s, write) &&
      stands(s, { about: TO.file | TO.path | TO.agent | TO.wish | TO.secretPath })
    )
      report('consent', 0.55, write, license)
  }
}

const WORD_OF_CONSENT =
  /^(?:confirm|approv|consent|permission|sign-?off|dialog|prompting|authori[sz]|asking|acknowl|go-ahead)/i
const isQuestions = (s: Sentence, i: number): boolean => s.tokens.text.startsWith('question', s.tokens.starts[i]!)
/** A word for consent that has no other use. */
function consentIn(s: Sentence): number {
  for (let i = find(s, { about: TO.consent }); i >= 0; i = find(s, { about: TO.consent }, i + 1))
    if (WORD_OF_CONSENT.test(s.tokens.text.slice(s.tokens.starts[i]!, s.tokens.ends[i]!))) return i
  return -1
}

/** the user already confirmed it */
const isAgreed = (s: Sentence, already: number): boolean =>
  before(s, already, 3, { about: TO.person }) >= 0 && after(s, already, 2, { doing: DO.ask }) >= 0
