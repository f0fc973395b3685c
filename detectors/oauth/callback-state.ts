/** The way back from another authorization server: is it an answer to what was asked, by whom and when? */
import { wasRefused } from '../finding.ts'
import type { Match } from '../rule.ts'

/** A state that went out, and who brought it back first. */
export type Trip = { handedMs: number; usedMs: number; principal: string; address: string }
export const noTrip = (): Trip => ({ handedMs: 0, usedMs: 0, principal: '', address: '' })

interface Callback {
  readonly ts: number
  readonly decision: string
  readonly outcome: string
  readonly statePresent: boolean
  readonly stateOk: boolean
  readonly stateReused: boolean
  readonly stateAgeMs: number
  readonly issuerOk: string
  readonly principal: string
  readonly sourceAddress: string
}
/** `tells`: this server tells which states it hands out, so that another one is foreign, whatever one of its processes remembers. */
export function judgeCallback(e: Callback, trip: Trip, tells: boolean, maxAgeMs: number): Match | undefined {
  const isRefused = wasRefused(e)
  const isAgain = e.stateReused || trip.usedMs !== 0
  const first = { ...trip }
  if (!isRefused && trip.usedMs === 0)
    Object.assign(trip, { usedMs: e.ts, principal: e.principal, address: e.sourceAddress })
  if (e.issuerOk === 'mismatch' || e.issuerOk === 'missing') {
    const expected = 'the issuer that was asked (RFC 9207)'
    return { severity: isRefused ? 'low' : 'high', saw: `an answer, its issuer: ${e.issuerOk}`, expected }
  }
  if (!e.statePresent)
    return {
      severity: isRefused ? 'low' : 'high',
      saw: 'an answer without a state',
      expected: 'the state that was sent',
    }
  if (isAgain) return judgeReuse(e, first, isRefused)
  // A tab that stood open too long, and was turned away.
  if (isRefused) return undefined
  if (!e.stateOk && first.handedMs === 0)
    return tells ? { severity: 'high', saw: 'a state that was never sent', expected: 'one of this server' } : undefined
  const ageMs = Math.max(e.stateAgeMs, first.handedMs && e.ts - first.handedMs)
  if (ageMs <= maxAgeMs) return undefined
  return { severity: 'medium', saw: `a state ${ageMs} ms old`, expected: `at most ${maxAgeMs} ms` }
}

function judgeReuse(e: Callback, first: Trip, isRefused: boolean): Match {
  const byPrincipal = e.principal !== '' && first.principal !== ''
  const [is, was] = byPrincipal ? [e.principal, first.principal] : [e.sourceAddress, first.address]
  const expected = 'each state once'
  if (is === was && is !== '') return { severity: 'low', saw: 'a state used again by the same caller', expected }
  if (is === '' || was === '') return { severity: isRefused ? 'low' : 'medium', saw: 'a state used again', expected }
  const saw = `a state of another ${byPrincipal ? 'principal' : 'address'} used again`
  return { severity: isRefused ? 'medium' : 'high', saw, expected, evidence: { first: was, again: is } }
}
