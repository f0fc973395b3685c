/** Scopes: what a rule keeps state about. Most lie inside one server and so inside one partition; keys that cross servers travel as signals. */
import { EVERY_SERVER } from '../schemas/topics.ts'
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
const word =
  (name: string): Read =>
  (view) =>
    (view as unknown as Record<string, string | undefined>)[name] ?? ''
/** One function per column, so that each load has one shape and one name. */
const READERS: Readonly<Record<Column, Read>> = {
  server: (view) => view.server,
  producer: (view) => (view as unknown as { producer: string }).producer,
  session: (view) => view.session,
  principal: (view) => view.principal,
  client: (view) => view.client,
  request: (view) => view.request,
  tool: (view) => view.tool,
  // A wire event about one task or elicitation has the key that its derived events have.
  handle: (view) => (view as unknown as { handle?: string }).handle ?? (word('handleFp')(view) || word('taskFp')(view)),
  era: (view) => (view as unknown as { era: string }).era,
  sight: (view) => ((view as unknown as { registrySource: string }).registrySource === 'list' ? 'list' : 'own'),
  locale: (view) => (view as unknown as { locale: string }).locale,
  parts: (view) => (view as unknown as { parts?: string }).parts ?? '',
  nameKey: (view) => (view as unknown as { nameKey?: string }).nameKey ?? '',
  scopeSetHash: (view) => (view as unknown as { scopeSetHash: string }).scopeSetHash,
  fleet: () => EVERY_SERVER,
  trace: word('trace'),
  tokenFp: word('tokenFp'),
  proofFp: word('proofFp'),
  sourceAddress: word('sourceAddress'),
  asker: (view) => view.principal || word('sourceAddress')(view) || view.session,
  codeFp: word('codeFp'),
  refreshFp: word('refreshFp'),
  stateFp: word('stateFp'),
  nameSkeleton: word('nameSkeleton'),
}
export const readersOf = (scope: Scope): readonly Read[] => SCOPES[scope].map((column) => READERS[column])

/** Values are the attacker’s: what would make two keys look alike is escaped. */
const escaped = (value: string): string => value.replace(/[%=\s]/g, encodeURIComponent)
/** A key as `column=value` pairs; empty columns are left out. */
export const entityText = (scope: Scope, key: readonly string[]): string =>
  SCOPES[scope].flatMap((column, i) => (key[i] ? [`${column}=${escaped(key[i])}`] : [])).join(' ')
