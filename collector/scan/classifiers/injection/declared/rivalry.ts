/** A tool sets itself before all others: before anything is done, whatever the user names, or because the others are bad. */
import type { Matcher } from '../act.ts'
import { AS, DO, HOW, TO } from '../meaning.ts'
import { after, before, find, has, near, type Sentence } from '../sentence.ts'
import { anyOtherTool } from '../tool-reference.ts'
import { findFree, isDeclared, isDemanded, isDenied, parameterOf, stands } from './standpoint.ts'

const SELF = { how: HOW.this, about: TO.ownTool }
const USE = { doing: DO.call | DO.prefer | DO.invoke }
const FIRST = { how: HOW.before | HOW.first }

export const rivalry: Matcher = (s, subject, report) => {
  if (!isDeclared(subject) || parameterOf(subject) !== '') return
  const use = find(s, USE)
  if (use < 0) return
  // the others are outdated, harmful, hacked
  const rivals = rivalsIn(s)
  if (rivals >= 0) {
    const bad = near(s, rivals, 9, { how: HOW.bad, as: has(s, rivals, { as: AS.rival }) ? AS.penalty : 0 })
    const praised =
      stands(s, { doing: DO.prefer | DO.must | DO.not, how: HOW.only }) || has(s, rivals, { as: AS.rival })
    if (bad >= 0 && !isDenied(s, bad) && praised) report('priority', 0.55, Math.min(rivals, bad), Math.max(rivals, bad))
    const dismissed = near(s, rivals, 6, { doing: DO.dismiss })
    if (dismissed >= 0 && isDemanded(s, dismissed)) report('priority', 0.55, dismissed, rivals)
    // never use any other; instead of any other
    if (isUnbounded(s, rivals)) {
      const over = before(s, rivals, 5, { how: HOW.instead | HOW.before })
      const chosen = find(s, { doing: DO.prefer | DO.call })
      if (over >= 0 && chosen >= 0 && stands(s, { doing: DO.must }) && stands(s, SELF))
        report('priority', 0.5, chosen, rivals)
    }
  }
  // whatever the user names, use this one
  if ((s.how & HOW.regardless) !== 0 && stands(s, SELF)) {
    const even = find(s, { how: HOW.regardless })
    const other = after(s, even, 8, { about: TO.person | TO.tool, how: HOW.other })
    if (other >= 0 && !isDenied(s, use)) report('priority', 0.5, even, other)
  }
  // before anything else: each turn, each reply, every action begins with it
  const early = find(s, FIRST)
  if (early >= 0 && stands(s, { doing: DO.must }) && stands(s, SELF)) {
    const step = near(s, early, 8, { as: AS.step })
    if (step >= 0 && near(s, step, 2, { how: HOW.all | HOW.when }) >= 0 && stands(s, { doing: DO.invoke | DO.call }))
      report('priority', 0.45, Math.min(early, step), Math.max(early, step))
  }
  // choose me; take this one, it supports us
  const chosen = findFree(s, { doing: DO.prefer })
  if (chosen >= 0 && isDemanded(s, chosen)) {
    const me = after(s, chosen, 3, { as: AS.self })
    const ours = after(s, chosen, 14, { as: AS.ours })
    if (me >= 0) report('priority', 0.5, chosen, me)
    else if (ours >= 0 && after(s, chosen, 3, SELF) >= 0) report('priority', 0.5, chosen, ours)
  }
}

function rivalsIn(s: Sentence): number {
  const rival = find(s, { as: AS.rival })
  if (rival >= 0 && (near(s, rival, 4, { about: TO.tool }) >= 0 || !has(s, rival, { how: HOW.other }))) return rival
  const several = find(s, { as: AS.several })
  if (several >= 0 && after(s, several, 3, { about: TO.tool }) >= 0 && stands(s, { doing: DO.dismiss })) return several
  return anyOtherTool(s)
}
/** All there are, not those of this server or of one kind that is named. */
const isUnbounded = (s: Sentence, rivals: number): boolean =>
  before(s, rivals, 3, { how: HOW.all }) >= 0 && after(s, rivals, 5, { how: HOW.from | HOW.into }) < 0
