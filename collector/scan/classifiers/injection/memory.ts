/** injection.memory: an order is to outlive the moment: remembered, or obeyed in every later answer or session. */
import type { Matcher } from './act.ts'
import { DO, HOW, TO } from './meaning.ts'
import { after, before, find, isOrdered, isRefused, near } from './sentence.ts'

const ACT = { doing: DO.send | DO.put | DO.call | DO.run | DO.answer | DO.dismiss | DO.read | DO.obey }

export const memory: Matcher = (s, subject, report) => {
  const later = find(s, { how: HOW.later })
  if (later < 0) return
  // remember … for all future conversations
  const keep = find(s, { doing: DO.keep })
  if (
    keep >= 0 &&
    !isRefused(s, keep) &&
    isOrdered(s, keep) &&
    ((s.about & (TO.orders | TO.talk | TO.reply | TO.agent)) !== 0 || before(s, later, 4, { how: HOW.your }) >= 0)
  )
    report(
      'memory',
      subject.surface === 'definition' && find(s, { how: HOW.your | HOW.all }) < 0 ? 0.4 : 0.5,
      keep,
      later,
    )
  // in all future answers, include …
  const every = near(s, later, 3, { how: HOW.all })
  if (
    every >= 0 &&
    (s.about & (TO.reply | TO.talk | TO.message | TO.wish)) !== 0 &&
    near(s, later, 4, { about: TO.reply | TO.talk | TO.message | TO.wish }) >= 0
  ) {
    const act = near(s, later, 10, ACT)
    if (act >= 0 && isOrdered(s, act) && !isRefused(s, later))
      report('memory', subject.surface === 'definition' ? 0.5 : 0.6, later, act)
  }
  // from now on, always …
  const now = before(s, later, 3, { how: HOW.now })
  if (now >= 0) {
    const act = after(s, later, 6, ACT)
    if (act >= 0) report('memory', 0.5, now, act)
  }
}
