// Rules on content: a match alone would not show that a clause was lost, so each of their examples says how grave it is.
import { expect, it } from 'vitest'
import { loadRules } from '../../../detectors/load.ts'

const { rules } = await loadRules()
const onContent = rules.filter((rule) => /^(inj|tdf-003|tok-015)/.test(rule.id) && 'content.finding' in rule.requires)

it('there are twelve of them', () => expect(onContent).toHaveLength(12))
it.each(onContent.map((rule) => [rule.id, rule] as const))('every match of %s says how grave it is', (_, rule) =>
  expect(rule.examples.match.filter(({ severity }) => severity === undefined).map(({ name }) => name)).toEqual([]),
)
