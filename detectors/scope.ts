/** Scopes: what a rule keeps state about. Every scope of this engine lies inside one server, so state never crosses partitions. */
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
} as const satisfies Readonly<Record<string, readonly string[]>>
export type Scope = keyof typeof SCOPES
export const SCOPE_NAMES = Object.keys(SCOPES) as readonly Scope[]
/** Scopes whose last column may be empty: '' is a value of its own there. */
const LOOSE: ReadonlySet<Scope> = new Set<Scope>(['registry'])
export const needsLastColumn = (scope: Scope): boolean => !LOOSE.has(scope)

type Read = (view: View) => string
/** One function per column, so that each load has one shape and one name. */
const READERS: Readonly<Record<(typeof SCOPES)[Scope][number], Read>> = {
  server: (view) => view.server,
  producer: (view) => (view as unknown as { producer: string }).producer,
  session: (view) => view.session,
  principal: (view) => view.principal,
  client: (view) => view.client,
  request: (view) => view.request,
  tool: (view) => view.tool,
  handle: (view) => (view as unknown as { handle?: string }).handle ?? '',
  era: (view) => (view as unknown as { era: string }).era,
  sight: (view) => ((view as unknown as { registrySource: string }).registrySource === 'list' ? 'list' : 'own'),
  locale: (view) => (view as unknown as { locale: string }).locale,
  parts: (view) => (view as unknown as { parts?: string }).parts ?? '',
  nameKey: (view) => (view as unknown as { nameKey?: string }).nameKey ?? '',
  scopeSetHash: (view) => (view as unknown as { scopeSetHash: string }).scopeSetHash,
}
export const readersOf = (scope: Scope): readonly Read[] => SCOPES[scope].map((column) => READERS[column])

/** Values are the attacker’s: what would make two keys look alike is escaped. */
const escaped = (value: string): string => value.replace(/[%=\s]/g, encodeURIComponent)
/** A key as `column=value` pairs; empty columns are left out. */
export const entityText = (scope: Scope, key: readonly string[]): string =>
  SCOPES[scope].flatMap((column, i) => (key[i] ? [`${column}=${escaped(key[i])}`] : [])).join(' ')
