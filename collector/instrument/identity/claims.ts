/** What a token says: claims of RFC 9068, of plain OAuth and of Entra v1 and v2 access tokens, read without verifying. */
import { LIMITS } from '../../../schemas/field.ts'
import { nameOf, namesOf, trustedName } from '../names.ts'

/** Verified when a verifier accepted the token; otherwise only the sender's words, and recorded under decision deny. */
export interface Claims {
  readonly kind: 'jwt' | 'opaque'
  readonly header: Readonly<Record<string, unknown>>
  readonly payload: Readonly<Record<string, unknown>>
}

const MAX_TOKEN_CHARACTERS = 65_536
const NONE: Claims = { kind: 'opaque', header: {}, payload: {} }

/** Decodes a JWS in compact form; anything else is opaque. Never verifies: whoever accepted the token has. */
export function claimsOf(token: string): Claims {
  const parts = token.length <= MAX_TOKEN_CHARACTERS ? token.split('.') : []
  if (parts.length !== 3) return NONE
  const header = decode(parts[0]!)
  const payload = decode(parts[1]!)
  return header === undefined || payload === undefined ? NONE : { kind: 'jwt', header, payload }
}

function decode(part: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'))
    return value !== null && typeof value === 'object' && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined
  } catch {
    return undefined
  }
}

const words = (value: unknown): string[] | undefined =>
  typeof value === 'string' ? namesOf(value.split(/\s+/).filter((word) => word !== '')) : namesOf(value)
/** Seconds since 1970, as far as an event may carry them. */
export const epochSeconds = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) && Math.abs(value) <= LIMITS.integer
    ? Math.trunc(value)
    : undefined
const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? trustedName(value) : undefined

/** A claim as text; objects are none (JSON may carry a `toString` of its own, and String would throw). */
export const plainText = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : ''

/** The authorized party: `azp` (OIDC, Entra v2), `appid` (Entra v1), `client_id` (RFC 9068), `cid` (Okta). */
export const clientOf = (payload: Claims['payload']): string | undefined =>
  text(payload['azp']) ?? text(payload['appid']) ?? text(payload['client_id']) ?? text(payload['cid'])

/** Scopes granted: `scp` (Entra, Okta) or `scope`; undefined when the token names none. */
export const scopesOf = (payload: Claims['payload']): string[] | undefined => words(payload['scp'] ?? payload['scope'])

/**
 * An application by itself: Entra says so in `idtyp`; else a token whose subject is its client. Delegated tokens carry a user.
 */
export function kindOf(payload: Claims['payload']): 'user' | 'workload' | 'agent' {
  if (payload['idtyp'] === 'app') return 'workload'
  const client = clientOf(payload)
  if (payload['idtyp'] === undefined && client !== undefined) {
    if (payload['sub'] === client) return 'workload'
    // Entra without the optional idtyp claim: application tokens have roles, no scp, and oid equals sub.
    if (payload['oid'] !== undefined && payload['oid'] === payload['sub'] && payload['scp'] === undefined)
      return 'workload'
  }
  return 'user'
}

/** Who acts for whom (RFC 8693 `act`), outermost first, as (issuer, subject); at most eight. */
export function actorsOf(payload: Claims['payload']): { issuer: string; subject: string }[] {
  const actors: { issuer: string; subject: string }[] = []
  let at = payload['act'] as Record<string, unknown> | undefined
  while (at !== null && typeof at === 'object' && actors.length < 8) {
    const issuer = typeof at['iss'] === 'string' ? at['iss'] : plainText(payload['iss'])
    if (typeof at['sub'] === 'string') actors.push({ issuer, subject: at['sub'] })
    at = at['act'] as Record<string, unknown> | undefined
  }
  return actors
}

/** Who may act for the subject (RFC 8693 `may_act`), as (issuer, subject); an array of them counts too. */
export function mayActOf(payload: Claims['payload']): { issuer: string; subject: string }[] {
  const allowed = [payload['may_act'] ?? []].flat().slice(0, 32) as (Record<string, unknown> | null | undefined)[]
  return allowed.flatMap((actor) => {
    const subject = actor?.['sub']
    if (typeof subject !== 'string') return []
    const issuer = typeof actor?.['iss'] === 'string' ? actor['iss'] : plainText(payload['iss'])
    return [{ issuer, subject }]
  })
}

/** Class of a JWT: by its typ, else by claims that only one class has. */
function typeOf({ kind, header, payload }: Claims): string | undefined {
  if (kind === 'opaque') return undefined
  const typ = plainText(header['typ'])
    .toLowerCase()
    .replace(/^application\//, '')
  if (typ === 'oauth-id-jag+jwt') return 'id_jag'
  if (typ === 'at+jwt') return 'access'
  // Keycloak signs refresh tokens and says so in `typ` of the payload; `nonce` and hashes of other tokens stand in ID tokens only.
  const stated = plainText(payload['typ'] ?? payload['token_use']).toLowerCase()
  if (/^(refresh|offline)$/.test(stated) || typ === 'rt+jwt') return 'refresh'
  if (stated === 'id' || ['at_hash', 'c_hash'].some((claim) => payload[claim] !== undefined)) return 'id'
  const hasScopes = ['scp', 'scope', 'roles', 'client_id'].some((claim) => payload[claim] !== undefined)
  if (payload['nonce'] !== undefined && !hasScopes) return 'id'
  return hasScopes || stated === 'bearer' || stated === 'access' ? 'access' : 'unknown'
}

/** How a token is bound to a key, and the bound key (RFC 7800). */
export function confirmationOf(payload: Claims['payload']): { kind: 'jkt' | 'x5t' | 'none'; value: string } {
  const cnf = payload['cnf'] as Record<string, unknown> | null | undefined
  if (cnf !== null && typeof cnf === 'object') {
    if (typeof cnf['jkt'] === 'string') return { kind: 'jkt', value: cnf['jkt'] }
    if (typeof cnf['x5t#S256'] === 'string') return { kind: 'x5t', value: cnf['x5t#S256'] }
  }
  return { kind: 'none', value: '' }
}

/** Fields of auth.token.validated that are the token's own statements. */
export function statedFields(claims: Claims): Record<string, unknown> {
  const { kind, header, payload } = claims
  return {
    tokenKind: kind,
    tokenType: typeOf(claims),
    clientCapabilities: words(payload['xms_cc']),
    iss: text(payload['iss']),
    aud: namesOf(payload['aud']) ?? (kind === 'jwt' ? [] : undefined),
    resource: namesOf(payload['resource']),
    tid: text(payload['tid']),
    ver: text(payload['ver']),
    idtyp: text(payload['idtyp']),
    scopes: scopesOf(payload),
    roles: words(payload['roles']),
    expAt: epochSeconds(payload['exp']),
    issuedAt: epochSeconds(payload['iat']),
    notBefore: epochSeconds(payload['nbf']),
    authTime: epochSeconds(payload['auth_time']),
    acr: text(payload['acr']),
    acrs: words(payload['acrs']),
    amr: words(payload['amr']),
    joseAlg: nameOf(header['alg']),
    joseTyp: nameOf(header['typ']),
  }
}
