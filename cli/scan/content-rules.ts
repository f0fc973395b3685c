/** Content in which a classifier found something that no rule took for a matter of its own: whose it would be, and how grave it is. */
import { type ContentFacts, contentSeverity } from '../../detectors/content/content-severity.ts'
import type { LoadedRules } from '../../detectors/load.ts'
import type { Severity } from '../../schemas/finding.ts'

const ARGUMENT_RULES: Readonly<Record<string, string>> = {
  path_traversal: 'inj-004',
  sensitive_file: 'inj-004',
  ssrf: 'inj-005',
}

/** Number of the rule that answers for a class at a place (threat catalogue 2.1, 2.6, 2.7, 2.8). */
function numberOf({ surface, findingClass }: ContentFacts): string {
  const [family = '', kind = ''] = findingClass.split('.')
  if (family === 'secret') return 'tok-015'
  if (family === 'pii') return 'beh-003'
  if (surface === 'definition' || surface === 'instructions') return 'tdf-003'
  if (family === 'attack') return ARGUMENT_RULES[kind] ?? 'inj-003'
  if (family === 'terminal') return 'inj-011'
  return surface === 'arguments' ? 'inj-002' : 'inj-001'
}

/**
 * A rule that is in force and said nothing has decided: live traffic would raise nothing either. Only where the rule is not there, the
 * table of all content rules says how grave it is.
 */
export function leftOverOf(found: ContentFacts, { rules }: LoadedRules): { rule: string; severity: Severity } {
  const number = numberOf(found)
  const rule = rules.find(({ id }) => id.startsWith(`${number}-`))
  return { rule: rule?.id ?? number, severity: rule === undefined ? (contentSeverity(found) ?? 'info') : 'info' }
}
