/** Findings of shapes explain themselves: what was usual, what came, over how many samples. */
import type { Match } from '../../rule.ts'

type Facts = NonNullable<Match['evidence']>
/** What the rule says itself stands; the facts of the shape are added. Numbers to six digits: more would be noise. */
export function explained(match: Match, facts: Facts): Match {
  const round = (value: Facts[string]) => (typeof value === 'number' ? Number(value.toPrecision(6)) : value)
  const rounded = Object.fromEntries(Object.entries(facts).map(([name, value]) => [name, round(value)]))
  return { ...match, evidence: { ...rounded, ...match.evidence } }
}
