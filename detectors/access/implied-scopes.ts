/** Which scopes a grant is worth: its own, what they imply by the map of the configuration, and what wildcards cover. */
import { entryOf } from '../table.ts'

/** Scope -> what it implies; what those imply counts too. */
export type Hierarchy = Readonly<Record<string, readonly string[]>>
/** Wildcards that are followed. */
const MAX_WILDCARDS = 64

/** The required scopes that the granted ones do not imply. */
export function missingScopes(
  required: readonly string[],
  granted: readonly string[],
  hierarchy: Hierarchy,
): readonly string[] {
  const owned = new Set(granted)
  const absent = required.filter((scope) => !owned.has(scope))
  if (absent.length === 0) return absent
  const all = withImplied(owned, hierarchy)
  const wildcards = [...all].flatMap((scope) => coveredPrefix(scope) ?? []).slice(0, MAX_WILDCARDS)
  // Entra grants `Files.Read` where the API is asked for `api://app/Files.Read`.
  const locals = new Set([...all].map(localName))
  const isGranted = (scope: string): boolean =>
    all.has(scope) ||
    wildcards.some((prefix) => scope.startsWith(prefix)) ||
    (isUri(scope) ? all.has(localName(scope)) : locals.has(scope))
  return absent.filter((scope) => !isGranted(scope))
}

/** Whether one scope is enough for another. */
export const covers = (scope: string, required: string, hierarchy: Hierarchy): boolean =>
  missingScopes([required], [scope], hierarchy).length === 0

/** Follows the map; a set is walked on while it grows, so that circles end. */
function withImplied(owned: ReadonlySet<string>, hierarchy: Hierarchy): ReadonlySet<string> {
  const all = new Set(owned)
  for (const scope of all) for (const implied of entryOf(hierarchy, scope) ?? []) all.add(implied)
  return all
}

/** `files:*` covers what begins with `files:`, `*` everything. */
function coveredPrefix(scope: string): string | undefined {
  return scope === '*' || /[:./]\*$/.test(scope) ? scope.slice(0, -1) : undefined
}
const isUri = (scope: string): boolean => scope.includes('://')
const localName = (scope: string): string => (isUri(scope) ? scope.slice(scope.lastIndexOf('/') + 1) : scope)

/** All that a token grants. */
export const grantedBy = ({
  scopes,
  roles,
}: {
  readonly scopes: readonly string[]
  readonly roles: readonly string[]
}) => (roles.length === 0 ? scopes : [...scopes, ...roles])
