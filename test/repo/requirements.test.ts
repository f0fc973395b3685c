/** Laws of the requirement manifest: each test it names exists, each event type of a server is shown, and nothing missing is hidden. */
import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import {
  coveredTypes,
  REQUIREMENTS,
  requirementsAsJson,
  requirementsAsMarkdown,
  typeOf,
} from '../../cli/requirements/manifest.ts'
import type { Requirement } from '../../cli/requirements/requirement.ts'
import { ENVELOPE_FIELDS } from '../../schemas/envelope.ts'
import { EVENT_TYPES, TYPE_FIELDS } from '../../schemas/event.ts'

const root = new URL('../../', import.meta.url)
/** A title or example as a literal of the file; apostrophes are typographic in this repository. */
const hasTitle = (text: string, name: string): boolean =>
  [`'${name}'`, `"${name}"`, `\`${name}\``].some((quoted) => text.includes(quoted))

const fieldsOf = (type: keyof typeof TYPE_FIELDS) => TYPE_FIELDS[type] as Readonly<Record<string, z.ZodType>>
const originOf = (schema: z.ZodType) => (z.globalRegistry.get(schema) as { origin?: string } | undefined)?.origin
/** Types that a server itself produces: one of their fields has no other origin. */
const serverTypes = EVENT_TYPES.filter((type) =>
  Object.values(fieldsOf(type)).some((schema) => originOf(schema) === 'server'),
)

/** What is wrong with one entry. */
function faultsOf({ id, shows, test, missing, says, spec }: Requirement): string[] {
  const faults: string[] = []
  if ((test === undefined) === (missing === undefined)) faults.push(`${id}: has a test or a reason, not both`)
  if (missing !== undefined && missing.length < 30) faults.push(`${id}: the reason says too little`)
  if (!/[.]$/.test(says) || spec.section === '' || spec.revision === '') faults.push(`${id}: says what, and where`)
  for (const shown of shows) {
    const type = typeOf(shown)
    const field = type === '' ? '' : shown.slice(type.length + 1)
    if (type === '') faults.push(`${id}: ${shown} is no event type`)
    else if (field !== '' && !(field in fieldsOf(type)) && !(ENVELOPE_FIELDS as readonly string[]).includes(field))
      faults.push(`${id}: ${shown} is no field`)
  }
  if (shows.length === 0) faults.push(`${id}: shows nothing`)
  if (test === undefined) return faults
  const path = new URL(test.path, root)
  if (!existsSync(path)) faults.push(`${id}: ${test.path} does not exist`)
  else {
    const text = readFileSync(path, 'utf8')
    if (!hasTitle(text, test.name)) faults.push(`${id}: ${test.path} has no test “${test.name}”`)
    // Of a field the test has to speak, of a type too: it may ask for its events through its fields.
    const unsaid = shows.filter((shown) => !text.includes(shown.slice(typeOf(shown).length + 1) || shown))
    for (const shown of unsaid) faults.push(`${id}: ${test.path} says nothing of ${shown}`)
  }
  return faults
}

describe('the requirement manifest', () => {
  it('names tests that exist, event types and fields that exist, or says why there is none', () => {
    expect(REQUIREMENTS.flatMap(faultsOf)).toEqual([])
  })
  it('has each id once, and every mandatory statement from R1 to R30', () => {
    const ids = REQUIREMENTS.map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
    const statements = new Set(ids.map((id) => /^R\d+/.exec(id)?.[0]))
    for (let number = 1; number <= 30; number++) expect(statements).toContain(`R${number}`)
  })
  it('shows every event type whose origin is the server, or says of it that it is missing', () => {
    const covered = coveredTypes(REQUIREMENTS)
    const excused = new Set(
      REQUIREMENTS.flatMap(({ missing, shows }) => (missing === undefined ? [] : shows.map(typeOf))),
    )
    expect(serverTypes.filter((type) => !covered.has(type) && !excused.has(type))).toEqual([])
    expect(serverTypes.length).toBeGreaterThan(40)
  })
  it('would notice a wrong entry', () => {
    const good = REQUIREMENTS.find(({ test }) => test !== undefined)!
    expect(faultsOf(good)).toEqual([])
    expect(faultsOf({ ...good, test: { path: good.test!.path, name: 'nobody wrote this test' } })).toHaveLength(1)
    expect(faultsOf({ ...good, shows: ['server.started.tls'] })).toEqual([expect.stringContaining('says nothing of')])
    expect(faultsOf({ ...good, test: { path: 'test/nowhere.test.ts', name: 'x' } })).toHaveLength(1)
    expect(faultsOf({ ...good, missing: 'because it was not written yet, and nobody will' })).toHaveLength(1)
    expect(faultsOf({ ...good, shows: ['tool.call.nothing', 'odd.type' as never] }).length).toBeGreaterThanOrEqual(2)
  })
  it('prints every entry, the missing ones as such', () => {
    const text = requirementsAsMarkdown(REQUIREMENTS)
    const { missing, covered, requirements } = requirementsAsJson(REQUIREMENTS)
    expect(text.split('\n').filter((line) => /^\| (R\d|legacy\.|modern\.|effects\.)/.test(line))).toHaveLength(
      REQUIREMENTS.length,
    )
    expect(text.match(/\*\*missing\*\*/g)).toHaveLength(missing.length)
    expect(covered + missing.length).toBe(requirements.length)
    for (const { id, why } of missing) {
      expect(text).toContain(`| ${id} |`)
      expect(text).toContain(why)
    }
  })
})
