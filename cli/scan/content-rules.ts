/** Which rule of the catalogue answers for a class of content, where no rule took it up, and how grave it is by itself. */
import type { Severity } from '../../schemas/finding.ts'

const ARGUMENT_RULES: Readonly<Record<string, string>> = {
  path_traversal: 'inj-004',
  sensitive_path: 'inj-004',
  ssrf: 'inj-005',
}
const TERMINAL = /^(terminal|control)\./

export function contentRuleOf(surface: string, findingClass: string): string {
  const [family = '', kind = ''] = findingClass.split('.')
  if (family === 'secret' || family === 'pii') return 'tok-015'
  if (surface === 'definition' || surface === 'instructions') return 'tdf-003'
  if (family === 'attack') return ARGUMENT_RULES[kind] ?? 'inj-003'
  if (TERMINAL.test(findingClass)) return 'inj-011'
  return surface === 'arguments' ? 'inj-002' : 'inj-001'
}

const BY_VERDICT: Readonly<Record<string, Severity>> = { malicious: 'high', suspicious: 'medium' }
export function severityOfContent(findingClass: string, verdict: string): Severity {
  if (findingClass.startsWith('pii.')) return 'low'
  return BY_VERDICT[verdict] ?? 'info'
}
