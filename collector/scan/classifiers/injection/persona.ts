/** injection.persona: the model is to become something else: an administrator, a mode without limits, another assistant. */
import type { Matcher } from './act.ts'
import { DO, HOW, TO } from './meaning.ts'
import { after, before, find, has, isRefused, near } from './sentence.ts'
import { IS } from './tokens.ts'

export const persona: Matcher = (s, subject, report) => {
  // act as administrator; pretend to have no limits
  if ((s.doing & DO.play) !== 0)
    for (let verb = find(s, { doing: DO.play }); verb >= 0; verb = find(s, { doing: DO.play }, verb + 1)) {
      if (isRefused(s, verb)) continue
      const part = after(s, verb, 8, { about: TO.authority | TO.agent, how: HOW.unbound })
      if (part < 0) continue
      const isOrder =
        (s.tokens.is[verb]! & (IS.clauseStart | IS.capitals)) !== 0 ||
        before(s, verb, 4, { how: HOW.you | HOW.now, doing: DO.must }) >= 0
      const isRead = subject.surface !== 'definition' && subject.surface !== 'instructions'
      const isAgent = !has(s, part, { about: TO.authority, how: HOW.unbound })
      if (!isRead && isAgent && before(s, verb, 4, { how: HOW.you | HOW.now }) < 0) continue
      if (isOrder) report('persona', (s.how & HOW.unbound) !== 0 ? 0.75 : 0.55, verb, part)
      break
    }
  // you are now …; from now on you …
  if ((s.how & HOW.you) !== 0 && (s.how & HOW.now) !== 0) {
    const you = find(s, { how: HOW.you })
    const now = near(s, you, 3, { how: HOW.now })
    if (now >= 0) {
      const part = near(s, now, 7, { about: TO.authority | TO.mode | TO.agent, how: HOW.unbound })
      if (part >= 0) report('persona', 0.65, Math.min(you, now), Math.max(part, now))
      else if (subject.surface !== 'definition') report('persona', 0.3, you, now)
    }
  }
  // you are DAN; you have no restrictions
  if ((s.how & HOW.you) !== 0 && (s.about & (TO.mode | TO.checks | TO.safety)) !== 0) {
    const you = find(s, { how: HOW.you })
    const mode = after(s, you, 4, { about: TO.mode })
    const limits = after(s, you, 7, { about: TO.checks | TO.safety })
    if (mode >= 0 && subject.surface !== 'definition' && !has(s, mode, { doing: DO.dismiss }))
      report('persona', 0.5, you, mode)
    else if (limits >= 0 && before(s, limits, 1, { doing: DO.not }) > you) report('persona', 0.5, you, limits)
  }
  // unrestricted mode; jailbreak mode; with all restrictions off
  if ((s.how & HOW.unbound) !== 0 && (s.about & (TO.authority | TO.mode | TO.safety)) !== 0) {
    const unbound = find(s, { how: HOW.unbound })
    const what = near(s, unbound, 5, { about: TO.authority | TO.mode | TO.safety })
    if (what >= 0) report('persona', 0.4, unbound, what)
  }
}
