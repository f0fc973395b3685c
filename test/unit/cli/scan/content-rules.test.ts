/** What no rule took up: whose it would be, and that a rule in force which said nothing has the last word. */
import { describe, expect, it } from 'vitest'
import { leftOverOf } from '../../../../cli/scan/content-rules.ts'
import { loadRules } from '../../../../detectors/load.ts'

const NO_RULES = { rules: [], hash: '' }
const found = (surface: string, findingClass: string, verdict = 'malicious') => ({
  surface,
  findingClass,
  verdict,
  score: 0.9,
  parameterRole: 'unknown',
  validated: false,
  decodings: [],
  contentPath: '',
})

describe('content that no rule took up', () => {
  it.each([
    ['definition', 'injection.conceal', 'tdf-003'],
    ['instructions', 'unicode.tag', 'tdf-003'],
    ['result', 'injection.override', 'inj-001'],
    ['resource', 'exfiltration.slot', 'inj-001'],
    ['arguments', 'injection.override', 'inj-002'],
    ['arguments', 'attack.sql_injection', 'inj-003'],
    ['arguments', 'attack.path_traversal', 'inj-004'],
    ['arguments', 'attack.ssrf', 'inj-005'],
    ['result', 'terminal.osc', 'inj-011'],
    ['result', 'secret.jwt', 'tok-015'],
    ['definition', 'pii.email', 'beh-003'],
  ])('in %s as %s would be a matter of %s', (surface, findingClass, rule) => {
    expect(leftOverOf(found(surface, findingClass), NO_RULES).rule).toBe(rule)
  })
  it('is graded by the table of content rules only where the rule is not there', async () => {
    const conceal = found('definition', 'injection.conceal')
    expect(leftOverOf(conceal, NO_RULES).severity).toBe('high')
    expect(leftOverOf(found('definition', 'injection.conceal', 'benign'), NO_RULES).severity).toBe('info')
    expect(leftOverOf(conceal, await loadRules())).toEqual({ rule: 'tdf-003-hidden-instructions', severity: 'info' })
  })
})
