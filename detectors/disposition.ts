/** What becomes of a finding: it alerts, its rule only watches (shadow), or somebody answers for its silence until a day (suppression). */
import type { Disposition, Finding } from '../schemas/finding.ts'
import type { Suppression } from '../schemas/suppression.ts'

export const RULE_MODES = ['on', 'shadow', 'off'] as const
export type RuleMode = (typeof RULE_MODES)[number]

/** `tok-007-long-lived-token`, `tok-*` or `*`. */
const fits = (pattern: string, id: string): boolean =>
  pattern.endsWith('*') ? id.startsWith(pattern.slice(0, -1)) : id === pattern

/** The longest pattern that fits decides; what none fits is on. */
export function modeOf(id: string, modes: Readonly<Record<string, RuleMode>>): RuleMode {
  const best = Object.keys(modes)
    .filter((pattern) => fits(pattern, id))
    .toSorted((a, b) => b.length - a.length)[0]
  return best === undefined ? 'on' : modes[best]!
}
/** Patterns that fit no rule: a word misspelt would leave a rule on that was meant to be off. */
export const patternsWithout = (patterns: readonly string[], ids: readonly string[]): readonly string[] =>
  patterns.filter((pattern) => !ids.some((id) => fits(pattern, id)))

/** Critical findings are never suppressed. Ends are compared with event time, so that a replay says the same. */
export function disposed(finding: Finding, mode: RuleMode, suppressions: readonly Suppression[]): Finding {
  if (mode === 'shadow') return said(finding, 'shadow', 'the rule only watches')
  if (finding.severity === 'critical') return finding
  const one = suppressions.find((each) => covers(each, finding))
  return one === undefined ? finding : said(finding, 'suppressed', `${one.owner}: ${one.reason}, until ${one.expires}`)
}
const said = (finding: Finding, disposition: Disposition, dispositionReason: string): Finding => ({
  ...finding,
  disposition,
  dispositionReason,
})

function covers(suppression: Suppression, finding: Finding): boolean {
  const { rule, expires, tenant, server, tool, principal, client, entity } = suppression
  if (!fits(rule, finding.rule) || finding.eventTime.slice(0, 10) > expires) return false
  const named: readonly (readonly [string | undefined, string])[] = [
    [tenant, finding.tenant],
    [server, finding.serverId],
    [tool, finding.toolName],
    [principal, finding.principalKey],
    [client, finding.clientKey],
    [entity, finding.entity],
  ]
  return named.every(([wanted, seen]) => wanted === undefined || wanted === seen)
}
