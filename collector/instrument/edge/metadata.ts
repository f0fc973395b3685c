/** Authorization metadata as this server publishes it (RFC 9728, RFC 8414): told when it is first seen, and when it changes. */
import type { AuditContext } from '../audit-context.ts'
import { plainText } from '../identity/claims.ts'
import { canonical } from '../keys/canonical.ts'
import { sha256 } from '../keys/keyed-hash.ts'
import { urlFlaws } from '../messages/url-flaws.ts'
import { publishedNamesOf } from '../names.ts'
import type { DeclaredMetadata } from './edge-options.ts'
import type { Exchange } from './exchange.ts'
import { pathOf } from './http-head.ts'

type Kind = 'protected_resource' | 'authorization_server'
type Document = Readonly<Record<string, unknown>>

const PATHS: readonly (readonly [path: RegExp, kind: Kind])[] = [
  [/\/\.well-known\/oauth-protected-resource(\/|$)/, 'protected_resource'],
  [/\/\.well-known\/(oauth-authorization-server|openid-configuration)(\/|$)/, 'authorization_server'],
]
const kindOf = (path: string): Kind | undefined => PATHS.find(([pattern]) => pattern.test(path))?.[1]
export const isMetadataPath = (path: string): boolean => kindOf(path) !== undefined

/** Hash of the last document by context, kind and resource or issuer: a server may publish several. */
const published = new WeakMap<AuditContext, Map<string, string>>()
const MAX_DOCUMENTS = 64

export function tellServedMetadata(context: AuditContext, exchange: Exchange): void {
  const kind = kindOf(pathOf(exchange.head))
  // A document that was cut, or is none, is not judged by its beginning.
  let document: unknown
  try {
    document = JSON.parse(exchange.answerText)
  } catch {
    return
  }
  if (kind !== undefined) tellMetadata(context, kind, document)
}

export function tellDeclaredMetadata(context: AuditContext, declared: DeclaredMetadata): void {
  if (declared.protectedResource !== undefined) tellMetadata(context, 'protected_resource', declared.protectedResource)
  if (declared.authorizationServer !== undefined)
    tellMetadata(context, 'authorization_server', declared.authorizationServer)
}

function tellMetadata(context: AuditContext, kind: Kind, given: unknown): void {
  if (given === null || typeof given !== 'object' || Array.isArray(given)) return
  const document = given as Document
  const metadataHash = sha256(canonical(document, 1_048_576) ?? '')
  const known = published.get(context) ?? new Map<string, string>()
  published.set(context, known)
  const subject = `${kind} ${plainText(document['resource'] ?? document['issuer'])}`
  const before = known.get(subject)
  if (before === metadataHash) return
  if (before === undefined && known.size >= MAX_DOCUMENTS) known.delete(known.keys().next().value!)
  known.set(subject, metadataHash)
  const { endpointHosts, endpointFlaws } = endpointsOf(document)
  context.emit({
    eventType: 'auth.metadata.published',
    transport: 'http',
    metadataKind: kind,
    metadataHash,
    resource: publishedNamesOf(document['resource'] ?? document['issuer']),
    authorizationServers: publishedNamesOf(document['authorization_servers']),
    scopesSupported: publishedNamesOf(document['scopes_supported']),
    jwksUriHost: urlOf(document['jwks_uri'])?.host,
    bearerMethods: publishedNamesOf(document['bearer_methods_supported']),
    dpopRequired: document['dpop_bound_access_tokens_required'] === true,
    endpointHosts,
    endpointFlaws,
    changed: before !== undefined,
  })
}

const urlOf = (value: unknown): URL | undefined =>
  typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined

/** Every URL that a client would follow: issuer, resource, and whatever is named so. */
function endpointsOf(document: Document): { endpointHosts: string[]; endpointFlaws: string[] } {
  const hosts = new Set<string>()
  const flaws = new Set<string>()
  for (const [member, value] of Object.entries(document).slice(0, 256)) {
    if (!/(_endpoint|_uri|_url|^issuer|^resource|^authorization_servers|_documentation)$/.test(member)) continue
    for (const text of (Array.isArray(value) ? value : [value]).slice(0, 64)) {
      if (typeof text !== 'string') continue
      const url = urlOf(text)
      if (url?.host) hosts.add(url.host)
      for (const flaw of urlFlaws(text)) flaws.add(flaw)
    }
  }
  return { endpointHosts: publishedNamesOf([...hosts].sort()) ?? [], endpointFlaws: [...flaws].sort() }
}
