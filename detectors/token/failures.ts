/** Refused credentials of one source: how many different ones, for how many people, and what follows. */
import { type Match, NEVER } from '../rule.ts'

/** `burstMs`: when the last burst was. What is older than the window leaves the lists, so they stay below the limits. */
export type Failures = { tokens: string[]; tokenMs: number[]; people: string[]; personMs: number[]; burstMs: number }
export const noFailures = (): Failures => ({ tokens: [], tokenMs: [], people: [], personMs: [], burstMs: NEVER })
export interface FailureLimits {
  readonly failures: number
  readonly failuresMs: number
  readonly people: number
  readonly peopleMs: number
}
interface Refused {
  readonly ts: number
  readonly tokenFp: string
  readonly principal: string
  readonly expAt: number
  readonly reason: string
  says(name: 'expAt'): boolean
}

/** A token at its end: its client gets a new one and goes on. What it says of its end is not verified, but an ended token opens nothing. */
const isExpired = (e: Refused): boolean =>
  (e.says('expAt') && e.expAt * 1_000 <= e.ts) || e.reason.toLowerCase().includes('expired')

/** A loop that repeats one token counts once; tokens that nobody tells apart count each. */
function noteOne(
  cell: Failures,
  [names, times]: readonly ['tokens', 'tokenMs'] | readonly ['people', 'personMs'],
  name: string,
  ts: number,
  withinMs: number,
): void {
  const { [names]: seen, [times]: seenMs } = cell
  const at = name === '' ? -1 : seen.indexOf(name)
  if (at >= 0) seenMs[at] = Math.max(seenMs[at]!, ts)
  else {
    seen.push(name)
    seenMs.push(ts)
  }
  const newestMs = Math.max(...seenMs)
  const isRecent = (_: unknown, i: number): boolean => newestMs - seenMs[i]! < withinMs
  cell[names] = seen.filter(isRecent)
  cell[times] = seenMs.filter(isRecent)
}

export function noteFailure(e: Refused, cell: Failures, limits: FailureLimits): Match | undefined {
  if (isExpired(e)) return undefined
  const { failures, failuresMs, people, peopleMs } = limits
  noteOne(cell, ['tokens', 'tokenMs'], e.tokenFp, e.ts, failuresMs)
  if (e.principal !== '') noteOne(cell, ['people', 'personMs'], e.principal, e.ts, peopleMs)
  const tried = cell.tokens.length
  const named = cell.people.length
  if (tried < failures && named < people) return undefined
  Object.assign(cell, { ...noFailures(), burstMs: e.ts })
  return {
    saw: named >= people ? `credentials of ${named} people refused` : `${tried} different credentials refused`,
    expected: 'one caller with a credential that is good',
    evidence: named >= people ? { observed: named, windowMs: peopleMs } : { observed: tried, windowMs: failuresMs },
  }
}

/** The source got in and does something of weight. Once for each burst. */
export function noteSuccess(
  e: { readonly ts: number; readonly tool: string },
  cell: Failures,
  successMs: number,
  isHighRisk: () => boolean,
): Match | undefined {
  if (e.ts - cell.burstMs > successMs || !isHighRisk()) return undefined
  const afterMs = e.ts - cell.burstMs
  cell.burstMs = NEVER
  return {
    severity: 'high',
    saw: `${e.tool} allowed ${Math.round(afterMs / 1_000)} s after a burst of refused credentials`,
    expected: 'no success for a source that guesses',
    evidence: { tool: e.tool, afterMs },
  }
}
