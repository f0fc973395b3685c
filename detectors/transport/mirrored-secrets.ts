/** Parameters that clients repeat in headers, where proxies and logs read them: which of them are sensitive, by name or by value. */
import type { Match } from '../rule.ts'

const MAX_MIRRORED = 16
const MAX_PATH_CHARS = 120
/** Content paths of arguments begin so. */
const ARGUMENTS = 'args.'

/** Names that end so hold the thing itself; two words count together. */
const SECRET_NOUNS = new Set(
  'password passwd pwd passphrase secret credential credentials token jwt apikey ssn iban email otp pin cvv'.split(' '),
)
const SECRET_PAIRS = new Set(
  [
    'api key',
    'private key',
    'secret key',
    'access key',
    'signing key',
    'encryption key',
    'session id',
    'card number',
  ].concat(['social security', 'security number', 'passport number', 'phone number', 'bank account', 'id token']),
)
/** Words that make something harmless of it: how many tokens, the next page, whether there is a secret. */
const HARMLESS = new Set(
  'count max min num page next prev cursor continuation has is use type kind name length ttl csrf'.split(' '),
)

/** `user.apiKey`, `API_KEY`, `api-key` -> api, key. The last segment of a path says what the value is. */
function wordsOf(path: string): readonly string[] {
  const name = path.slice(path.lastIndexOf('.') + 1).slice(0, MAX_PATH_CHARS)
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '')
}
export function isSensitiveName(path: string): boolean {
  const words = wordsOf(path)
  const last = words.at(-1) ?? ''
  if (words.some((word) => HARMLESS.has(word))) return false
  return SECRET_NOUNS.has(last) || SECRET_PAIRS.has(`${words.at(-2) ?? ''} ${last}`)
}

export type Mirrored = { paths: string[] }
export const noMirrored = (): Mirrored => ({ paths: [] })

export function judgeMirrored(
  e: { readonly tool: string; readonly mirrored: readonly string[] },
  known: Mirrored,
): Match | undefined {
  known.paths = e.mirrored.slice(0, MAX_MIRRORED).map((path) => path.slice(0, MAX_PATH_CHARS))
  const sensitive = e.mirrored.filter(isSensitiveName)
  if (sensitive.length === 0) return undefined
  return {
    saw: `${sensitive.slice(0, 4).join(' ')} of ${e.tool} is sent as a header`,
    expected,
    evidence: { sensitive },
  }
}
const expected = 'sensitive parameters in the body alone'

interface Found {
  readonly tool: string
  readonly findingClass: string
  readonly contentPath: string
}
/** A value that classifiers know, in a parameter whose name says nothing. */
export function judgeValue(e: Found, { paths }: Mirrored): Match | undefined {
  const path = e.contentPath.startsWith(ARGUMENTS) ? e.contentPath.slice(ARGUMENTS.length) : e.contentPath
  if (!paths.includes(path.slice(0, MAX_PATH_CHARS))) return undefined
  return { saw: `${e.findingClass} in ${path} of ${e.tool}, which is sent as a header`, expected }
}
