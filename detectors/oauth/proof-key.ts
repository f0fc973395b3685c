/** PKCE: a code is worth nothing to who does not know the secret that the request for it was made with. */
import type { Match } from '../rule.ts'

export interface ProofOptions {
  readonly exempt: readonly string[]
  readonly exemptTags: readonly string[]
  readonly failures: number
  readonly windowMs: number
}
interface Asked {
  readonly client: string
  readonly decision: string
  readonly pkcePresent: boolean
  readonly pkceMethod: string
  says(name: 'pkcePresent'): boolean
  tagsOf(kind: 'clients', name: string): readonly string[]
}
/** A request for a code was let through. */
export function judgeChallenge(e: Asked, { exempt, exemptTags }: ProofOptions): Match | undefined {
  if (e.decision !== 'allow' || !e.says('pkcePresent')) return undefined
  if (e.pkcePresent && e.pkceMethod !== 'plain') return undefined
  if (exempt.includes(e.client) || e.tagsOf('clients', e.client).some((tag) => exemptTags.includes(tag)))
    return undefined
  if (!e.pkcePresent)
    return { severity: 'high', saw: 'an authorization without a code challenge', expected: 'a challenge of S256' }
  return { severity: 'medium', saw: 'a code challenge that is the verifier itself', expected: 'a challenge of S256' }
}

/** Times of verifiers that did not fit, of one asker. */
export type Misfits = { atMs: number[] }
export const noMisfits = (): Misfits => ({ atMs: [] })
interface Redeemed {
  readonly ts: number
  readonly decision: string
  readonly verifierOk: boolean
  says(name: 'verifierOk'): boolean
}
export function judgeVerifier(e: Redeemed, misfits: Misfits, { failures, windowMs }: ProofOptions): Match | undefined {
  if (e.verifierOk || !e.says('verifierOk')) return undefined
  if (e.decision === 'allow')
    return { severity: 'high', saw: 'a code redeemed with a verifier that does not fit', expected: 'a refusal' }
  misfits.atMs = [...misfits.atMs.filter((at) => e.ts - at < windowMs), e.ts]
  if (misfits.atMs.length < failures) return undefined
  misfits.atMs = []
  const evidence = { observed: failures, windowMs }
  return {
    severity: 'medium',
    saw: `${failures} verifiers that do not fit`,
    expected: 'the one of the request',
    evidence,
  }
}
