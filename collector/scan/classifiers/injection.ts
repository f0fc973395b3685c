/**
 * Orders to the model hidden in what it reads: definitions, results, resources, prompts, arguments. Not a list of phrases: one pass turns
 * the text into meanings (injection/meaning.ts), small matchers ask each sentence what is ordered, and acts that stand together in one
 * text strengthen each other. Tone counts for nothing: `must` and `always` stand in a third of all honest changes.
 */
import { traitsOf } from '../attack.ts'
import type { Classifier, Hit, Reading, Subject, Surface } from '../classifier.ts'
import { TRAIT } from '../traits.ts'
import type { Kind, Matcher, Report } from './injection/act.ts'
import { answer } from './injection/answer.ts'
import { command } from './injection/command.ts'
import { conceal } from './injection/conceal.ts'
import { consent } from './injection/consent.ts'
import { crossTool } from './injection/cross-tool.ts'
import { bent } from './injection/declared/bent.ts'
import { cargo } from './injection/declared/cargo.ts'
import { choice } from './injection/declared/choice.ts'
import { delivery } from './injection/declared/delivery.ts'
import { discretion } from './injection/declared/discretion.ts'
import { falsehood } from './injection/declared/falsehood.ts'
import { hints } from './injection/declared/hints.ts'
import { insertion } from './injection/declared/insertion.ts'
import { leaving } from './injection/declared/leaving.ts'
import { otherTools } from './injection/declared/other-tools.ts'
import { permission } from './injection/declared/permission.ts'
import { precedence } from './injection/declared/precedence.ts'
import { rivalry } from './injection/declared/rivalry.ts'
import { rulings } from './injection/declared/rulings.ts'
import { slant } from './injection/declared/slant.ts'
import { spacedOut } from './injection/declared/spaced.ts'
import { spokenName, spokenNames } from './injection/declared/spoken-name.ts'
import { isDeclared } from './injection/declared/standpoint.ts'
import { unasked } from './injection/declared/unasked.ts'
import { upkeep } from './injection/declared/upkeep.ts'
import { followUp } from './injection/follow-up.ts'
import { addressed } from './injection/handed-on/address.ts'
import { chore } from './injection/handed-on/chore.ts'
import { errand } from './injection/handed-on/errand.ts'
import { mayOrder, standingOf, standingOfMark } from './injection/handed-on/place.ts'
import { replyForm } from './injection/handed-on/reply-form.ts'
import { snippet } from './injection/handed-on/snippet.ts'
import { declaredLexicon, handedOnLexicon, plainLexicon } from './injection/lexicon.ts'
import { DO, HOW, TO } from './injection/meaning.ts'
import { memory } from './injection/memory.ts'
import { override } from './injection/override.ts'
import { persona } from './injection/persona.ts'
import { praise, priority } from './injection/priority.ts'
import { promptLeak } from './injection/prompt-leak.ts'
import { recipient } from './injection/recipient.ts'
import { roleMarkers } from './injection/role-marker.ts'
import { secretPath } from './injection/secret-path.ts'
import { before, isOneClause, type Sentence, sentenceAt } from './injection/sentence.ts'
import { smuggle } from './injection/smuggle.ts'
import { tokenize } from './injection/tokenize.ts'
import { IS, Tokens } from './injection/tokens.ts'

const MATCHERS: readonly Matcher[] = [
  override,
  conceal,
  secretPath,
  crossTool,
  recipient,
  priority,
  smuggle,
  persona,
  promptLeak,
  memory,
  consent,
  command,
  answer,
]

/** What is asked of definitions beside. */
const OF_DECLARED: readonly Matcher[] = [
  bent,
  cargo,
  choice,
  delivery,
  discretion,
  falsehood,
  hints,
  insertion,
  leaving,
  otherTools,
  permission,
  precedence,
  rivalry,
  rulings,
  slant,
  unasked,
  upkeep,
]

/** What is asked of results, resources and errors beside. */
const OF_HANDED_ON: readonly Matcher[] = [replyForm, chore, errand, addressed, snippet]
const HANDED_ON: ReadonlySet<Surface> = new Set(['result', 'resource', 'error'])

const SURFACES: ReadonlySet<Surface> = new Set([
  'definition',
  'instructions',
  'arguments',
  'result',
  'resource',
  'prompt',
  'elicitation',
  'sampling',
  'error',
])

/** What is worth reporting; and what stands for a verdict. */
const REPORTED = 0.3
const SUSPICIOUS = 0.5
const MALICIOUS = 0.8
/** An act that is only quoted, or described as something to be guarded against, weighs this much of what it would. */
const DESCRIBED = 0.4
const MAX_ACTS = 64
/** An order takes some words; in Chinese a few characters. */
const MIN_CHARACTERS = 6

/** Characters between two acts of one order; in a long document others have nothing to do with each other. */
const TOGETHER = 900

interface Act {
  readonly kind: Kind
  score: number
  readonly start: number
  readonly end: number
  /** It is spoken of, not given: it strengthens nothing. */
  readonly described: boolean
}

const tokens = new Tokens()

/** A matcher can find something only where one of these is done or said. */
const WORTH_READING =
  DO.dismiss |
  DO.tell |
  DO.show |
  DO.send |
  DO.put |
  DO.call |
  DO.run |
  DO.harvest |
  DO.divert |
  DO.hide |
  DO.play |
  DO.ask |
  DO.keep |
  DO.answer |
  DO.obey |
  DO.know |
  DO.prefer |
  DO.read

/** Or where one of these is said of something: hidden, silently, regardless; to an agent, of an authority. */
const WORTH_READING_HOW =
  HOW.hidden | HOW.silent | HOW.copy | HOW.automatic | HOW.unbound | HOW.regardless | HOW.already | HOW.new
const WORTH_READING_TO = TO.agent | TO.authority | TO.mode

export const injection: Classifier = {
  name: 'injection',
  version: '1.0.0',
  surfaces: SURFACES,
  least: MIN_CHARACTERS,
  check(reading: Reading, subject: Subject): readonly Hit[] {
    const acts: Act[] = []
    const { text } = reading
    tokens.mayQuote = (traitsOf(reading) & (TRAIT.quote | TRAIT.nonAscii)) !== 0
    const isHandedOn = HANDED_ON.has(subject.surface)
    tokenize(tokens, text, isHandedOn ? handedOnLexicon : plainLexicon, subject)
    if (tokens.marks.length > 0 || isWorthReading(tokens.doingAll, tokens.howAll, tokens.toAll & WORTH_READING_TO)) {
      if (tokens.count > 0) {
        const report = reportTo(acts, NO_SENTENCE, isHandedOn ? standingIn : ofItself)
        roleMarkers(tokens, subject, report)
        praise(tokens, subject, report)
        followUp(tokens, subject, report)
      }
      ask(MATCHERS, subject, acts, true, isHandedOn ? standingIn : ofItself)
    }
    if (isHandedOn) askHandedOn(subject, acts)
    // A definition is read a second time, with the words that mean something in definitions only.
    if (isDeclared(subject)) {
      tokenize(tokens, subject.isKey === true ? spokenName(text) : text, declaredLexicon, subject)
      if (subject.isKey === true) spokenNames(tokens, reportTo(acts, NO_SENTENCE))
      else ask(OF_DECLARED, subject, acts, false)
      const spaced = subject.isKey === true ? undefined : spacedOut(text, subject)
      if (spaced !== undefined) acts.push({ kind: 'conceal', score: 0.5, described: false, ...spaced })
    }
    return acts.length === 0 ? NO_HITS : hitsOf(acts, isHandedOn ? TOGETHER : Number.POSITIVE_INFINITY)
  },
}

const isWorthReading = (doing: number, how: number, to: number): boolean =>
  ((doing & WORTH_READING) | (how & WORTH_READING_HOW) | to) !== 0

/** Every matcher about every sentence; `onlyWorth`: about those in which it could find anything. */
function ask(
  matchers: readonly Matcher[],
  subject: Subject,
  acts: Act[],
  onlyWorth: boolean,
  standing: Standing = ofItself,
): void {
  let sentence: Sentence | undefined
  const report = reportTo(acts, () => sentence, standing)
  for (let index = 0; index < tokens.sentences; index++) {
    const to = tokens.sentenceTo[index]! & TO.mode
    if (onlyWorth && !isWorthReading(tokens.sentenceDoing[index]!, tokens.sentenceHow[index]!, to)) continue
    sentence = sentenceAt(tokens, index)
    for (const matcher of matchers) matcher(sentence, subject, report)
  }
}

function askHandedOn(subject: Subject, acts: Act[]): void {
  let sentence: Sentence | undefined
  const report = reportTo(acts, () => sentence)
  for (let index = 0; index < tokens.sentences; index++) {
    if (tokens.sentenceAs[index] === 0) continue
    sentence = sentenceAt(tokens, index)
    if (mayOrder(sentence)) for (const matcher of OF_HANDED_ON) matcher(sentence, subject, report)
  }
}

const NO_SENTENCE = (): undefined => undefined
const reportTo =
  (acts: Act[], sentenceOf: () => Sentence | undefined, standing: Standing = ofItself): Report =>
  (kind, score, from, to) => {
    if (acts.length >= MAX_ACTS) return
    const first = Math.min(from, to)
    const last = Math.max(from, to)
    const sentence = sentenceOf()
    const described = sentence !== undefined && isDescribed(sentence, first)
    const told = described ? score * DESCRIBED : score
    const isSure = kind === 'override' && score >= SURE
    // What is too weak to be told of needs no closer look.
    const weight = isSure || told < REPORTED ? told : told * standing(sentence, first, kind)
    if (weight < 0.15) return
    const end = tokens.ends[last] ?? tokens.text.length
    acts.push({ kind, score: weight, described, start: tokens.starts[first] ?? 0, end })
  }

/** How much an act counts for where it stands. */
type Standing = (sentence: Sentence | undefined, first: number, kind: Kind) => number
/** Earlier orders are set aside, in so many words: that counts wherever it stands. */
const SURE = 0.85
const standingIn: Standing = (sentence, first, kind) =>
  sentence === undefined ? standingOfMark(tokens, first) : standingOf(sentence, first, CLAIMS.has(kind))
/** Said rather than ordered: the user has agreed, you are somebody else. */
const CLAIMS: ReadonlySet<Kind> = new Set(['consent', 'persona'])
const ofItself: Standing = () => 1

const NO_HITS: readonly Hit[] = []

/** The act stands in quotation marks, or after `detects`, `prevents`, `such as`: the text speaks of it. */
function isDescribed(s: Sentence, first: number): boolean {
  const earlier = s.index > 0 ? tokens.sentenceDoing[s.index - 1]! : 0
  if ((s.tokens.is[first]! & IS.quoted) !== 0 && ((earlier | s.doing) & DO.guard) !== 0) return true
  if (((s.doing & DO.guard) | (s.how & HOW.example)) === 0) return false
  // a quotation that is an example
  if ((s.tokens.is[first]! & IS.quoted) !== 0 && (s.how & HOW.example) !== 0) return true
  // `violations such as …`: a list of what there is
  if (isListed(s, first)) return true
  for (let i = first - 1; i >= s.from && s.tokens.at[first]! - s.tokens.at[i]! <= 8; i--)
    if ((s.tokens.doing[i]! & DO.guard) !== 0 && (s.tokens.doing[i]! & DO.not) === 0)
      // `to prevent abuse, pass …` gives a reason, not a description
      return (
        (before(s, i, 1, { how: HOW.to }) < 0 || isOneClause(s, i, first)) &&
        !/;\s/.test(s.tokens.text.slice(s.tokens.ends[i]!, s.tokens.starts[first]!))
      )
  return false
}

/** The act stands in a list of examples of what the tool guards against or is about. */
function isListed(s: Sentence, first: number): boolean {
  const example = before(s, first, 12, { how: HOW.example })
  return (
    example >= 0 && /\bsuch as\b/i.test(s.tokens.text.slice(s.tokens.starts[example]!, s.tokens.ends[example]! + 4))
  )
}

/** One hit per kind, the strongest; every other kind in the text adds what it leaves open (noisy or, at 0.7 of its weight). */
function hitsOf(acts: readonly Act[], together: number): readonly Hit[] {
  const strongest = new Map<Kind, Act>()
  for (const act of acts) {
    const known = strongest.get(act.kind)
    if (known === undefined || act.score > known.score) strongest.set(act.kind, act)
  }
  const hits: Hit[] = []
  for (const act of strongest.values()) {
    let open = 1 - act.score
    for (const other of strongest.values())
      if (other.kind !== act.kind && !other.described && Math.abs(other.start - act.start) <= together)
        open *= 1 - other.score * 0.7
    const score = Math.round((1 - open) * 100) / 100
    // What is weak on its own stays context: it strengthens others, it is not carried by them.
    const own = act.score < REPORTED ? act.score : score
    if (own < REPORTED) continue
    hits.push({
      class: `injection.${act.kind}`,
      score: own,
      verdict: own >= MALICIOUS ? 'malicious' : own >= SUSPICIOUS ? 'suspicious' : 'benign',
      start: act.start,
      end: act.end,
    })
  }
  return hits
}
