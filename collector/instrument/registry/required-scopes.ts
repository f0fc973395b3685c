/** Scopes that a tool needs, as its author says: by an option, or by `requireScopes` of SDK v2. */

import type { ServerLike } from '../server-shape.ts'
import type { DeclaredScopes } from './definitions.ts'

const NONE: DeclaredScopes = new Map()
/**
 * How the SDK's own check looks: it compares the caller's scopes with a list and answers that list. An author's function may do
 * anything when it is called, so it is left alone.
 */
const SDK_CHECK = /\bactiveScopes\b[\s\S]*\brequiredScopes\b/

interface ScopeOptions {
  readonly requiredScopes?: Readonly<Record<string, readonly string[]>> | undefined
}

/** By tool name; the option wins. */
export function declaredScopes({ requiredScopes }: ScopeOptions, facade: ServerLike | undefined): DeclaredScopes {
  const tools = facade?._registeredTools
  if (requiredScopes === undefined && tools === undefined) return NONE
  const found = new Map<string, readonly string[]>()
  for (const name in tools) {
    const scopes = scopesOf(tools[name]!.scopeChallenge)
    if (scopes !== undefined) found.set(name, scopes)
  }
  for (const [name, scopes] of Object.entries(requiredScopes ?? {}))
    if (Array.isArray(scopes)) found.set(name, scopes.map(String))
  return found.size === 0 ? NONE : found
}

function scopesOf(check: unknown): readonly string[] | undefined {
  if (typeof check !== 'function' || !SDK_CHECK.test(Function.prototype.toString.call(check))) return undefined
  const asked = check({ authInfo: { token: '', clientId: '', scopes: [] } }) as { scopes?: unknown } | undefined
  return Array.isArray(asked?.scopes) ? asked.scopes.map(String) : undefined
}
