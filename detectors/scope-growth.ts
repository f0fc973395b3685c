/** How the scopes of a grant grow: what is new, what explains it, and when explained growth adds up to too much. */
import { z } from 'zod'
import { isReleasedNear, type Releases } from './client-releases.ts'
import { days, type Match, minutes } from './rule.ts'

/** Scopes remembered per grant; with names of ordinary length the cell stays below 4 KB. */
const MAX_KNOWN = 64
const MAX_KNOWN_CHARS = 2_000
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
  askedMs: 0,
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
  readonly before: readonly string[]
  readonly reason: 'unasked' | 'cumulative'
}
const REMEMBER_MS = days(30)

/** Take in what a token grants; answers growth that nothing explains, or that adds up although all of it was asked for. */
function grow(
  grant: Grant,
  granted: readonly string[],
  ts: number,
  limits: GrowthLimits,
  isReleased: boolean,
): Grown | undefined {
  const before = [...grant.known]
  const added = [...new Set(granted)].filter((scope) => !before.includes(scope))
  for (const scope of granted) remember(grant.known, grant.knownMs, scope, ts, MAX_KNOWN, MAX_KNOWN_CHARS)
  if (added.length === 0 || grant.tokens < limits.learn || isReleased) return undefined
  const sinceMs = ts - limits.growthMs
  grant.addedMs = grant.addedMs.filter((ms) => ms > sinceMs)
  if (grant.addedMs.length === 0) grant.base = before.length
  grant.addedMs.push(...added.map(() => ts))
  grant.addedMs = grant.addedMs.slice(-MAX_ADDED)
  const asked = ts - grant.askedMs <= limits.challengeMs ? grant.asked : []
  const unasked = added.filter((scope) => !asked.includes(scope))
  if (unasked.length > 0) return { scopes: unasked, before, reason: 'unasked' }
  const { length } = grant.addedMs
  const tooMany =
    length >= limits.growthScopes || (length >= 2 && length >= limits.growthShare * grant.base && grant.base >= 2)
  if (!tooMany) return undefined
  grant.addedMs = []
  return { scopes: added, before, reason: 'cumulative' }
}

/** Most tokens grant what is known: only the times move then. */
function isKnown(grant: Grant, granted: readonly string[], ts: number): boolean {
  const { known, knownMs } = grant
  for (const scope of granted) if (!known.includes(scope)) return false
  for (const scope of granted) {
    const at = known.indexOf(scope)
    if (ts > knownMs[at]!) knownMs[at] = ts
  }
  return true
}

function forgetOld(grant: Grant, ts: number): void {
  if (grant.knownMs.every((ms) => ts - ms <= REMEMBER_MS)) return
  const kept = grant.known.flatMap((scope, i) =>
    ts - grant.knownMs[i]! <= REMEMBER_MS ? [[scope, grant.knownMs[i]!] as const] : [],
  )
  grant.known = kept.map(([scope]) => scope)
  grant.knownMs = kept.map(([, ms]) => ms)
}

/** Keep a name with the time it was last seen; the one unseen for longest goes when there are too many. */
function remember(names: string[], seenMs: number[], name: string, ts: number, max: number, maxChars = 4_000): void {
  const at = names.indexOf(name)
  if (at >= 0) {
    seenMs[at] = Math.max(seenMs[at]!, ts)
    return
  }
  names.push(name)
  seenMs.push(ts)
  const chars = () => names.reduce((sum, each) => sum + each.length, 0)
  while (names.length > 1 && (names.length > max || chars() > maxChars)) {
    const oldest = seenMs.indexOf(Math.min(...seenMs))
    names.splice(oldest, 1)
    seenMs.splice(oldest, 1)
  }
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
  grant.asked = [...new Set([...e.scopesChallenged, ...stillAsked])].slice(0, MAX_ASKED)
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
  if (isKnown(grant, granted, e.ts)) return undefined
  const isReleased = isReleasedNear(e.client, e.ts, limits.releaseMs, beside.releases, beside.everywhere)
  const grown = grow(grant, granted, e.ts, limits, isReleased)
  if (grown === undefined) return undefined
  const { scopes, before, reason } = grown
  const unasked = 'scopes seen before, or asked for by the server'
  return {
    severity: scopes.some((scope) => isHighRisk(scope, limits.highRisk)) ? 'high' : 'medium',
    saw: scopes.join(' '),
    expected: reason === 'unasked' ? unasked : 'slower growth, although each scope was asked for',
    evidence: { known: before, reason },
  }
}
