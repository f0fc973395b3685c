/** DPoP proofs (RFC 9449): which of their statements hold for the request they came with. */
import { constants, createHash, createPublicKey, type KeyObject, verify } from 'node:crypto'
import type { AuditContext } from '../audit-context.ts'
import type { Instant } from '../clock.ts'
import { type Claims, claimsOf, confirmationOf } from '../identity/claims.ts'
import { trustedName } from '../names.ts'
import type { Exchange } from './exchange.ts'
import { credentialsOf, pathOf } from './http-head.ts'

const MAX_PROOF_CHARACTERS = 8_192
const sha256 = (text: string): string => createHash('sha256').update(text).digest('base64url')

/** RFC 7638: the members of the thumbprint by key type, in order. */
const MEMBERS: Readonly<Record<string, readonly string[]>> = {
  EC: ['crv', 'kty', 'x', 'y'],
  RSA: ['e', 'kty', 'n'],
  OKP: ['crv', 'kty', 'x'],
}
type Jwk = Readonly<Record<string, unknown>>

/** Thumbprint of a public key as in `cnf.jkt`; undefined for anything that is none. */
export function thumbprintOf(jwk: unknown): string | undefined {
  if (jwk === null || typeof jwk !== 'object') return undefined
  const key = jwk as Jwk
  const kind = key['kty']
  const members = typeof kind === 'string' && Object.hasOwn(MEMBERS, kind) ? MEMBERS[kind] : undefined
  if (members === undefined || !members.every((member) => typeof key[member] === 'string')) return undefined
  return sha256(JSON.stringify(Object.fromEntries(members.map((member) => [member, key[member]]))))
}

/** How a signature of this algorithm is verified; symmetric ones and `none` are no proof. */
function schemeOf(alg: unknown): { readonly hash: string | null; readonly options: object } | undefined {
  const match = typeof alg === 'string' ? /^(ES|RS|PS)(256|384|512)$/.exec(alg) : null
  if (match === null) return alg === 'EdDSA' || alg === 'Ed25519' ? { hash: null, options: {} } : undefined
  const hash = `sha${match[2]}`
  if (match[1] === 'ES') return { hash, options: { dsaEncoding: 'ieee-p1363' } }
  if (match[1] === 'RS') return { hash, options: {} }
  const padding = constants.RSA_PKCS1_PSS_PADDING
  return { hash, options: { padding, saltLength: constants.RSA_PSS_SALTLEN_DIGEST } }
}

const MAX_KEYS = 256
const keys = new Map<string, KeyObject>()
function keyOf(jwk: Jwk, thumbprint: string): KeyObject {
  let key = keys.get(thumbprint)
  if (key === undefined) {
    key = createPublicKey({ key: jwk as never, format: 'jwk' })
    if (keys.size >= MAX_KEYS) keys.clear()
    keys.set(thumbprint, key)
  }
  return key
}

/** Off the event loop: a request is never delayed by it. */
function signatureHolds(proof: string, alg: unknown, jwk: Jwk, thumbprint: string): Promise<boolean> {
  const scheme = schemeOf(alg)
  if (scheme === undefined || jwk['d'] !== undefined) return Promise.resolve(false)
  return new Promise((resolve) => {
    try {
      const end = proof.lastIndexOf('.')
      const signature = Buffer.from(proof.slice(end + 1), 'base64url')
      const key = { key: keyOf(jwk, thumbprint), ...scheme.options }
      verify(scheme.hash, Buffer.from(proof.slice(0, end)), key, signature, (error, holds) =>
        resolve(error === null && holds),
      )
    } catch {
      resolve(false)
    }
  })
}

/** Nonces that this process handed out, by digest; the oldest go. */
const nonces = new WeakMap<AuditContext, Set<string>>()
const MAX_NONCES = 4_096
export function rememberNonce(context: AuditContext, nonce: string): void {
  const known = nonces.get(context) ?? new Set()
  if (known.size >= MAX_NONCES) known.delete(known.values().next().value!)
  known.add(sha256(nonce))
  nonces.set(context, known)
}

/** The URL the client meant, as RFC 9449 §4.3 compares it: without query and fragment. */
function urlOf({ head, options }: Exchange): URL | undefined {
  const isBehindProxy = (options.trustProxy ?? 0) > 0
  const host =
    (isBehindProxy ? head.header('x-forwarded-host')?.split(',')[0]?.trim() : undefined) ?? head.header('host')
  const forwarded = isBehindProxy ? head.header('x-forwarded-proto')?.split(',')[0]?.trim() : undefined
  const scheme = forwarded ?? (head.tlsVersion === '' ? 'http' : 'https')
  try {
    return new URL(`${scheme}://${host}${pathOf(head)}`)
  } catch {
    return undefined
  }
}

function isSameUrl(htu: unknown, exchange: Exchange): boolean | undefined {
  const meant = urlOf(exchange)
  if (meant === undefined) return undefined
  try {
    const stated = new URL(String(htu))
    if (stated.origin === meant.origin && stated.pathname === meant.pathname) return true
    // A fetch-style server behind TLS termination does not know its own scheme.
    return exchange.head.tlsVersion === undefined && stated.host === meant.host && stated.pathname === meant.pathname
  } catch {
    return false
  }
}

/** The thumbprint of the proof's key, when a proof was sent and has one. */
export function proofThumbprint({ head }: Exchange): string | undefined {
  const proof = head.header('dpop')
  return proof === undefined || proof.length > MAX_PROOF_CHARACTERS
    ? undefined
    : thumbprintOf(claimsOf(proof).header['jwk'])
}

/** Whether key or certificate of the request is the one that the token is bound to; undefined for an unbound token, or when nobody can know. */
export function boundKeyMatches(payload: Claims['payload'], exchange: Exchange | undefined): boolean | undefined {
  if (exchange === undefined) return undefined
  const { kind, value } = confirmationOf(payload)
  if (kind === 'jkt') return proofThumbprint(exchange) === value
  // Where somebody else ends TLS the certificate is not here to be compared.
  const certificate = kind === 'x5t' ? exchange.head.certificate() : undefined
  return certificate === undefined ? undefined : certificate === value
}

const bounded = (value: number): number => Math.max(-(2 ** 41), Math.min(2 ** 41, Math.round(value)))

/** auth.dpop.checked, once per exchange that brought a proof. `decision`: what became of the request, unless the server gave its verdict. */
export function tellProof(context: AuditContext, exchange: Exchange, decision: 'allow' | 'deny', caller: object): void {
  const { head, proofVerdict } = exchange
  const proof = head.header('dpop')
  if (proof === undefined || exchange.told.has('proof')) return
  exchange.told.add('proof')
  const { tokens } = context.hashes
  const isReadable = proof.length <= MAX_PROOF_CHARACTERS
  const { kind, header, payload } = claimsOf(isReadable ? proof : '')
  const jwk = header['jwk'] as Jwk | undefined
  const thumbprint = thumbprintOf(jwk)
  const { token } = credentialsOf(head, undefined, [])
  const { kind: boundBy, value: bound } = confirmationOf(claimsOf(token ?? '').payload)
  const known = nonces.get(context)
  const { jti, htm, iat, ath, nonce } = payload
  const tell = (signatureOk: boolean | undefined): void =>
    context.guard(() =>
      context.emit(
        {
          eventType: 'auth.dpop.checked',
          requestUid: exchange.requestUid,
          transport: 'http',
          ...exchange.source(context),
          ...caller,
          decision: proofVerdict === undefined ? decision : proofVerdict.ok ? 'allow' : 'deny',
          reason:
            proofVerdict?.reason === undefined
              ? kind === 'jwt' && header['typ'] === 'dpop+jwt'
                ? undefined
                : 'not a DPoP proof'
              : trustedName(proofVerdict.reason),
          keyFp: thumbprint === undefined ? undefined : tokens.hash(thumbprint),
          proofFp: typeof jti === 'string' ? tokens.hash(jti) : undefined,
          methodOk: htm === head.verb,
          urlOk: isSameUrl(payload['htu'], exchange),
          tokenHashOk: token === undefined ? undefined : ath === sha256(token),
          nonceOk: known === undefined ? undefined : typeof nonce === 'string' && known.has(sha256(nonce)),
          signatureOk,
          issuedSkewMs:
            typeof iat === 'number' && Number.isFinite(iat)
              ? bounded(sinceEpochMs(exchange.started) - iat * 1000)
              : undefined,
          boundKeyMatch: boundBy === 'jkt' ? thumbprint === bound : undefined,
        },
        exchange.started,
      ),
    )
  if (jwk === undefined || thumbprint === undefined) tell(false)
  else void signatureHolds(proof, header['alg'], jwk, thumbprint).then(tell)
}
const sinceEpochMs = ([seconds, nanoseconds]: Instant): number => seconds * 1000 + nanoseconds / 1e6
