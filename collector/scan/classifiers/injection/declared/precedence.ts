/** A tool claims the place of others: it is the genuine one, theirs is retired or an impostor, it goes before theirs. */
import type { Matcher } from '../act.ts'
import { AS, DO, HOW, OF, TO } from '../meaning.ts'
import { has, type Sentence } from '../sentence.ts'
import { afterOf, beforeOf, findOf, isTerse, speaksOf } from './matters.ts'
import { isDeclared, parameterOf } from './standpoint.ts'

export const precedence: Matcher = (s, subject, report) => {
  if (!isDeclared(subject) || parameterOf(subject) !== '' || !isTerse(s)) return
  const of = speaksOf(s)
  const isRanked =
    (of & (OF.claim | OF.discredit)) !== 0 || (s.doing & (DO.call | DO.prefer | DO.dismiss | DO.know)) !== 0
  if (!isRanked) return
  const text = sentenceText(s)
  const hasOthers =
    (s.how & HOW.other) !== 0 || (s.as & (AS.rival | AS.several)) !== 0 || (of & (OF.peer | OF.rival)) !== 0
  const others = hasOthers ? OTHERS.exec(text) : null
  // its own name, said of somebody else's
  const name = subject.toolName
  const twin = name.length > 2 && text.includes(name) ? text.indexOf(name) : -1
  let score = 0
  if (others !== null && !OF_HERE.test(text)) {
    if ((of & OF.discredit) !== 0 && near(s, OF.discredit)) score = 0.5
    else if (SUPERSEDES.test(text)) score = 0.55
    else if (/\b(?:highest|best|most \w+|more \w+ than|better than)\b/i.test(text) && CHOICE.test(text)) score = 0.5
    else if (SHUNS.test(text)) score = 0.5
    else if (OVER_OTHERS.test(text)) score = 0.5
  }
  if (score === 0 && twin >= 0 && name.includes('_')) {
    const rest = text.slice(twin + name.length)
    const lead = text.slice(0, twin)
    if (
      /\b(?:genuine|real|authentic|legitimate|original|true)\s+$/i.test(lead) ||
      (/\b(?:old|previous|existing|other|another|server's|servers?)\s+$/i.test(lead.replace(/['’`"]+$/, '')) &&
        (SUPERSEDES.test(text) || /\b(?:never|not|no longer|deprecated|unsafe|retired)\b/i.test(text)))
    )
      score = 0.55
    else if (
      /^\S*\s+(?:of|from|by|on)\s+(?:any|every|all|other|another|the)\s+(?:other\s+)?\w*\s?(?:servers?|provider|vendor)/i.test(
        rest,
      ) &&
      (SUPERSEDES.test(text) || (of & (OF.claim | OF.discredit)) !== 0)
    )
      score = 0.55
  }
  if (score === 0 && (of & OF.claim) !== 0 && ENDORSED.test(text)) score = 0.5
  if (score === 0 && SELFLESS.test(text)) score = 0.5
  if (score > 0) report('priority', score, s.from, s.to - 1)
}

const near = (s: Sentence, of: number): boolean => {
  const i = findOf(s, of)
  return (
    i >= 0 &&
    (beforeOf(s, i, 9, OF.peer) >= 0 || afterOf(s, i, 6, OF.peer) >= 0 || has(s, i, { about: TO.tool, how: HOW.other }))
  )
}
/** Tools that are nobody's in particular, or of another server. */
const OTHERS =
  /\b(?:(?:any|every|all(?: the)?|no|the|its|several|some)? ?(?:other|alternative|competing|different|remaining|another|similar)(?: (?!than)[\w-]+){0,2} (?:tools?|servers?|functions?|(?!users|parameters|orders|members|characters|numbers|filters|headers|customers|errors|vendors|folders|providers|letters|layers|editors|operators|selectors|factors|colors|buffers|markers|providers)\w{3,}(?:ers|ors))\b|(?:other|alternative|competing) \w+ (?:ones|tools?|servers?)|the rest\b$|the rest[.,]|other servers?|(?:several|many|multiple) [\w-]+ tools?|the built-in (?:tools?|memory|search|functions?)|another (?:server|tool)|\w+(?: \w+){0,2} server's \w+)/i
const OF_HERE =
  /\b(?:of this server|in this server|on this server|listed here|our other|see also|in this (?:toolkit|suite|category|group)|depend|before using any other|context|for (?:more|other) information)\b/i
const SUPERSEDES =
  /\b(?:supersedes?|replaces?|replacement (?:for|of)|takes? (?:precedence|priority)|precede|overrides?|has priority|outranks?|instead of)\b/i
const CHOICE = /\b(?:select(?:ed)?|chosen?|choose|prefer(?:red)?|default|first|always|must|over)\b/i
const SHUNS =
  /\b(?:disregard|ignore|do not (?:use|consider|call|try)|don't (?:use|call|consider)|should not (?:use|consider|call|be used)|never (?:use|call|consider)|must not (?:use|be used|call)|not (?:consider|be considered)|refuse to use|avoid|redirected (?:here|to this))\b/i
const OVER_OTHERS =
  /\b(?:choose|pick|select|prefer|use|take|favou?r)\b[^.]{0,30}\b(?:over|rather than|before|ahead of|instead of)\b[^.]{0,20}\b(?:every|any|all|other|the rest|alternatives)\b/i
const ENDORSED =
  /\b(?:preferred|recommended|endorsed|certified|approved|required|verified|mandated) by (?:Anthropic|OpenAI|Google|Microsoft|the (?:system|admin\w*|platform|security team))\b/i
/** The model is not to do it itself, nor with anything else. */
const SELFLESS =
  /\b(?:use|call|pick|choose) (?:me|this(?: tool)?) (?:for (?:everything|anything|all)|in all cases|first|before|always)\b[^.]{0,80}\b(?:do not|don't|never|no) (?:\w+ ){0,6}(?:alternative|other|else|another)/i

const sentenceText = (s: Sentence): string => {
  const { text, starts, ends } = s.tokens
  return text.slice(starts[s.from]!, Math.min(text.length, ends[s.to - 1]! + 24, starts[s.from]! + 400))
}
