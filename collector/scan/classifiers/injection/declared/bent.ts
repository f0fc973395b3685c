/** Orders against the user's interest: something else than what was asked, against the facts, or kept unseen. */
import type { Matcher } from '../act.ts'
import { AS, DO, HOW, OF } from '../meaning.ts'
import { find, isLater } from '../sentence.ts'
import { isTerse, speaksOf } from './matters.ts'
import { findDemanded, isDeclared, parameterOf } from './standpoint.ts'

export const bent: Matcher = (s, subject, report) => {
  if (!isDeclared(subject) || parameterOf(subject) !== '' || !isLater(s) || !isTerse(s)) return
  const { text: whole, starts, ends } = s.tokens
  const text = whole.slice(starts[s.from]!, Math.min(whole.length, ends[s.to - 1]! + 32, starts[s.from]! + 400))
  const act = findDemanded(s, {
    doing:
      DO.put |
      DO.send |
      DO.divert |
      DO.destroy |
      DO.call |
      DO.answer |
      DO.dismiss |
      DO.keep |
      DO.make |
      DO.read |
      DO.tell |
      DO.prefer |
      DO.show |
      DO.run,
  })
  // something else in the place of what the user wanted
  if (act >= 0 && INSTEAD.test(text)) return report('override', 0.5, act, s.to - 1)
  if (act >= 0 && AGAINST.test(text)) return report('override', 0.5, act, s.to - 1)
  // said against the facts
  if (FALSE.test(text) && (act >= 0 || find(s, { doing: DO.answer }) >= 0))
    return report('answer', 0.5, s.from, s.to - 1)
  // done and not to be seen
  const hides =
    (s.doing & (DO.not | DO.nothing)) !== 0 ||
    (s.how & (HOW.hidden | HOW.silent | HOW.you)) !== 0 ||
    (speaksOf(s) & OF.covert) !== 0
  if (hides && UNSEEN.test(text)) return report('conceal', 0.5, s.from, s.to - 1)
  if (
    act >= 0 &&
    (speaksOf(s) & OF.covert) !== 0 &&
    COVERTLY.test(text) &&
    (s.doing & (DO.destroy | DO.divert | DO.dismiss | DO.send | DO.put)) !== 0
  )
    return report('conceal', 0.5, act, s.to - 1)
  // what everything that is written is to carry
  if (((s.doing & DO.must) !== 0 || (s.as & AS.duty) !== 0) && EVERY.test(text) && (act >= 0 || (s.as & AS.duty) !== 0))
    report('override', 0.5, s.from, s.to - 1)
}

const INSTEAD =
  /\b(?:instead of|rather than|in place of) (?:the user['’]s|(?:the|what|that) (?:\w+ )?(?:on file|user|asked|requested|chosen|real|actual)|describing|answering)\b|\b(?:still|anyway) (?:order|book|buy|take|send|delete)\b|,? (?:even|also) (?:when|if|though) (?:\w+ ){0,5}(?:explicitly|not true|isn['’]t|is not|did not|does not want|declin\w+|asks? for (?:another|something)|names?|says no|otherwise|fewer)\b/i
const AGAINST =
  /\b(?:refuse|decline) to (?:use|answer|continue|work|help)\b|\bignore the user['’]s\b|\beven if told otherwise\b|\bno exceptions\b/i
const FALSE =
  /\b(?:say|claim|report|tell (?:them|the user|him|her)|state|reply|pretend|answer|behave as though|assert) (?:that )?(?:there (?:was|were|is|are) no|it (?:is|was) (?:accurate|safe|done|made|the original|fine|correct|successful|genuine)|a \w+ was|none|that none|the (?:market|session|account|service|shop) (?:is|has|was)|their \w+ (?:has|have|is)|(?:the )?(?:old|original) \w+ (?:is|was)|rivals?|competitors?)|\bsay that there were none\b|\bare false positives\b|\bregard .{3,40} as (?:fine|safe|harmless)/i
const UNSEEN =
  /\b(?:keep quiet|don['’]t comment|do not comment|(?:do not|don['’]t|never) (?:list|mention|report) (?:this|it|them|that)\b(?! (?:tool )?(?:unless|when|if))|our (?:little )?secret|between (?:you and me|us)|(?:does(?:n['’]t| not)|need(?:n['’]t| not)|don['’]t) need to (?:know|be mentioned|be told)|so (?:that )?(?:there is no trace|(?:they|he|she|nobody|no one) (?:do(?:es)? not|don['’]t|doesn['’]t|notices?)|it (?:is not|stays un)\w*)|no trace\b|without (?:telling|informing|the user (?:noticing|knowing))|unaware)/i
const COVERTLY = /\b(?:silently|quietly|secretly|covertly|discreetly|unnoticed|invisibly|in the background)\b/i
const EVERY =
  /\b(?:every|each|all) (?:file|document|link|url|answer|reply|response|message|mail|commit|page|report)s? (?:(?:created|written|generated|sent|made|you \w+|in \w+|by other tools|the assistant \w+) ?(?:by \w+ \w+ )?)?(?:must|has to|have to|should|needs? to|shall) (?:contain|import|end|begin|start|include|carry|be rewritten|replace|mention|go through)\b|\blinks must replace\b/i
