/** The class of a resource URI or file root that a caller or client names: what it reaches for, never the URI. */
import { nameOf } from '../names.ts'

export type UriClass = 'registered' | 'template' | 'traversal' | 'sensitive_path' | 'unknown'

/** Rounds of percent decoding: `%25252e` needs three. */
const MAX_ROUNDS = 4
const MAX_CHARACTERS = 8_192

/** The system's own folders, of a file URI or a bare path. */
const SYSTEM = /^\/*(etc|proc|sys|root|boot|dev|var\/(log|run|lib|spool))\/[^/]/
/** Folders and files that hold credentials or the system's own state, below whatever stands in front of them. */
const SENSITIVE: readonly RegExp[] = [
  /(^|\/)windows\/(system32|repair)\b|(^|\/)(sam|system|ntds\.dit)$/,
  /(^|\/)\.(ssh|aws|azure|gnupg|kube|docker|npmrc|pypirc|netrc|pgpass|git-credentials|env)(\/|$|\.)/,
  /(^|\/)\.git\/(config|credentials)$|(^|\/)\.config\/gcloud(\/|$)/,
  /(^|\/)(id_(rsa|dsa|ecdsa|ed25519)|authorized_keys|known_hosts|shadow|passwd|\.htpasswd|credentials)$/,
  /\.(pem|p12|pfx|keystore|jks|kdbx)$/,
  /(^|\/)run\/secrets\//,
]

/**
 * A URI as far as it can be undone: percent encodings, backslashes, and both of them again. Compared as text on purpose: a URL parser
 * removes `..` and with it the sign that somebody tried. Undefined: too long to be read.
 */
function plainForm(uri: string): string | undefined {
  if (uri.length > MAX_CHARACTERS) return undefined
  let text = uri
  for (let round = 0; round < MAX_ROUNDS && text.includes('%'); round++) {
    // One broken escape must not hide the others.
    const next = text.replace(/(?:%[0-9a-f]{2})+/gi, (run) => {
      try {
        return decodeURIComponent(run)
      } catch {
        return Buffer.from(run.replaceAll('%', ''), 'hex').toString('latin1')
      }
    })
    if (next === text) break
    text = next
  }
  return text.replaceAll('\\', '/')
}

/** Also `..;/` of some servers, the full-width dots and slashes that others fold, and overlong UTF-8, which decodes to two Latin letters. */
const CLIMBS = /(^|[/:;=?])[.．。]{2}(?=$|[/;?#])|\.{4}\/\/|[.．]{2}／|\u00c0\u00ae|\u0000/

/** The scheme in lower case, bounded; 'none' for a bare path. */
export const schemeOf = (uri: string): string =>
  nameOf(/^([a-z][a-z0-9+.-]{0,31}):/i.exec(uri)?.[1]?.toLowerCase()) ?? 'none'

/**
 * What a URI reaches for. What the server itself registered is never an attack; climbing out of a folder is one wherever it stands.
 * `isRegistered` and `fitsTemplate` are asked in that order.
 */
export function uriClass(
  uri: string,
  isRegistered: (uri: string) => boolean,
  fitsTemplate: (uri: string) => boolean,
): UriClass {
  if (isRegistered(uri)) return 'registered'
  const plain = plainForm(uri)
  if (plain === undefined) return 'unknown'
  if (CLIMBS.test(plain)) return 'traversal'
  const path = plain.replace(/^[a-z][a-z0-9+.-]*:/i, '').toLowerCase()
  const isFile = /^(file|none)$/.test(schemeOf(uri))
  if ((isFile && SYSTEM.test(path)) || SENSITIVE.some((pattern) => pattern.test(path))) return 'sensitive_path'
  return fitsTemplate(uri) ? 'template' : 'unknown'
}

/** Whether a URI can have come of an RFC 6570 template: its literal parts stand in it in order, the first at the start, the last at the end. */
export function fitsUriTemplate(template: string, uri: string): boolean {
  const literals = template.split(/\{[^{}]*\}/)
  if (literals.length === 1) return template === uri
  const [first, last] = [literals[0]!, literals.at(-1)!]
  if (!uri.startsWith(first) || !uri.endsWith(last) || uri.length < first.length + last.length) return false
  const end = uri.length - last.length
  let from = first.length
  for (const literal of literals.slice(1, -1)) {
    const at = uri.indexOf(literal, from)
    if (at < 0 || at + literal.length > end) return false
    from = at + literal.length
  }
  return true
}

/** What a client gives as a root: the class of the folder, or of the scheme where it is no file. */
export function rootClass(uri: string): 'home' | 'system' | 'project' | 'network' | 'other' {
  const scheme = schemeOf(uri)
  const plain = plainForm(uri)
  if (plain === undefined) return 'other'
  if (/^(https?|ftp|sftp|ssh|smb|nfs|s3|gs|git)$/.test(scheme)) return 'network'
  if (scheme !== 'file') return 'other'
  // file://host/share and file:////host/share are network paths.
  if (/^file:\/\/(?!localhost\/)[^/]+\/|^file:\/{4,}[^/]/i.test(plain)) return 'network'
  const path = plain
    .replace(/^file:(\/\/localhost)?/i, '')
    .replace(/^\/+(?=[a-z]:)/i, '')
    .replace(/^\/+/, '/')
  if (/^([a-z]:)?\/?$/i.test(path)) return 'system'
  if (/^\/(etc|proc|sys|dev|boot|root|bin|sbin|usr|var|lib|opt)(\/|$)|^([a-z]:)?\/?(windows|program files)/i.test(path))
    return 'system'
  if (/^([a-z]:)?\/?(home|users)\/[^/]+\/?$/i.test(path)) return 'home'
  return 'project'
}
