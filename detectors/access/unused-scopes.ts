/** Scopes of one grant over a month: how many tokens carried them, and when an allowed operation last needed them. */
import type { Match } from '../rule.ts'
import { fingerprint } from '../shapes/fingerprint.ts'
import { covers, type Hierarchy } from './implied-scopes.ts'

const MAX_SCOPES = 32
const MAX_NAME_CHARS = 48
/** Required scopes read of one operation. */
const MAX_REQUIRED = 16

/** Parallel lists. A scope that was reported is not counted again (count -1) until it is used. */
export type ScopeUse = { names: string[]; sinceMs: number[]; tokens: number[]; usedMs: number[] }
export const noScopeUse = (): ScopeUse => ({ names: [], sinceMs: [], tokens: [], usedMs: [] })
const REPORTED = -1

/** What is known of the checks of a server: without any nobody can say that a scope is not needed. */
export type Checks = { decidedMs: number; declares: boolean }
export const noChecks = (): Checks => ({ decidedMs: 0, declares: false })
interface Decision {
  readonly ts: number
  readonly decision: string
  readonly requiredScopes: readonly string[]
}
export function noteDecision(e: Decision, checks: Checks): void {
  if (e.decision === 'allow' && e.requiredScopes.length > 0) checks.decidedMs = Math.max(checks.decidedMs, e.ts)
}

export interface UseLimits {
  readonly tokens: number
  readonly unusedMs: number
  readonly ignored: readonly string[]
  readonly breakGlass: readonly string[]
  readonly hierarchy: Hierarchy
}
/** A name that is too long is told apart by its mark: it is compared, and never shown in full anyway. */
const short = (name: string): string => (name.length <= MAX_NAME_CHARS ? name : `#${fingerprint(name).toString(36)}`)

/** A token was accepted. Answers the scopes that were not needed for as long as it takes. */
export function judgeUse(
  granted: readonly string[],
  ts: number,
  use: ScopeUse,
  { decidedMs }: Checks,
  { tokens, unusedMs, ignored, breakGlass }: UseLimits,
): Match | undefined {
  const unused: string[] = []
  for (const scope of granted.slice(0, MAX_SCOPES)) {
    if (ignored.includes(scope) || breakGlass.includes(scope)) continue
    const name = short(scope)
    const at = use.names.indexOf(name)
    if (at < 0) {
      begin(use, name, ts)
      continue
    }
    if (use.tokens[at] === REPORTED) continue
    const sinceMs = use.sinceMs[at]!
    if (ts - sinceMs < unusedMs) {
      use.tokens[at]!++
      continue
    }
    const isUnused = use.usedMs[at]! < sinceMs && use.tokens[at]! >= tokens && decidedMs >= sinceMs
    if (isUnused) unused.push(name)
    use.sinceMs[at] = ts
    use.tokens[at] = isUnused ? REPORTED : 1
  }
  if (unused.length === 0) return undefined
  return {
    saw: `${unused.slice(0, 8).join(' ')} not needed for ${Math.floor(unusedMs / 86_400_000)} days`,
    expected: 'a grant of what is used',
    evidence: { unused, windowMs: unusedMs, samples: tokens },
  }
}

function begin(use: ScopeUse, name: string, ts: number): void {
  if (use.names.length >= MAX_SCOPES) return
  use.names.push(name)
  use.sinceMs.push(ts)
  use.tokens.push(1)
  use.usedMs.push(0)
}

/** An operation that needs these scopes was allowed: every scope that is enough for one of them was used. */
export function noteUse(required: readonly string[], ts: number, use: ScopeUse, hierarchy: Hierarchy): void {
  use.names.forEach((name, at) => {
    const isNeeded = required
      .slice(0, MAX_REQUIRED)
      .some((each) => name === short(each) || covers(name, each, hierarchy))
    if (!isNeeded) return
    use.usedMs[at] = Math.max(use.usedMs[at]!, ts)
    if (use.tokens[at] === REPORTED) use.tokens[at] = 0
  })
}
