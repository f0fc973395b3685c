/**
 * What is slipped into things that are not the tool's own: lines into every answer, values into every call, orders into the place of a value,
 * what a command prints or a helper gives into a parameter.
 */
import type { Matcher, Report } from '../act.ts'
import { AS, DO, HOW, TO } from '../meaning.ts'
import { after, before, find, has, isLater, near, type Sentence } from '../sentence.ts'
import {
  findDemanded,
  findFree,
  isDeclared,
  isDemanded,
  isDenied,
  isDuty,
  opensValue,
  parameterOf,
  stands,
} from './standpoint.ts'

const SLOT = { about: TO.parameter | TO.named, as: AS.here }
const PUT = { doing: DO.put | DO.send }
/** A place in a schema where a value stands, not a text. */
const VALUE_PLACE = /\.(?:enum|const|default|examples?)\b/

export const insertion: Matcher = (s, subject, report) => {
  if (!isDeclared(subject)) return
  if (VALUE_PLACE.test(subject.path)) inValue(s, report)
  inAnswers(s, report)
  if (parameterOf(subject) !== '') {
    ofMachine(s, report)
    return
  }
  ofCommands(s, report)
  ofMessages(s, report)
  everywhere(s, report)
}

/** A choice or a default that orders something. */
function inValue(s: Sentence, report: Report): void {
  const act = findDemanded(s, { doing: DO.invoke | DO.read | DO.send | DO.put | DO.dismiss | DO.run })
  if (act < 0 || s.to - s.from < 3) return
  if (stands(s, { doing: DO.must, how: HOW.before | HOW.first | HOW.after, about: TO.secretPath | TO.person }))
    report('parameter_smuggle', 0.5, act, s.to - 1)
}

/** A parameter that is to hold what commands tell of the machine. */
function ofMachine(s: Sentence, report: Report): void {
  const { text, ends } = s.tokens
  for (let i = find(s, { as: AS.content }); i >= 0; i = find(s, { as: AS.content }, i + 1))
    if (TELLING.test(text.slice(ends[i]!, ends[i]! + 40)) && before(s, i, 5, { how: HOW.example }) < 0) {
      report('parameter_smuggle', 0.5, i, i)
      return
    }
}
const TELLING =
  /^\s{0,2}(?:of|from)?\s{0,2}[`'"](?:env|printenv|id|whoami|uname|hostname|ifconfig|ip a|ps|history|set|cat|ls|find)\b/

/** From now on, add “…” to every reply; an image whose address carries the talk. */
function inAnswers(s: Sentence, report: Report): void {
  const { text, starts, ends } = s.tokens
  // end your answer with: “…”
  const answer = find(s, { about: TO.reply })
  if (answer >= 0 && before(s, answer, 2, { how: HOW.your | HOW.all }) >= 0 && isLater(s)) {
    const lead = text.slice(Math.max(0, starts[answer]! - 40), starts[answer]!)
    if (
      /\b(?:end|start|begin|finish|close|open|conclude)\b[^.]{0,24}$/i.test(lead) &&
      /^[^.\n]{0,24}["\u201c]/.test(text.slice(ends[answer]!, ends[answer]! + 26))
    )
      report('answer', 0.55, answer, answer)
  }
  const put = findDemanded(s, { doing: DO.put | DO.answer })
  if (put < 0) return
  const reply = after(s, put, 24, { about: TO.reply | TO.message })
  const every = reply < 0 ? -1 : before(s, reply, 2, { how: HOW.all | HOW.your })
  if (
    every >= 0 &&
    has(s, every, { how: HOW.all }) &&
    (opensValue(s, put) || stands(s, { about: TO.url, as: AS.praise }))
  )
    report('answer', 0.55, put, reply)
  const url = find(s, { about: TO.url })
  if (
    url >= 0 &&
    (s.about & TO.reply) !== 0 &&
    near(s, url, 10, { about: TO.talk | TO.person, as: AS.personal }) >= 0 &&
    stands(s, { how: HOW.your })
  )
    report('recipient', 0.5, put, url)
}

/** Run … and include what it prints; run a line that fetches from an address. */
function ofCommands(s: Sentence, report: Report): void {
  const run = findDemanded(s, { doing: DO.run })
  if (run < 0 || !isLater(s) || isDenied(s, run) || !isDemanded(s, run) || !opensValue(s, run)) return
  const sent = after(s, run, 20, PUT)
  if (sent >= 0 && !isDenied(s, sent) && after(s, sent, 10, SLOT) >= 0) report('parameter_smuggle', 0.55, run, sent)
  else if (stands(s, { about: TO.url }) && stands(s, { how: HOW.before | HOW.first | HOW.after, doing: DO.must }))
    report('command', 0.5, run, find(s, { about: TO.url }))
}

/** Each message of the user is to be passed to another tool; what is said is to be collected and put somewhere. */
function ofMessages(s: Sentence, report: Report): void {
  const demanded = findDemanded(s, PUT)
  const move = demanded >= 0 ? demanded : findFree(s, PUT)
  if (move < 0) return
  const foreign = after(s, move, 4, { about: TO.identifier | TO.otherTool })
  const message = before(s, move, 12, { about: TO.message | TO.reply | TO.talk })
  if (foreign >= 0 && message >= 0 && isDuty(s, move) && before(s, message, 3, { how: HOW.all | HOW.when }) >= 0)
    report('cross_tool', 0.55, message, foreign)
  const collect = before(s, move, 16, { doing: DO.read })
  const theirs = collect < 0 ? -1 : after(s, collect, 4, { about: TO.person })
  const own =
    theirs < 0 ? -1 : after(s, theirs, 2, { about: TO.message | TO.file | TO.data, as: AS.machine | AS.personal })
  const source = collect < 0 ? -1 : own >= 0 ? own : after(s, collect, 8, { about: TO.talk })
  if (
    source >= 0 &&
    source < move &&
    isDemanded(s, collect) &&
    !isDenied(s, collect) &&
    !has(s, source, { as: AS.vague }) &&
    after(s, move, 8, SLOT) >= 0
  )
    report('parameter_smuggle', 0.55, collect, move)
}

/** Of a wallet or a bank account. */
const ACCOUNT = /\b0x[0-9a-fA-F]{24,64}\b|\b[A-Z]{2}\d{2} ?[A-Z0-9]{4}(?: ?[A-Z0-9]{2,4}){2,7}\b/
/** All addresses are to be rewritten to go through this one; a wallet in the place of the one that was given. */
function everywhere(s: Sentence, report: Report): void {
  if (!isLater(s)) return
  const { text, starts, ends } = s.tokens
  const change = findDemanded(s, { doing: DO.divert | DO.send | DO.put })
  if (change < 0) return
  const url = find(s, { about: TO.url })
  if (url >= 0 && isDuty(s, change) && before(s, change, 6, { how: HOW.all }) >= 0)
    report('recipient', 0.55, change, url)
  const from = starts[s.from]!
  const address = /\b(?!(?:10|127|0|192\.168)\.)\d{1,3}(?:\.\d{1,3}){3}(?:\b|:)/.exec(
    text.slice(starts[s.from]!, Math.min(text.length, ends[s.to - 1]! + 40)),
  )
  if (address !== null && has(s, change, { doing: DO.send }) && !stands(s, { how: HOW.example, as: AS.preset }))
    report('recipient', 0.5, change, s.to - 1)
  const wallet = ACCOUNT.exec(text.slice(from, Math.min(text.length, ends[s.to - 1]! + 80)))
  if (
    wallet !== null &&
    !stands(s, { how: HOW.example, as: AS.preset }) &&
    stands(s, { how: HOW.when | HOW.instead | HOW.first | HOW.all })
  )
    report('recipient', 0.6, change, s.to - 1)
}
