/** Scopes: what a rule keeps state about. Most lie inside one server and so inside one partition; keys that cross servers travel as signals. */
import { EVERY_SERVER } from '../../schemas/topics.ts'
import type { View } from './view.ts'

/**
 * Scope -> key columns, low cardinality first. A key is complete when its last column is filled, unless the scope is `loose`.
 * The tenant is in front of every key.
 */
export const SCOPES = {
  server: ['server'],
  /** One process of a server. */
  instance: ['server', 'producer'],
  session: ['server', 'session'],
  caller: ['server', 'principal'],
  client: ['server', 'client'],
  grant: ['server', 'client', 'principal'],
  request: ['server', 'request'],
  handle: ['server', 'handle'],
  tool: ['server', 'tool'],
  /** A tool as one era and language show it: encoding and description differ by them. */
  definition: ['server', 'era', 'locale', 'tool'],
  /** What a definition says apart from its name: finds a renamed tool. */
  wording: ['server', 'parts'],
  /** A tool name without case and separators. */
  spelling: ['server', 'nameKey'],
  /** The list of tools as one set of scopes sees it: asked by a client, or looked up by the server itself without an identity. */
  registry: ['server', 'era', 'sight', 'scopeSetHash'],
  callerTool: ['server', 'tool', 'principal'],
  trace: ['server', 'trace'],
  token: ['server', 'tokenFp'],
  /** One DPoP proof. */
  proof: ['server', 'proofFp'],
  address: ['server', 'sourceAddress'],
  /** Who asks: the principal, or the address where nobody is known, or the session where no edge saw the address. */
  asker: ['server', 'asker'],
  /** An authorization code, a refresh token or a state value of an authorization server. */
  code: ['server', 'codeFp'],
  refresh: ['server', 'refreshFp'],
  state: ['server', 'stateFp'],
  /** One row per tenant, for facts that concern all servers: they are sent with the server `*` and reach every partition. */
  fleet: ['fleet'],
  fleetPrincipal: ['principal'],
  fleetClient: ['client'],
  fleetToken: ['tokenFp'],
  fleetAddress: ['sourceAddress'],
  /** A tool name as people read it, over all servers of a tenant. */
  fleetTool: ['nameSkeleton'],
} as const satisfies Readonly<Record<string, readonly string[]>>
export type Scope = keyof typeof SCOPES
export const SCOPE_NAMES = Object.keys(SCOPES) as readonly Scope[]
/** Scopes whose last column may be empty: '' is a value of its own there. */
const LOOSE: ReadonlySet<Scope> = new Set<Scope>(['registry'])
export const needsLastColumn = (scope: Scope): boolean => !LOOSE.has(scope)
export { EVERY_SERVER }
/** Keys that no one partition owns: rules about them are evaluated on signals. `fleet` is not one, its facts reach every partition. */
export const crossesServers = (scope: Scope): boolean => {
  const columns: readonly string[] = SCOPES[scope]
  return scope !== 'fleet' && !columns.includes('server')
}

type Read = (view: View) => string
type Column = (typeof SCOPES)[Scope][number]
/** A view with the words that only some have. */
type Worded = View & Readonly<Partial<Record<string, string>>>
const worded = (view: View): Worded => view as Worded
/** One function per column, so that each load has one shape and one name: a word looked up by a variable takes five times as long. */
const READERS: Readonly<Record<Column, Read>> = {
  server: (view) => view.server,
  producer: (view) => worded(view)['producer']!,
  session: (view) => view.session,
  principal: (view) => view.principal,
  client: (view) => view.client,
  request: (view) => view.request,
  tool: (view) => view.tool,
  // A wire event about one task or elicitation has the key that its derived events have.
  handle: (view) => worded(view)['handle'] ?? (worded(view)['handleFp'] || worded(view)['taskFp'] || ''),
  era: (view) => worded(view)['era']!,
  sight: (view) => (worded(view)['registrySource'] === 'list' ? 'list' : 'own'),
  locale: (view) => worded(view)['locale']!,
  parts: (view) => worded(view)['parts'] ?? '',
  nameKey: (view) => worded(view)['nameKey'] ?? '',
  scopeSetHash: (view) => worded(view)['scopeSetHash']!,
  fleet: () => EVERY_SERVER,
  trace: (view) => worded(view)['trace'] ?? '',
  tokenFp: (view) => worded(view)['tokenFp'] ?? '',
  proofFp: (view) => worded(view)['proofFp'] ?? '',
  sourceAddress: (view) => worded(view)['sourceAddress'] ?? '',
  asker: (view) => view.principal || worded(view)['sourceAddress'] || view.session,
  codeFp: (view) => worded(view)['codeFp'] ?? '',
  refreshFp: (view) => worded(view)['refreshFp'] ?? '',
  stateFp: (view) => worded(view)['stateFp'] ?? '',
  nameSkeleton: (view) => worded(view)['nameSkeleton'] ?? '',
}
export const readersOf = (scope: Scope): readonly Read[] => SCOPES[scope].map((column) => READERS[column])

/** Values are the attacker’s: what would make two keys look alike is escaped. */
const escaped = (value: string): string => value.replace(/[%=\s]/g, encodeURIComponent)
/** A key as `column=value` pairs; empty columns are left out. */
export const entityText = (scope: Scope, key: readonly string[]): string =>
  SCOPES[scope].flatMap((column, i) => (key[i] ? [`${column}=${escaped(key[i])}`] : [])).join(' ')
