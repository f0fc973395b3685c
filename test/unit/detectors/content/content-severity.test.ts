// How grave a finding of content is, as one table for all rules.
import { describe, expect, it } from 'vitest'
import { agreedSeverity, noAgreement } from '../../../../detectors/content/content-agreement.ts'
import {
  asProbe,
  attackOn,
  type ContentFacts,
  contentEvidence,
  contentSeverity,
  familyOf,
  sawContent,
} from '../../../../detectors/content/content-severity.ts'

const found = (findingClass: string, verdict = 'malicious', more: Partial<ContentFacts> = {}): ContentFacts => ({
  surface: 'result',
  findingClass,
  verdict,
  score: verdict === 'malicious' ? 0.9 : 0.6,
  parameterRole: 'unknown',
  validated: false,
  decodings: [],
  contentPath: 'content[0].text',
  ...more,
})
const grades = (findingClass: string, verdict?: string, more: Partial<ContentFacts> = {}) =>
  ['definition', 'instructions', 'result', 'resource', 'arguments'].map((surface) =>
    contentSeverity(found(findingClass, verdict, { surface, ...more })),
  )

describe('malicious and suspicious content by who says it', () => {
  it.each([
    ['injection.conceal', 'malicious', ['high', 'high', 'high', 'high', 'medium']],
    ['injection.conceal', 'suspicious', ['medium', 'medium', 'medium', 'medium', 'medium']],
    ['injection.role_marker', 'malicious', ['high', 'high', 'medium', 'medium', 'medium']],
    ['exfiltration.slot', 'malicious', ['high', 'high', 'high', 'high', 'medium']],
    ['exfiltration.slot', 'suspicious', ['medium', 'medium', 'medium', 'medium', 'low']],
    ['unicode.tag', 'malicious', ['high', 'high', 'medium', 'medium', 'medium']],
    ['unicode.bidi', 'suspicious', ['medium', 'medium', 'low', 'low', 'low']],
    ['homoglyph.mixed_script', 'malicious', ['high', 'high', 'medium', 'medium', 'medium']],
    ['homoglyph.fullwidth', 'suspicious', ['medium', 'medium', 'low', 'low', 'low']],
    ['terminal.clipboard', 'malicious', ['high', 'high', 'medium', 'medium', 'medium']],
    ['terminal.colour', 'suspicious', ['high', 'high', 'low', 'low', 'low']],
    ['terminal.overwrite', 'suspicious', ['medium', 'medium', 'low', 'low', 'low']],
    ['terminal.backspace', 'malicious', ['medium', 'medium', 'medium', 'medium', 'medium']],
    ['attack.sql_injection', 'malicious', ['high', 'high', 'high', 'high', 'high']],
    ['attack.sql_injection', 'suspicious', ['medium', 'medium', 'medium', 'medium', 'medium']],
  ])('%s, %s', (kind, verdict, expected) => expect(grades(kind, verdict)).toEqual(expected))

  it.each(['benign', 'unknown', ''])('nothing is made of the verdict %s', (verdict) => {
    for (const kind of ['injection.override', 'unicode.tag', 'attack.ssrf', 'secret.jwt', 'exfiltration.slot'])
      expect(grades(kind, verdict)).toEqual(Array(5).fill(undefined))
  })

  it('a colour that the classifier takes for harmless is a line where a terminal may obey it', () =>
    expect(grades('terminal.colour', 'benign')).toEqual([undefined, undefined, 'low', 'low', undefined]))

  it.each(['', 'injection', 'constructor.x', '__proto__.y', 'weather.rain'])('%s is of no family', (kind) =>
    expect(grades(kind)).toEqual(Array(5).fill(undefined)),
  )

  it('an attack that a text may only show is low', () => {
    const text = { surface: 'arguments', parameterRole: 'text' }
    expect(contentSeverity(found('attack.script_injection', 'suspicious', text))).toBe('low')
    expect(contentSeverity(found('attack.script_injection', 'malicious', text))).toBe('high')
  })

  it.each(['base64', 'hex'])('a doubtful order written in %s is no honest one', (encoding) => {
    const hidden = (more: Partial<ContentFacts>) =>
      contentSeverity(found('injection.memory', 'suspicious', { decodings: ['html', encoding], ...more }))
    expect(hidden({})).toBe('high')
    expect(hidden({ surface: 'arguments' })).toBe('medium')
    expect(hidden({ contentPath: 'contents[0].blob' })).toBe('medium')
    expect(hidden({ contentPath: 'content[0].data' })).toBe('medium')
    expect(hidden({ decodings: ['percent'] })).toBe('medium')
  })
})

describe('secrets and personal data', () => {
  const secret = (kind: string, more: Partial<ContentFacts> = {}, verdict?: string) =>
    contentSeverity(found(`secret.${kind}`, verdict, more))
  it('a proven one that is handed out is critical, one that is passed in is high', () => {
    expect(secret('github_token', { validated: true })).toBe('critical')
    expect(secret('github_token', { validated: true, surface: 'error' })).toBe('critical')
    expect(secret('github_token', { validated: true, surface: 'arguments' })).toBe('high')
    expect(secret('github_token', { validated: true, surface: 'definition' })).toBe('high')
    expect(secret('slack_token')).toBe('high')
  })
  it('what only its name calls a secret, and a key made to be shown, are medium', () => {
    expect(secret('generic', { score: 0.69 })).toBe('medium')
    expect(secret('generic', { score: 0.7 })).toBe('high')
    expect(secret('gcp_api_key')).toBe('medium')
  })
  it('a test key is low', () => expect(secret('stripe_key', {}, 'suspicious')).toBe('low'))
  it('personal data is low, whatever the verdict', () => {
    expect(contentSeverity(found('pii.email', 'benign'))).toBe('low')
    expect(contentSeverity(found('pii.ssn'))).toBe('low')
  })
})

describe('what rules on content share', () => {
  it('a class names a family and what an attack is on', () => {
    expect(familyOf('secret.jwt')).toBe('secret')
    expect(['path_traversal', 'unc_path', 'ssrf', 'xxe'].map((kind) => attackOn(`attack.${kind}`))).toEqual([
      'path',
      'path',
      'address',
      'program',
    ])
    expect(attackOn('injection.command')).toBeUndefined()
  })
  it('what was refused counts one step less, but never nothing', () =>
    expect((['critical', 'high', 'medium', 'low', 'info'] as const).map(asProbe)).toEqual([
      'high',
      'medium',
      'low',
      'low',
      'info',
    ]))
  it('facts that were not said are left out', () => {
    const plain = { ...found('unicode.tag'), parameterRole: '', contentPath: '', domains: [] }
    expect(contentEvidence(plain)).toEqual({ class: 'unicode.tag', verdict: 'malicious', score: 0.9, path: '' })
    expect(sawContent(plain)).toBe('unicode.tag in result')
    const whole = {
      ...plain,
      parameterRole: 'url',
      decodings: ['hex'],
      domains: ['x.example'],
      contentPath: 'a'.repeat(999),
    }
    expect(contentEvidence(whole)).toMatchObject({ role: 'url', decodings: ['hex'], domains: ['x.example'] })
    expect(sawContent(whole).length).toBeLessThan(250)
  })
})

describe('findings of one answer taken together', () => {
  const say = (...all: readonly [kind: string, verdict: string, detector?: string][]) => {
    const seen = noAgreement()
    return all.map(([findingClass, verdict, detector = 'injection']) =>
      agreedSeverity({ findingClass, detector }, contentSeverity(found(findingClass, verdict)) ?? 'info', seen),
    )
  }
  it('a second detector that agrees makes it high', () => {
    expect(say(['injection.memory', 'suspicious'], ['injection.guardrail', 'suspicious', 'shield'])).toEqual([
      'medium',
      'high',
    ])
    expect(say(['injection.memory', 'suspicious'], ['injection.answer', 'suspicious'])).toEqual(['medium', 'medium'])
  })
  it('a marker of a turn and an order do, in any order', () => {
    expect(say(['injection.role_marker', 'malicious'], ['injection.answer', 'suspicious'])).toEqual(['medium', 'high'])
    expect(say(['injection.answer', 'suspicious'], ['injection.role_marker', 'malicious'])).toEqual(['medium', 'high'])
    expect(say(['unicode.tag', 'malicious', 'injection'], ['injection.answer', 'suspicious'])).toEqual([
      'medium',
      'high',
    ])
  })
  it('a detector without a name agrees with nobody', () => {
    expect(say(['injection.memory', 'suspicious', ''], ['injection.answer', 'suspicious'])).toEqual([
      'medium',
      'medium',
    ])
  })
  it('what is worse stays worse', () => expect(say(['injection.conceal', 'malicious'])).toEqual(['high']))
  it('a hundred detectors take no room', () => {
    const seen = noAgreement()
    for (let n = 0; n < 100; n++) agreedSeverity({ findingClass: 'injection.answer', detector: `d${n}` }, 'low', seen)
    expect(seen.detectors).toHaveLength(8)
  })
})
