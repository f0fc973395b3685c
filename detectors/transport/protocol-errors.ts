/** Malformed requests of one sender within minutes: how many, and in how many shapes. A broken client repeats itself; a fuzzer does not. */
import { isReleasedNear, type Releases } from '../access/client-releases.ts'
import { fingerprint } from '../engine/shapes/fingerprint.ts'
import { keepNewest } from '../newest.ts'
import type { Match } from '../rule.ts'

/** Errors remembered; more than the threshold needs. */
const MAX_ERRORS = 64
const MALFORMED = new Set(['-32700', '-32600', '-32602'])
/** Parse error, invalid request, invalid params; a missing `_meta` is one of the latter two. */
export const isMalformed = (code: string): boolean => MALFORMED.has(code)

export type ProtocolErrors = { atMs: number[]; shapes: number[] }
export const noErrors = (): ProtocolErrors => ({ atMs: [], shapes: [] })

export interface ErrorLimits {
  readonly errors: number
  readonly withinMs: number
  readonly fewShapes: number
  readonly manyShapes: number
  readonly releaseMs: number
}
interface Failed {
  readonly ts: number
  readonly client: string
  readonly errorCode: string
  readonly method: string
  readonly tool?: string
}
/** `words`: what is known of the words of the error beyond its code, as a hash; '' for nothing. */
export function judgeErrors(
  e: Failed,
  words: string,
  known: ProtocolErrors,
  limits: ErrorLimits,
  { releases, everywhere }: { readonly releases: Releases; readonly everywhere: Releases },
): Match | undefined {
  const { errors, withinMs, fewShapes, manyShapes, releaseMs } = limits
  known.atMs.push(e.ts)
  known.shapes.push(fingerprint(`${e.errorCode}\n${e.method}\n${e.tool ?? ''}\n${words}`))
  const recent = known.atMs.filter((ms) => e.ts - ms < withinMs).length
  keepNewest(Math.min(recent, MAX_ERRORS), known.atMs, known.shapes)
  const times = known.atMs.length
  if (times < errors) return undefined
  const shapes = new Set(known.shapes).size
  if (shapes < fewShapes || isReleasedNear(e.client, e.ts, releaseMs, releases, everywhere)) return undefined
  Object.assign(known, noErrors())
  return {
    severity: shapes >= manyShapes ? 'medium' : 'low',
    saw: `${times} malformed requests, ${shapes} kinds of error`,
    expected: 'a client that repeats one mistake at most',
    evidence: { times, shapes, windowMs: withinMs },
  }
}
