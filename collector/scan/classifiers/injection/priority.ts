/** injection.priority: a tool puts itself before the others, before the user's choice, or before anything else is done. */
import type { Matcher } from './act.ts'
import { DO, HOW, TO } from './meaning.ts'
import { after, before, find, isRefused, near } from './sentence.ts'
import { anyOtherTool } from './tool-reference.ts'

export const priority: Matcher = (s, subject, report) => {
  if (subject.surface === 'arguments') return
  const any = anyOtherTool(s)
  if (any >= 0) {
    // must be called before any other tool; prefer this over all other tools
    const early = before(s, any, 6, { how: HOW.before | HOW.instead })
    const call = find(s, { doing: DO.call })
    const forced = (s.doing & DO.must) !== 0
    if (early >= 0 && call >= 0 && near(s, any, 3, { how: HOW.other }) >= 0)
      report('priority', forced ? 0.6 : 0.4, Math.min(call, early), any)
    const chosen = before(s, any, 14, { doing: DO.prefer, how: HOW.good })
    if (chosen >= 0 && !isRefused(s, chosen) && near(s, any, 3, { how: HOW.other }) >= 0)
      report('priority', forced ? 0.65 : 0.5, chosen, any)
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
