/** injection.override: earlier instructions, safety or the user's own wish are set aside. */
import type { Matcher } from './act.ts'
import { DO, HOW, TO } from './meaning.ts'
import { after, before, find, has, isOneClause, isOrdered, isRefused, near, pairs } from './sentence.ts'

const DISMISS = { doing: DO.dismiss }
const OWNED = { how: HOW.prior | HOW.your, about: TO.authority }

export const override: Matcher = (s, subject, report) => {
  const isRead = subject.surface !== 'definition' && subject.surface !== 'instructions' && subject.surface !== 'prompt'
  if ((s.doing & DO.dismiss) !== 0) {
    // ignore … previous/your/system … instructions
    if ((s.about & (TO.orders | TO.prompt)) !== 0)
      pairs(
        s,
        DISMISS,
        { about: TO.orders | TO.prompt },
        9,
        (verb, orders) => {
          if (isRefused(s, verb)) return false
          const owned = near(s, orders, 4, OWNED)
          if (owned >= 0) report('override', 0.9, verb, orders)
          else if (near(s, orders, 3, { how: HOW.all }) >= 0) report('override', 0.65, verb, orders)
          return owned >= 0
        },
        true,
      )
    // bypass … safety; weaker words need `all` or `security` beside them
    if ((s.about & (TO.safety | TO.checks)) !== 0)
      pairs(s, DISMISS, { about: TO.safety | TO.checks }, 7, (verb, guard) => {
        const not = before(s, verb, 8, { doing: DO.not })
        if (isRefused(s, verb) || (not >= 0 && isOneClause(s, not, verb))) return false
        const isStrong = has(s, guard, { about: TO.safety }) || near(s, guard, 2, { about: TO.safety }) >= 0
        const isTotal = near(s, guard, 4, { how: HOW.all | HOW.prior }) >= 0
        if (isStrong) report('override', isTotal ? 0.85 : 0.65, verb, guard)
        else if (isTotal) report('override', 0.55, verb, guard)
        else report('override', near(s, guard, 2, { about: TO.checks }) >= 0 ? 0.4 : 0.3, verb, guard)
        return isStrong
      })
    // ignore what the user asked for
    if ((s.about & TO.person) !== 0)
      pairs(s, DISMISS, { about: TO.person }, 4, (verb, person) => {
        if (isRefused(s, verb)) return false
        if (near(s, person, 3, { about: TO.wish | TO.orders }) < 0) return false
        report('override', 0.75, verb, person)
        return true
      })
    // in what was read: ignore the rest of it
    if (subject.surface !== 'definition' && (s.how & (HOW.instead | HOW.only | HOW.prior | HOW.all)) !== 0)
      pairs(s, DISMISS, { how: HOW.prior | HOW.all | HOW.this }, 3, (verb, part) => {
        if (isRefused(s, verb)) return false
        // an order to leave something out of account opens its sentence
        const isFiles = after(s, part, 3, { about: TO.file | TO.path }) >= 0
        if (isOrdered(s, verb) && has(s, part, { how: HOW.all }) && !isFiles) report('override', 0.5, verb, part)
        const rest = has(s, part, { how: HOW.prior })
          ? part
          : isFiles
            ? -1
            : after(s, part, 6, { about: TO.data | TO.file | TO.orders | TO.talk, how: HOW.instead | HOW.only })
        if (rest >= 0) report('override', 0.6, verb, rest)
        return rest >= 0
      })
  }
  // regardless of what the user asks
  if ((s.how & HOW.regardless) !== 0 && (s.about & TO.person) !== 0)
    pairs(s, { how: HOW.regardless }, { about: TO.person }, 5, (even, person) => {
      if (/\bunless\b/i.test(s.tokens.text.slice(s.tokens.ends[even]!, s.tokens.starts[person]!))) return false
      const wish = after(s, person, 5, { about: TO.wish, doing: DO.ask | DO.prefer | DO.not })
      if (wish >= 0) report('override', 0.55, even, wish)
      return wish >= 0
    })
  // this value instead of the one the user gave
  if ((s.how & HOW.instead) !== 0 && (s.about & TO.person) !== 0 && (s.doing & (DO.put | DO.call | DO.send)) !== 0)
    pairs(s, { how: HOW.instead }, { about: TO.person }, 6, (instead, person) => {
      if (!s.tokens.text.startsWith(' of', s.tokens.ends[instead]!)) return false
      if (before(s, person, 2, { how: HOW.when }) > instead) return false
      const wish = after(s, person, 3, { about: TO.wish, doing: DO.make | DO.put | DO.prefer })
      if (wish >= 0) report('override', 0.5, instead, wish)
      return wish >= 0
    })
  // do not follow the previous instructions
  if ((s.doing & DO.obey) !== 0 && (s.doing & DO.not) !== 0 && (s.about & TO.orders) !== 0)
    pairs(s, { doing: DO.obey }, { about: TO.orders }, 6, (verb, orders) => {
      if (!isRefused(s, verb)) return false
      const owned = near(s, orders, 3, { how: HOW.prior | HOW.your, about: TO.person | TO.authority })
      if (owned >= 0) report('override', 0.75, verb, orders)
      return owned >= 0
    })
  // in what was read: strictly follow this instruction
  if (isRead && (s.doing & DO.obey) !== 0 && (s.about & TO.orders) !== 0)
    pairs(s, { doing: DO.obey }, { about: TO.orders }, 6, (verb, orders) => {
      if (isRefused(s, verb) || before(s, verb, 4, { doing: DO.must, how: HOW.you }) < 0) return false
      report('override', 0.55, verb, orders)
      return true
    })
  // before you solve the task, do the following first
  if (
    isRead &&
    (s.how & HOW.you) !== 0 &&
    (s.how & (HOW.before | HOW.first)) !== 0 &&
    ((s.about & (TO.wish | TO.orders)) !== 0 || (s.doing & DO.answer) !== 0)
  ) {
    const early = find(s, { how: HOW.before | HOW.first })
    const you = after(s, early, 3, { how: HOW.you })
    const task = you >= 0 ? after(s, you, 8, { about: TO.wish | TO.orders, doing: DO.answer }) : -1
    const first = task >= 0 ? after(s, task, 20, { how: HOW.first | HOW.after, doing: DO.please | DO.must }) : -1
    const act = task >= 0 ? after(s, task, 6, { doing: DO.read | DO.send | DO.run | DO.destroy }) : -1
    if (first >= 0) report('override', 0.6, early, first)
    else if (act >= 0 && (s.tokens.doing[act]! & DO.base) !== 0) report('override', 0.5, early, act)
  }
  // your new task is …; new instructions:
  if ((s.how & HOW.new) !== 0 && (s.about & (TO.orders | TO.wish)) !== 0)
    pairs(s, { how: HOW.new }, { about: TO.orders | TO.wish }, 2, (fresh, orders) => {
      const theirs = after(s, orders, 4, { about: TO.agent })
      const yours = theirs >= 0 && isRead ? fresh : before(s, fresh, 2, { how: HOW.your })
      if (yours >= 0) report('override', 0.6, yours, orders)
      return yours >= 0
    })
}
