/** What a verifier’s refusal says of key and signature of the token, read from the errors of JOSE libraries, however they were wrapped. */

export interface SignatureVerdict {
  readonly keyKnown?: boolean
  readonly signatureOk?: boolean
}
const NO_KEY: SignatureVerdict = { keyKnown: false }
const FORGED: SignatureVerdict = { keyKnown: true, signatureOk: false }
const SIGNED: SignatureVerdict = { keyKnown: true, signatureOk: true }

/** By `code` (jose) or `name` (jsonwebtoken, jwks-rsa). Claims are looked at after the signature. */
const KNOWN: Readonly<Record<string, SignatureVerdict>> = {
  ERR_JWKS_NO_MATCHING_KEY: NO_KEY,
  SigningKeyNotFoundError: NO_KEY,
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: FORGED,
  ERR_JWT_EXPIRED: SIGNED,
  ERR_JWT_CLAIM_VALIDATION_FAILED: SIGNED,
  TokenExpiredError: SIGNED,
  NotBeforeError: SIGNED,
}
/** Verifiers often keep only the text. */
const TEXTS: readonly (readonly [text: string, verdict: SignatureVerdict])[] = [
  ['no applicable key found', NO_KEY],
  ['signature verification failed', FORGED],
  ['invalid signature', FORGED],
]
const MAX_CAUSES = 4
const MAX_TEXT = 512

/** Empty where the error says nothing of them. */
export function signatureVerdict(error: unknown): SignatureVerdict {
  let at = error
  for (let depth = 0; depth < MAX_CAUSES && at !== null && typeof at === 'object'; depth++) {
    const { code, name, message, cause } = at as Readonly<Record<string, unknown>>
    for (const word of [code, name]) if (typeof word === 'string' && Object.hasOwn(KNOWN, word)) return KNOWN[word]!
    const text = typeof message === 'string' ? message.slice(0, MAX_TEXT).toLowerCase() : ''
    const found = TEXTS.find(([part]) => text.includes(part))
    if (found !== undefined) return found[1]
    at = cause
  }
  return {}
}
