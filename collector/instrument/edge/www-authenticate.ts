/** WWW-Authenticate (RFC 9110 §11.6.1): the schemes an answer asks for, and the parameters of the first that has some. */

export interface AskedFor {
  /** Lower case, in order. */
  readonly schemes: readonly string[]
  /** By lower-case name; of two challenges the first that says it. */
  readonly parameters: Readonly<Record<string, string>>
}

const MAX_CHARACTERS = 8_192
/** Registered schemes (IANA), and those that programs use besides. Any other word may be a credential, which is not recorded. */
const SCHEMES = new Set(
  ['basic', 'bearer', 'digest', 'dpop', 'gnap', 'hoba', 'mutual', 'negotiate', 'oauth', 'privatetoken'].concat(
    ['scram-sha-1', 'scram-sha-256', 'vapid', 'concealed'],
    ['token', 'apikey', 'api-key', 'ntlm', 'aws4-hmac-sha256'],
  ),
)
/** Lower case; undefined for a word that is no scheme that we know. */
export const schemeNameOf = (word: string): string | undefined =>
  SCHEMES.has(word.toLowerCase()) ? word.toLowerCase() : undefined
/** A parameter, or a scheme, or anything that separates them. Each alternative takes at least one character: linear time. */
const PART = /([\w!#$%&'*+.^`|~-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"=]+))|([\w!#$%&'*+.^`|~-]+)|[^\w]/g

export function askedFor(header: string | undefined): AskedFor {
  const schemes: string[] = []
  const parameters: Record<string, string> = Object.create(null)
  for (const [, name, quoted, plain, scheme] of (header ?? '').slice(0, MAX_CHARACTERS).matchAll(PART)) {
    if (scheme !== undefined) {
      const known = schemeNameOf(scheme)
      if (known !== undefined) schemes.push(known)
    } else if (name !== undefined) {
      const value = quoted?.replace(/\\(.)/g, '$1') ?? plain ?? ''
      parameters[name.toLowerCase()] ??= value
    }
  }
  return { schemes: [...new Set(schemes)].slice(0, 16), parameters }
}
