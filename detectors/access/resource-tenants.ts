/** Whose data it is, and whose the caller is: tenants by tag of a tool or result, against those of a principal. */

const PREFIX = 'tenant:'
/** Tags read of one event. */
const MAX_TAGS = 64
/** A tenant as a producer hashes it. */
const KEYED = /^[0-9a-f]{32}$/
/** Data of everybody. */
const EVERYONE = '*'

/** Names of tenants in `tenant:…` tags, in lower case. */
export function tenantsIn(tags: readonly string[]): readonly string[] {
  return tags
    .slice(0, MAX_TAGS)
    .flatMap((tag) => (tag.startsWith(PREFIX) ? tag.slice(PREFIX.length).toLowerCase() : []))
}

export const hasTenant = (tags: readonly string[]): boolean => tags.some((tag) => tag.startsWith(PREFIX))

interface Caller {
  /** Tenants by name (tid, inventory). */
  readonly names: readonly string[]
  /** Tenant as keyed hash; '' for none. */
  readonly key: string
  readonly principal: string
  readonly client: string
}
/** Resource tenant -> tenants, principals or clients that it shares with; `*` for all. */
export type SharingGrants = Readonly<Record<string, readonly string[]>>

/** Tenants whose data the caller may not have. Nothing where the caller’s tenant is not known in the same notation. */
export function foreignTenants(
  tenants: readonly string[],
  { names, key, principal, client }: Caller,
  grants: SharingGrants,
): readonly string[] {
  const isKnown = (tenant: string): boolean => names.length > 0 || (key !== '' && KEYED.test(tenant))
  const foreign = tenants.filter(
    (tenant) => tenant !== EVERYONE && tenant !== key && !names.includes(tenant) && isKnown(tenant),
  )
  const allowed = new Set([EVERYONE, ...names, key, principal, client].filter((name) => name !== ''))
  const shared = Object.entries(grants).flatMap(([tenant, who]) =>
    who.some((name) => allowed.has(name) || allowed.has(name.toLowerCase())) ? tenant.toLowerCase() : [],
  )
  return foreign.filter((tenant) => !shared.includes(tenant))
}
