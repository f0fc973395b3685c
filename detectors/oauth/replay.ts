/** Codes, refresh tokens and assertions are good once: what it means when one comes a second time. */
import { wasRefused } from '../finding.ts'
import type { Match } from '../rule.ts'

/** The first use of a grant. `isRotated`: another refresh token was given for it. */
export type FirstUse = { atMs: number; client: string; address: string; wasAllowed: boolean; isRotated: boolean }
export const unused = (): FirstUse => ({ atMs: 0, client: '', address: '', wasAllowed: false, isRotated: false })

interface Use {
  readonly ts: number
  readonly client: string
  readonly sourceAddress: string
  readonly decision: string
  readonly outcome: string
}
const isOther = (one: string, other: string): boolean => one !== '' && other !== '' && one !== other

function noteUse(e: Use, first: FirstUse): void {
  Object.assign(first, { atMs: e.ts, client: e.client, address: e.sourceAddress, wasAllowed: !wasRefused(e) })
}

/**
 * A code or assertion is redeemed. The same client may repeat its request for `retryMs`, from where it was; a first try that was refused
 * by the same client at the same place is no use.
 */
export function judgeRedemption(e: Use, what: string, first: FirstUse, retryMs: number): Match | undefined {
  const isRefused = wasRefused(e)
  const lateMs = e.ts - first.atMs
  const isOtherClient = isOther(e.client, first.client)
  const isElsewhere = isOther(e.sourceAddress, first.address)
  const evidence = { firstClient: first.client, lateMs }
  const expected = 'one redemption'
  if (isOtherClient)
    return { severity: isRefused ? 'medium' : 'high', saw: `${what} redeemed by another client`, expected, evidence }
  if (isElsewhere)
    return { severity: isRefused ? 'medium' : 'high', saw: `${what} redeemed from another address`, expected, evidence }
  if (lateMs <= retryMs) return undefined
  // The first use, or one that was refused.
  if (!first.wasAllowed) {
    noteUse(e, first)
    return undefined
  }
  return { severity: isRefused ? 'low' : 'high', saw: `${what} redeemed again`, expected, evidence }
}

interface Refreshed extends Use {
  readonly refreshFp: string
  readonly issuedRefreshFp: string
}
/** A refresh token is used. `isPublic`: its client keeps no secret, so that its refresh tokens have to be rotated. */
export function judgeRefresh(e: Refreshed, first: FirstUse, isPublic: boolean, graceMs: number): Match | undefined {
  const isRefused = wasRefused(e)
  const isRotated = e.issuedRefreshFp !== '' && e.issuedRefreshFp !== e.refreshFp
  const lateMs = e.ts - first.atMs
  const before = { ...first }
  if (first.atMs === 0) {
    if (isRefused) return undefined
    noteUse(e, first)
    first.isRotated = isRotated
    return undefined
  }
  first.isRotated ||= isRotated
  const evidence = { firstClient: before.client, lateMs }
  if (isOther(e.client, before.client))
    return {
      severity: isRefused ? 'medium' : 'high',
      saw: 'a refresh token used by another client',
      expected: before.client,
      evidence,
    }
  if (lateMs <= graceMs) return undefined
  if (before.isRotated)
    return {
      severity: isRefused ? 'medium' : 'high',
      saw: 'a refresh token used again after it was replaced',
      expected: 'the one that replaced it',
      evidence,
    }
  if (!isPublic || isRefused || isRotated) return undefined
  return {
    severity: 'low',
    saw: 'a refresh token of a public client that is not replaced',
    expected: 'a new one',
    evidence,
  }
}
