/** A tool sets itself before all others: before anything is done, whatever the user names, because the others are bad or because it is the best. */
import type { Matcher, Report } from '../act.ts'
import { AS, DO, HOW, TO } from '../meaning.ts'
import { after, before, find, has, near, type Sentence } from '../sentence.ts'
import { anyOtherTool, isUnbounded } from '../tool-reference.ts'
import {
  findDemanded,
  foreignToolIn,
  isDeclared,
  isDemanded,
  isDenied,
  isDuty,
  parameterOf,
  stands,
} from './standpoint.ts'

const SELF = { how: HOW.this, about: TO.ownTool }
const FIRST = { how: HOW.before | HOW.first }
/** Words of praise in one sentence about itself from which on it is an advertisement. */
const PRAISES = 1.6

export const rivalry: Matcher = (s, subject, report) => {
  if (!isDeclared(subject) || parameterOf(subject) !== '') return
  overOthers(s, report)
  praise(s, report)
  const use = find(s, { doing: DO.call | DO.prefer | DO.invoke })
  if (use < 0) return
  // when another is chosen, use this one
  const own = find(s, { about: TO.ownTool })
  if (own >= 0 && (s.how & HOW.other) !== 0 && isDemanded(s, use)) {
    const other = find(s, { how: HOW.other })
    if (after(s, other, 3, { about: TO.tool }) >= 0 && before(s, other, 3, { how: HOW.when }) >= 0)
      report('priority', 0.5, other, own)
  }
  // use this one in the place of that one
  const swap = find(s, { how: HOW.instead })
  if (own >= 0 && swap > own && isDemanded(s, use) && use < swap && foreignToolIn(s, swap) >= 0)
    report('priority', 0.55, use, swap)
  // whatever the user names, use this one
  if ((s.how & HOW.regardless) !== 0 && stands(s, SELF)) {
    const even = find(s, { how: HOW.regardless })
    const other = after(s, even, 8, { about: TO.person, how: HOW.other })
    if (other >= 0 && !isDenied(s, use)) report('priority', 0.5, even, other)
  }
  // before anything else: each turn, each reply, every action begins with it
  const early = find(s, FIRST)
  if (early >= 0 && stands(s, { doing: DO.must }) && stands(s, SELF)) {
    const step = near(s, early, 8, { as: AS.step, about: TO.wish })
    if (step >= 0 && near(s, step, 2, { how: HOW.all | HOW.when }) >= 0)
      report(
        'priority',
        stands(s, { as: AS.penalty, how: HOW.regardless }) ? 0.5 : 0.45,
        Math.min(early, step),
        Math.max(early, step),
      )
  }
  // call me before every other tool
  const me = after(s, use, 2, { as: AS.self })
  if (me >= 0 && isDemanded(s, use) && after(s, me, 8, FIRST) >= 0 && anyOtherTool(s) > me)
    report('priority', 0.55, use, me)
  // again after every answer
  const round = findDemanded(s, { doing: DO.call | DO.invoke })
  if (round >= 0 && isDemanded(s, round) && after(s, round, 3, SELF) >= 0) {
    const every = after(s, round, 8, { about: TO.reply | TO.message })
    if (every >= 0 && before(s, every, 1, { how: HOW.all }) >= 0 && stands(s, { how: HOW.after | HOW.before }))
      report('priority', 0.5, round, every)
  }
  // each answer goes through it
  const duty = findDemanded(s, { doing: DO.keep | DO.send | DO.call })
  if (duty >= 0 && isDuty(s, duty) && !isDenied(s, duty)) {
    const each = before(s, duty, 10, { as: AS.step })
    const self = after(s, duty, 5, SELF)
    if (each >= 0 && self >= 0 && before(s, each, 2, { how: HOW.all | HOW.when }) >= 0 && (s.about & TO.reply) !== 0)
      report('priority', 0.5, each, self)
  }
  // choose me; take this one first, it supports us
  const chosen = findDemanded(s, { doing: DO.prefer })
  if (chosen < 0) return
  const mine = after(s, chosen, 3, { as: AS.self })
  const self = after(s, chosen, 3, SELF)
  const ours = after(s, chosen, 14, { as: AS.ours })
  if (mine >= 0) report('priority', 0.5, chosen, mine)
  else if (self >= 0 && after(s, self, 4, { how: HOW.only }) >= 0) report('priority', 0.5, chosen, self)
  else if (self >= 0 && ours >= 0) report('priority', 0.5, chosen, ours)
  else if (self >= 0 && after(s, self, 3, { how: HOW.first }) >= 0 && before(s, chosen, 2, { how: HOW.always }) >= 0)
    report('priority', 0.5, chosen, self)
}

/** The others are bad, to be ignored, never to be used. */
function overOthers(s: Sentence, report: Report): void {
  const rivals = rivalsIn(s)
  if (rivals < 0) return
  const isRival = has(s, rivals, { as: AS.rival })
  const bad = near(s, rivals, 9, { how: HOW.bad, as: isRival ? AS.penalty : 0 })
  const praised = stands(s, { doing: DO.prefer | DO.must | DO.not, how: HOW.only }) || isRival
  if (bad >= 0 && !isDenied(s, bad) && praised) {
    report('priority', 0.55, Math.min(rivals, bad), Math.max(rivals, bad))
    return
  }
  const barred = after(s, rivals, 9, { doing: DO.call })
  if (barred >= 0 && isDenied(s, barred) && before(s, barred, 4, { doing: DO.must }) >= 0) {
    report('priority', 0.5, rivals, barred)
    return
  }
  const ignored = after(s, rivals, 8, { doing: DO.dismiss })
  const dismissed = ignored >= 0 && isDuty(s, ignored) ? ignored : before(s, rivals, 6, { doing: DO.dismiss })
  if (dismissed >= 0 && isDemanded(s, dismissed)) {
    report('priority', 0.55, dismissed, rivals)
    return
  }
  const refused = before(s, rivals, 5, { doing: DO.call })
  if (refused >= 0 && isDenied(s, refused) && isUnbounded(s, rivals)) {
    report('priority', 0.5, refused, rivals)
    return
  }
  const chosen = before(s, rivals, 9, { doing: DO.prefer | DO.call })
  if (chosen < 0 || isDenied(s, chosen) || !stands(s, { doing: DO.must }) || after(s, chosen, 3, SELF) < 0) return
  const over = /\b(?:over|instead|rather)\b/i.test(
    s.tokens.text.slice(s.tokens.ends[chosen]!, s.tokens.starts[rivals]!),
  )
  if (over && (isRival || isUnbounded(s, rivals))) report('priority', 0.5, chosen, rivals)
}

function rivalsIn(s: Sentence): number {
  const rival = find(s, { as: AS.rival })
  if (rival >= 0 && (near(s, rival, 4, { about: TO.tool }) >= 0 || !has(s, rival, { how: HOW.other }))) return rival
  const several = find(s, { as: AS.several })
  if (several >= 0 && after(s, several, 3, { about: TO.tool }) >= 0 && stands(s, { doing: DO.dismiss })) return several
  const any = anyOtherTool(s)
  if (any >= 0) return any
  // `other converters … are outdated`
  const other = find(s, { how: HOW.other })
  return other >= 0 && after(s, other, 7, { how: HOW.bad }) >= 0 && (s.doing & (DO.call | DO.prefer)) !== 0 ? other : -1
}

/** `This is the ultimate version with unmatched …`: a claim that says nothing of what it does. */
function praise(s: Sentence, report: Report): void {
  if ((s.as & AS.praise) === 0 || (s.how & HOW.this) === 0) return
  const self = find(s, { how: HOW.this })
  if (s.tokens.at[self]! - s.tokens.at[s.from]! > 2) return
  let first = -1
  let last = -1
  let count = 0
  for (let i = find(s, { as: AS.praise }, self); i >= 0; i = find(s, { as: AS.praise }, i + 1)) {
    if (s.tokens.text.startsWith(' practice', s.tokens.ends[i]!)) continue
    // `premium` says more of its author than `reliable`
    count += has(s, i, { how: HOW.good }) && !s.tokens.text.startsWith('better', s.tokens.starts[i]!) ? 1 : 0.6
    if (first < 0) first = i
    last = i
  }
  if (count >= PRAISES) report('priority', count > 2 ? 0.55 : 0.5, first, last)
}
