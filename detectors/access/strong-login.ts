/** What a token says of the login behind it, against what sensitive tools ask for. A claim that is absent says nothing. */

import { keepNewest } from '../newest.ts'

export interface LoginPolicy {
  readonly contexts: readonly string[]
  readonly acrValues: readonly string[]
  readonly mfaMethods: readonly string[]
  readonly maxAgeMs: number
  readonly configuredClaims: readonly string[]
}
interface Login {
  readonly ts: number
  readonly acrs: readonly string[]
  readonly acr: string
  readonly amr: readonly string[]
  readonly authTime: number
  readonly ver: string
  readonly idtyp: string
  readonly principalKind: string
  says(claim: 'acrs' | 'acr' | 'amr' | 'authTime'): boolean
}

/** Why the login is too weak; '' when it is not, or when the token does not tell. Applications have no login. */
export function weaknessOf(e: Login, policy: LoginPolicy): string {
  if (e.principalKind === 'workload' || e.idtyp === 'app') return ''
  const tells = (claim: 'acrs' | 'acr' | 'amr' | 'authTime'): boolean =>
    e.says(claim) || policy.configuredClaims.includes(claim)
  const lacks = (wanted: readonly string[], got: readonly string[]): boolean =>
    wanted.length > 0 && !wanted.some((each) => got.includes(each))
  if (lacks(policy.contexts, e.acrs) && tells('acrs')) return `acrs ${e.acrs.slice(0, 4).join(' ') || 'is empty'}`
  if (lacks(policy.acrValues, [e.acr]) && tells('acr')) return `acr ${e.acr || 'is empty'}`
  // Version 2 tokens of Entra have no amr, and other issuers write it as they like.
  if (e.ver === '1.0' && lacks(policy.mfaMethods, e.amr) && tells('amr'))
    return `amr ${e.amr.slice(0, 4).join(' ') || 'is empty'}`
  const ageMs = e.ts - e.authTime * 1_000
  if (policy.maxAgeMs > 0 && ageMs > policy.maxAgeMs && tells('authTime')) return 'an old login, or one of unknown time'
  return ''
}

/** The newest requests of a grant whose login was weak. */
export type WeakLogins = { requests: string[]; reasons: string[] }
export const noWeakLogins = (): WeakLogins => ({ requests: [], reasons: [] })
const MAX_REQUESTS = 8
export function rememberWeak(request: string, reason: string, weak: WeakLogins): void {
  weak.requests.push(request)
  weak.reasons.push(reason.slice(0, 120))
  keepNewest(MAX_REQUESTS, weak.requests, weak.reasons)
}
