/** How the scopes of a grant grow: what is new, what explains it, and when explained growth adds up to too much. */
import { z } from 'zod'
import { keepNewest } from '../newest.ts'
import { days, type Match, minutes, NEVER } from '../rule.ts'
import { shortName } from '../short-name.ts'
import { isReleasedNear, type Releases } from './client-releases.ts'

/** Scopes followed per grant; of a larger one the rest is neither remembered nor judged. Long names stand as hashes. */
const MAX_KNOWN = 40
/** Scopes read of one token. */
const MAX_GRANTED = 128
const MAX_ASKED = 16
/** Additions counted over the time of growth. */
const MAX_ADDED = 16

export type Grant = {
  tokens: number
  /** Scopes of the last 30 days, and when each was seen last. */
  known: string[]
  knownMs: number[]
  asked: string[]
  askedMs: number
  /** Scopes when the counted growth began. */
  base: number
  addedMs: number[]
}
export const newGrant = (): Grant => ({
  tokens: 0,
  known: [],
  knownMs: [],
  asked: [],
  askedMs: NEVER,
  base: 0,
  addedMs: [],
})
/** Options of the rule: what explains growth, and what is too much of it. */
export const growthLimits = z.object({
  learn: z.int().min(0).default(5).describe('Tokens of a grant taken as normal.'),
  challengeMs: z.int().default(minutes(30)).describe('How long a challenge explains a new scope, milliseconds.'),
  releaseMs: z
    .int()
    .default(minutes(30))
    .describe('How far from a release of the client growth is its own, milliseconds.'),
  growthMs: z.int().default(days(7)).describe('Time over which explained growth adds up, milliseconds.'),
  growthScopes: z
    .int()
    .min(1)
    .default(3)
    .describe('Scopes added in that time that are too many, although each was asked for.'),
  growthShare: z.number().default(0.5).describe('The same as a share of the scopes before, from two added scopes on.'),
  highRisk: z
    .array(z.string())
    .default(['admin', 'owner', 'write_all'])
    .describe('Parts of names of high-risk scopes; wildcards always are.'),
})
export type GrowthLimits = z.infer<typeof growthLimits>
interface Grown {
  readonly scopes: readonly string[]
  readonly reason: 'unasked' | 'cumulative'
}
const REMEMBER_MS = days(30)

/** Growth that nothing explains, or that adds up although all of it was asked for. */
function judgeGrowth(
  grant: Grant,
  added: readonly string[],
  before: number,
  ts: number,
  limits: GrowthLimits,
): Grown | undefined {
  const sinceMs = ts - limits.growthMs
  grant.addedMs = grant.addedMs.filter((ms) => ms > sinceMs)
  if (grant.addedMs.length === 0) grant.base = before
  grant.addedMs.push(...added.map(() => ts))
  keepNewest(MAX_ADDED, grant.addedMs)
  const asked = ts - grant.askedMs <= limits.challengeMs ? grant.asked : []
  const unasked = added.filter((scope) => !asked.includes(shortName(scope)))
  if (unasked.length > 0) return { scopes: unasked, reason: 'unasked' }
  const { length } = grant.addedMs
  const tooMany =
    length >= limits.growthScopes || (length >= 2 && length >= limits.growthShare * grant.base && grant.base >= 2)
  if (!tooMany) return undefined
  grant.addedMs = []
  return { scopes: added, reason: 'cumulative' }
}

const NONE: readonly string[] = []
/** Known scopes were seen again; answers those that are not known. */
function touch({ known, knownMs }: Grant, granted: readonly string[], ts: number): readonly string[] {
  let unknown: string[] | undefined
  for (let i = 0; i < granted.length && i < MAX_GRANTED; i++) {
    const scope = granted[i]!
    const at = known.indexOf(shortName(scope))
    if (at >= 0) knownMs[at] = Math.max(knownMs[at]!, ts)
    else if (unknown === undefined) unknown = [scope]
    else unknown.push(scope)
  }
  return unknown ?? NONE
}

function forgetOld(grant: Grant, ts: number): void {
  let oldestMs = ts
  for (const ms of grant.knownMs) if (ms < oldestMs) oldestMs = ms
  if (ts - oldestMs <= REMEMBER_MS) return
  const isFresh = (ms: number): boolean => ts - ms <= REMEMBER_MS
  grant.known = grant.known.filter((_, at) => isFresh(grant.knownMs[at]!))
  grant.knownMs = grant.knownMs.filter(isFresh)
}

const isHighRisk = (scope: string, parts: readonly string[]): boolean =>
  /(^|[:./])\*$/.test(scope) || parts.some((part) => scope.toLowerCase().includes(part))

/** Challenges shortly after each other add up: a client may answer several with one token. */
export function noteChallenge(
  e: { readonly scopesChallenged: readonly string[]; readonly ts: number },
  grant: Grant,
  { challengeMs }: GrowthLimits,
): void {
  const stillAsked = e.ts - grant.askedMs <= challengeMs ? grant.asked : []
  grant.asked = [...new Set([...e.scopesChallenged.slice(0, MAX_ASKED).map(shortName), ...stillAsked])].slice(
    0,
    MAX_ASKED,
  )
  grant.askedMs = e.ts
}

/** What a token grants, judged against the grant of before. */
export function judgeGrant(
  e: { readonly ts: number; readonly client: string },
  granted: readonly string[],
  grant: Grant,
  limits: GrowthLimits,
  beside: { readonly releases: Releases; readonly everywhere: Releases },
): Match | undefined {
  forgetOld(grant, e.ts)
  const unknown = touch(grant, granted, e.ts)
  // Most tokens grant what is known.
  if (unknown.length === 0) return undefined
  const before = [...grant.known]
  const added = [...new Set(unknown)].slice(0, MAX_KNOWN - before.length)
  grant.known.push(...added.map(shortName))
  grant.knownMs.push(...added.map(() => e.ts))
  const isReleased = isReleasedNear(e.client, e.ts, limits.releaseMs, beside.releases, beside.everywhere)
  if (grant.tokens < limits.learn || isReleased) return undefined
  const grown = judgeGrowth(grant, added, before.length, e.ts, limits)
  if (grown === undefined) return undefined
  const { scopes, reason } = grown
  const unasked = 'scopes seen before, or asked for by the server'
  return {
    severity: scopes.some((scope) => isHighRisk(scope, limits.highRisk)) ? 'high' : 'medium',
    saw: scopes.join(' '),
    expected: reason === 'unasked' ? unasked : 'slower growth, although each scope was asked for',
    evidence: { known: before, reason },
  }
}
