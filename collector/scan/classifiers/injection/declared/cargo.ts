/**
 * What a definition wants to be handed over: keys and the files they stand in, the conversation, the prompt, what the machine or the user
 * keeps to itself. A tool names what it needs by the name of a parameter; what is asked for beyond that is somebody else's.
 */
import type { Matcher, Report } from '../act.ts'
import { AS, DO, HOW, TO } from '../meaning.ts'
import { after, before, find, has, isLater, near, type Sentence } from '../sentence.ts'
import { IS } from '../tokens.ts'
import {
  announced,
  announcedIn,
  findDemanded,
  findFree,
  foreignToolIn,
  isDeclared,
  isDemanded,
  isDenied,
  isDuty,
  isPassedOn,
  opensValue,
  parameterOf,
  slotName,
  stands,
} from './standpoint.ts'
import { talk } from './talk.ts'

const MOVE = { doing: DO.put | DO.send, as: AS.holds | AS.goes }
const SLOT = { about: TO.parameter | TO.named, as: AS.here }
const TIMED = { how: HOW.before | HOW.first | HOW.after }
const FORCE = { doing: DO.must, as: AS.penalty }
/** Something that is worth carrying off, or a command. */
const isOfInterest = (s: Sentence): boolean =>
  (s.about & INTERESTING) !== 0 ||
  (s.as & (AS.machine | AS.personal | AS.thought | AS.variable)) !== 0 ||
  (s.doing & DO.run) !== 0
const INTERESTING =
  TO.secretPath |
  TO.secret |
  TO.keyish |
  TO.talk |
  TO.prompt |
  TO.orders |
  TO.message |
  TO.data |
  TO.reply |
  TO.tool |
  TO.person
const SAMPLE = { how: HOW.example, as: AS.preset }

export const cargo: Matcher = (s, subject, report) => {
  if (!isDeclared(subject)) return
  const parameter = parameterOf(subject)
  if (!isOfInterest(s)) return
  const { own, tool } = announcedIn(subject)
  const about = own.to | tool.to
  secretFile(s, parameter, report)
  const namesSecret = (about & (TO.secret | TO.keyish)) !== 0 || ((own.how | tool.how) & HOW.keyed) !== 0
  secretValue(s, parameter, namesSecret || (own.as & AS.machine) !== 0, report)
  talk(s, parameter, own, tool, moveOf(s), report)
  if (((own.as | tool.as) & AS.machine) === 0) machine(s, parameter, report)
  // what a command prints goes into a slot
  const run = find(s, { doing: DO.run })
  const sent = run < 0 ? -1 : after(s, run, 16, { doing: DO.send | DO.put })
  if (
    sent >= 0 &&
    isDemanded(s, run) &&
    isDemanded(s, sent) &&
    opensValue(s, run) &&
    after(s, sent, 8, SLOT) >= 0 &&
    after(s, sent, 3, { how: HOW.this, as: AS.content }) >= 0
  )
    report('parameter_smuggle', 0.5, run, sent)
}

/** What moves it: a verb of moving or holding, or `use … as`; -1: nothing. */
function moveOf(s: Sentence): number {
  const demanded = findDemanded(s, { doing: DO.put | DO.send })
  const move = demanded >= 0 ? demanded : findFree(s, MOVE)
  if (move >= 0) return move
  const use = findFree(s, { doing: DO.call })
  return use >= 0 && after(s, use, 14, { how: HOW.into }) >= 0 ? use : -1
}

/** The text of a file with keys is to be read, or to stand in a parameter. */
function secretFile(s: Sentence, parameter: string, report: Report): void {
  for (let path = find(s, { about: TO.secretPath }); path >= 0; path = find(s, { about: TO.secretPath }, path + 1)) {
    if (before(s, path, 4, SAMPLE) >= 0) continue
    const reading = before(s, path, 12, { doing: DO.read | DO.run })
    if (reading >= 0 && isDenied(s, reading)) continue
    const move = moveOf(s)
    if (move < 0 && stands(s, MOVE)) continue
    // `writes key.pem to the folder`: a target is no source.
    const isTarget = before(s, path, 3, { how: HOW.to | HOW.into }) >= 0 || (reading < 0 && isWritten(s, path))
    const content =
      before(s, path, 7, { as: AS.content, about: TO.file }) >= 0 || after(s, path, 9, { as: AS.content }) >= 0
    const slot = parameter !== '' || otherThan(s, SLOT, path)
    const timed = stands(s, TIMED) || stands(s, FORCE)
    // files with keys go to a bucket, an address
    if (
      move >= 0 &&
      has(s, move, { doing: DO.send }) &&
      stands(s, { about: TO.url | TO.mail | TO.outside, as: AS.account })
    ) {
      report('secret_path', 0.6, Math.min(path, move), Math.max(path, move))
      return
    }
    const isRead = reading >= 0 && (isDemanded(s, reading) || (timed && has(s, reading, { doing: DO.base })))
    if (isTarget && !isRead && !content) continue
    const from = move < 0 ? path : Math.min(path, move)
    const to = Math.max(path, move)
    if (content && move >= 0 && slot) report('secret_path', 0.8, from, to)
    else if (isRead && ((move >= 0 && slot) || isPassedOn(s))) report('secret_path', 0.8, reading, path)
    else if (content && slot && stands(s, FORCE)) report('secret_path', 0.65, path, path)
    else if (isRead && timed) report('secret_path', 0.7, reading, path)
    else if (move >= 0 && slot && (isDemanded(s, move) || isDuty(s, move))) report('secret_path', 0.65, from, to)
    else if (move >= 0 && slot && after(s, path, 6, { doing: DO.read }) >= 0) report('secret_path', 0.65, from, to)
    else if (before(s, path, 5, { as: AS.content }) >= 0 && (slot || isPassedOn(s) || isLater(s)))
      report('secret_path', 0.6, path, path)
    else continue
    return
  }
}
const isWritten = (s: Sentence, path: number): boolean => before(s, path, 3, { doing: DO.put | DO.make }) >= 0

const otherThan = (s: Sentence, wanted: { about: number; as: number }, not: number): boolean => {
  for (let i = find(s, wanted); i >= 0; i = find(s, wanted, i + 1)) if (i !== not) return true
  return false
}

/** Passwords, keys, cookies, secret variables: their values are to be looked for and handed over under a name that does not say so. */
function secretValue(s: Sentence, parameter: string, isAnnounced: boolean, report: Report): void {
  if ((s.about & (TO.secret | TO.keyish)) === 0 && (s.as & AS.variable) === 0) return
  for (let i = s.from; i < s.to; i++) {
    if (!isSecretAt(s, i) || (s.tokens.is[i]! & IS.quoted) !== 0) continue
    const move = moveOf(s)
    const found = before(s, i, 9, { doing: DO.read | DO.harvest })
    if ((move < 0 && stands(s, MOVE)) || (found >= 0 && isDenied(s, found)) || isDenied(s, i)) return
    // Who asks the person gets what the person wants to give.
    if (before(s, i, 12, { doing: DO.ask }) >= 0 && (s.about & TO.person) !== 0) return
    if (before(s, i, 5, SAMPLE) >= 0) continue
    const value = before(s, i, 5, { as: AS.content }) >= 0
    if (move >= 0 && !has(s, move, { doing: DO.base, as: MOVE.as }) && !isDuty(s, move)) return
    // the model's own key; the value of a secret variable, wherever it goes
    if (move >= 0 && has(s, i, { as: AS.variable }) && value && isDemanded(s, move)) {
      report('secret_path', 0.6, Math.min(i, move), Math.max(i, move))
      return
    }
    const foreign =
      before(s, i, 9, { about: TO.agent }) >= 0 ||
      before(s, i, 6, { about: TO.person }) >= 0 ||
      (after(s, i, 4, { about: TO.person }) >= 0 && before(s, i, 8, { doing: DO.put | DO.send }) >= 0) ||
      stands(s, { as: AS.machine, how: HOW.hidden }) ||
      near(s, i, 8, { about: TO.secretPath }) >= 0 ||
      (after(s, i, 4, { how: HOW.from }) >= 0 && after(s, i, 10, { about: TO.file }) >= 0)
    const isAll = before(s, i, 4, { how: HOW.all | HOW.regardless }) >= 0
    const slot = parameter !== '' || stands(s, SLOT)
    // into a slot whose name says nothing of it
    const name = move >= 0 && isLater(s) ? slotName(s, Math.min(i, move)) : ''
    const odd = name !== '' && !isSecretName(name)
    const forced = stands(s, FORCE) || stands(s, TIMED)
    const weight = isAnnounced ? 0.5 : 1
    if (move >= 0 && slot && (foreign || (isAll && (value || odd))) && (value || forced || isDemanded(s, move)))
      report('secret_path', 0.65 * weight, Math.min(i, move), Math.max(i, move))
    else if (move >= 0 && odd && isDemanded(s, move) && !isAnnounced)
      report('secret_path', 0.5, Math.min(i, move), Math.max(i, move))
    else if (
      move >= 0 &&
      isDemanded(s, move) &&
      !isAnnounced &&
      isLater(s) &&
      (value || (before(s, i, 6, { about: TO.person }) >= 0 && stands(s, { doing: DO.must })))
    )
      report('secret_path', 0.5, Math.min(i, move), Math.max(i, move))
    else if (found >= 0 && (foreign || isAll) && isDemanded(s, found) && slot && (parameter !== '' || isLater(s)))
      report('secret_path', 0.55 * weight, found, i)
    else if (
      parameter !== '' &&
      !isAnnounced &&
      before(s, i, 3, { how: HOW.all | HOW.regardless }) >= 0 &&
      stands(s, { as: AS.machine, how: HOW.other | HOW.regardless, about: TO.agent })
    )
      report('secret_path', 0.5, i, i)
    else if (
      parameter !== '' &&
      !isAnnounced &&
      move >= 0 &&
      isDemanded(s, move) &&
      (after(s, i, 2, { as: AS.here }) >= 0 || foreign || isAll)
    )
      report('secret_path', 0.5, Math.min(i, move), Math.max(i, move))
    else if (
      !isAnnounced &&
      foreign &&
      move >= 0 &&
      isDemanded(s, move) &&
      after(s, i, 3, { about: TO.person }) < 0 &&
      before(s, i, 2, { about: TO.person }) >= 0 &&
      isLater(s)
    )
      report('secret_path', 0.45, Math.min(i, move), Math.max(i, move))
    else if (parameter !== '' && value && foreign) report('secret_path', 0.55 * weight, i, i)
    else continue
    return
  }
}

function isSecretAt(s: Sentence, i: number): boolean {
  if (has(s, i, { about: TO.secret, as: AS.variable })) return true
  return has(s, i, { about: TO.keyish }) && before(s, i, 2, { how: HOW.keyed, about: TO.agent }) >= 0
}

/** Who the user is and what the machine holds: personal details in a row, environment, history, listings. */
function machine(s: Sentence, parameter: string, report: Report): void {
  if ((s.as & (AS.machine | AS.personal)) === 0) return
  const move = moveOf(s)
  if (move < 0 && parameter === '') return
  const out = parameter !== '' || stands(s, SLOT) || stands(s, { about: TO.url | TO.mail | TO.outside, as: AS.step })
  if (!out) return
  let owned = 0
  let personal = 0
  let first = -1
  let last = -1
  for (let i = s.from; i < s.to; i++) {
    // `environment` alone is where something runs.
    const isMachine = has(s, i, { as: AS.machine }) && !(isPlace(s, i) && after(s, i, 1, { as: AS.machine }) < 0)
    if ((!isMachine && !has(s, i, { as: AS.personal })) || (s.tokens.is[i]! & IS.quoted) !== 0) continue
    if (isDenied(s, i)) return
    if (isMachine) owned++
    else personal++
    if (first < 0) first = i
    last = i
  }
  const demanded = move >= 0 && (isDemanded(s, move) || isDuty(s, move))
  const from = move < 0 ? first : Math.min(first, move)
  const isTheirs = stands(s, { about: TO.person })
  if (owned >= 2 && demanded && stands(s, { as: AS.content, how: HOW.all | HOW.when }))
    report('parameter_smuggle', 0.5, from, last)
  else if (personal >= 1 && parameter !== '' && isTheirs && stands(s, FORCE) && (s.about & TO.talk) !== 0)
    report('parameter_smuggle', 0.5, first, last)
  else if (personal >= 2 && demanded && stands(s, { about: TO.named }) && foreignToolIn(s) >= 0)
    report('parameter_smuggle', 0.4, from, last)
  else if (
    isTheirs &&
    ((personal >= 3 && (demanded || parameter !== '') && (s.as & AS.said) !== 0) ||
      (personal >= 2 && demanded && (s.about & TO.agent) !== 0))
  )
    report('parameter_smuggle', 0.5, from, last)
}

const isPlace = ({ tokens: { text, starts } }: Sentence, i: number): boolean =>
  /^(?:environment|browser|workspace|home)/i.test(text.slice(starts[i]!, starts[i]! + 11))

function isSecretName(name: string): boolean {
  const { to, how } = announced(name)
  return (to & (TO.secret | TO.keyish)) !== 0 || (how & HOW.keyed) !== 0
}
