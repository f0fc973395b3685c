/** Ids of sessions, tasks and other handles that nobody was ever given: somebody tries them out. */
import { type Match, NEVER } from '../rule.ts'

/** Different unknown ids within the window, oldest first. `said`: it was reported that there are enough. */
export type Guesses = { ids: string[]; atMs: number[]; said: boolean }
export const noGuesses = (): Guesses => ({ ids: [], atMs: [], said: false })

export interface GuessOptions {
  readonly atLeast: number
  readonly many: number
  readonly windowMs: number
}
/** Of a cell that must stay below 4 KB: each id takes some fifty characters of it. */
export const MAX_GUESSES = 64

export function judgeGuess(
  id: string,
  kind: string,
  ts: number,
  guesses: Guesses,
  options: GuessOptions,
): Match | undefined {
  const { atLeast, many, windowMs } = options
  const { ids, atMs } = guesses
  while (ts - (atMs[0] ?? ts) >= windowMs) {
    ids.shift()
    atMs.shift()
  }
  if (ids.length < atLeast) guesses.said = false
  if (ids.includes(id)) return undefined
  ids.push(id)
  atMs.push(ts)
  const n = ids.length
  const isMany = n >= many
  if (!isMany && (n < atLeast || guesses.said)) return undefined
  guesses.said = !isMany
  if (isMany) {
    guesses.ids = []
    guesses.atMs = []
  }
  return {
    severity: isMany ? 'high' : 'medium',
    saw: `${n} unknown ids tried, the last one of a ${kind}`,
    expected: 'ids that this server has given out',
    evidence: { observed: n, kind, windowMs },
  }
}

type Answered =
  | { readonly type: 'http.request'; readonly refusal: string; readonly session: string }
  | { readonly type: 'handle.presented'; readonly outcome: string; readonly errorCode: string }
/** The server answered that it knows no such id. */
export const isUnknownId = (e: Answered): boolean =>
  e.type === 'http.request'
    ? e.refusal === 'session' && e.session !== ''
    : e.outcome === 'protocol_error' && e.errorCode === '-32602'

/** Whether the server gave an id out. */
export type Given = { isKnown: boolean }
export const notGiven = (): Given => ({ isKnown: false })
export function noteGiven(_: object, given: Given): void {
  given.isKnown = true
}

/** When this process of the server was first heard of: what it does not know may be from before. */
export type Life = { firstMs: number }
export const unseen = (): Life => ({ firstMs: NEVER })
export function noteLife(e: { readonly ts: number }, life: Life): void {
  if (life.firstMs === NEVER) life.firstMs = e.ts
}
/** The latest start of any process of the server. */
export function noteRestart(e: { readonly ts: number }, life: Life): void {
  life.firstMs = Math.max(life.firstMs, e.ts)
}
/** A process, or any of its server, began less than `graceMs` ago. */
export const isJustBorn = (ts: number, lives: readonly Life[], graceMs: number): boolean =>
  lives.some(({ firstMs }) => ts - firstMs < graceMs)
