/** How often, and to what end, clients register themselves. */
import type { Match } from '../rule.ts'
import { isRiskyScope } from './risky-scope.ts'

/** Times of registrations of one asker, oldest first. */
export type Registrations = { atMs: number[] }
export const noRegistrations = (): Registrations => ({ atMs: [] })
export interface BurstOptions {
  readonly registrations: number
  readonly windowMs: number
}
export function judgeBurst(
  e: { readonly ts: number; readonly addressClass: string },
  cell: Registrations,
  { registrations, windowMs }: BurstOptions,
): Match | undefined {
  // Tests and development run on the machine of the server.
  if (e.addressClass === 'loopback') return undefined
  cell.atMs = [...cell.atMs.filter((at) => e.ts - at < windowMs), e.ts]
  if (cell.atMs.length <= registrations) return undefined
  cell.atMs = []
  return {
    // Behind an address inside the network may stand a proxy, and behind that everybody.
    severity: e.addressClass === 'private' ? 'low' : 'medium',
    saw: `more than ${registrations} clients registered`,
    expected: 'one for each installation',
    evidence: { observed: registrations + 1, windowMs },
  }
}

/** When a client registered. */
export type Newcomer = { registeredMs: number }
export interface HasteOptions {
  readonly hasteMs: number
  readonly highRisk: readonly string[]
}
interface Asked {
  readonly ts: number
  readonly decision: string
  readonly scopes: readonly string[]
}
/** A client that has just come gets what matters most. */
export function judgeHaste(
  e: Asked,
  { registeredMs }: Newcomer,
  { hasteMs, highRisk }: HasteOptions,
): Match | undefined {
  if (e.decision !== 'allow' || e.ts - registeredMs > hasteMs) return undefined
  const risky = e.scopes.filter((scope) => isRiskyScope(scope, highRisk))
  if (risky.length === 0) return undefined
  return {
    severity: 'low',
    saw: `${risky.slice(0, 8).join(' ')} for a client that registered ${e.ts - registeredMs} ms before`,
    expected: 'scopes of high risk for clients that somebody knows',
  }
}
