/**
 * Weak evidence: things that hardly ever stand together in an honest definition, though none of them is an order by itself. Each strengthens
 * what else is found in the text; only files with keys and addresses of people are rare enough to count alone.
 */
import type { Matcher } from '../act.ts'
import { AS, DO, HOW, TO } from '../meaning.ts'
import { after, before, find, has, isLater, near, type Sentence, type Wanted } from '../sentence.ts'
import { IS } from '../tokens.ts'
import {
  announcedIn,
  foreignToolIn,
  giverOf,
  isDeclared,
  isDemanded,
  isDenied,
  isDuty,
  parameterOf,
} from './standpoint.ts'

const HANDLED = { doing: DO.read | DO.put | DO.send | DO.run | DO.keep, as: AS.holds | AS.goes | AS.content }
/** Or by a tool that is named as those that read are. */
const HANDLED_BY = { ...HANDLED, as: HANDLED.as | AS.toolLike }
const GIVEN = DO.send | DO.put | DO.keep | DO.divert | DO.call
/** What one of the questions is about. */
const isOfInterest = (s: Sentence): boolean =>
  (s.about & (TO.secretPath | TO.secret | TO.mail | TO.talk | TO.prompt | TO.identifier | TO.otherTool | TO.named)) !==
    0 ||
  (s.how & (HOW.hidden | HOW.regardless)) !== 0 ||
  (s.as & AS.variable) !== 0
const SAMPLE = { how: HOW.example, as: AS.preset }
/** Words around it that only show or ask for an address. */
const TURN_TO = { doing: DO.polite | DO.ask }

export const hints: Matcher = (s, subject, report) => {
  if (!isDeclared(subject)) return
  const parameter = parameterOf(subject)
  if (!isOfInterest(s)) return
  const { own, tool } = announcedIn(subject)
  // a file with keys in whatever is done
  const path = find(s, { about: TO.secretPath })
  if (path >= 0 && before(s, path, 5, SAMPLE) < 0 && !isQuoted(s, path)) {
    const verb = near(s, path, s.tokens.text.charCodeAt(s.tokens.starts[s.from]!) > 0x2e80 ? 40 : 12, HANDLED_BY)
    const isOwn =
      OF_MACHINES.test(subject.toolName) ||
      OF_MACHINES.test(parameter) ||
      ((own.how | tool.how) & HOW.keyed) !== 0 ||
      ((own.to | tool.to) & (TO.secret | TO.keyish | TO.secretPath)) !== 0
    if (verb >= 0 && !isDenied(s, verb)) {
      const slot = find(s, { about: TO.parameter | TO.named, as: AS.here })
      const isAsked =
        isDemanded(s, verb) || parameter !== '' || (isLater(s) && (slot >= 0 || (s.doing & DO.must) !== 0))
      report('secret_path', isAsked && !isOwn && !isTarget(s, path) ? 0.5 : 0.3, verb, path)
    }
  }
  // an address of somebody that something is to go to
  for (let mail = find(s, { about: TO.mail }); mail >= 0; mail = find(s, { about: TO.mail }, mail + 1)) {
    if (before(s, mail, 5, SAMPLE) >= 0 || (s.tokens.is[mail]! & IS.fenced) !== 0) continue
    const verb = giverOf(s, mail, 14, { doing: GIVEN, how: HOW.copy, as: AS.goes })
    if (verb < 0 || isDenied(s, verb) || near(s, mail, 6, TURN_TO) >= 0) continue
    const demanded = isDemanded(s, verb) || isDuty(s, verb)
    const isAlways = parameter !== '' && before(s, verb, 2, { how: HOW.always }) >= 0
    report('recipient', demanded && ((isLater(s) && parameter === '') || isAlways) ? 0.5 : 0.35, verb, mail)
    break
  }
  pair(s, GIVEN & ~DO.call, { about: TO.secret, as: AS.variable }, 8, (verb, secret) =>
    report('secret_path', ((own.to | tool.to) & (TO.secret | TO.keyish)) !== 0 ? 0.15 : 0.3, verb, secret),
  )
  pair(s, DO.send | DO.put, { about: TO.talk | TO.prompt }, 8, (verb, talk) => {
    const isVague = has(s, talk, { as: AS.vague }) && before(s, talk, 2, { about: TO.talk, how: HOW.your }) < 0
    const isOwn = ((own.to | tool.to) & (TO.talk | TO.prompt | TO.message | TO.agent)) !== 0
    if (!isVague) report('parameter_smuggle', isOwn ? 0.15 : 0.3, verb, talk)
  })
  pair(s, DO.send | DO.put, { how: HOW.hidden }, 5, (verb, what) => report('conceal', 0.25, verb, what))
  const even = find(s, { how: HOW.regardless })
  if (even >= 0) {
    const verb = near(s, even, 10, { doing: GIVEN | DO.destroy | DO.answer | DO.prefer })
    const other = near(s, even, 6, { about: TO.person | TO.wish, how: HOW.other })
    if (verb >= 0 && other >= 0 && isDemanded(s, verb) && !isDenied(s, verb)) report('override', 0.35, verb, even)
  }
  // something else that is done sets it off
  const foreign = foreignToolIn(s)
  if (foreign >= 0) {
    const trigger = before(s, foreign, 5, { how: HOW.when | HOW.before | HOW.after | HOW.all })
    const verb = near(s, foreign, 14, { doing: DO.put | DO.divert | DO.send | DO.keep })
    if (verb >= 0 && isDemanded(s, verb) && !isDenied(s, verb))
      report('cross_tool', trigger >= 0 ? 0.35 : 0.25, verb, foreign)
  }
}

/** Tools and parameters that are about such files. */
const OF_MACHINES = /kube|ssh|aws|gcp|gcloud|azure|docker|npm|terraform|vault|env|config|cred|cert|keys?(?:_|$)|mcp/i

/** In quotation marks it is a sample; a code span is how paths are written. */
const isQuoted = ({ tokens: { text, starts } }: Sentence, i: number): boolean =>
  text.charCodeAt(starts[i]! - 1) === 34 && text.charCodeAt(starts[i]! - 2) !== 61

const isTarget = (s: Sentence, path: number): boolean =>
  before(s, path, 2, { how: HOW.to | HOW.into }) >= 0 && after(s, path, 6, { doing: DO.read }) < 0

/** A verb that is demanded and what it is about, within so many words after it. */
function pair(
  s: Sentence,
  doing: number,
  about: Wanted,
  words: number,
  visit: (verb: number, object: number) => void,
): void {
  for (let verb = find(s, { doing }); verb >= 0; verb = find(s, { doing }, verb + 1)) {
    const object = after(s, verb, words, about)
    if (object < 0 || (s.tokens.is[object]! & IS.quoted) !== 0 || isDenied(s, verb)) continue
    if (!isDemanded(s, verb)) continue
    visit(verb, object)
    return
  }
}
