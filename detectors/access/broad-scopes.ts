/** Scopes that grant everything of their kind, and what a server advertises: whether a grant or a challenge holds all of it. */
import { fingerprint } from '../shapes/fingerprint.ts'

const EVERYTHING = new Set(['*', 'all', 'full-access', 'full_access', 'fullaccess'])
export const isWildcard = (scope: string): boolean =>
  scope.endsWith('*')
    ? scope === '*' || /[:./]\*$/.test(scope)
    : scope.length < 12 && EVERYTHING.has(scope.toLowerCase())
/** Entra: everything that was ever consented for the resource. */
export const isDefault = (scope: string): boolean => scope.endsWith('.default')

/** Scopes a server advertises, as marks; of more than these the number alone is known. */
const MAX_MARKS = 128
export type Catalogue = { marks: number[]; total: number; challengedMs: number; offlineMs: number }
export const noCatalogue = (): Catalogue => ({ marks: [], total: 0, challengedMs: 0, offlineMs: 0 })

export function noteCatalogue(scopes: readonly string[], catalogue: Catalogue): void {
  const all = [...new Set(scopes)]
  catalogue.total = all.length
  catalogue.marks = all.slice(0, MAX_MARKS).map(fingerprint)
}

/** Whether these are all that is advertised. */
export function isWhole(scopes: readonly string[], { marks, total }: Catalogue): boolean {
  if (total === 0 || scopes.length < total) return false
  const held = new Set(scopes.map(fingerprint))
  return marks.every((mark) => held.has(mark))
}
