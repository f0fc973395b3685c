/** What the token endpoint of a provider does: codes and refresh tokens redeemed, tokens issued and given back. Keyed hashes only. */
import type { AuditContext } from '../audit-context.ts'
import { claimsOf } from '../identity/claims.ts'
import { tokenFpOf } from '../identity/token-audit.ts'
import { sha256 } from '../keys/keyed-hash.ts'
import { namesOf, reasonOf, trustedName } from '../names.ts'
import type { InstrumentOptions } from '../options.ts'
import { type Method, type Outcome, settled } from '../settled.ts'
import { clientIdOf, clientKindOf, type OAuthClientLike, tellOAuth, wordsOf } from './oauth-facts.ts'
import { providerAsked, verifierCompared } from './oauth-refusal.ts'

export const decided = ({ error }: Outcome) => ({ decision: error === undefined ? 'allow' : 'deny' })
/** Texts of a provider may repeat what they refuse: code and token are taken out of them. */
export const reasonFor = ({ error }: Outcome, secret: unknown): string | undefined =>
  error === undefined ? undefined : reasonOf(error, typeof secret === 'string' ? secret : '')
export const who = (client: OAuthClientLike) => {
  const oauthClientId = clientIdOf(client)
  return { oauthClientId, clientKey: oauthClientId, clientKind: clientKindOf(oauthClientId) }
}

/** Codes whose challenge was looked up: the router exchanges only those whose verifier fitted. */
const compared = new Set<string>()
const MAX_CODES = 4_096

export function watchedChallenge(method: Method, options: InstrumentOptions): Method {
  return settled(method, ({ error, value }, [client, code]) => {
    if (typeof code !== 'string') return
    if (error === undefined) {
      verifierCompared()
      if (compared.size >= MAX_CODES) compared.delete(compared.values().next().value!)
      if (value !== '') compared.add(sha256(code))
      return
    }
    // The router goes no further: an unknown code, as a stranger guesses it.
    providerAsked()
    tellOAuth(options, ({ hashes }) => ({
      eventType: 'oauth.token',
      ...who(client as OAuthClientLike),
      grantType: 'authorization_code',
      codeFp: hashes.tokens.hash(code),
      decision: 'deny',
      reason: reasonFor({ error }, code),
    }))
  })
}

interface Issued {
  readonly access_token?: unknown
  readonly refresh_token?: unknown
  readonly scope?: unknown
}

/** Keyed hashes of what was issued, and for a JWT whose it is: its issuer says so, to us. */
function issuedFields(context: AuditContext, { value }: Outcome, client: OAuthClientLike): Record<string, unknown> {
  const { access_token: token, refresh_token: refresh, scope } = (value ?? {}) as Issued
  if (typeof token !== 'string') return {}
  const { kind, payload } = claimsOf(token)
  const known = kind === 'jwt' && payload['sub'] !== undefined
  const { scopeSetHash: _, ...caller } = known
    ? context.identity({ token, clientId: client.client_id })
    : { scopeSetHash: '' }
  return {
    ...caller,
    ...who(client),
    scopes: wordsOf(scope) ?? wordsOf(payload['scp'] ?? payload['scope']),
    tokenKind: kind,
    // A JWT that names no audience says so with an empty list.
    aud: kind === 'jwt' ? (namesOf(payload['aud']) ?? []) : undefined,
    expectedAud: namesOf(context.options.expectedAudiences),
    issuedFp: tokenFpOf(context, payload, token),
    issuedRefreshFp: typeof refresh === 'string' ? context.hashes.tokens.hash(refresh) : undefined,
  }
}

export function watchedCode(method: Method, options: InstrumentOptions): Method {
  const tell = settled(method, (outcome, [client, code, verifier, , resource]) => {
    const isCompared = typeof code === 'string' && compared.delete(sha256(code))
    const isSent = typeof verifier === 'string' && verifier !== ''
    tellOAuth(options, (context) => ({
      eventType: 'oauth.token',
      ...who(client as OAuthClientLike),
      grantType: 'authorization_code',
      codeFp: typeof code === 'string' ? context.hashes.tokens.hash(code) : undefined,
      pkcePresent: isCompared || isSent,
      pkceMethod: isCompared || isSent ? 'S256' : 'none',
      // A verifier that is passed on is judged upstream: its answer is the only sign.
      verifierOk: isCompared || (isSent && outcome.error === undefined) ? true : undefined,
      resource: resource === undefined ? undefined : [trustedName(String(resource))],
      ...decided(outcome),
      reason: reasonFor(outcome, code),
      ...issuedFields(context, outcome, client as OAuthClientLike),
    }))
  })
  return (...args: never[]) => {
    providerAsked()
    return tell(...args)
  }
}

export function watchedRefresh(method: Method, options: InstrumentOptions): Method {
  const tell = settled(method, (outcome, [client, refresh, scopes, resource]) =>
    tellOAuth(options, (context) => ({
      eventType: 'oauth.token',
      ...who(client as OAuthClientLike),
      grantType: 'refresh_token',
      refreshFp: typeof refresh === 'string' ? context.hashes.tokens.hash(refresh) : undefined,
      requestedScopes: wordsOf(scopes),
      resource: resource === undefined ? undefined : [trustedName(String(resource))],
      ...decided(outcome),
      reason: reasonFor(outcome, refresh),
      ...issuedFields(context, outcome, client as OAuthClientLike),
    })),
  )
  return (...args: never[]) => {
    providerAsked()
    return tell(...args)
  }
}

/** A token given back is not to be seen again. */
export function watchedRevocation(method: Method, options: InstrumentOptions): Method {
  return settled(method, ({ error }, [client, request]) => {
    const { token } = (request ?? {}) as { token?: unknown }
    providerAsked()
    if (error !== undefined || typeof token !== 'string') return
    tellOAuth(options, (context) => ({
      eventType: 'identity.revoked',
      ...who(client as OAuthClientLike),
      subjectKind: 'token',
      subjectKey: tokenFpOf(context, claimsOf(token).payload, token),
      revokedAt: Math.floor(Date.now() / 1000),
      feed: 'oauth_revocation',
    }))
  })
}
