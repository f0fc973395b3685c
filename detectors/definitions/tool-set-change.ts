/** Whether a change of what a server offers is news, whether a deployment explains it, and the change that still waits for one. */
import { type Severity, severityRank } from '../../schemas/finding.ts'
import type { Match } from '../rule.ts'
import type { SeenDefinition } from './facts.ts'
import { type Grade, gradeAdded, graded, gradeRemoved } from './grade.ts'
import { changeOf, type SetChange, spellingOf, type ToolSet, toolSetOf } from './tool-set.ts'
import { judgeOrWait, nothingWaits, type Waiting } from './waiting-change.ts'

/** Tools of which it is remembered what was said last, and the length of a name that is remembered whole. */
const MAX_SAID = 24
const SAID_CHARS = 60
/** Eras that are kept apart, and what is kept of the capabilities of one. */
const MAX_ERAS = 4
const MAX_IDENTITY_CHARS = 500
/** Changes told within this time of each other are one: each connection is told of it. */
const ONE_CHANGE_MS = 1_000

/** Of a server: what was said of which tool (`+name`, `-name`), and capabilities by era. */
export type ServerOffer = Waiting & { said: string[]; identities: string[] }
export const newOffer = (): ServerOffer => ({ ...nothingWaits(), said: [], identities: [] })
/** Times of list_changed, of one session or process: each that begins may tell of its list once, and many begin in an hour. */
export type Restlessness = { changedMs: number[] }
export const atRest = (): Restlessness => ({ changedMs: [] })
/** Of one list, as one set of scopes sees it. */
export type ListShown = ToolSet & { known: boolean; build: string }
export const notListed = () => ({ form: 'names', names: '', size: 0, known: false, build: '' }) as ListShown

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
  const { added, removed, removedCount } = change
  const signs = [...added.map((name) => `+${name}`), ...removed.map((name) => `-${name}`)]
  // Each set of scopes has a list of its own: the same change is said once. Of what has no name it is not known whether it was said.
  const unnamed = removedCount - removed.length
  if (!known || (!sayAll(offer, signs) && unnamed === 0)) return undefined
  const renamed = renamedIn(change)
  const match = {
    ...gravestOf(e, change, renamed.length),
    saw: [
      ...renamed.map(([before, name]) => `${before} became ${name}`),
      ...added.map((name) => `new ${name}`),
      ...removed.map((name) => `gone ${name}`),
      ...(unnamed > 0 ? [`${removedCount} tools gone`] : []),
    ].join(', '),
    expected: EXPECTED,
    evidence: { added, removed, renamed: renamed.map(([before, name]) => `${before} became ${name}`) },
  }
  return judgeOrWait(match, e, build, offer, joinMs)
}

const renamedIn = ({ added, removed }: SetChange): readonly (readonly [string, string])[] =>
  added.flatMap((name) =>
    removed.filter((before) => spellingOf(before) === spellingOf(name)).map((before) => [before, name] as const),
  )

/** As grave as the gravest thing that came or went: new tools are usual, new tools that give orders are not. */
function gravestOf(e: Listing, { added }: SetChange, renamed: number): Graded {
  const names = new Set(added)
  const changes = [
    gradeRemoved(),
    ...added.map(() => gradeAdded({ hash: '' })),
    ...e.definitions.filter(({ name }) => names.has(name)).map(gradeAdded),
    ...Array.from({ length: renamed }, () => IDENTITY),
  ]
  const { grade, severity } = changes.sort((a, b) => severityRank(b.severity) - severityRank(a.severity))[0]!
  return { grade, severity }
}
interface Graded {
  readonly grade: Grade
  readonly severity: Severity
}
/** Of names, capabilities and extensions: what the server is, not what it says. */
const IDENTITY = graded([['identity', 'what the server is']], [])

/** Whether any of the signs is not what was said last of its tool. */
function sayAll(offer: ServerOffer, signs: readonly string[]): boolean {
  const news = signs.map((sign) => sign.slice(0, SAID_CHARS)).filter((sign) => !offer.said.includes(sign))
  for (const sign of news)
    offer.said = [...offer.said.filter((each) => each.slice(1) !== sign.slice(1)), sign].slice(-MAX_SAID)
  return news.length > 0
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
  const all = [...e.capabilities, ...e.extensions.map((name) => `extension ${name}`)].sort().join(' ')
  const now = all.slice(0, MAX_IDENTITY_CHARS).toWellFormed()
  const line = offer.identities.find((each) => each.startsWith(`${e.era}\n`))
  const others = offer.identities.filter((each) => each !== line)
  offer.identities = [...others, `${e.era}\n${e.build}\n${now}`].slice(-MAX_ERAS)
  // The first sight of an era is as it was before.
  const [, build = '', before = now] = (line ?? '').split('\n')
  if (before === now) return undefined
  const found = { ...IDENTITY, saw: `capabilities ${now || 'none'}`, expected: EXPECTED, evidence: { before, now } }
  return judgeOrWait(found, e, build, offer, joinMs)
}

/** More than `most` changes of the list in an hour. */
export function judgeRestless(ts: number, told: Restlessness, most: number, withinMs: number): Match | undefined {
  if (told.changedMs.some((ms) => Math.abs(ts - ms) < ONE_CHANGE_MS)) return undefined
  told.changedMs = [...told.changedMs.filter((ms) => ts - ms < withinMs), ts]
  if (told.changedMs.length <= most) return undefined
  told.changedMs = []
  return {
    severity: 'medium',
    saw: `the tool list changed ${most + 1} times within ${withinMs} ms`,
    expected: `at most ${most} changes`,
  }
}
