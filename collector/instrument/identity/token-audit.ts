/** Tokens: a decorator around a verifier gives one auth.token.validated per verification, and ties it to the request it lets in. */
import { type AuditContext, contextFor, knownContext } from '../audit-context.ts'
import { type Instant, instantNow, uuidV7 } from '../clock.ts'
import { boundKeyMatches } from '../edge/dpop.ts'
import { type Exchange, exchangeInFlight } from '../edge/exchange.ts'
import { credentialsOf, isModernHead, userAgentFamilyOf } from '../edge/http-head.ts'
import { sha256 } from '../keys/keyed-hash.ts'
import { namesOf, reasonOf, trustedName } from '../names.ts'
import type { InstrumentOptions } from '../options.ts'
import { processWide } from '../process-wide.ts'
import { type Claims, claimsOf, confirmationOf, epochSeconds, mayActOf, plainText, statedFields } from './claims.ts'
import type { AuthInfoLike } from './identity.ts'
import { signatureVerdict } from './signature-verdict.ts'

/** Any verifier of SDK v1 (OAuthTokenVerifier, OAuthServerProvider) or v2. */
export interface TokenVerifier {
  verifyAccessToken(token: string, ...rest: never[]): Promise<object>
}
export type TokenAuditOptions = InstrumentOptions & {
  /** The claims come from an introspection endpoint: those in `extra` are recorded. */
  readonly introspected?: boolean
}

/** A verification, until a request claims it. */
export interface Verified {
  readonly requestUid: string
  claimed: boolean
  /** Said when the request arrives: only then it is known which server it was for. */
  readonly tell: ((context: AuditContext) => void) | undefined
}

interface Verifications {
  readonly unclaimed: WeakMap<object, Verified[]>
  readonly byToken: Map<string, Verified[]>
}
/**
 * unclaimed: the request that arrives with an authInfo takes the oldest unclaimed verification of that very object. A verifier that caches
 * returns the same object for many requests: they share one caller, so that any of its verifications fits; plain objects are
 * copied, which makes the pairing exact. byToken: the same by SHA-256 of the token, since middleware may hand on a copy of the
 * authInfo. Bounded; the oldest token goes.
 */
const { unclaimed, byToken } = processWide(
  'verifications.v1',
  (): Verifications => ({ unclaimed: new WeakMap(), byToken: new Map() }),
)
const MAX_UNCLAIMED = 64
const MAX_TOKENS = 1_024
/** A verifier that is audited answers for itself: true for this property. */
const AUDITED = Symbol.for('mcp-auditd.audited')

function oldestOf(list: Verified[] | undefined): Verified | undefined {
  for (let verified = list?.shift(); verified !== undefined; verified = list?.shift())
    if (!verified.claimed) return verified
  return undefined
}

/** Verifications whose request had no message (a GET stream, a notification) are never claimed: the oldest go. */
function remember(list: Verified[], verified: Verified): Verified[] {
  while (list[0]?.claimed || list.length >= MAX_UNCLAIMED) list.shift()
  list.push(verified)
  return list
}

/** Whether a wrapped verifier gave this authInfo, for this message or an earlier one. */
export const wasVerified = (authInfo: object): boolean => unclaimed.has(authInfo)

/** The uid under which this request was authenticated, if a wrapped verifier did it. */
export function claimVerification(
  authInfo: AuthInfoLike,
  context: AuditContext,
  exchange?: Exchange,
): string | undefined {
  const { token } = authInfo
  // What was verified in the course of an exchange belongs to its first request, whatever a cache made of the authInfo.
  const own = exchange?.verification?.claimed === false ? exchange.verification : undefined
  const verified =
    own ??
    oldestOf(unclaimed.get(authInfo)) ??
    (typeof token === 'string' && byToken.size > 0 ? oldestOf(byToken.get(sha256(token))) : undefined)
  if (verified === undefined) return undefined
  verified.claimed = true
  context.guard(() => verified.tell?.(context))
  return verified.requestUid
}

/** One auth.token.validated per verification, however often it is wrapped: allow when the verifier answered, deny when it threw. Results and errors pass unchanged. */
export function auditTokenVerifier<V extends TokenVerifier>(verifier: V, options: TokenAuditOptions = {}): V {
  if ((verifier as { [AUDITED]?: true })[AUDITED]) return verifier
  const verify = async (token: string, ...rest: never[]): Promise<object> => {
    const time = instantNow()
    let authInfo: object
    try {
      authInfo = await verifier.verifyAccessToken(token, ...rest)
    } catch (error) {
      safely(() => tellDenied(options, token, error, time))
      throw error
    }
    return safely(() => admitted(options, token, authInfo, time)) ?? authInfo
  }
  return new Proxy(verifier, {
    get(target, property) {
      if (property === 'verifyAccessToken') return verify
      if (property === AUDITED) return true
      const value: unknown = Reflect.get(target, property, target)
      // Bound to the real object: a class with private fields refuses a proxy as `this`.
      return typeof value === 'function' && property !== 'constructor' ? value.bind(target) : value
    },
  })
}

function safely<T>(run: () => T): T | undefined {
  try {
    return run()
  } catch {
    return undefined
  }
}

function admitted(options: TokenAuditOptions, token: string, given: object, time: Instant): object {
  const isPlain = given !== null && typeof given === 'object' && Object.getPrototypeOf(given) === Object.prototype
  const authInfo = isPlain && unclaimed.has(given) ? { ...given } : given
  const exchange = exchangeInFlight()
  const isFirst = exchange !== undefined && exchange.verification === undefined
  const requestUid = isFirst ? exchange.requestUid : uuidV7(time)
  const tell = (context: AuditContext): void =>
    tellAllowed(context, authInfo, token, requestUid, time, options.introspected, 'accepted by the verifier', exchange)
  const context = knownContext(options)
  if (context !== undefined) context.guard(() => tell(context))
  const verified: Verified = { requestUid, claimed: false, tell: context === undefined ? tell : undefined }
  if (isFirst) {
    exchange.verified = authInfo
    exchange.verification = verified
  }
  unclaimed.set(authInfo, remember(unclaimed.get(authInfo) ?? [], verified))
  const digest = sha256(token)
  const sameToken = remember(byToken.get(digest) ?? [], verified)
  // Set anew, so that a token in use is the youngest.
  byToken.delete(digest)
  byToken.set(digest, sameToken)
  if (byToken.size > MAX_TOKENS) byToken.delete(byToken.keys().next().value!)
  return authInfo
}

/** Also for requests whose verifier was not wrapped: the server let them in with this authInfo, which is what the event says. */
export function tellAllowed(
  context: AuditContext,
  authInfo: AuthInfoLike,
  token: string,
  requestUid: string,
  time: Instant,
  introspected: boolean | undefined,
  reason: string,
  exchange?: Exchange,
): void {
  const decoded = claimsOf(token)
  const extra = authInfo.extra ?? {}
  const claims: Claims = decoded.kind === 'jwt' ? decoded : { ...decoded, payload: extra }
  const { scopeSetHash: _, ...caller } = context.identity(authInfo)
  const stated = statedFields(claims)
  context.emit(
    {
      eventType: 'auth.token.validated',
      requestUid,
      transport: 'http',
      ...caller,
      decision: 'allow',
      reason,
      ...edgeFields(context, exchange),
      ...stated,
      ...proofFields(context, claims, token),
      boundKeyMatch: boundKeyMatches(claims.payload, exchange),
      scopes: namesOf(authInfo.scopes) ?? stated['scopes'],
      resource: authInfo.resource === undefined ? stated['resource'] : [trustedName(String(authInfo.resource))],
      expAt: stated['expAt'] ?? epochSeconds(authInfo.expiresAt),
      expectedAud: namesOf(context.options.expectedAudiences),
      introspected,
      principalName: context.sealedName(caller.principalKey, claims.payload),
    },
    time,
  )
}

function tellDenied(options: TokenAuditOptions, token: string, error: unknown, time: Instant): void {
  const context = knownContext(options) ?? contextFor(options, '')
  const claims = claimsOf(token)
  const exchange = exchangeInFlight()
  context.emit(
    {
      eventType: 'auth.token.validated',
      requestUid: exchange?.requestUid ?? uuidV7(time),
      transport: 'http',
      decision: 'deny',
      reason: reasonOf(error, token),
      ...edgeFields(context, exchange),
      ...statedFields(claims),
      ...proofFields(context, claims, token),
      ...signatureVerdict(error),
      expectedAud: namesOf(options.expectedAudiences),
      // The claims of a refused token are the sender's words: no verified column is filled from them.
      flags: ['claims_unverified'],
    },
    time,
  )
}

/** Keyed hash of the token id where the token has one: a token in two encodings is one. */
export function tokenFpOf({ hashes }: AuditContext, payload: Claims['payload'], token: string): string {
  const id = typeof payload['jti'] === 'string' ? payload['jti'] : payload['uti']
  return hashes.tokens.hash(typeof id === 'string' ? `${plainText(payload['iss'])}\u0000${id}` : token)
}

/** How and from where the token came, when an edge saw its request. */
function edgeFields(context: AuditContext, exchange: Exchange | undefined): Record<string, unknown> {
  if (exchange === undefined) return {}
  const { head } = exchange
  const { scheme } = credentialsOf(head, undefined, [])
  const session = isModernHead(head) ? undefined : head.header('mcp-session-id')
  return {
    ...exchange.source(context),
    // As the request names it; whether the server knows it is told by the request.
    sessionFp: session === undefined ? undefined : context.hashes.handles.hash(session),
    scheme: scheme ?? 'bearer',
    userAgentFamily: userAgentFamilyOf(head),
  }
}

/** Keyed hashes of the token and of the key it is bound to. */
export function proofFields(context: AuditContext, { payload }: Claims, token: string): Record<string, unknown> {
  const { tokens } = context.hashes
  const jtiKind = typeof payload['jti'] === 'string' ? 'jti' : typeof payload['uti'] === 'string' ? 'uti' : 'none'
  const confirmation = confirmationOf(payload)
  return {
    tokenFp: tokenFpOf(context, payload, token),
    jtiKind,
    mayActSubs: mayActOf(payload).map((actor) =>
      context.hashes.principals.hash(`${actor.issuer}\u0000${actor.subject}`),
    ),
    cnfKind: confirmation.kind,
    cnfFp: confirmation.value === '' ? undefined : tokens.hash(confirmation.value),
  }
}
