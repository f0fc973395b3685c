/** What is to outlast the call: lines in files that guide agents, keys and start files of the machine, facts for later conversations; and what is removed on the way. */
import type { Matcher } from '../act.ts'
import { AS, DO, HOW, TO } from '../meaning.ts'
import { after, before, find, isLater, near } from '../sentence.ts'
import {
  findDemanded,
  giverOf,
  isDeclared,
  isDemanded,
  isDenied,
  opensValue,
  parameterOf,
  stands,
} from './standpoint.ts'

const WRITE = { doing: DO.put | DO.keep | DO.divert }

export const upkeep: Matcher = (s, subject, report) => {
  if (!isDeclared(subject) || parameterOf(subject) !== '') return
  // add the line … to the agent's rules; allow … in its settings
  const guide = find(s, { as: AS.guide, about: TO.secretPath })
  if (guide >= 0) {
    const write = giverOf(s, guide, 24, WRITE)
    const { text, starts, ends } = s.tokens
    const isAppended = text.slice(Math.max(0, starts[guide]! - 4), starts[guide]!).includes('>')
    const into = isAppended ? guide : before(s, guide, 3, { how: HOW.to | HOW.into })
    const payload = write >= 0 && (text.charCodeAt(ends[guide]!) === 58 || carries(text, ends[write]!, starts[guide]!))
    if (write >= 0 && into > write && isDemanded(s, write) && !isDenied(s, write) && (payload || isLater(s)))
      report('memory', payload ? 0.6 : 0.4, write, guide)
  }
  // store in your memory that …
  const keep = findDemanded(s, { doing: DO.keep })
  if (keep >= 0 && isDemanded(s, keep) && !isDenied(s, keep) && isLater(s)) {
    const memory = near(s, keep, 6, { how: HOW.later })
    if (memory >= 0 && (before(s, memory, 3, { how: HOW.your }) >= 0 || opensValue(s, memory)))
      report('memory', 0.5, keep, memory)
  }
  // in future sessions always begin by calling …
  const later = find(s, { how: HOW.later })
  if (
    later >= 0 &&
    near(s, later, 2, { how: HOW.later }) >= 0 &&
    stands(s, { doing: DO.must }) &&
    after(s, later, 8, { doing: DO.invoke }) >= 0 &&
    isLater(s)
  )
    report('memory', 0.5, later, later)
  // and files are to be removed beside
  const destroy = findDemanded(s, { doing: DO.destroy })
  if (destroy >= 0 && (s.as & AS.extra) !== 0 && stands(s, { doing: DO.must | DO.please })) {
    const path = after(s, destroy, 8, { about: TO.path | TO.secretPath })
    if (path >= 0 && stands(s, { how: HOW.all, doing: DO.please })) report('command', 0.5, destroy, path)
  }
}

/** Between the verb and the file stands a quotation: what is to be written. */
const carries = (text: string, from: number, to: number): boolean =>
  /["'`\u201c{]/.test(text.slice(from, Math.min(to, from + 300)))
