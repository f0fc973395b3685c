/** The conversation, the prompt, what was thought, what other tools gave, which tools there are: to be put where the tool can read it. */
import type { Report } from '../act.ts'
import type { Meaning } from '../lexicon.ts'
import { AS, DO, HOW, TO } from '../meaning.ts'
import { after, before, has, isLater, near, type Sentence } from '../sentence.ts'
import { IS } from '../tokens.ts'
import { isDemanded, isDenied, isDuty, stands } from './standpoint.ts'

const SLOT = { about: TO.parameter | TO.named, as: AS.here }
const WHOLE = { how: HOW.all | HOW.prior | HOW.only | HOW.regardless, as: AS.said }

/** `own`: what the parameter's name says, `tool`: what the tool's does. `move`: what puts it there, -1: nothing. */
export function talk(s: Sentence, parameter: string, own: Meaning, tool: Meaning, move: number, report: Report): void {
  if (move < 0 && (parameter === '' || (s.doing & (DO.put | DO.send)) !== 0)) return
  const isSlot = parameter !== '' || stands(s, SLOT)
  if (!isSlot && ((s.about & (TO.prompt | TO.orders)) === 0 || !isLater(s))) return
  // `context` says nothing; `conversation_id` is not the conversation.
  const names = TO.talk | TO.prompt | TO.message | TO.agent
  const isAnnounced =
    ((own.to & names) !== 0 && (own.as & AS.vague) === 0 && (own.to & TO.data) === 0) ||
    (tool.to & (names | TO.prompt)) !== 0
  const demanded = move >= 0 && (isDemanded(s, move) || isDuty(s, move))
  for (let i = s.from; i < s.to; i++) {
    const kind = (s.tokens.is[i]! & IS.quoted) !== 0 ? 0 : talkAt(s, i)
    if (kind === 0 || (!isSlot && kind !== 2)) continue
    if (isDenied(s, i)) return
    if (before(s, i, 2, { how: HOW.from }) >= 0) continue
    const whole = near(s, i, 5, WHOLE) >= 0
    const thinks = kind === 3 && ((own.as | tool.as) & AS.thought) !== 0
    const weight = (kind === 3 ? thinks : isAnnounced) ? 0.5 : 1
    let score: number
    if (kind === 2) score = demanded || whole ? 0.65 : parameter === '' ? 0.4 : 0.3
    else if (kind === 3)
      score =
        demanded || (whole && parameter !== '' && (s.about & TO.talk) !== 0)
          ? 0.5
          : whole && parameter !== ''
            ? 0.4
            : 0.25
    else if (kind === 4) score = demanded || parameter !== '' ? 0.5 : 0.35
    else if (whole) score = demanded || (parameter !== '' && stands(s, { doing: DO.must })) ? 0.6 : 0.45
    else score = demanded ? 0.4 : 0.2
    report('parameter_smuggle', score * weight, move < 0 ? i : Math.min(i, move), Math.max(i, move))
    return
  }
}

/** 1 talk, 2 the prompt of the system, 3 thoughts and results of other calls, 4 the list of tools; 0 none of these. */
function talkAt(s: Sentence, i: number): 0 | 1 | 2 | 3 | 4 {
  if (has(s, i, { about: TO.prompt | TO.orders }) && before(s, i, 2, { about: TO.authority }) >= 0) return 2
  if (
    has(s, i, { about: TO.orders }) &&
    before(s, i, 3, { how: HOW.your }) >= 0 &&
    near(s, i, 6, { how: HOW.hidden | HOW.all }) >= 0
  )
    return 2
  if (has(s, i, { as: AS.thought })) return 3
  if (has(s, i, { about: TO.talk })) {
    if (!has(s, i, { as: AS.vague })) return 1
    return before(s, i, 2, { about: TO.talk, how: HOW.your }) >= 0 ? 1 : 0
  }
  if (has(s, i, { about: TO.message }) && near(s, i, 4, { how: HOW.all | HOW.prior }) >= 0)
    return near(s, i, 6, { about: TO.person, how: HOW.later, as: AS.said }) >= 0 ? 1 : 0
  if (
    has(s, i, { about: TO.tool }) &&
    before(s, i, 2, { how: HOW.all }) >= 0 &&
    after(s, i, 6, { how: HOW.you | HOW.your }) >= 0
  )
    return 4
  // the memory of the agent; the answer you gave before
  if (
    has(s, i, { as: AS.machine, how: HOW.later, about: TO.orders }) &&
    before(s, i, 3, { about: TO.agent }) >= 0 &&
    near(s, i, 6, { as: AS.content, how: HOW.all }) >= 0
  )
    return 2
  if (
    has(s, i, { about: TO.reply }) &&
    after(s, i, 1, { how: HOW.you }) >= 0 &&
    before(s, i, 2, { how: HOW.prior | HOW.all }) >= 0
  )
    return 1
  // what earlier tools gave
  if (
    has(s, i, { about: TO.data | TO.reply }) &&
    (near(s, i, 5, { how: HOW.prior }) >= 0
      ? near(s, i, 6, { about: TO.tool }) >= 0
      : before(s, i, 3, { how: HOW.other | HOW.all }) >= 0 && before(s, i, 2, { about: TO.tool }) >= 0)
  )
    return 3
  // everything you know about the user
  if (
    has(s, i, { how: HOW.all }) &&
    after(s, i, 1, { how: HOW.you }) >= 0 &&
    after(s, i, 9, { about: TO.person }) >= 0 &&
    after(s, i, 3, { doing: DO.know, as: AS.said }) >= 0
  )
    return 1
  // everything the user has said
  if (has(s, i, { how: HOW.all }) && after(s, i, 3, { about: TO.person }) >= 0 && after(s, i, 6, { as: AS.said }) >= 0)
    return 1
  return 0
}
