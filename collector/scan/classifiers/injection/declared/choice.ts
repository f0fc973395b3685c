/** What the user chose does not count, or rules that protect the user are said to be lifted. */
import type { Matcher } from '../act.ts'
import { AS, DO, HOW, TO } from '../meaning.ts'
import { after, before, find, has, isLater, near, type Sentence } from '../sentence.ts'
import {
  findDemanded,
  isDeclared,
  isDemanded,
  isDenied,
  isDuty,
  opensValue,
  parameterOf,
  stands,
} from './standpoint.ts'

const WISH = { about: TO.wish, doing: DO.ask | DO.prefer, as: AS.said }
const ACT = { doing: DO.put | DO.divert | DO.send | DO.call | DO.destroy | DO.prefer | DO.make, as: AS.holds }

export const choice: Matcher = (s, subject, report) => {
  if (!isDeclared(subject)) return
  // whatever the user names; no matter which one; even if another was asked for
  if ((s.how & HOW.regardless) !== 0)
    for (let even = find(s, { how: HOW.regardless }); even >= 0; even = find(s, { how: HOW.regardless }, even + 1)) {
      const wish = after(s, even, 8, WISH)
      if (wish < 0 || (s.as & AS.unless) !== 0) continue
      const person = near(s, wish, 4, { about: TO.person })
      const act = find(s, ACT)
      const forced = stands(s, { doing: DO.must }) || (act >= 0 && isDemanded(s, act))
      if (person >= 0 && forced && (act < 0 || !isDenied(s, act))) report('override', 0.6, even, Math.max(wish, person))
      else if (forced && (act < 0 || !isDenied(s, act)) && has(s, wish, { doing: DO.ask, about: TO.wish }))
        report('override', isAsked(s, wish) ? 0.5 : 0.4, even, wish)
      else continue
      break
    }
  // always this number, regardless of the input
  if ((s.how & HOW.regardless) !== 0 && (s.doing & DO.must) !== 0) {
    const even = find(s, { how: HOW.regardless })
    const { text, starts, ends } = s.tokens
    if (
      after(s, even, 4, { about: TO.wish | TO.data | TO.person }) >= 0 &&
      FIXED.test(text.slice(starts[s.from]!, ends[even]!))
    )
      report('override', 0.6, s.from, even)
  }
  // comply whatever the policy says; from there, regardless of what the user's file says
  if ((s.how & HOW.regardless) !== 0) {
    const even = find(s, { how: HOW.regardless })
    const rule = after(s, even, 4, { about: TO.checks | TO.safety | TO.orders })
    const obey = find(s, { doing: DO.obey | DO.answer })
    if (rule >= 0 && obey >= 0 && isDemanded(s, obey))
      report('override', 0.6, Math.min(even, obey), Math.max(rule, obey))
    const person = after(s, even, 7, { about: TO.person })
    if (person >= 0 && (s.how & HOW.instead) !== 0 && stands(s, { doing: DO.must }))
      report('override', 0.5, even, person)
  }
  // set to "…" instead of the one provided by the user
  if ((s.how & HOW.instead) !== 0 && (s.about & TO.person) !== 0) {
    const instead = find(s, { how: HOW.instead })
    const person = after(s, instead, 10, { about: TO.person })
    const wish = person < 0 ? -1 : near(s, person, 3, { about: TO.wish, doing: DO.make | DO.put | DO.ask })
    const act = find(s, ACT)
    if (
      wish > instead &&
      act >= 0 &&
      act < instead &&
      isDuty(s, act) &&
      !isDenied(s, act) &&
      !stands(s, { how: HOW.when })
    )
      report('override', 0.55, act, person)
  }
  // the user's preferences are to be disregarded
  if ((s.doing & DO.dismiss) !== 0 && (s.about & TO.person) !== 0)
    for (let verb = find(s, { doing: DO.dismiss }); verb >= 0; verb = find(s, { doing: DO.dismiss }, verb + 1)) {
      const person = before(s, verb, 9, { about: TO.person })
      const wish = person >= 0 && isAsked(s, verb) ? after(s, person, 3, { about: TO.wish }) : -1
      if (wish >= 0 && wish < verb && !isDenied(s, verb) && before(s, verb, 4, { doing: DO.must, how: HOW.to }) >= 0) {
        report('override', 0.6, person, verb)
        break
      }
    }
  // ignore the sandbox limits
  const drop = findDemanded(s, { doing: DO.dismiss })
  const limit = drop < 0 ? -1 : after(s, drop, 6, { about: TO.checks | TO.safety })
  if (
    limit >= 0 &&
    isLater(s) &&
    isDemanded(s, drop) &&
    !isDenied(s, drop) &&
    parameterOf(subject) === '' &&
    isProtection(s, limit)
  )
    report('override', 0.5, drop, limit)
  // earlier guidance no longer applies; refusals are turned off; limits do not count
  if (
    (s.about & (TO.orders | TO.safety | TO.checks)) !== 0 &&
    stands(s, { as: AS.lifted, doing: DO.not, how: HOW.bad })
  )
    for (
      let rule = find(s, { about: TO.orders | TO.safety | TO.checks });
      rule >= 0;
      rule = find(s, { about: TO.orders | TO.safety | TO.checks }, rule + 1)
    ) {
      const owned = before(s, rule, 3, { how: HOW.your | HOW.prior, about: TO.safety | TO.agent })
      const off = after(s, rule, 10, { as: AS.lifted })
      const dead = after(s, rule, 8, { doing: DO.not })
      const applies = dead >= 0 ? after(s, dead, 3, { as: AS.goes | AS.lifted, doing: DO.know }) : -1
      const strength = has(s, rule, { about: TO.safety }) || owned >= 0 || before(s, rule, 1, { as: AS.content }) >= 0
      const wrong = owned >= 0 && isRules(s, rule) ? after(s, rule, 5, { how: HOW.bad, as: AS.lifted }) : -1
      if (wrong >= 0) {
        report('override', 0.6, rule, wrong)
        break
      }
      if (strength && off >= 0) report('override', 0.6, rule, off)
      else if (strength && applies >= 0) report('override', 0.6, rule, applies)
      else continue
      break
    }
  // what is asked for is changed on its own
  if ((s.how & HOW.automatic) !== 0 && (s.about & (TO.wish | TO.parameter)) !== 0) {
    const auto = find(s, { how: HOW.automatic })
    const change = near(s, auto, 3, { doing: DO.divert | DO.put })
    const value = change >= 0 ? after(s, change, 5, { doing: DO.put, how: HOW.to }) : -1
    if (value >= 0 && near(s, change, 5, { about: TO.wish | TO.parameter }) >= 0 && opensValue(s, value))
      report('override', 0.5, auto, value)
  }
  // what it returns is to be obeyed like the system's own word
  if ((s.doing & DO.obey) !== 0 && (s.about & (TO.authority | TO.orders)) !== 0) {
    const obey = find(s, { doing: DO.obey })
    const orders = after(s, obey, 12, { about: TO.orders })
    if (
      orders >= 0 &&
      isDemanded(s, obey) &&
      after(s, obey, 16, { about: TO.authority }) >= 0 &&
      after(s, obey, 6, { about: TO.reply | TO.data | TO.tool }) >= 0
    )
      report('override', 0.5, obey, orders)
  }
}

const LIMIT = /^(?:limit|restriction|safe|guardrail|polic|security|boundar|ethic)/i
/** Limits that protect somebody, not those of a search. */
const isProtection = (s: Sentence, limit: number): boolean => {
  const { text, starts, ends } = s.tokens
  if (!LIMIT.test(text.slice(starts[limit]!, ends[limit]!))) return false
  if (after(s, limit, 4, { about: TO.person }) >= 0) return true
  if (has(s, limit, { about: TO.safety }) || near(s, limit, 3, { how: HOW.all | HOW.your | HOW.prior }) >= 0)
    return true
  return /(?:sandbox|access|content|security|privacy)\s{1,2}$|^\w+ on (?:file|access)/i.test(
    text.slice(Math.max(0, starts[limit]! - 12), starts[limit]!),
  )
}
/** A phone number, an account, an address that is fixed beforehand. */
const FIXED = /(?:\+\d[\d ()-]{6,}|\b[A-Z]{2}\d{2}[A-Z0-9]{8,30}\b|\b\d{6,}\b|@[\w-]+\.)/
/** asked, requested, chosen: what somebody wanted, not a choice there is. */
const isAsked = (s: Sentence, i: number): boolean =>
  /(?:ed|chose|chosen|said|says|wants)$/i.test(s.tokens.text.slice(s.tokens.starts[i]!, s.tokens.ends[i]!))

/** instructions, rules, a policy: not training or constraints. */
const isRules = ({ tokens: { text, starts } }: Sentence, i: number): boolean =>
  /^(?:instruct|rule|guid|direct|order|polic)/i.test(text.slice(starts[i]!, starts[i]! + 9))
