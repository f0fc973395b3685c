/** What is to outlast the call: lines in files that guide agents, keys and start files of the machine, facts for later conversations; endless work. */
import type { Matcher } from '../act.ts'
import { AS, DO, HOW, TO } from '../meaning.ts'
import { after, before, find, near } from '../sentence.ts'
import { isDeclared, isDemanded, isDenied, parameterOf } from './standpoint.ts'

const WRITE = { doing: DO.put | DO.keep | DO.divert }

export const upkeep: Matcher = (s, subject, report) => {
  if (!isDeclared(subject) || parameterOf(subject) !== '') return
  // add the line … to the agent's rules; allow … in its settings
  const guide = find(s, { as: AS.guide, about: TO.secretPath })
  if (guide >= 0) {
    const write = before(s, guide, 24, WRITE)
    const into = before(s, guide, 3, { how: HOW.to | HOW.into })
    const payload = write >= 0 && carries(s.tokens.text, s.tokens.ends[write]!, s.tokens.starts[guide]!)
    if (write >= 0 && into > write && isDemanded(s, write) && !isDenied(s, write) && (payload || s.index > 0))
      report('memory', payload ? 0.6 : 0.4, write, guide)
  }
  // store in your memory that …
  const keep = find(s, { doing: DO.keep })
  if (keep >= 0 && isDemanded(s, keep) && !isDenied(s, keep) && s.index > 0) {
    const memory = after(s, keep, 6, { how: HOW.later })
    if (memory >= 0 && before(s, memory, 3, { how: HOW.your }) >= 0) report('memory', 0.5, keep, memory)
  }
  // call it thousands of times; do not stop
  if ((s.as & AS.many) !== 0 && (s.doing & (DO.call | DO.answer | DO.make | DO.show)) !== 0) {
    const many = find(s, { as: AS.many })
    const verb = near(s, many, 10, { doing: DO.call | DO.show | DO.make })
    const endless = near(s, many, 10, { doing: DO.not | DO.ask }) >= 0
    if (
      verb >= 0 &&
      endless &&
      isDemanded(s, verb) &&
      /thousand|million|infinit|endless|forever/i.test(
        s.tokens.text.slice(s.tokens.starts[many]!, s.tokens.ends[many]!),
      )
    )
      report('command', 0.5, Math.min(verb, many), Math.max(verb, many))
  }
}

/** Between the verb and the file stands a quotation: what is to be written. */
const carries = (text: string, from: number, to: number): boolean =>
  /["'`\u201c{]/.test(text.slice(from, Math.min(to, from + 300)))
