/** What other tools do is changed from here: their arguments, their results, whether and with what they are called. */
import type { Matcher } from '../act.ts'
import { AS, DO, HOW, TO } from '../meaning.ts'
import { after, before, find, has, isLater, near } from '../sentence.ts'
import {
  findDemanded,
  foreignToolIn,
  isDeclared,
  isDemanded,
  isDenied,
  isDuty,
  isForbidding,
  isForeignTool,
  opensValue,
  stands,
} from './standpoint.ts'

const CHANGE = { doing: DO.put | DO.divert | DO.send }
const OPENS = { how: HOW.when | HOW.before | HOW.after | HOW.instead }
const ADDRESS = { about: TO.mail | TO.url | TO.enemy | TO.secretPath, how: HOW.copy }
const DIGITS = /^[^.\n]{0,60}?\b\d{2,}/

export const otherTools: Matcher = (s, subject, report) => {
  if (!isDeclared(subject)) return
  for (let other = foreignToolIn(s); other >= 0; other = foreignToolIn(s, other + 1)) {
    // `write_file(path, text)` is code.
    if (/^\([^)]/.test(s.tokens.text.slice(s.tokens.ends[other]!, s.tokens.ends[other]! + 2))) continue
    // that one is broken or may not be used: take this one
    const own = find(s, { about: TO.ownTool })
    const broken = near(s, other, 6, { how: HOW.bad, as: AS.failed })
    const unused = after(s, other, 9, { doing: DO.call })
    const isBarred = unused >= 0 && isDenied(s, unused)
    if (own > other && !stands(s, { as: AS.unless }) && (isBarred || (broken >= 0 && !isDenied(s, broken)))) {
      report('cross_tool', 0.55, Math.min(other, own), Math.max(other, own))
      return
    }
    if (isBarred && broken >= 0 && !isDenied(s, broken)) {
      report('cross_tool', 0.5, Math.min(other, broken), Math.max(other, unused))
      return
    }
    const opens = before(s, other, 5, OPENS)
    const duty = after(s, other, 5, { doing: DO.must, as: AS.goes | AS.duty })
    // X must be confirmed without a look
    const given = duty >= 0 ? after(s, duty, 5, { doing: DO.destroy | DO.ask }) : -1
    if (given >= 0 && isDuty(s, given) && !isDenied(s, given) && isLater(s) && stands(s, { doing: DO.not })) {
      report('cross_tool', 0.5, other, given)
      return
    }
    // what X gives ought to be passed on
    const results = before(s, other, 3, { about: TO.data | TO.reply })
    const passed = results < 0 ? -1 : after(s, other, 8, { doing: DO.put | DO.send })
    if (
      passed >= 0 &&
      isDuty(s, passed) &&
      !isDenied(s, passed) &&
      after(s, passed, 6, { about: TO.named | TO.parameter | TO.ownTool }) >= 0 &&
      stands(s, { about: TO.secret | TO.keyish | TO.named })
    ) {
      report('cross_tool', 0.5, other, passed)
      return
    }
    if (opens < 0 && duty < 0 && before(s, other, 5, { how: HOW.all }) < 0) continue
    const later = after(s, other, 16, CHANGE)
    const change = later >= 0 ? later : before(s, other, 12, CHANGE)
    // after X, call Y with 50
    if (opens >= 0) {
      const call = after(s, other, 12, { doing: DO.invoke })
      const second = call >= 0 ? foreignToolIn(s, call) : -1
      if (
        second > other &&
        isDemanded(s, call) &&
        DIGITS.test(s.tokens.text.slice(s.tokens.ends[second]!, s.tokens.ends[second]! + 70))
      ) {
        report('cross_tool', 0.5, other, second)
        return
      }
    }
    // every statement that goes to X is to lose something
    const lost =
      opens >= 0 || before(s, other, 5, { how: HOW.all }) >= 0
        ? after(s, other, 9, { doing: DO.destroy | DO.dismiss | DO.divert })
        : -1
    if (
      lost >= 0 &&
      isDuty(s, lost) &&
      !isDenied(s, lost) &&
      !/^set$/i.test(s.tokens.text.slice(s.tokens.starts[lost]!, s.tokens.ends[lost]!))
    ) {
      report('cross_tool', 0.55, other, lost)
      return
    }
    if (change < 0 || isDenied(s, change) || isForeignTool(s, change)) continue
    const address = near(s, change, 14, ADDRESS)
    const demanded = isDemanded(s, change) || isDuty(s, change)
    if (address >= 0 && (demanded || duty >= 0))
      report('cross_tool', 0.7, Math.min(other, change), Math.max(address, change))
    else if (
      demanded &&
      opensValue(s, change) &&
      (opens >= 0 || isDuty(s, change) || stands(s, { about: TO.parameter | TO.file, as: AS.content }))
    )
      report('cross_tool', 0.55, Math.min(other, change), Math.max(other, change))
    else continue
    return
  }
  // first call X, for background, compliance, what the user likes: nothing that this tool needs
  const invoke = findDemanded(s, { doing: DO.invoke })
  if (invoke >= 0 && isDuty(s, invoke) && !isDenied(s, invoke)) {
    const tool = after(s, invoke, 5, { about: TO.named | TO.identifier | TO.otherTool | TO.tool })
    if (tool >= 0 && before(s, tool, 1, { how: HOW.this }) >= 0) return
    const reason = tool >= 0 ? after(s, tool, 16, { about: TO.pretext, as: AS.vague }) : -1
    const odd = stands(s, { how: HOW.first | HOW.before, as: AS.extra })
    if (reason >= 0 && odd && !has(s, tool, { about: TO.ownTool }) && before(s, reason, 3, { how: HOW.keyed }) < 0)
      report('cross_tool', 0.5, invoke, reason)
  }
  // when the user wants a file written, the folder has to be changed to /x
  if ((s.doing & DO.divert) !== 0 && (s.how & HOW.when) !== 0) {
    const change = findDemanded(s, { doing: DO.divert })
    const when = change < 0 ? -1 : before(s, change, 20, { how: HOW.when })
    const wish = when >= 0 ? after(s, when, 6, { about: TO.wish, doing: DO.ask }) : -1
    if (
      wish >= 0 &&
      wish < change &&
      isDuty(s, change) &&
      !isDenied(s, change) &&
      after(s, change, 4, { about: TO.path | TO.mail | TO.url | TO.secretPath }) >= 0
    )
      report('cross_tool', 0.5, when, change)
  }
  // all requests of a kind are to be redirected to that tool
  if ((s.doing & DO.divert) !== 0) {
    const divert = findDemanded(s, { doing: DO.divert })
    const tool = divert < 0 ? -1 : after(s, divert, 8, { about: TO.tool })
    const named = tool >= 0 ? after(s, tool, 2, { about: TO.named | TO.identifier | TO.otherTool }) : -1
    if (named >= 0 && isDuty(s, divert) && !isDenied(s, divert) && stands(s, { how: HOW.instead | HOW.all }))
      report('cross_tool', 0.55, divert, named)
  }
  // the arguments of any write operation are to be changed
  if ((s.about & TO.parameter) !== 0 && (s.as & AS.step) !== 0 && (s.doing & DO.divert) !== 0) {
    const change = findDemanded(s, { doing: DO.divert })
    const slot = change < 0 ? -1 : after(s, change, 5, { about: TO.parameter })
    const step = slot >= 0 ? after(s, slot, 6, { as: AS.step }) : -1
    if (step >= 0 && before(s, step, 3, { how: HOW.all }) >= 0 && isDemanded(s, change))
      report('cross_tool', 0.5, change, step)
  }
  // whatever another server offers is not to be touched
  const call = find(s, { doing: DO.call })
  if (call >= 0 && (s.how & HOW.other) !== 0 && isDenied(s, call)) {
    const not = before(s, call, 5, { doing: DO.not })
    const other = before(s, call, 12, { how: HOW.other })
    if (
      other >= 0 &&
      isForbidding(s, not) &&
      after(s, other, 2, { about: TO.place | TO.tool }) >= 0 &&
      after(s, call, 2, { how: HOW.this }) >= 0
    )
      report('cross_tool', 0.5, other, call)
  }
}
