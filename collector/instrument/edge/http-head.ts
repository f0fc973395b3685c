/** The head of an HTTP request, read for what matters: where credentials stand, who sends from where, over what. */
import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { nameOf } from '../names.ts'
import { schemeNameOf } from './www-authenticate.ts'

export interface HttpHead {
  readonly verb: string
  /** Path and query, as they came. */
  readonly target: string
  /** By lower-case name; several values are joined. */
  readonly header: (name: string) => string | undefined
  readonly headerNames: () => Iterable<string>
  readonly address: string | undefined
  /** Empty for plain HTTP, undefined where nobody knows. */
  readonly tlsVersion: string | undefined
  /** SHA-256 of the client certificate, base64url as in `x5t#S256`. */
  readonly certificate: () => string | undefined
  /** Address and port that the listener is bound to, where it is a network socket of node:http. */
  readonly bindAddress?: () => string | undefined
}

export function nodeHead(request: IncomingMessage, target: string = request.url ?? '/'): HttpHead {
  const socket = request.socket as TLSSocket | undefined
  const isTls = socket?.encrypted === true
  return {
    verb: request.method ?? 'GET',
    target,
    header: (name) => {
      // HTTP/2 has no Host.
      const value = request.headers[name] ?? (name === 'host' ? request.headers[':authority'] : undefined)
      return Array.isArray(value) ? value.join(', ') : value
    },
    headerNames: () => Object.keys(request.headers),
    address: socket?.remoteAddress,
    tlsVersion: isTls ? (socket.getProtocol?.() ?? '') : '',
    certificate: () => {
      const hex = isTls ? socket.getPeerCertificate?.()?.fingerprint256 : undefined
      return hex === undefined ? undefined : Buffer.from(hex.replaceAll(':', ''), 'hex').toString('base64url')
    },
    bindAddress: () => boundTo((socket as { server?: ListenerLike } | undefined)?.server),
  }
}

interface ListenerLike {
  address?(): string | { readonly address: string; readonly family?: string | number; readonly port: number } | null
}
/** A pipe is no network address. */
function boundTo(listener: ListenerLike | undefined): string | undefined {
  const bound = listener?.address?.()
  if (bound === undefined || bound === null || typeof bound === 'string') return undefined
  return bound.address.includes(':') ? `[${bound.address}]:${bound.port}` : `${bound.address}:${bound.port}`
}

/** A web Request knows neither socket nor certificate. */
export function fetchHead(request: Request, address: string | undefined): HttpHead {
  const { pathname, search } = new URL(request.url)
  return {
    verb: request.method,
    target: pathname + search,
    header: (name) => request.headers.get(name) ?? undefined,
    headerNames: () => request.headers.keys(),
    address,
    tlsVersion: undefined,
    certificate: () => undefined,
  }
}

export const pathOf = ({ target }: HttpHead): string => target.split(/[?#]/, 1)[0]!
export const queryOf = ({ target }: HttpHead): URLSearchParams => {
  const at = target.indexOf('?')
  return new URLSearchParams(at < 0 ? '' : target.slice(at + 1, at + 1 + MAX_QUERY))
}
const MAX_QUERY = 16_384

/** First protocol version without sessions; revisions are dates. */
const FIRST_MODERN_VERSION = '2026-07-28'
/** Whether the headers that mirror the body are those of 2026-07-28 or later. */
export function isModernHead({ header }: HttpHead): boolean {
  const version = header('mcp-protocol-version')
  return header('mcp-method') !== undefined || (version !== undefined && version >= FIRST_MODERN_VERSION)
}

/** IPv4 inside IPv6, as sockets of both families report it. */
const plainAddress = (address: string): string => address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '')

/** The address that the outermost trusted proxy saw, else the peer of the socket. Entries beyond them are the caller's words. */
export function sourceAddressOf({ header, address }: HttpHead, hops: number): string | undefined {
  const peer = address === undefined ? undefined : plainAddress(address)
  if (hops <= 0) return peer
  const forwarded = (header('x-forwarded-for') ?? '')
    .slice(-2_048)
    .split(',')
    .map((entry) => hostOf(entry.trim()))
  // Without a socket the first entry from the right was written by the nearest proxy.
  const seen = peer === undefined ? forwarded : [...forwarded, peer]
  const at = Math.max(0, seen.length - 1 - (peer === undefined ? hops - 1 : hops))
  const found = plainAddress(seen[at] ?? '')
  return isIP(found) === 0 ? peer : found
}

/** `1.2.3.4:567` and `[::1]:567`, as some proxies write them. */
const hostOf = (entry: string): string =>
  /^\[(.+)\](?::\d+)?$/.exec(entry)?.[1] ?? /^([\d.]+):\d+$/.exec(entry)?.[1] ?? entry

/** Names under which credentials are put into a URL or a cookie, without case and separators. */
const CREDENTIAL_PARAMETER =
  /^(access|id|auth|bearer|api|refresh|session)?(token|key)$|^(authorization|bearer|jwt|apikey)$/
const CREDENTIAL_COOKIE =
  /(^|host|secure)(connect)?(sid|session|sessionid|phpsessid|jsessionid)$|token$|^(jwt|auth|authorization)/
const CREDENTIAL_HEADERS = ['x-api-key', 'api-key', 'x-auth-token', 'x-access-token'] as const
const plainName = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, '')

export interface Credentials {
  /** The riskiest place of those that held one. */
  readonly location: 'query' | 'body' | 'header' | 'cookie' | 'none'
  /** Name of the query parameter. */
  readonly parameter: string | undefined
  /** Every place: header names, query, body, cookie. */
  readonly places: readonly string[]
  /** Scheme of the Authorization header, lower case; `other` for one that we do not know. */
  readonly scheme: string | undefined
  /** The token itself, to be compared in process and never recorded. */
  readonly token: string | undefined
}

export function credentialsOf(head: HttpHead, body: unknown, tickets: readonly string[]): Credentials {
  const authorization = head.header('authorization')?.trim()
  const { scheme, token } = authorizationOf(authorization)
  const places: string[] = authorization === undefined || authorization === '' ? [] : ['authorization']
  for (const name of CREDENTIAL_HEADERS) if (head.header(name) !== undefined) places.push(name)
  const isHeader = places.length > 0
  const parameter = head.target.includes('?')
    ? [...queryOf(head).keys()].find(
        (name) => !tickets.includes(name) && name.length <= 64 && CREDENTIAL_PARAMETER.test(plainName(name)),
      )
    : undefined
  if (parameter !== undefined) places.push('query')
  const isBody = formOf(head, body)?.['access_token'] !== undefined
  if (isBody) places.push('body')
  const cookies = head.header('cookie')?.slice(0, MAX_QUERY).split(';') ?? []
  const isCookie = cookies.some(
    (pair) => pair.includes('=') && CREDENTIAL_COOKIE.test(plainName(pair.split('=', 1)[0]!)),
  )
  if (isCookie) places.push('cookie')
  const location =
    parameter !== undefined ? 'query' : isBody ? 'body' : isHeader ? 'header' : isCookie ? 'cookie' : 'none'
  return { location, parameter, places, scheme, token }
}

/** Some clients send the token alone: what stands where a scheme belongs is recorded only where it is one. */
function authorizationOf(authorization: string | undefined): Pick<Credentials, 'scheme' | 'token'> {
  if (authorization === undefined || authorization === '') return { scheme: undefined, token: undefined }
  const [first = '', second] = authorization.split(/\s+/, 2)
  const scheme = schemeNameOf(first)
  return { scheme: scheme ?? 'other', token: second ?? (scheme === undefined ? first : undefined) }
}

/** A form that somebody has parsed (RFC 6750 §2.2); JSON bodies carry no credentials of the transport. */
const formOf = ({ header }: HttpHead, body: unknown): Readonly<Record<string, unknown>> | undefined =>
  body !== null && typeof body === 'object' && header('content-type')?.startsWith('application/x-www-form-urlencoded')
    ? (body as Record<string, unknown>)
    : undefined

const BROWSERS: readonly (readonly [mark: RegExp, family: string])[] = [
  [/\bEdg(e|A|iOS)?\//, 'Edge'],
  [/\bOPR\//, 'Opera'],
  [/\bFirefox\//, 'Firefox'],
  [/\b(Chrome|CriOS)\//, 'Chrome'],
  [/\bSafari\//, 'Safari'],
]
/** The program that calls, without its version: the first product token, or the browser. */
export function userAgentFamilyOf({ header }: HttpHead): string | undefined {
  const text = header('user-agent')?.slice(0, 512)
  if (text === undefined || text === '') return undefined
  if (text.startsWith('Mozilla/')) {
    // Electron and crawlers name themselves behind the browser they imitate.
    return /\b(Electron)\//.exec(text)?.[1] ?? BROWSERS.find(([mark]) => mark.test(text))?.[1] ?? 'Mozilla'
  }
  return nameOf(/^[A-Za-z][\w.+-]{0,39}(?=$|[\s/(])/.exec(text)?.[0]) ?? 'other'
}
