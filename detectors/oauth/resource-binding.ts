/** Whether the tokens of an authorization server are bound to one resource: by the indicator that is asked for, or by their audience. */

import type { Match } from '../rule.ts'
import { isAnySame } from '../token/audience.ts'

/** Entra names the resource in the scope instead. */
const namesResource = (scopes: readonly string[], marks: readonly string[]): boolean =>
  scopes.some((scope) => marks.some((mark) => scope.includes(mark)))

interface Asked {
  readonly decision: string
  readonly resource: readonly string[]
  readonly scopes: readonly string[]
}
export function judgeRequest(e: Asked, marks: readonly string[]): Match | undefined {
  if (e.decision !== 'allow' || e.resource.length > 0 || namesResource(e.scopes, marks)) return undefined
  return { severity: 'low', saw: 'an authorization for no resource in particular', expected: 'a resource (RFC 8707)' }
}

interface Issued extends Asked {
  readonly grantType: string
  readonly tokenKind: string
  readonly aud: readonly string[]
  readonly expectedAud: readonly string[]
}
/** A token is issued. Its audience decides where it is known; an opaque token is judged by what was asked for. */
export function judgeIssued(e: Issued, marks: readonly string[]): Match | undefined {
  if (e.decision !== 'allow') return undefined
  if (e.tokenKind === 'jwt' && e.aud.length === 0)
    return { severity: 'medium', saw: 'a token for any service', expected: e.expectedAud.join(' or ') || 'an audience' }
  if (e.tokenKind === 'jwt' && e.expectedAud.length > 0) {
    if (isAnySame(e.aud, e.expectedAud)) return undefined
    return {
      severity: 'medium',
      saw: `a token for ${e.aud.slice(0, 8).join(' ')}`,
      expected: e.expectedAud.join(' or '),
    }
  }
  // A token with an audience is bound; a refreshed one is as bound as the first was.
  if (e.tokenKind === 'jwt' || e.grantType === 'refresh_token') return undefined
  if (e.resource.length > 0 || namesResource(e.scopes, marks)) return undefined
  return { severity: 'low', saw: 'a token for no resource in particular', expected: 'a resource (RFC 8707)' }
}
