/** The one server behind the proxy, and how requests are addressed to it. */
import { AuditdError } from '../../schemas/errors.ts'
import { endToEnd, headerOf, type RawHeaders } from './end-to-end.ts'

export interface Target {
  readonly isTls: boolean
  readonly host: string
  readonly port: number
  /** As in a Host header. */
  readonly authority: string
}

/** Only the origin counts: paths pass as they are, so that well-known documents and OAuth endpoints are where they belong. */
export function targetOf(url: string): Target {
  if (!URL.canParse(url)) throw bad('must be an http or https URL')
  const { protocol, hostname, port, host, username, password } = new URL(url)
  if (protocol !== 'http:' && protocol !== 'https:') throw bad('must be an http or https URL')
  if (username !== '' || password !== '') throw bad('credentials in the URL are not sent: clients bring their own')
  const isTls = protocol === 'https:'
  return {
    isTls,
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? (isTls ? 443 : 80) : Number(port),
    authority: host,
  }
}
const bad = (reason: string): AuditdError => new AuditdError('usage', 'proxy', '--target', reason)

/** How the proxy itself is addressed: these names mean the target. */
export interface OwnNames {
  readonly port: number
  /** Host names and addresses, lower case, without brackets. */
  readonly hosts: ReadonlySet<string>
}
export type Forwarding = 'pass' | 'add'

export interface Addressing {
  readonly target: Target
  readonly own: () => OwnNames
  /** Host as it came, always: for servers that know the public name. */
  readonly keepHost: boolean
  /** `add`: X-Forwarded-For, -Proto and -Host are continued; `pass`: as they came. */
  readonly forwarding: Forwarding
}

/**
 * Whoever names the proxy means the target. Any other Host passes as it came: it is the target's business to refuse it (DNS
 * rebinding), and a proxy that corrected it would hide the attack.
 */
function hostFor({ target, own, keepHost }: Addressing, given: string): string {
  if (keepHost || !URL.canParse(`http://${given}`)) return given
  const { hostname, port } = new URL(`http://${given}`)
  const names = own()
  const isOwn = names.hosts.has(hostname.replace(/^\[|\]$/g, '').toLowerCase()) && Number(port || 80) === names.port
  return isOwn ? target.authority : given
}

export interface Asked {
  readonly rawHeaders: RawHeaders
  readonly method: string
  readonly address: string | undefined
  readonly isTls: boolean
}

/** Headers of the request as the target gets them. */
export function requestHeaders(addressing: Addressing, { rawHeaders, method, address, isTls }: Asked): string[] {
  // How the body is delimited belongs to the connection; that there is one does not.
  const isChunked = headerOf(rawHeaders, 'transfer-encoding') !== undefined
  // `Trailer` announces what only a chunked body has, and Node throws at it with any other.
  const headers = endToEnd(rawHeaders, (name, value) => (name === 'host' ? hostFor(addressing, value) : value)).filter(
    (_, at, all) => isChunked || all[at & ~1]!.toLowerCase() !== 'trailer',
  )
  // HTTP/1.0 has none, and we speak 1.1.
  if (headerOf(headers, 'host') === undefined) headers.unshift('Host', addressing.target.authority)
  if (isChunked) headers.push('Transfer-Encoding', 'chunked')
  else if (headerOf(rawHeaders, 'content-length') === undefined && /^(POST|PUT|PATCH)$/.test(method))
    headers.push('Content-Length', '0')
  if (/\btrailers\b/i.test(headerOf(rawHeaders, 'te') ?? '')) headers.push('TE', 'trailers')
  return addressing.forwarding === 'add' ? withForwarded(headers, address, isTls) : headers
}

function withForwarded(headers: readonly string[], address: string | undefined, isTls: boolean): string[] {
  const before = (name: string): string | undefined => headerOf(headers, name)
  const kept: string[] = []
  for (let at = 0; at + 1 < headers.length; at += 2)
    if (headers[at]!.toLowerCase() !== 'x-forwarded-for') kept.push(headers[at]!, headers[at + 1]!)
  const chain = [before('x-forwarded-for'), address?.replace(/^::ffff:(?=\d)/i, '')].filter((part) => part)
  kept.push('X-Forwarded-For', chain.join(', '))
  if (before('x-forwarded-proto') === undefined) kept.push('X-Forwarded-Proto', isTls ? 'https' : 'http')
  const host = before('host')
  if (before('x-forwarded-host') === undefined && host !== undefined) kept.push('X-Forwarded-Host', host)
  return kept
}
