/** The credential a request brings, as far as somebody may speak of it who did not verify it: keyed hashes, and claims marked as such. */
import type { AuditContext } from '../instrument/audit-context.ts'
import type { Exchange } from '../instrument/edge/exchange.ts'
import { credentialsOf, isModernHead, queryOf, userAgentFamilyOf } from '../instrument/edge/http-head.ts'
import { claimsOf, scopesOf, statedFields } from '../instrument/identity/claims.ts'
import { ANONYMOUS, type Identity } from '../instrument/identity/identity.ts'
import { proofFields } from '../instrument/identity/token-audit.ts'

export interface Presented {
  readonly identity: Identity
  readonly token: string | undefined
  readonly scheme: string
}

/** Nobody, where there is no credential. With one there is somebody, whom only the server knows. */
export function presentedIn({ head }: Exchange, { hashes }: AuditContext, tickets: readonly string[]): Presented {
  const found = credentialsOf(head, undefined, tickets)
  const token =
    found.token ?? (found.parameter === undefined ? undefined : (queryOf(head).get(found.parameter) ?? undefined))
  if (found.location === 'none') return { identity: ANONYMOUS, token: undefined, scheme: '' }
  const scopes = token === undefined ? undefined : scopesOf(claimsOf(token).payload)
  return {
    identity: {
      ...ANONYMOUS,
      principalKind: undefined,
      // Which list of tools goes with which scopes: a grouping, nobody's identity.
      scopeSetHash: scopes?.length ? hashes.principals.hash([...new Set(scopes)].sort().join(' ')) : '',
    },
    token,
    scheme: found.scheme ?? 'bearer',
  }
}

/**
 * What the server made of the token, by its answer. `decision` is the server's own; who the caller is stays open, because the claims
 * were not verified here: no envelope field is filled from them.
 */
export function tellPresented(
  context: AuditContext,
  exchange: Exchange,
  { token, scheme }: Presented,
  decision: 'allow' | 'deny',
  status: number,
): void {
  if (token === undefined) return
  const claims = claimsOf(token)
  const session = isModernHead(exchange.head) ? undefined : exchange.head.header('mcp-session-id')
  context.emit(
    {
      eventType: 'auth.token.validated',
      requestUid: exchange.requestUid,
      transport: 'http',
      ...exchange.source(context),
      sessionFp: session === undefined ? undefined : context.hashes.handles.hash(session),
      userAgentFamily: userAgentFamilyOf(exchange.head),
      decision,
      reason: `the server answered ${status}; the token was not verified here`,
      scheme,
      ...statedFields(claims),
      ...proofFields(context, claims, token),
      expectedAud: context.options.expectedAudiences,
      flags: ['claims_unverified'],
    },
    exchange.started,
  )
}
