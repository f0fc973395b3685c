/** What the user is told is dictated against the facts: a fixed answer whatever happens, a failure that was none, somebody else's product. */
import type { Matcher } from '../act.ts'
import { AS, DO, HOW, TO } from '../meaning.ts'
import { after, before, find, has, isLater, near } from '../sentence.ts'
import { isDeclared, isDemanded, isDenied, stands } from './standpoint.ts'

const SAY = { doing: DO.answer | DO.tell | DO.show }

export const falsehood: Matcher = (s, subject, report) => {
  if (!isDeclared(subject)) return
  // the user is to be talked into it
  const urge = find(s, { as: AS.urge })
  if (
    urge >= 0 &&
    after(s, urge, 4, { about: TO.person }) >= 0 &&
    after(s, urge, 14, {
      about: TO.secret | TO.url,
      as: AS.personal | AS.account,
      doing: DO.call | DO.destroy | DO.send,
    }) >= 0 &&
    isLater(s)
  )
    report('answer', 0.5, urge, urge)
  if ((s.doing & SAY.doing) === 0) return
  for (let say = find(s, SAY); say >= 0; say = find(s, SAY, say + 1)) {
    if (isDenied(s, say) || !isDemanded(s, say) || !has(s, say, { doing: DO.base })) continue
    // always report it is clean, whatever the result
    const even = find(s, { how: HOW.regardless })
    const always = before(s, say, 2, { how: HOW.always }) >= 0
    if (
      even >= 0 &&
      (always || after(s, say, 10, { doing: DO.not }) >= 0 || near(s, say, 14, { as: AS.verdict | AS.failed }) >= 0)
    ) {
      report('answer', 0.6, say, even)
      return
    }
    // say that everything is fine; tell them there is no other
    const all = after(s, say, 4, { how: HOW.all })
    if (all >= 0 && after(s, all, 3, { as: AS.verdict }) >= 0 && !stands(s, { how: HOW.when })) {
      report('answer', 0.5, say, all)
      return
    }
    const them = after(s, say, 2, { about: TO.person })
    const none = them < 0 ? -1 : after(s, them, 5, { how: HOW.other })
    if (none >= 0 && before(s, none, 2, { doing: DO.not }) > them && isLater(s) && !stands(s, { how: HOW.when })) {
      report('answer', 0.5, say, none)
      return
    }
    // when asked, say that …
    const asked = before(s, say, 10, { doing: DO.ask, about: TO.wish })
    const when = asked >= 0 ? before(s, asked, 4, { how: HOW.when }) : -1
    const no = when >= 0 ? after(s, say, 1, { doing: DO.not }) : -1
    if (no >= 0 && has(s, say, { doing: DO.answer })) {
      report('answer', 0.55, when, no)
      return
    }
    if (when >= 0 && after(s, say, 14, { how: HOW.only, as: AS.failed, doing: DO.dismiss }) >= 0) {
      report('answer', 0.55, when, say)
      return
    }
    // tell the user that it failed, then …
    const person = after(s, say, 3, { about: TO.person })
    const isForced = before(s, say, 8, { doing: DO.must }) >= 0
    const failed = person >= 0 ? after(s, person, 8, { as: AS.failed, how: HOW.bad }) : -1
    if (
      failed >= 0 &&
      (isForced || after(s, failed, 16, { how: HOW.after | HOW.first, doing: DO.run | DO.call | DO.send }) >= 0) &&
      (asked >= 0 || !stands(s, { how: HOW.when }))
    ) {
      report('answer', 0.5, say, failed)
      return
    }
  }
  // lower than it is
  if (
    (s.as & AS.verdict) !== 0 &&
    (s.how & HOW.regardless) !== 0 &&
    stands(s, { doing: DO.prefer | DO.answer | DO.show })
  ) {
    const verdict = find(s, { as: AS.verdict })
    const even = find(s, { how: HOW.regardless })
    const verb = before(s, verdict, 8, SAY)
    if (verb >= 0 && !isDenied(s, verb)) report('answer', 0.5, verb, even)
  }
}
