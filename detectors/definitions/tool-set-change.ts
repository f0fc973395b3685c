/** Whether a change of what a server offers is news, whether a deployment explains it, and the change that still waits for one. */

import { type Severity, severityRank } from '../../schemas/finding.ts'
import { type Deployments, deployedNear } from '../deployments.ts'
import type { Match } from '../rule.ts'
import type { SeenDefinition } from './facts.ts'
import { type ChangeGrade, gradeChange } from './grade.ts'
import { changeOf, type SetChange, spellingOf, type ToolSet, toolSetOf } from './tool-set.ts'

/** Tools of which it is remembered what was said last, and the length of a name that is remembered whole. */
const MAX_SAID = 24
const SAID_CHARS = 60
/** Changes told within this time of each other are one: each connection is told of it. */
const ONE_CHANGE_MS = 1_000

/** Of a server: deployments, what was said of which tool (`+name`, `-name`), times of list_changed, and a change that waits until `dueMs`. */
export type ServerOffer = Deployments & {
  said: string[]
  changedMs: number[]
  identities: string[]
  dueMs: number
  pendingSaw: string
  pendingGrade: string
  pendingSeverity: string
  pendingBuild: string
  pendingMs: number
}
export const newOffer = (): ServerOffer => ({
  builds: [],
  atMs: [],
  said: [],
  changedMs: [],
  identities: [],
  dueMs: 0,
  pendingSaw: '',
  pendingGrade: '',
  pendingSeverity: 'info',
  pendingBuild: '',
  pendingMs: 0,
})
/** Of one list, as one set of scopes sees it. */
export type ListShown = ToolSet & { known: boolean; build: string }
export const notListed = (): ListShown => ({ form: 'names', names: '', size: 0, known: false, build: '' })

interface Listing {
  readonly ts: number
  readonly build: string
  readonly definitions: readonly (SeenDefinition & { readonly name: string })[]
}
const EXPECTED = 'the tools of before, or a deployment'

export function judgeList(e: Listing, offer: ServerOffer, list: ListShown, joinMs: number): Match | undefined {
  const names = e.definitions.map(({ name }) => name)
  const { known, build } = list
  const change = changeOf(list, names)
  Object.assign(list, toolSetOf(names), { known: true, build: e.build })
  if (!known || (change.added.length === 0 && change.removedCount === 0)) return undefined
  const renamed = change.added.flatMap((name) => {
    const before = change.removed.find((old) => spellingOf(old) === spellingOf(name))
    return before === undefined ? [] : [`${before} became ${name}`]
  })
  const signs = [...change.added.map((name) => `+${name}`), ...change.removed.map((name) => `-${name}`)]
  // Each set of scopes has a list of its own: the same change is said once.
  if (!sayAll(offer, signs) && change.removed.length === change.removedCount) return undefined
  const unnamed = change.removedCount > change.removed.length ? [`${change.removedCount} tools gone`] : []
  const saw = [
    ...renamed,
    ...change.added.map((name) => `new ${name}`),
    ...change.removed.map((name) => `gone ${name}`),
    ...unnamed,
  ]
  const grade = gradeSet(e, change, renamed.length > 0)
  return judgeOffer(saw.join(', '), grade, e, build, offer, joinMs, {
    added: change.added,
    removed: change.removed,
    renamed,
  })
}

type SetGrade = Pick<ChangeGrade, 'grade' | 'severity'>
/** As grave as the gravest thing that came or went: new tools are usual, new tools that give orders are not. */
function gradeSet(e: Listing, { added }: SetChange, isRenamed: boolean): SetGrade {
  let gravest: SetGrade = added.length === 0 ? gradeChange(NEW, undefined) : gradeChange(undefined, NEW)
  const names = new Set(added)
  for (const definition of e.definitions) {
    const graded = names.has(definition.name) ? gradeChange(undefined, definition) : undefined
    if (graded !== undefined && severityRank(graded.severity) > severityRank(gravest.severity)) gravest = graded
  }
  return isRenamed && severityRank(gravest.severity) < severityRank(IDENTITY.severity) ? IDENTITY : gravest
}
const NEW: SeenDefinition = { hash: '' }
/** Of names, capabilities and extensions: what the server is, not what it says. */
const IDENTITY: SetGrade = { grade: 'identity', severity: 'medium' }

/** Whether any of the signs is not what was said last of its tool. */
function sayAll(offer: ServerOffer, signs: readonly string[]): boolean {
  const news = signs.map((sign) => sign.slice(0, SAID_CHARS)).filter((sign) => !offer.said.includes(sign))
  for (const sign of news) {
    offer.said = offer.said.filter((each) => each.slice(1) !== sign.slice(1))
    offer.said.push(sign)
  }
  offer.said = offer.said.slice(-MAX_SAID)
  return news.length > 0
}

/** A change of the offer is silent with a deployment; with a new build it waits for one, else it is a match at once. */
function judgeOffer(
  saw: string,
  { grade, severity }: SetGrade,
  e: { readonly ts: number; readonly build: string },
  buildBefore: string,
  offer: ServerOffer,
  joinMs: number,
  evidence: NonNullable<Match['evidence']>,
): Match | undefined {
  if (deployedNear(offer, e.build, e.ts, joinMs)) return undefined
  if (e.build === '' || buildBefore === '' || e.build === buildBefore)
    return { severity, saw, expected: EXPECTED, evidence: { grade, ...evidence } }
  const isWaiting = offer.pendingSaw !== ''
  if (severityRank(severity) > severityRank(offer.pendingSeverity as Severity) || !isWaiting)
    Object.assign(offer, { pendingSeverity: severity, pendingGrade: grade })
  offer.pendingSaw = (isWaiting ? `${offer.pendingSaw}, ${saw}` : saw).slice(0, 400).toWellFormed()
  if (!isWaiting) Object.assign(offer, { pendingBuild: e.build, pendingMs: e.ts, dueMs: e.ts + joinMs })
  return undefined
}

export function judgePendingOffer(offer: ServerOffer, joinMs: number): Match | undefined {
  const { pendingSaw, pendingGrade, pendingSeverity, pendingBuild, pendingMs } = offer
  offer.pendingSaw = ''
  if (pendingSaw === '' || deployedNear(offer, pendingBuild, pendingMs, joinMs)) return undefined
  return {
    severity: pendingSeverity as Severity,
    saw: `${pendingSaw}, with a build that nobody deployed`,
    expected: EXPECTED,
    evidence: { grade: pendingGrade, build: pendingBuild },
  }
}

/** Capabilities and extensions of one era. */
export function judgeIdentity(
  e: {
    readonly ts: number
    readonly build: string
    readonly era: string
    readonly capabilities: readonly string[]
    readonly extensions: readonly string[]
  },
  offer: ServerOffer,
  joinMs: number,
): Match | undefined {
  const now = [...e.capabilities, ...e.extensions.map((name) => `extension ${name}`)]
    .sort()
    .join(' ')
    .slice(0, 500)
    .toWellFormed()
  const at = offer.identities.findIndex((line) => line.startsWith(`${e.era}\n`))
  const [, build = '', before = ''] = at < 0 ? [] : offer.identities[at]!.split('\n')
  const line = `${e.era}\n${e.build}\n${now}`
  if (at < 0) {
    offer.identities.push(line)
    return undefined
  }
  offer.identities[at] = line
  if (before === now) return undefined
  return judgeOffer(`capabilities ${now || 'none'}`, IDENTITY, e, build, offer, joinMs, { before, now })
}

/** More than `most` changes of the list in an hour. */
export function judgeRestless(ts: number, offer: ServerOffer, most: number, withinMs: number): Match | undefined {
  if (offer.changedMs.some((ms) => Math.abs(ts - ms) < ONE_CHANGE_MS)) return undefined
  offer.changedMs = [...offer.changedMs.filter((ms) => ts - ms < withinMs), ts].slice(-(most + 1))
  if (offer.changedMs.length <= most) return undefined
  offer.changedMs = []
  return {
    severity: 'medium',
    saw: `the tool list changed ${most + 1} times within ${withinMs} ms`,
    expected: `at most ${most} changes`,
  }
}
