/** Credentials that do not end by themselves, and who stands behind them. */

interface Credential {
  readonly tokenKind: string
  readonly issuedAt: number
  readonly expAt: number
  says(name: 'expAt'): boolean
}
/** A key without an end, or a token that lives for longer than `longMs`. An opaque token whose end is known is no key. */
export const isStatic = (e: Credential, longMs: number): boolean =>
  e.says('expAt')
    ? e.issuedAt > 0 && (e.expAt - e.issuedAt) * 1_000 > longMs
    : e.tokenKind === 'opaque' || e.tokenKind === 'jwt'

/** An application by itself, nobody behind it. */
export const isAppOnly = (e: { readonly principalKind: string; readonly idtyp: string }): boolean =>
  e.principalKind === 'workload' || e.idtyp === 'app'

interface Tagged {
  readonly principal: string
  readonly client: string
  tagsOf(kind: 'principals' | 'clients', name: string): readonly string[]
}
/** People said that this runs in many places, or for many. */
export const isDeclared = (e: Tagged, tags: readonly string[]): boolean =>
  [...e.tagsOf('principals', e.principal), ...e.tagsOf('clients', e.client)].some((tag) => tags.includes(tag))
