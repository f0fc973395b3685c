/** Who is calling, from a validated token: keyed hashes of issuer and subject, never the token. */

import type { Hashes } from '../keys/keys.ts'
import { clientKeyOf, namesOf } from '../names.ts'
import { actorsOf, type Claims, claimsOf, clientOf, kindOf, plainText, scopesOf } from './claims.ts'

/** What both SDKs hand to a request after authentication. `token` is read to make hashes and goes no further. */
export interface AuthInfoLike {
  readonly token?: unknown
  readonly clientId?: unknown
  readonly scopes?: unknown
  readonly expiresAt?: unknown
  readonly resource?: unknown
  readonly extra?: Readonly<Record<string, unknown>> | undefined
}

/** The verdict of a callback of the user, when claims are not standard. */
export interface PrincipalFacts {
  readonly issuer: string
  readonly subject: string
  readonly kind?: 'user' | 'workload' | 'agent' | 'anonymous'
  readonly tenant?: string
  readonly clientId?: string
}
export type PrincipalCallback = (authInfo: Readonly<Record<string, unknown>>) => PrincipalFacts | undefined

/** Envelope fields of one caller. */
export interface Identity {
  readonly principalKey: string | undefined
  /** undefined: there is a credential, and nobody here verified it. */
  readonly principalKind: 'user' | 'workload' | 'agent' | 'anonymous' | undefined
  readonly actorKeys: readonly string[] | undefined
  readonly tenantKey: string | undefined
  readonly clientKey: string | undefined
  readonly clientKind: 'cimd' | undefined
  /** Keyed hash of (issuer, subject, client, server): stands for a session where there is none. */
  readonly correlationKey: string | undefined
  /** Keyed hash of the sorted scopes; '' without any. */
  readonly scopeSetHash: string
}

export const ANONYMOUS: Identity = {
  principalKey: undefined,
  principalKind: 'anonymous',
  actorKeys: undefined,
  tenantKey: undefined,
  clientKey: undefined,
  clientKind: undefined,
  correlationKey: undefined,
  scopeSetHash: '',
}

/** Separates parts that a keyed hash covers: no part can contain it. */
const SEPARATOR = '\u0000'

/** The key of a person or workload, the same wherever it is made with the same keys. */
export const principalKeyOf = ({ principals }: Hashes, issuer: string, subject: string): string =>
  principals.hash(issuer + SEPARATOR + subject)

/**
 * Where subject and issuer stand when they are not in the token: verifiers put them in `extra` by private convention, as claims or
 * under `claims` or `payload`.
 */
function payloadOf(authInfo: AuthInfoLike, claims: Claims): Readonly<Record<string, unknown>> {
  const extra = authInfo.extra ?? {}
  if (claims.kind === 'jwt' && claims.payload['sub'] !== undefined) return claims.payload
  for (const inner of [extra['claims'], extra['payload'], extra])
    if (inner !== null && typeof inner === 'object' && 'sub' in inner) return inner as Readonly<Record<string, unknown>>
  const fallback = extra['userId'] ?? extra['email'] ?? authInfo.clientId
  return { ...claims.payload, ...(fallback !== undefined && { sub: fallback }) }
}

/** Entra subjects are pairwise per application: (tid, oid) is the person across servers. Elsewhere (iss, sub). */
function personOf(payload: Readonly<Record<string, unknown>>): readonly [issuer: string, subject: string] {
  const { tid, oid } = payload
  if (typeof tid === 'string' && typeof oid === 'string') return [tid, oid]
  return [plainText(payload['iss']), plainText(payload['sub'])]
}

export function identityOf(
  authInfo: AuthInfoLike,
  hashes: Hashes,
  serverId: string,
  callback?: PrincipalCallback,
): Identity {
  const claims = typeof authInfo.token === 'string' ? claimsOf(authInfo.token) : claimsOf('')
  const payload = payloadOf(authInfo, claims)
  const { token: _, ...withoutToken } = authInfo
  const told = callback?.(withoutToken as Readonly<Record<string, unknown>>) ?? undefined
  const [issuer, subject] = told === undefined ? personOf(payload) : [told.issuer, told.subject]
  const client =
    told?.clientId ?? clientOf(payload) ?? (typeof authInfo.clientId === 'string' ? authInfo.clientId : undefined)
  const tenant = told?.tenant ?? (typeof payload['tid'] === 'string' ? payload['tid'] : undefined)
  const actors = actorsOf(payload)
  const { principals } = hashes
  const known = subject !== ''
  return {
    principalKey: known ? principalKeyOf(hashes, issuer, subject) : undefined,
    principalKind: told?.kind ?? (known ? kindOf(payload) : 'anonymous'),
    actorKeys:
      actors.length === 0
        ? undefined
        : actors.map((actor) => principals.hash(actor.issuer + SEPARATOR + actor.subject)),
    tenantKey: tenant === undefined ? undefined : principals.hash(tenant),
    clientKey: client === undefined ? undefined : clientKeyOf(client),
    clientKind: client?.startsWith('https://') ? 'cimd' : undefined,
    correlationKey: known ? principals.hash([issuer, subject, client ?? '', serverId].join(SEPARATOR)) : undefined,
    scopeSetHash: scopeSetHashOf(namesOf(authInfo.scopes) ?? scopesOf(payload), hashes),
  }
}

function scopeSetHashOf(scopes: readonly string[] | undefined, hashes: Hashes): string {
  return scopes === undefined || scopes.length === 0
    ? ''
    : hashes.principals.hash([...new Set(scopes)].sort().join(' '))
}
