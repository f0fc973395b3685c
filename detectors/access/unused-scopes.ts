/** Scopes of one grant over a month: how many tokens carried them, and when an allowed operation last needed them. */
import { z } from 'zod'
import { keepNewest } from '../newest.ts'
import { days, type Match, NEVER } from '../rule.ts'
import { shortName } from '../short-name.ts'
import { covers, type Hierarchy } from './implied-scopes.ts'

const MAX_SCOPES = 32
/** Required scopes read of one operation. */
const MAX_REQUIRED = 16

/** Parallel lists: since when a scope is counted, tokens since then, and when it was used last. */
export type ScopeUse = { names: string[]; sinceMs: number[]; tokens: number[]; usedMs: number[] }
export const noScopeUse = (): ScopeUse => ({ names: [], sinceMs: [], tokens: [], usedMs: [] })

/** What is known of the checks of a server: without any nobody can say that a scope is not needed. */
export type Checks = { decidedMs: number; declares: boolean }
export const noChecks = (): Checks => ({ decidedMs: NEVER, declares: false })
interface Decision {
  readonly ts: number
  readonly decision: string
  readonly requiredScopes: readonly string[]
}
export function noteDecision(e: Decision, checks: Checks): void {
  if (e.decision === 'allow' && e.requiredScopes.length > 0) checks.decidedMs = Math.max(checks.decidedMs, e.ts)
}

/** Options of the rule. */
export const useLimits = z.object({
  tokens: z.int().min(1).default(10).describe('Tokens that must have carried the scope.'),
  unusedMs: z.int().default(days(30)).describe('Time without use, milliseconds.'),
  ignored: z
    .array(z.string())
    .default(['openid', 'profile', 'email', 'offline_access'])
    .describe('Scopes that no operation asks for.'),
  breakGlass: z.array(z.string()).default([]).describe('Scopes and roles that are rarely used on purpose.'),
  hierarchy: z.record(z.string(), z.array(z.string())).default({}).describe('Scope or role -> scopes it implies.'),
})
export type UseLimits = z.infer<typeof useLimits>

/** A token was accepted. Answers the scopes that were not needed for as long as it takes. */
export function judgeUse(
  granted: readonly string[],
  ts: number,
  use: ScopeUse,
  { decidedMs }: Checks,
  { tokens, unusedMs, ignored, breakGlass }: UseLimits,
): Match | undefined {
  let unused: string[] | undefined
  for (let i = 0; i < granted.length && i < MAX_SCOPES; i++) {
    const scope = granted[i]!
    if (ignored.includes(scope) || breakGlass.includes(scope)) continue
    const name = shortName(scope)
    const at = use.names.indexOf(name)
    if (at < 0) {
      begin(use, name, ts)
      continue
    }
    const sinceMs = use.sinceMs[at]!
    if (ts - sinceMs < unusedMs) {
      use.tokens[at]!++
      continue
    }
    const isUnused = use.usedMs[at]! < sinceMs && use.tokens[at]! >= tokens && decidedMs >= sinceMs
    if (isUnused) {
      unused ??= []
      unused.push(name)
    }
    use.sinceMs[at] = ts
    use.tokens[at] = 1
  }
  if (unused === undefined) return undefined
  return {
    saw: `${unused.slice(0, 8).join(' ')} not needed for ${Math.floor(unusedMs / 86_400_000)} days`,
    expected: 'a grant of what is used',
    evidence: { unused, windowMs: unusedMs, samples: tokens },
  }
}

function begin(use: ScopeUse, name: string, ts: number): void {
  use.names.push(name)
  use.sinceMs.push(ts)
  use.tokens.push(1)
  use.usedMs.push(NEVER)
  keepNewest(MAX_SCOPES, use.names, use.sinceMs, use.tokens, use.usedMs)
}

/** An operation that needs these scopes was allowed: every scope that is enough for one of them was used. */
export function noteUse(required: readonly string[], ts: number, use: ScopeUse, hierarchy: Hierarchy): void {
  const needed = required.slice(0, MAX_REQUIRED).map(shortName)
  use.names.forEach((name, at) => {
    if (needed.some((each) => covers(name, each, hierarchy))) use.usedMs[at] = Math.max(use.usedMs[at]!, ts)
  })
}
