/** What changed in the authorization metadata of a server, and how much it matters. */
import { type Severity, severityRank } from '../../schemas/finding.ts'
import type { Match } from '../rule.ts'
import { shortName } from '../short-name.ts'

/** Documents as they were last, each the JSON of its texts; and hashes of versions seen, so that a rolling restart is told once. */
export type Metadata = { documents: string[]; versions: string[] }
export const noMetadata = (): Metadata => ({ documents: [], versions: [] })
const MAX_DOCUMENTS = 3
const MAX_VERSIONS = 16
const MAX_NAMES = 5

export interface Published {
  readonly metadataKind: string
  readonly metadataHash: string
  readonly resource: readonly string[]
  readonly authorizationServers: readonly string[]
  readonly scopesSupported: readonly string[]
  readonly jwksUriHost: string
  readonly bearerMethods: readonly string[]
  readonly dpopRequired: boolean
  readonly endpointHosts: readonly string[]
}
/** One change: what is there now that was not, or is gone. */
export interface Change {
  readonly what: string
  readonly severity: Severity
}

/** Sorted, divided by spaces. Those beyond the first few stand as one: that they changed is seen, not how. */
function named(names: readonly string[]): string {
  const sorted = [...new Set(names)].sort()
  const rest = sorted.splice(MAX_NAMES)
  return [...sorted, ...(rest.length > 0 ? [rest.join('+')] : [])].map(shortName).join(' ')
}
const namesIn = (text: string): string[] => (text === '' ? [] : text.split(' '))
const added = (before: string, after: string): string[] => {
  const known = namesIn(before)
  return namesIn(after).filter((name) => !known.includes(name))
}
const textsOf = (e: Published): string[] => [
  shortName(`${e.metadataKind} ${e.resource.join(' ')}`),
  named(e.authorizationServers),
  shortName(e.jwksUriHost),
  named(e.bearerMethods),
  e.dpopRequired ? 'required' : '',
  named(e.endpointHosts),
  shortName([...e.scopesSupported].sort().join(' ')),
]
const isHeaderAlone = (methods: string): boolean => methods === '' || methods === 'header'

/** Take in a document; answers its changes, none for one that was seen before. `first`: nothing of the kind was known. */
export function noteMetadata(e: Published, cell: Metadata): { readonly first: boolean; readonly changes: Change[] } {
  const { documents, versions } = cell
  const after = textsOf(e)
  const known = documents.map((document) => JSON.parse(document) as string[])
  const before = known.find(([name]) => name === after[0])
  const others = known.filter((document) => document !== before)
  cell.documents = [...others, after].slice(-MAX_DOCUMENTS).map((document) => JSON.stringify(document))
  const version = e.metadataHash.slice(0, 22)
  const isSeen = versions.includes(version)
  cell.versions = [...versions.filter((each) => each !== version), version].slice(-MAX_VERSIONS)
  if (isSeen) return { first: false, changes: [] }
  return { first: before === undefined, changes: changesOf(before ?? after, after) }
}

function changesOf(before: readonly string[], after: readonly string[]): Change[] {
  const [, servers = '', jwks = '', bearer = '', dpop = '', endpoints = '', scopes = ''] = before
  const [, newServers = '', newJwks = '', newBearer = '', newDpop = '', newEndpoints = '', newScopes = ''] = after
  const changes: Change[] = []
  const note = (isChanged: boolean, severity: Severity, what: string): void => {
    if (isChanged) changes.push({ severity, what })
  }
  const [moreServers, moreEndpoints] = [added(servers, newServers), added(endpoints, newEndpoints)]
  note(moreServers.length > 0, 'high', `authorization server ${moreServers.join(', ')} added`)
  note(added(newServers, servers).length > 0, 'medium', 'an authorization server left out')
  note(newJwks !== jwks && newJwks !== '', 'high', `keys fetched from ${newJwks}, before from ${jwks || 'nowhere'}`)
  note(isHeaderAlone(bearer) && !isHeaderAlone(newBearer), 'high', `tokens taken in ${newBearer}`)
  note(dpop !== '' && newDpop === '', 'high', 'bound tokens no longer required')
  note(moreEndpoints.length > 0, 'high', `endpoints at ${moreEndpoints.join(', ')}`)
  note(scopes !== newScopes, 'medium', 'other scopes offered')
  return changes
}

/** Tokens in places other than the header, said from the beginning. */
export const takesElsewhere = (e: Published): boolean => !isHeaderAlone(named(e.bearerMethods))

export function worstOf(changes: readonly Change[]): Match | undefined {
  const [worst] = [...changes]
    .sort((a, b) => severityRank(b.severity) - severityRank(a.severity))
    .map(
      ({ severity, what }): Match => ({
        severity,
        saw: what,
        expected: 'the document as it was, or a deployment',
        evidence: { changes: changes.map((change) => change.what) },
      }),
    )
  return worst
}
