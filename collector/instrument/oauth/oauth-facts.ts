/** What can be said of OAuth clients, redirects and states without saying them: hosts, classes, keyed hashes. */
import { asciiTwin } from '../../scan/classifiers/confusables.ts'
import { type AuditContext, contextFor, knownContext } from '../audit-context.ts'
import type { Fields } from '../delivery/pending-event.ts'
import { addressClass } from '../edge/address-class.ts'
import { exchangeInFlight } from '../edge/exchange.ts'
import { clientKeyOf, nameOf, namesOf, trustedName } from '../names.ts'
import type { InstrumentOptions } from '../options.ts'

/** OAuthClientInformation of the SDK, or a client metadata document: the members that are read. */
export interface OAuthClientLike {
  readonly client_id?: unknown
  readonly client_name?: unknown
  readonly redirect_uris?: unknown
  readonly application_type?: unknown
  readonly scope?: unknown
  readonly token_endpoint_auth_method?: unknown
}

/** Emits an event of the authorization server, beside whatever request it is about. Never throws. */
export function tellOAuth(
  options: InstrumentOptions,
  fieldsOf: (context: AuditContext) => Fields,
  exchange = exchangeInFlight(),
): void {
  try {
    const context = knownContext(options) ?? contextFor(options, '')
    context.guard(() => {
      const where = { requestUid: exchange?.requestUid, transport: 'http', ...exchange?.source(context) }
      context.emit({ ...where, ...fieldsOf(context) })
    })
  } catch {
    // No context can be made of these options: the server itself is not observed either.
  }
}

const textsOf = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((text): text is string => typeof text === 'string').slice(0, 256) : []
export const wordsOf = (value: unknown): string[] | undefined =>
  typeof value === 'string' ? namesOf(value.split(/\s+/).filter((word) => word !== '')) : namesOf(value)
const urlOf = (text: string): URL | undefined => (URL.canParse(text) ? new URL(text) : undefined)

export function isLoopback(url: URL): boolean {
  const host = url.hostname.replace(/^\[|\]$/g, '')
  return host === 'localhost' || addressClass(host) === 'loopback'
}

/** An id of a client that the server knows; the words of anybody else are bounded and searched for credentials. */
export const clientIdOf = (client: OAuthClientLike | undefined, claimed?: unknown): string | undefined =>
  typeof client?.client_id === 'string'
    ? clientKeyOf(client.client_id)
    : typeof claimed === 'string'
      ? clientKeyOf(claimed)
      : undefined

export const clientKindOf = (id: unknown): 'cimd' | undefined =>
  typeof id === 'string' && id.startsWith('https://') ? 'cimd' : undefined

/** Name without case, separators and confusable characters: two that look alike have one key. */
export function nameKeyOf(name: unknown): string | undefined {
  if (typeof name !== 'string') return undefined
  let key = ''
  for (const letter of name.slice(0, 512).normalize('NFKD')) {
    const plain = (asciiTwin(letter) ?? letter).toLowerCase()
    if (/^[\p{L}\p{N}]+$/u.test(plain)) key += plain
  }
  return trustedName(key)
}

export function registrationFields({ hashes }: AuditContext, client: OAuthClientLike): Record<string, unknown> {
  const uris = textsOf(client.redirect_uris)
  const urls = uris.flatMap((uri) => urlOf(uri) ?? [])
  const unique = (values: string[]): string[] | undefined => namesOf([...new Set(values)].sort())
  return {
    redirectHosts: unique(urls.map(({ host }) => host).filter((host) => host !== '')),
    redirectSchemes: unique(urls.map(({ protocol }) => protocol.slice(0, -1))),
    redirectSetHash: hashes.handles.hash([...uris].sort().join('\n')),
    applicationType: nameOf(client.application_type),
    clientNameKey: nameKeyOf(client.client_name),
    scopes: wordsOf(client.scope),
    localhostOnly: urls.length > 0 && urls.every(isLoopback),
    wildcardRedirect: uris.some((uri) => uri.includes('*')),
  }
}

/** As RFC 8252 §7.3 has it: exact, or for a loopback redirect exact but for its port. */
export function redirectFields({ hashes }: AuditContext, asked: unknown, client: OAuthClientLike | undefined) {
  const registered = textsOf(client?.redirect_uris)
  const redirect = typeof asked === 'string' ? asked : undefined
  const url = redirect === undefined ? undefined : urlOf(redirect)
  let redirectMatch = 'mismatch'
  if (redirect === undefined) redirectMatch = 'unknown'
  else if (client === undefined || registered.length === 0) redirectMatch = 'unregistered'
  else if (registered.includes(redirect)) redirectMatch = 'exact'
  else if (url !== undefined && registered.some((own) => isSameButForPort(url, urlOf(own))))
    redirectMatch = 'loopback_port'
  return {
    redirectHash: redirect === undefined ? undefined : hashes.handles.hash(redirect),
    redirectHost: nameOf(url?.host),
    redirectMatch,
  }
}

const isSameButForPort = (asked: URL, own: URL | undefined): boolean =>
  own !== undefined &&
  isLoopback(asked) &&
  isLoopback(own) &&
  asked.protocol === own.protocol &&
  asked.hostname === own.hostname &&
  asked.pathname === own.pathname &&
  asked.search === own.search

export const stateFields = ({ hashes }: AuditContext, state: unknown) => ({
  statePresent: typeof state === 'string' && state !== '',
  stateFp: typeof state === 'string' && state !== '' ? hashes.handles.hash(state) : undefined,
})

export function pkceFields(challenge: unknown, method: unknown) {
  const pkcePresent = typeof challenge === 'string' && challenge !== ''
  // RFC 7636 §4.3: plain where no method is named.
  return { pkcePresent, pkceMethod: pkcePresent ? (method === 'S256' ? 'S256' : 'plain') : 'none' }
}
