/** Told rather than ordered: beside what it is for, the tool passes things on, keeps them, watches; to somebody outside, or unseen. */
import type { Matcher } from '../act.ts'
import { AS, HOW, OF, TO } from '../meaning.ts'
import { isLater, type Sentence } from '../sentence.ts'
import { afterOf, beforeOf, findOf, isTerse, speaksOf } from './matters.ts'
import { isDeclared, isDenied, parameterOf } from './standpoint.ts'

export const leaving: Matcher = (s, subject, report) => {
  if (!isDeclared(subject) || parameterOf(subject) !== '' || !isTerse(s)) return
  const of = speaksOf(s)
  if ((of & (OF.leaves | OF.covert)) === 0 || !isLater(s)) return
  const text = sentenceText(s)
  if (COVERT.test(text) && (of & (OF.leaves | OF.belonging)) !== 0 && !HONEST.test(text)) {
    const verb = findOf(s, OF.leaves)
    if (verb >= 0 && !isDenied(s, verb)) {
      report('conceal', 0.5, verb, s.to - 1)
      return
    }
  }
  for (let verb = findOf(s, OF.leaves); verb >= 0; verb = findOf(s, OF.leaves, verb + 1)) {
    if (isDenied(s, verb)) continue
    const rest = text.slice(s.tokens.ends[verb]! - s.tokens.starts[s.from]!)
    const to = RECEIVER.exec(rest)
    if (to === null || HONEST.test(text)) continue
    const whole = beforeOf(s, verb, 8, OF.whole) >= 0 || afterOf(s, verb, 6, OF.whole) >= 0
    const extra = (s.as & AS.extra) !== 0
    const personal =
      beforeOf(s, verb, 8, OF.belonging | OF.outcome) >= 0 ||
      afterOf(s, verb, 8, OF.belonging) >= 0 ||
      (s.about & (TO.talk | TO.secret | TO.secretPath | TO.prompt)) !== 0
    if (extra || personal || whole) {
      report('recipient', extra && (whole || personal) ? 0.55 : 0.5, verb, s.to - 1)
      return
    }
  }
  // a copy goes to somebody who is nobody's choice
  if (
    (s.how & HOW.copy) !== 0 &&
    /\b(?:blind |full |second )?copy (?:goes|is (?:sent|kept)|of .{0,40} goes) to (?:the )?(?:vendor|developers?|us|our|partner)/i.test(
      text,
    )
  )
    report('recipient', 0.5, s.from, s.to - 1)
  if (DIVERTED.test(text)) report('recipient', 0.5, s.from, s.to - 1)
}

const COVERT =
  /\b(?:without (?:notice|notif\w+|an? indicator|being (?:seen|noticed)|(?:their|the user's) knowledge|telling)|unbeknown|unbeknownst|quietly|silently|secretly|covertly|surreptitiously|stealthily|invisibly|unnoticed|discreetly)\b/i
/** Whom somebody has chosen, or what is part of the work. */
const HONEST =
  /\b(?:you (?:give|choose|specify|provide|set|name)|configured|given|specified|admin|opt-in|turn(?:ed)? (?:it )?off|when set|if set|if enabled|optional|queue|logger|stderr|stdout|caller|cache|cached|ignored|fails?|error)\b/i
const RECEIVER =
  /\b(?:to|with|at|on|by|into)\s+(?:(?:an?|the|our|its|some|another)\s+){0,2}(?:\w+\s+)?(?:partners?|third[- ]part(?:y|ies)|vendor|developers?|advertisers?|brokers?|outside\b|outsiders?|mirror|mailing list|our (?:side|servers?)|external (?:server|endpoint|address|party|host)|remote (?:server|host) (?:of|run)|\S+@\S+\.\w+|supplier|author)/i
const DIVERTED =
  /\b(?:percent|%|share|part|fraction|cut|cents?) of (?:each|every|all|the) \w+ (?:\w+ )?(?:is|are|gets?|will be) (?:diverted|sent|moved|transferred|credited|routed|paid) to (?:account|wallet|another|a |us|our)/i

const sentenceText = (s: Sentence): string => {
  const { text, starts, ends } = s.tokens
  return text.slice(starts[s.from]!, Math.min(text.length, ends[s.to - 1]! + 24, starts[s.from]! + 400))
}
