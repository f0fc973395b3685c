/** injection.priority: a tool puts itself before the others, before the user's choice, or before anything else is done. */
import type { Subject } from '../../classifier.ts'
import type { Matcher, Report } from './act.ts'
import { DO, HOW, TO } from './meaning.ts'
import { after, before, find, isRefused, near } from './sentence.ts'
import type { Tokens } from './tokens.ts'
import { anyOtherTool, isUnbounded } from './tool-reference.ts'

export const priority: Matcher = (s, subject, report) => {
  if (subject.surface === 'arguments') return
  const any = anyOtherTool(s)
  if (any >= 0) {
    // must be called before any other tool; prefer this over all other tools
    const early = before(s, any, 6, { how: HOW.before | HOW.instead })
    const call = find(s, { doing: DO.call })
    const forced = (s.doing & DO.must) !== 0
    if (early >= 0 && call >= 0 && near(s, any, 3, { how: HOW.other }) >= 0)
      report('priority', !isUnbounded(s, any) ? 0.3 : forced ? 0.6 : 0.4, Math.min(call, early), any)
    const chosen = before(s, any, 14, { doing: DO.prefer, how: HOW.good })
    if (chosen >= 0 && !isRefused(s, chosen) && near(s, any, 3, { how: HOW.other }) >= 0)
      report('priority', !isUnbounded(s, any) ? 0.35 : forced ? 0.65 : 0.5, chosen, any)
  }
  // always use this tool instead of …, even when …
  if ((s.doing & DO.call) !== 0 && (s.how & HOW.this) !== 0 && (s.about & TO.tool) !== 0) {
    const tool = find(s, { about: TO.tool })
    if (before(s, tool, 2, { how: HOW.this }) >= 0 && (s.doing & (DO.must | DO.prefer)) !== 0) {
      const even = after(s, tool, 14, { how: HOW.regardless })
      if (even >= 0) report('priority', 0.6, tool, even)
      const first = near(s, tool, 10, { how: HOW.first | HOW.before })
      const anything = first >= 0 ? near(s, first, 5, { how: HOW.all, doing: DO.answer }) : -1
      if (anything >= 0 && (s.about & TO.otherTool) === 0) report('priority', 0.4, tool, anything)
    }
  }
}

/** Praise instead of a description: the model is to take this tool rather than another. Counted over the whole text. */
export function praise(tokens: Tokens, subject: Subject, report: Report): void {
  if (subject.surface !== 'definition' || (tokens.howAll & HOW.good) === 0) return
  let first = -1
  let last = -1
  let count = 0
  for (let i = 0; i < tokens.count; i++) {
    // `best practices` praises nothing.
    if ((tokens.how[i]! & HOW.good) === 0 || tokens.text.startsWith(' practice', tokens.ends[i]!)) continue
    if (first < 0) first = i
    last = i
    count++
  }
  // Long manuals praise a practice here and there: what counts is how much of the text it is.
  const words = tokens.at[tokens.count - 1]!
  if (count >= 3 && count * 25 >= words) report('priority', count >= 5 ? 0.6 : 0.5, first, last)
}
