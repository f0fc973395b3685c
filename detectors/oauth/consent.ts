/** Whether a person was asked before a client that nobody chose beforehand gets on to another authorization server, or gets a token. */
import type { Match } from '../rule.ts'

/** `isNew`: it registered while we watched, so that an earlier consent would have been seen. */
export type ClientConsent = { isNew: boolean; isPreregistered: boolean; consents: number }
export const noConsent = (): ClientConsent => ({ isNew: false, isPreregistered: false, consents: 0 })

export interface ConsentOptions {
  readonly exempt: readonly string[]
  readonly exemptTags: readonly string[]
}
interface Registered {
  readonly decision: string
  readonly registrationKind: string
}
export function noteRegistered(e: Registered, client: ClientConsent): void {
  if (e.decision === 'deny') return
  client.isNew = true
  client.isPreregistered = e.registrationKind === 'prereg'
}

interface Consented {
  readonly granted: boolean
  readonly beforeConsent: boolean
  readonly cookieBound: boolean
  says(name: 'cookieBound'): boolean
}
export function judgeConsent(e: Consented, client: ClientConsent): Match | undefined {
  if (e.beforeConsent)
    return {
      severity: 'critical',
      saw: 'state or cookie set before the person agreed',
      expected: 'set after the consent',
    }
  if (!e.granted) return undefined
  client.consents++
  if (e.cookieBound || !e.says('cookieBound')) return undefined
  return { severity: 'high', saw: 'a consent cookie for any client', expected: 'a cookie bound to the client id' }
}

interface Asking {
  readonly client: string
  tagsOf(kind: 'clients', name: string): readonly string[]
}
/**
 * The client goes on. `state`: what the server says of the consent at that moment; where it says nothing, only a client counts whose
 * whole life was seen, on a server that does tell consents.
 */
export function judgePassage(
  e: Asking,
  state: string,
  what: string,
  client: ClientConsent,
  server: { readonly tells: boolean },
  { exempt, exemptTags }: ConsentOptions,
): Match | undefined {
  if (client.isPreregistered || exempt.includes(e.client)) return undefined
  if (!isUnasked(state, client, server)) return undefined
  if (e.tagsOf('clients', e.client).some((tag) => exemptTags.includes(tag))) return undefined
  return {
    severity: 'critical',
    saw: `${what} although nobody has agreed to the client`,
    expected: 'a consent for this client first',
    evidence: { consentState: state || 'unknown', consents: client.consents },
  }
}
function isUnasked(state: string, client: ClientConsent, server: { readonly tells: boolean }): boolean {
  if (state === 'granted') return false
  if (state === 'required') return true
  // Skipped, or none of its own: a consent that is stored is enough.
  if (client.consents > 0) return false
  return state === 'skipped' || state === 'none' || (server.tells && client.isNew)
}
