/** What a requirement of the specification is to us: where it stands, which events show it, and the test that shows that they do. */
import type { EventType } from '../../schemas/event.ts'

export interface Place {
  /** Such as `MCP specification`, or the catalogue of mandatory statements. */
  readonly document: string
  readonly section: string
  readonly revision: string
}
export interface Requirement {
  readonly id: string
  readonly spec: Place
  /** The statement in our own words. */
  readonly says: string
  readonly era: 'legacy' | 'modern' | 'both'
  /** Event types, or a field of one as `type.field`. */
  readonly shows: readonly (EventType | `${EventType}.${string}`)[]
  /** A file of the repository and the title of a test in it, or the name of an example of a rule, which test/rules.test.ts runs. */
  readonly test?: { readonly path: string; readonly name: string }
  /** Why there is no such test. Exactly one of the two is there. */
  readonly missing?: string
}

/** One revision of the specification for each era. */
const REVISIONS = { legacy: '2025-11-25', modern: '2026-07-28' } as const
type Shows = Requirement['shows']

/** Rows of one era whose tests stand below one folder: `[id, section, says, shows, file, title]`. */
export type Row = readonly [id: string, section: string, says: string, shows: Shows, file: string, title: string]
export type MissingRow = readonly [id: string, section: string, says: string, shows: Shows, why: string]

export function shownBy(era: 'legacy' | 'modern', folder: string, rows: readonly Row[]): Requirement[] {
  return rows.map(([id, section, says, shows, file, name]) => ({
    id: `${era}.${id}`,
    spec: { document: 'MCP specification', section, revision: REVISIONS[era] },
    says,
    era,
    shows,
    test: { path: `${folder}/${file}`, name },
  }))
}

export function missing(era: 'legacy' | 'modern', rows: readonly MissingRow[]): Requirement[] {
  return rows.map(([id, section, says, shows, why]) => ({
    id: `${era}.${id}`,
    spec: { document: 'MCP specification', section, revision: REVISIONS[era] },
    says,
    era,
    shows,
    missing: why,
  }))
}
