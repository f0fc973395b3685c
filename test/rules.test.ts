// The free properties of every rule: nothing here names a rule, and a new one is held to all of them.
import { describe, expect, it } from 'vitest'
import { PROPERTIES } from '../detectors/rule-properties.ts'
import { run } from '../detectors/trial.ts'
import { RULES } from './rule-runs.ts'

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
  it.each(PROPERTIES.map((property) => [property.name, property] as const))('%s', (_name, { faults }) => {
    expect(faults(rule)).toEqual([])
  })
})
