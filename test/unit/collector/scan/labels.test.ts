// Labels: what leaves the process of what was found.
import { describe, expect, it } from 'vitest'
import type { LocatedHit, Scanned } from '../../../../collector/scan/classifier.ts'
import { classesByPath, classesOf, findingsOf, leafPathOf } from '../../../../collector/scan/labels.ts'
import { content } from '../../../../schemas/events/content.ts'

const hit = (over: Partial<LocatedHit>): LocatedHit => ({
  class: 'attack.ssrf',
  score: 0.8,
  verdict: 'malicious',
  start: 0,
  end: 4,
  detector: 'ssrf',
  detectorVersion: '1',
  path: 'args.url',
  role: 'url',
  decodings: [],
  span: 'http',
  ...over,
})
const scanned = (...hits: LocatedHit[]): Scanned => ({ hits, scannedBytes: 10, unscannedBytes: 0 })
const hash = (span: string) => Buffer.from(span).toString('hex')

describe('classes', () => {
  const found = scanned(hit({}), hit({ class: 'pii.email', path: 'args.to[3].mail' }), hit({ class: 'a.b' }), hit({}))
  it('are sorted, each once', () => {
    expect(classesOf(found)).toEqual(['a.b', 'attack.ssrf', 'pii.email'])
  })
  it('stand under their paths, as the shape of arguments names them when asked to', () => {
    expect([...classesByPath(found)]).toEqual([
      ['args.url', ['a.b', 'attack.ssrf']],
      ['args.to[3].mail', ['pii.email']],
    ])
    expect([...classesByPath(found, leafPathOf).keys()]).toEqual(['url', 'to[].mail'])
    expect(leafPathOf('args')).toBe('')
    expect(leafPathOf('args[2]')).toBe('[]')
  })
})

describe('findings', () => {
  it('are one for each class and path, with the facts of the strongest hit', () => {
    const found = scanned(
      hit({ score: 0.6, verdict: 'suspicious', domains: ['a.example'] }),
      hit({ score: 0.9, span: 'best', decodings: ['percent'], domains: ['b.example', 'a.example'], validated: true }),
      hit({ path: 'args.other', verdict: 'suspicious', score: 0.99 }),
    )
    expect(findingsOf(found, 'arguments', hash)).toEqual([
      {
        surface: 'arguments',
        findingClass: 'attack.ssrf',
        hits: 2,
        score: 0.9,
        detector: 'ssrf',
        detectorVersion: '1',
        verdict: 'malicious',
        spanHash: hash('best'),
        contentPath: 'args.url',
        parameterRole: 'url',
        decodings: ['percent'],
        validated: true,
        domains: ['a.example', 'b.example'],
      },
      expect.objectContaining({ contentPath: 'args.other', hits: 1, verdict: 'suspicious' }),
    ])
  })
  it('never hold a span', () => {
    const text = JSON.stringify(findingsOf(scanned(hit({ span: 'the secret itself' })), 'result', () => 'ab12'))
    expect(text).not.toContain('the secret')
  })
  it('are fields that an event takes', () => {
    const many = Array.from({ length: 500 }, (_, i) => hit({ path: 'args.x', domains: [`${i}.example`] }))
    const findings = findingsOf(scanned(...many, hit({ path: `args.${'x'.repeat(600)}` })), 'result', () => 'ab12')
    expect(findings.map((finding) => finding.hits)).toEqual([500, 1])
    for (const finding of findings)
      for (const [field, schema] of Object.entries(content['content.finding']))
        expect([field, schema.safeParse(finding[field as keyof typeof finding]).success]).toEqual([field, true])
  })
  it('are bounded, the strongest first', () => {
    const many = Array.from({ length: 200 }, (_, i) => hit({ path: `args.p${i}`, score: i / 200 }))
    const findings = findingsOf(scanned(...many), 'arguments', hash, 10)
    expect(findings).toHaveLength(10)
    expect(findings[0]!.score).toBeCloseTo(199 / 200)
  })
})
