/** Client metadata documents (CIMD): where each was fetched from, what it says of itself, and what changes in it. */
import { wasRefused } from '../finding.ts'
import type { Match } from '../rule.ts'
import { isLoopbackHost } from './redirects.ts'
import { isRiskyScope } from './risky-scope.ts'

/** The document of a client as it was fetched last. */
export type KnownDocument = { hash: string; hosts: string[]; isOther: boolean }
export const noDocument = (): KnownDocument => ({ hash: '', hosts: [], isOther: false })
const MAX_HOSTS = 24
const MAX_HOST_CHARS = 64

export interface DocumentOptions {
  readonly trustedHosts: readonly string[]
  readonly devTags: readonly string[]
  readonly highRisk: readonly string[]
}
interface Fetched {
  readonly server: string
  readonly client: string
  readonly decision: string
  readonly outcome: string
  readonly documentHost: string
  readonly documentHash: string
  readonly documentIpClass: string
  readonly clientIdMatch: boolean
  readonly localhostOnly: boolean
  readonly redirectHosts: readonly string[]
  readonly scopes: readonly string[]
  says(name: 'clientIdMatch'): boolean
  tagsOf(kind: 'servers', name: string): readonly string[]
  listingOf(kind: 'clients', name: string): string
}

/** The worst of what is wrong with the document. */
export function judgeDocument(e: Fetched, known: KnownDocument, options: DocumentOptions): Match | undefined {
  const isTrusted = options.trustedHosts.includes(e.documentHost)
  const inside = judgePlace(e, isTrusted, options.devTags)
  if (wasRefused(e)) return inside
  const hosts = [
    ...new Set(
      e.redirectHosts
        .slice(0, MAX_HOSTS)
        .filter((host) => !isLoopbackHost(host))
        .map(plain),
    ),
  ]
  const added =
    known.hash === '' || known.hash === e.documentHash ? [] : hosts.filter((host) => !known.hosts.includes(host))
  known.hash = e.documentHash
  known.hosts = hosts
  known.isOther = e.says('clientIdMatch') && !e.clientIdMatch
  if (inside !== undefined) return inside
  if (added.length > 0) {
    const isOwn = added.every((host) => isWithin(host, e.documentHost))
    const saw = `its codes go to ${added.slice(0, 4).join(' ')} now`
    return { severity: isOwn ? 'medium' : 'high', saw, expected: 'the redirects it had before' }
  }
  if (known.isOther)
    return { severity: 'medium', saw: 'a document that names another client', expected: 'its own address as client_id' }
  if (!isTrusted && (options.trustedHosts.length > 0 || e.listingOf('clients', e.client) === 'unlisted'))
    return {
      severity: 'medium',
      saw: `a client of ${e.documentHost || 'an unknown host'}`,
      expected: 'one that is trusted',
    }
  const risky = e.localhostOnly ? e.scopes.find((scope) => isRiskyScope(scope, options.highRisk)) : undefined
  if (risky === undefined) return undefined
  return {
    severity: 'info',
    saw: `a client on the machine of its user asks for ${risky}`,
    expected: 'a warning at consent',
  }
}

/** A fetch into the network of the server, at the wish of whoever sent the address. */
function judgePlace(e: Fetched, isTrusted: boolean, devTags: readonly string[]): Match | undefined {
  const isNear = e.documentIpClass === 'loopback'
  if (!isNear && e.documentIpClass !== 'private' && e.documentIpClass !== 'link_local') return undefined
  if (isTrusted || (isNear && e.tagsOf('servers', e.server).some((tag) => devTags.includes(tag)))) return undefined
  return {
    severity: wasRefused(e) ? 'medium' : 'high',
    saw: `a document fetched from a ${e.documentIpClass} address`,
    expected: 'public addresses',
    evidence: { host: e.documentHost },
  }
}

/** A client is let on although its document names another. */
export function judgeOther(e: { readonly decision: string }, { isOther }: KnownDocument): Match | undefined {
  if (!isOther || e.decision !== 'allow') return undefined
  return { severity: 'high', saw: 'let on under the document of another client', expected: 'a refusal' }
}

const plain = (host: string): string => host.replace(/:\d+$/, '').slice(0, MAX_HOST_CHARS)
const isWithin = (host: string, site: string): boolean => {
  const own = plain(site).replace(/^www\./, '')
  return host === own || host.endsWith(`.${own}`)
}
