/** injection.consent: something is to be done without the person being asked. */
import type { Matcher } from './act.ts'
import { DO, HOW, TO } from './meaning.ts'
import { after, before, find, has, isOneClause, isOrdered, isRefused, near, type Sentence } from './sentence.ts'

export const consent: Matcher = (s, _subject, report) => {
  if ((s.doing & DO.not) !== 0 && (s.doing & DO.ask) !== 0 && (s.about & (TO.person | TO.consent)) !== 0)
    for (let ask = find(s, { doing: DO.ask }); ask >= 0; ask = find(s, { doing: DO.ask }, ask + 1)) {
      const not = before(s, ask, 3, { doing: DO.not })
      if (not < 0) continue
      const person = after(s, ask, 2, { about: TO.person })
      const leave = after(s, ask, 5, { about: TO.consent })
      if (person < 0 && leave < 0) continue
      const act = near(s, not, 10, { doing: DO.run | DO.send | DO.destroy | DO.call, how: HOW.automatic | HOW.now })
      report('consent', leave >= 0 && act >= 0 ? 0.55 : leave >= 0 ? 0.4 : 0.3, not, leave >= 0 ? leave : person)
      break
    }
  // run it without confirmation: a switch of a tool, unless it is an order
  if ((s.doing & DO.not) !== 0 && (s.about & TO.consent) !== 0) {
    const leave = find(s, { about: TO.consent })
    const not = before(s, leave, 4, { doing: DO.not })
    const act =
      not >= 0
        ? before(s, not, 10, { doing: DO.run | DO.send | DO.destroy | DO.call | DO.answer, how: HOW.automatic })
        : -1
    if (act >= 0 && !isRefused(s, act) && (isOrdered(s, act) || has(s, act, { how: HOW.automatic })))
      report(
        'consent',
        isForced(s, act) ? 0.5 : before(s, leave, 3, { about: TO.person }) >= 0 ? 0.45 : 0.35,
        act,
        leave,
      )
  }
  // no further confirmation is needed
  if ((s.doing & DO.not) !== 0 && (s.doing & DO.must) !== 0 && (s.about & TO.consent) !== 0) {
    const leave = find(s, { about: TO.consent })
    const needed = after(s, leave, 3, { doing: DO.must })
    if (needed >= 0 && before(s, leave, 2, { doing: DO.not }) >= 0 && isOneClause(s, leave, needed))
      report('consent', 0.4, leave, needed)
  }
  // the user has already agreed
  if ((s.how & HOW.already) !== 0 && (s.about & TO.person) !== 0) {
    const already = find(s, { how: HOW.already })
    const person = before(s, already, 4, { about: TO.person })
    const leave = after(s, already, 4, { about: TO.consent })
    if (person >= 0 && (leave >= 0 || has(s, already, { about: TO.consent }))) report('consent', 0.5, person, already)
  }
}

/** A consequential act that is demanded: `must approve`, `is required to pay`. */
const isForced = (s: Sentence, act: number): boolean =>
  has(s, act, { doing: DO.destroy }) && before(s, act, 3, { doing: DO.must }) >= 0
