/** What shows that a token is forged, or is a token of another class than an access token. */

/** JOSE types of things that are signed for other purposes. ID tokens and Entra access tokens say `JWT`, which tells nothing. */
const OTHER_PURPOSES: ReadonlyMap<string, string> = new Map([
  ['dpop+jwt', 'a proof of possession'],
  ['logout+jwt', 'a logout token'],
  ['secevent+jwt', 'a security event'],
  ['oauth-authz-req+jwt', 'an authorization request'],
  ['oauth-client-attestation+jwt', 'a client attestation'],
  ['token-introspection+jwt', 'an introspection answer'],
])
const CLASSES: ReadonlyMap<string, string> = new Map([
  ['id', 'an ID token'],
  ['refresh', 'a refresh token'],
  ['id_jag', 'an identity assertion grant'],
])

export interface SignedToken {
  readonly joseAlg: string
  readonly joseTyp: string
  readonly tokenType: string
  readonly keyKnown: boolean
  readonly signatureOk: boolean
  says(name: 'keyKnown' | 'signatureOk'): boolean
}
/** `unknown_key` may be a key that was rolled over a moment ago. */
export type Forgery = { readonly kind: 'none' | 'signature' | 'unknown_key' | 'class'; readonly what: string }

/** `accepted`: classes that a server takes on purpose, such as the ID tokens of a platform’s gateway. */
export function forgeryOf(e: SignedToken, accepted: readonly string[]): Forgery | undefined {
  if (e.joseAlg.toLowerCase() === 'none') return { kind: 'none', what: 'a token without signature (alg none)' }
  if (e.says('signatureOk') && !e.signatureOk)
    return { kind: 'signature', what: 'a token whose signature does not verify' }
  if (e.says('keyKnown') && !e.keyKnown && !e.signatureOk)
    return { kind: 'unknown_key', what: 'a token signed with an unknown key' }
  if (accepted.includes(e.tokenType)) return undefined
  const typ = e.joseTyp.toLowerCase().replace(/^application\//, '')
  const what = CLASSES.get(e.tokenType) ?? OTHER_PURPOSES.get(typ)
  return what === undefined ? undefined : { kind: 'class', what: `${what} instead of an access token` }
}

/** How the issuers of a server sign: with a key of their own, or with a secret that both sides know. */
export type Signing = { asymmetric: string[]; symmetric: string[] }
export const noSigning = (): Signing => ({ asymmetric: [], symmetric: [] })
const MAX_ISSUERS = 16

/**
 * A shared secret where the issuer has only ever signed with keys: the known attack takes its public key for the secret. An issuer whose
 * tokens came with a secret before is moving from one to the other, and is not judged.
 */
export function isAlgorithmConfused(alg: string, issuer: string, { asymmetric, symmetric }: Signing): boolean {
  return /^hs\d/i.test(alg) && asymmetric.includes(issuer) && !symmetric.includes(issuer)
}
const FAMILIES = ['es', 'rs', 'ps', 'ed', 'hs']
/** An accepted token shows how its issuer signs; what is confused teaches nothing. */
export function noteSigning(alg: string, issuer: string, signing: Signing): void {
  const family = alg.slice(0, 2).toLowerCase()
  if (issuer === '' || !FAMILIES.includes(family)) return
  const list = family === 'hs' ? signing.symmetric : signing.asymmetric
  if (!list.includes(issuer) && list.length < MAX_ISSUERS) list.push(issuer)
}
