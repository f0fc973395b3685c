/** What is wrong with a URL that a server hands to a person: classes, never the URL. */
import { addressClass } from '../edge/address-class.ts'

/** Query and fragment parameters that authenticate whoever opens the link. A `state` or an id names a flow and does not. */
const CREDENTIAL =
  /^(access_?token|id_?token|refresh_?token|token|auth|authorization|bearer|jwt|api_?key|key|secret|client_?secret|password|passwd|pwd|sig|signature|session|session_?id|sid|code|otp|ticket)$/i
/** Three base64url parts, as a signed token has. */
const JWT = /eyJ[\w-]{5,}\.[\w-]{5,}\.[\w-]*/
const SCRIPT = new Set(['javascript:', 'data:', 'vbscript:', 'file:', 'blob:'])
const MAX_CHARACTERS = 16_384
const MAX_PARAMETERS = 256

/** Flaws in a fixed order; `unparsable` alone for what is no absolute URL. */
export function urlFlaws(text: string): string[] {
  if (text.length > MAX_CHARACTERS) return ['too_long']
  let url: URL
  try {
    url = new URL(text)
  } catch {
    return ['unparsable']
  }
  const flaws: string[] = []
  const host = url.hostname.replace(/^\[|\]$/g, '').toLowerCase()
  const address = hostClass(host)
  if (SCRIPT.has(url.protocol)) flaws.push('javascript')
  else if (url.protocol !== 'https:' && !(url.protocol === 'http:' && address === 'loopback')) flaws.push('not_https')
  if (address !== undefined) flaws.push(address === 'loopback' ? 'loopback_address' : 'private_address')
  if (url.username !== '' || url.password !== '') flaws.push('userinfo')
  if (carriesCredential(url)) flaws.push('credential')
  if (host.split('.').some((label) => label.startsWith('xn--'))) flaws.push('punycode')
  return flaws
}

/** Only hosts that no public client should be sent to; undefined for the others. */
function hostClass(host: string): 'loopback' | 'private' | undefined {
  if (host === 'localhost' || host.endsWith('.localhost')) return 'loopback'
  if (/\.(local|internal|intranet|lan|home\.arpa|corp)$/.test(host)) return 'private'
  const found = addressClass(host)
  if (found === 'loopback') return 'loopback'
  return found === 'private' || found === 'link_local' ? 'private' : undefined
}

function carriesCredential(url: URL): boolean {
  let seen = 0
  for (const part of [url.search, url.hash])
    for (const [name, value] of new URLSearchParams(part.replace(/^[?#]/, ''))) {
      if (++seen > MAX_PARAMETERS) return false
      if ((CREDENTIAL.test(name) && value !== '') || JWT.test(value)) return true
    }
  return JWT.test(url.pathname)
}
