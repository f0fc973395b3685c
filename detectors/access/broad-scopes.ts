/** Scopes that grant everything of their kind, and what a server advertises: whether a grant or a challenge holds all of it. */
import { fingerprint } from '../engine/shapes/fingerprint.ts'

const EVERYTHING = new Set(['*', 'all', 'full-access', 'full_access', 'fullaccess'])
export const isWildcard = (scope: string): boolean =>
  scope.endsWith('*') ? scope === '*' || /[:./]\*$/.test(scope) : EVERYTHING.has(scope.toLowerCase())
/** Entra: everything that was ever consented for the resource. */
export const isDefault = (scope: string): boolean => scope.endsWith('.default')

/** Scopes a server advertises, as marks; of more than these the number alone is known. */
const MAX_MARKS = 128
/** `isAsked`: a challenge for all of it was told. */
export type Catalogue = { marks: number[]; total: number; isAsked: boolean }
export const noCatalogue = (): Catalogue => ({ marks: [], total: 0, isAsked: false })

export function noteCatalogue(scopes: readonly string[], catalogue: Catalogue): void {
  const all = [...new Set(scopes)]
  catalogue.total = all.length
  catalogue.isAsked = false
  catalogue.marks = all.slice(0, MAX_MARKS).map(fingerprint)
}

/** Whether these are all that is advertised. */
export function isWhole(scopes: readonly string[], { marks }: Catalogue): boolean {
  const held = new Set(scopes.map(fingerprint))
  return marks.every((mark) => held.has(mark))
}
