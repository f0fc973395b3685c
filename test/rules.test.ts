// The free properties of every rule: nothing here names a rule, and a new one is held to all of them.
import { describe, expect, it } from 'vitest'
import { PROPERTIES } from '../detectors/rule-properties.ts'
import { run } from '../detectors/trial.ts'
import { ATLAS_TECHNIQUES, ATTACK_TECHNIQUES, OWASP_MCP, techniqueOf } from '../schemas/references.ts'
import { RULES } from './rule-runs.ts'

/** Bad practice that no technique of an attacker is named for; the threat catalogue has none for them either. */
const WITHOUT_TECHNIQUE = ['scp-004-unused-privilege', 'scp-011-undeclared-requirement', 'tok-002-misconfigured-client']
const REFERENCE = /^(MCP\d\d:2025|T\d{4}(\.\d{3})?|AML\.T\d{4}(\.\d{3})?|RFC \d+|SAFE-T\d{4})$/

describe.each(RULES.map((rule) => [rule.id, rule] as const))('%s', (_, rule) => {
  // Named one by one, because these names are what the rule is known by.
  it.each(rule.examples.match.map((example) => [example.name, example] as const))('matches: %s', (_name, example) => {
    expect(run(rule, example).length).toBeGreaterThan(0)
  })
  it.each(rule.examples.noMatch.map((example) => [example.name, example] as const))(
    'stays silent: %s',
    (_name, example) => {
      expect(run(rule, example).map(({ saw }) => saw)).toEqual([])
    },
  )
  it('says what it saw and what it expected, whenever it speaks', () => {
    for (const example of rule.examples.match)
      for (const { saw, expected } of run(rule, example)) expect([saw, expected]).not.toContain('')
  })
  it('names a risk of the OWASP MCP Top 10 and a technique of ATT&CK or ATLAS, by ids that exist', () => {
    expect(rule.refs.some((ref) => Object.hasOwn(OWASP_MCP, ref))).toBe(true)
    const named = rule.refs.some((ref) => techniqueOf(ref) !== undefined)
    expect(named).toBe(!WITHOUT_TECHNIQUE.includes(rule.id))
    for (const ref of rule.refs) {
      expect(ref).toMatch(REFERENCE)
      const table = ref.startsWith('MCP') ? OWASP_MCP : ref.startsWith('AML') ? ATLAS_TECHNIQUES : ATTACK_TECHNIQUES
      if (/^(MCP|T|AML)/.test(ref)) expect(table).toHaveProperty([ref])
    }
    expect(new Set(rule.refs).size).toBe(rule.refs.length)
  })
  it('gives a person steps to take and says what it cannot see', () => {
    for (const lines of [rule.triage, rule.blindSpots]) {
      expect(lines).not.toEqual([])
      for (const line of lines) expect(line.trim().length).toBeGreaterThan(10)
    }
  })
  it.each(PROPERTIES.map((property) => [property.name, property] as const))('%s', (_name, { faults }) => {
    expect(faults(rule)).toEqual([])
  })
})
