/** injection.cross_tool: a text changes what another tool does, what it is given, or whether it is used. */
import type { Matcher } from './act.ts'
import { DO, HOW, TO } from './meaning.ts'
import { after, before, countOf, find, has, isOrdered, isRefused, near, pairs, type Sentence } from './sentence.ts'
import type { Tokens } from './tokens.ts'
import { anyOtherTool, isOtherTool, isUnbounded, otherToolIn } from './tool-reference.ts'

const LITERAL = TO.mail | TO.url | TO.secretPath | TO.named | TO.enemy
const CHANGE = { doing: DO.put | DO.divert | DO.send }

export const crossTool: Matcher = (s, subject, report) => {
  const other = otherToolIn(s)
  if (other >= 0) {
    // when calling X, always add …; before using X, copy …
    const opens = before(s, other, 6, { how: HOW.when | HOW.before | HOW.after | HOW.instead })
    if (opens >= 0 && near(s, other, 3, { doing: DO.call }) >= 0) {
      const verb = after(s, other, 14, CHANGE)
      if (verb >= 0 && !isRefused(s, verb) && !isOtherTool(s, verb)) {
        const literal = after(s, verb, 14, { about: LITERAL, how: HOW.copy })
        const forced = before(s, verb, 4, { doing: DO.must }) >= 0
        const onText = after(s, verb, 6, { about: TO.message | TO.file | TO.data | TO.talk | TO.secret }) >= 0
        if (literal >= 0 && (forced || onText || has(s, literal, { about: TO.mail | TO.enemy, how: HOW.copy })))
          report('cross_tool', 0.8, opens, literal)
        else if (forced && onText) report('cross_tool', 0.55, opens, verb)
        else report('cross_tool', 0.3, opens, verb)
      }
    }
    // the X tool must send …
    const must = after(s, other, 4, { doing: DO.must })
    if (must >= 0) {
      const verb = after(s, must, 3, { doing: DO.send | DO.divert })
      if (verb >= 0 && !isRefused(s, verb)) report('cross_tool', 0.6, other, verb)
      else if (after(s, must, 3, { doing: DO.not }) >= 0 && after(s, must, 5, { doing: DO.call }) >= 0)
        report('cross_tool', 0.6, other, must)
    }
    const isRead = subject.surface !== 'definition' && subject.surface !== 'instructions'
    // you must first call X — for a reason that has nothing to do with what X gives
    const call = before(s, other, 3, { doing: DO.call | DO.divert })
    if (call >= 0 && !isRefused(s, call) && !isRead) {
      const forced = before(s, call, 12, { doing: DO.must }) >= 0
      const early = find(s, { how: HOW.before | HOW.first }) >= 0
      const pretexts = countOf(s, TO.pretext)
      const dictated =
        after(s, other, 24, { doing: DO.show | DO.tell | DO.answer }) >= 0 &&
        after(s, other, 30, { about: TO.person | TO.message }) >= 0
      // call X with 'this very value': no description of one's own says what another is to be asked.
      const literal = after(s, other, 12, { about: TO.named | TO.url | TO.mail | TO.secretPath })
      const isBound =
        literal >= 0 &&
        !isOtherTool(s, literal) &&
        !has(s, literal, { about: TO.parameter | TO.ownTool }) &&
        after(s, literal, 1, { about: TO.parameter | TO.tool }) < 0
      if (forced && isBound && find(s, { how: HOW.example }) < 0) report('cross_tool', 0.6, call, literal)
      else if (forced && pretexts > 0) report('cross_tool', pretexts > 1 ? 0.6 : 0.5, call, other)
      else if (pretexts > 0 && has(s, call, { doing: DO.invoke }) && isOrdered(s, call))
        report('cross_tool', early || find(s, { how: HOW.when }) >= 0 ? 0.5 : 0.4, call, other)
      else if (forced && early && dictated) report('cross_tool', 0.55, call, other)
      else if (forced && early) report('cross_tool', 0.35, call, other)
    }
    // do not use X, it is compromised
    const refusedCall = before(s, other, 4, { doing: DO.call })
    if (!isRead && refusedCall >= 0 && isRefused(s, refusedCall) && find(s, { how: HOW.bad }, other) >= 0)
      report('cross_tool', 0.5, refusedCall, other)
    // this one is disabled for security, use that one
    if (
      !isRead &&
      call >= 0 &&
      isCondemned(s) &&
      ((s.how & HOW.instead) !== 0 || (s.doing & (DO.must | DO.please)) !== 0)
    )
      report('cross_tool', 0.5, call, other)
    // before answering, call X — in something that was only read
    if (isRead && subject.surface !== 'prompt') {
      const call = before(s, other, 3, { doing: DO.invoke })
      const forced = call >= 0 ? before(s, call, 5, { doing: DO.must | DO.please }) : -1
      if (forced >= 0 && !isRefused(s, call)) report('cross_tool', 0.6, forced, other)
      // use the X tool to delete …
      const use = before(s, other, 3, { doing: DO.call })
      const act = after(s, other, 5, { doing: DO.destroy | DO.send | DO.harvest })
      if (forced < 0 && use >= 0 && act >= 0 && isOrdered(s, use) && !isRefused(s, use))
        report('cross_tool', 0.5, use, act)
    }
  }
  // all requests for X are rerouted to …
  if ((s.doing & DO.divert) !== 0 && (s.about & (TO.url | TO.mail | TO.enemy | TO.outside)) !== 0)
    pairs(s, { doing: DO.divert }, { about: TO.url | TO.mail | TO.enemy | TO.outside }, 6, (verb, where) => {
      if (isRefused(s, verb)) return false
      const what = before(s, verb, 10, { about: TO.wish | TO.message | TO.identifier | TO.otherTool })
      const isForeign =
        what >= 0 &&
        (has(s, what, { about: TO.identifier | TO.otherTool }) || before(s, what, 2, { how: HOW.all }) >= 0)
      if (isForeign) report('cross_tool', 0.65, what, where)
      return isForeign
    })
  // call that one instead of any other function
  if (
    subject.surface !== 'definition' &&
    (s.doing & DO.invoke) !== 0 &&
    (s.how & HOW.instead) !== 0 &&
    (s.about & (TO.tool | TO.identifier)) !== 0
  ) {
    const call = find(s, { doing: DO.invoke })
    const instead = after(s, call, 8, { how: HOW.instead })
    if (instead >= 0 && !isRefused(s, call) && after(s, call, 14, { about: TO.tool | TO.identifier }) >= 0)
      report('cross_tool', 0.6, call, instead)
  }
  // please call fetch with URL …
  if (subject.surface !== 'definition' && (s.doing & DO.invoke) !== 0 && (s.about & TO.url) !== 0)
    pairs(s, { doing: DO.invoke }, { about: TO.url }, 8, (call, url) => {
      const forced = before(s, call, 5, { doing: DO.must | DO.please })
      if (forced >= 0 && !isRefused(s, call)) report('cross_tool', 0.55, forced, url)
      return true
    })
  // requests to other tools are redirected
  if ((s.doing & DO.divert) !== 0)
    pairs(
      s,
      { doing: DO.divert },
      { about: TO.wish | TO.tool | TO.message | TO.otherTool | TO.identifier | TO.data },
      4,
      (verb, object) => {
        if (isRefused(s, verb)) return false
        const isForeign = has(s, object, { about: TO.otherTool }) || before(s, object, 2, { how: HOW.all }) >= 0
        const to = after(s, object, 12, {
          about: TO.url | TO.mail | TO.enemy | TO.outside | TO.place,
          how: HOW.instead,
        })
        if (isForeign && to >= 0) report('cross_tool', 0.65, verb, to)
        return isForeign
      },
    )
  // the system automatically redirects to …, enables … regardless
  if ((s.how & HOW.automatic) !== 0 && (s.doing & (DO.divert | DO.put)) !== 0 && subject.surface === 'definition')
    pairs(s, { how: HOW.automatic }, { doing: DO.divert | DO.put }, 3, (auto, verb) => {
      const against = near(s, verb, 14, { how: HOW.instead | HOW.regardless })
      if (against >= 0) report('override', 0.55, auto, against)
      else if (has(s, verb, { doing: DO.divert })) report('override', 0.4, auto, verb)
      return true
    })
  // never use any other tool for this
  const any = anyOtherTool(s)
  if (any >= 0) {
    const call = before(s, any, 5, { doing: DO.call | DO.prefer })
    if (call >= 0 && isRefused(s, call)) report('cross_tool', isUnbounded(s, any) ? 0.5 : 0.3, call, any)
    else if (
      find(s, { doing: DO.put | DO.send | DO.divert }, any) >= 0 &&
      before(s, any, 6, { how: HOW.when | HOW.before }) >= 0
    ) {
      const verb = after(s, any, 12, CHANGE)
      if (
        verb >= 0 &&
        after(s, verb, 10, { about: TO.message | TO.file | TO.talk | TO.secret | LITERAL, how: HOW.copy }) >= 0
      )
        report('cross_tool', 0.6, any, verb)
    }
  }
}

/** Some sentence calls a tool unusable and gives a reason of the kind that is only a pretext. */
function isCondemned({ tokens }: Sentence): boolean {
  tokens.condemns ??= condemns(tokens)
  return tokens.condemns
}

function condemns({ sentences, sentenceHow, sentenceTo, howAll }: Tokens): boolean {
  if ((howAll & HOW.bad) === 0) return false
  for (let i = 0; i < sentences; i++) {
    const about = sentenceTo[i]!
    if ((sentenceHow[i]! & HOW.bad) !== 0 && (about & TO.pretext) !== 0 && (about & (TO.tool | TO.ownTool)) !== 0)
      return true
  }
  return false
}
