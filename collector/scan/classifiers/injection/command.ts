/** injection.command: the text carries a command line and orders that it be run. */
import type { Matcher } from './act.ts'
import { DO, HOW, TO } from './meaning.ts'
import { after, before, find, has, isLater, isOrdered, isRefused } from './sentence.ts'

/** Shells that fetch, delete, open a way in or take rights: what stands in a command line and hardly in prose. */
const COMMAND_LINE =
  /\b(?:rm\s+-[a-z]{1,4}|curl\s+(?:[-'"$]|https?:|\S{1,80}[./|])|wget\s+[-h]|chmod\s+[-+0-7u]|sudo\s+\w|nc\s+-?\w[\w.-]{2,60}\s+\d|(?:ba|z)?sh\s+-[ci]|bash\s*<|python3?\s+-c|node\s+-e|powershell|base64\s+-d|mkfifo|crontab|dd\s+if=|del\s+\/|format\s+c:|eval\s*\(|os\.system|subprocess\.|touch\s+[~/]|cat\s+[~/])|\|\s*(?:ba)?sh\b|&&\s*\w|;\s*rm\b/i

export const commandLine = (text: string): boolean => COMMAND_LINE.test(text)

const RUN = { doing: DO.run | DO.call }
/** Characters after the order in which the command may stand. */
const REACH = 240
/** Verbs of one sentence after which a command is looked for. */
const MAX_TRIES = 6

export const command: Matcher = (s, subject, report) => {
  if ((s.doing & (DO.run | DO.call)) === 0) return
  let tries = 0
  for (let verb = find(s, RUN); verb >= 0; verb = find(s, RUN, verb + 1)) {
    if (isRefused(s, verb)) continue
    const word = after(s, verb, 6, { about: TO.command })
    const isAside =
      subject.surface === 'definition' && isLater(s) && isOrdered(s, verb) && has(s, verb, { doing: DO.run })
    const forced =
      before(s, verb, 5, { doing: DO.must | DO.please, how: HOW.before | HOW.first | HOW.you | HOW.after }) >= 0 ||
      after(s, verb, 14, { doing: DO.must, how: HOW.first }) >= 0
    if (!forced && !isAside && (word < 0 || !has(s, verb, { doing: DO.run }) || !isOrdered(s, verb))) continue
    if (++tries > MAX_TRIES) return
    const { text, ends } = s.tokens
    const isLine = commandLine(text.slice(ends[verb]!, ends[verb]! + REACH))
    const isRead = subject.surface !== 'definition' && subject.surface !== 'arguments'
    // The first sentence of a definition says what the tool does.
    const isOwn = subject.surface === 'definition' && !isLater(s)
    if (isLine)
      report('command', forced && word >= 0 ? 0.8 : isRead ? 0.6 : isOwn ? 0.4 : 0.5, verb, word >= 0 ? word : verb)
    else if (word >= 0 && forced && (isRead || (s.about & TO.pretext) !== 0))
      report('command', (s.about & TO.pretext) !== 0 ? 0.55 : 0.35, verb, word)
    else continue
    return
  }
}
