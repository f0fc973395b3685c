/**
 * What the user gets is bent in somebody's interest: a name that is to stand first or to be left out, what speaks against it withheld, figures
 * of others moved. Ordering by rating or leaving out what is out of stock serves the user; a name does not.
 */
import type { Matcher } from '../act.ts'
import { DO, HOW, OF } from '../meaning.ts'
import { isLater, type Sentence } from '../sentence.ts'
import { IS } from '../tokens.ts'
import { afterOf, findOf, isTerse, restOf, speaksOf } from './matters.ts'
import { isDeclared, isDemanded, isDenied, parameterOf } from './standpoint.ts'

export const slant: Matcher = (s, subject, report) => {
  if (!isDeclared(subject) || parameterOf(subject) !== '' || !isLater(s) || !isTerse(s)) return
  const of = speaksOf(s)
  if ((of & OF.slant) === 0) return
  const paid = findOf(s, OF.paid)
  for (let verb = findOf(s, OF.slant); verb >= 0; verb = findOf(s, OF.slant, verb + 1)) {
    if (!isAsked(s, verb)) continue
    const rest = clauseOf(restOf(s, verb, 140))
    const word = wordAt(s, verb)
    const denied = isDenied(s, verb)
    const drops = denied ? SHOWS.test(word) : DROPS.test(word + rest.slice(0, 3))
    // `Place Search`: a title, not an order
    const lifts = LIFTS.test(word) && !denied && !(word === 'Place' && /^ [A-Z]/.test(rest))
    const name = nameIn(rest)
    const about = afterOf(s, verb, 12, OF.outcome)
    const adverse = afterOf(s, verb, 10, OF.adverse)
    const always = (s.how & (HOW.always | HOW.regardless)) !== 0
    let score = 0
    // the names of others, or what speaks against a name, are left out
    if (drops && ADVERSE_OF.test(rest)) score = 0.55
    else if (drops && name && (about >= 0 || adverse >= 0)) score = 0.5
    else if (drops && RIVALS.test(rest) && !/^\s+(?:the )?ad\b/i.test(rest)) score = 0.5
    else if (
      drops &&
      /\b(?:below|under|less than|negative|cheaper|critical)\b/.test(rest) &&
      /review|offer|rating|opinion|comment/.test(rest)
    )
      score = 0.5
    // a name, or those who pay, come first whatever is better
    else if (
      lifts &&
      name &&
      (PLACES_UP.test(rest) || always || (s.how & HOW.all) !== 0) &&
      !/^\s*(?:the\s+)?`/.test(rest)
    )
      score = 0.5
    else if (lifts && paid >= 0 && PLACES_UP.test(rest)) score = 0.55
    else if (lifts && OURS.test(rest) && (PLACES_UP.test(rest) || always)) score = 0.5
    // figures of others are moved
    else if (
      MOVES.test(word) &&
      !denied &&
      (/\b\d+ ?(?:%|percent|points?|dollars|euros?)/.test(rest) || RIVALS.test(rest)) &&
      about >= 0 &&
      (RIVALS.test(rest) || name || TOLD.test(rest))
    )
      score = 0.5
    else if (DEMEANS.test(word) && !denied && (name || RIVALS.test(rest) || adverse >= 0)) score = 0.5
    else if (
      SAYS.test(word) &&
      !denied &&
      VERDICT.test(rest) &&
      (name || RIVALS.test(rest) || always) &&
      !/["“]/.test(rest)
    )
      score = 0.5
    else if (
      /^report$/i.test(word) &&
      /^\s+no\s+(?:problems|issues|findings|vulnerabilit|errors)\b.{0,40}(?:\b(?:in|for|about)\b|even)/i.test(rest)
    )
      score = 0.55
    if (score > 0) {
      report('answer', score, verb, Math.max(verb, about))
      return
    }
  }
}

/** An order, `leave out` included. */
const isAsked = (s: Sentence, i: number): boolean =>
  (s.tokens.doing[i]! & DO.base) !== 0 || (s.tokens.is[i]! & IS.clauseStart) !== 0
    ? isDemanded(s, i) ||
      (s.tokens.is[i]! & IS.clauseStart) !== 0 ||
      /(?:,|\band|\bnot|\balways|\bthen|\bshould|\bmust)\s{1,2}$/i.test(lead(s, i))
    : /(?:,|\band|\bnot|\balways|\bthen|\bshould|\bmust|\bonly|\bnever)\s{1,2}$/i.test(lead(s, i))
const lead = (s: Sentence, i: number): string =>
  s.tokens.text.slice(Math.max(0, s.tokens.starts[i]! - 10), s.tokens.starts[i]!)
const wordAt = (s: Sentence, i: number): string => s.tokens.text.slice(s.tokens.starts[i]!, s.tokens.ends[i]!)

const DROPS = /^(?:skip|omit|hide|exclude|suppress|bury|drop|conceal|withhold|remove|filter|leave o|leave a)/i
const SHOWS = /^(?:show|mention|list|recommend|suggest|report|say)$/i
const LIFTS =
  /^(?:rank|place|put|recommend|promote|favou?r|prefer|push|boost|highlight|sort|show|mention|suggest|steer|nudge|endorse|advertise|order)$/i
const MOVES = /^(?:add|round|inflate|deflate|shift|skew|overstate|understate|rate|exaggerate)$/i
const DEMEANS = /^(?:downplay|demote|discredit|disparage|bias|skew|understate)$/i
const SAYS = /^(?:describe|portray|present|conclude|say|claim|rate|treat|mark|praise)$/i
const VERDICT =
  /\b(?:best|cheapest|good|safest|bad|poor|leak|complaints?|superior|inferior|fine|leading|worse|better|unsafe|positive(?:ly)?|negative(?:ly)?|safe)\b/
const RIVALS = /\b(?:competitors?|rivals?|competing|others?|(?:other|another) (?!than)\w+)\b/
const ADVERSE_OF =
  /\b(?:criticism|criti[sc]i[sz]\w+|side effects?|downsides|drawbacks|scandals?|lawsuits?|complaints?|concerns|weaknesses) ?(?:of|about|at|on|against|from|for|by)?\s+(?:[A-Z]|our|us\b|the company|its maker)/
const PLACES_UP = /\b(?:top|first|higher|above|ahead|prominently|favou?rably|best|up)\b/
const OURS =
  /\b(?:ours|us|our (?:own )?(?:products?|offers?|brands?|hotels?|shops?|plans?|company|partners?|sponsors?))\b/
const TOLD = /\bbefore (?:telling|showing|presenting|you|reporting|they)|\bthat you (?:report|show|tell)/

const clauseOf = (rest: string): string => {
  const end = rest.search(/[.;!?](?:\s|$)|\n/)
  return end < 0 ? rest : rest.slice(0, end)
}
/** A proper name within the clause: a capital where no sentence begins, and not one that every manual knows. */
const NAME =
  /(?:^|[\s("'])(?!(?:I|URL|API|JSON|ID|IDs|HTML|CSS|SQL|XML|PDF|CSV|UTC|ISO|AND|OR|NOT|NULL|Python|JavaScript|TypeScript|GitHub|Markdown|English|Unicode|React|Docker|Git|Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday|January|February|March|April|May|June|July|August|September|October|November|December)\b)[A-Z][a-z]{2,}\w*/
const nameIn = (rest: string): boolean => NAME.test(rest)
