/** The grade of a change follows from what changed: both sides made as producers make them. */
import { describe, expect, it } from 'vitest'
import { fingerprintTool, type Listed } from '../../../../collector/instrument/registry/definitions.ts'
import { gradeChange } from '../../../../detectors/definitions/change.ts'
import { factsOf } from '../../../../detectors/definitions/facts.ts'

const schema = (properties: object, more: object = {}) => ({ type: 'object', properties, ...more })
const base = {
  name: 'fetch_page',
  title: 'Fetch',
  description: 'Fetches one page of the wiki.',
  inputSchema: schema({ page: { type: 'string' }, limit: { type: 'integer', maximum: 50 } }, { required: ['page'] }),
  annotations: { readOnlyHint: true, destructiveHint: false },
}
type Found = { readonly findings?: readonly string[]; readonly verdicts?: readonly string[] }
const grade = (before: Listed | undefined, after: Listed | undefined, was: Found = {}, is: Found = {}) =>
  gradeChange(
    before && ({ ...fingerprintTool(before), ...was } as ReturnType<typeof fingerprintTool>),
    after && ({ ...fingerprintTool(after), ...is } as ReturnType<typeof fingerprintTool>),
  )
const properties = (more: object, required = ['page']) => ({
  ...base,
  inputSchema: schema({ ...base.inputSchema.properties, ...more }, { required }),
})
const asInput = (one: object) => ({ ...base, inputSchema: schema({ page: { type: 'string' }, one }) })

describe('gradeChange', () => {
  it.each<[string, Listed | undefined, Listed | undefined, string, string]>([
    ['nothing', base, base, 'none', 'info'],
    [
      'spacing, case and punctuation',
      base,
      { ...base, description: 'fetches  one page of the Wiki' },
      'cosmetic',
      'info',
    ],
    ['other words', base, { ...base, description: 'Always fetches one page. You must name it.' }, 'compatible', 'low'],
    ['the title', base, { ...base, title: 'Wiki' }, 'compatible', 'low'],
    ['an optional parameter', base, properties({ language: { type: 'string' } }), 'compatible', 'low'],
    [
      'a required parameter',
      base,
      properties({ language: { type: 'string' } }, ['page', 'language']),
      'compatible',
      'low',
    ],
    ['a parameter less', properties({ language: { type: 'string' } }), base, 'compatible', 'low'],
    ['_meta', base, { ...base, _meta: { a: 1 } }, 'compatible', 'low'],
    ['a parameter that takes a URL', base, properties({ url: { type: 'string' } }), 'widened', 'medium'],
    ['a parameter that takes a command', base, properties({ command: { type: 'string' } }), 'widened', 'medium'],
    ['a limit that goes', base, properties({ limit: { type: 'integer' } }), 'widened', 'medium'],
    ['a choice that goes', asInput({ enum: ['a', 'b'] }), asInput({ type: 'string' }), 'widened', 'medium'],
    ['a choice of more', asInput({ enum: ['a', 'b'] }), asInput({ enum: ['a', 'b', 'c'] }), 'cosmetic', 'info'],
    [
      'a pattern that goes',
      asInput({ type: 'string', pattern: '^a' }),
      asInput({ type: 'string' }),
      'widened',
      'medium',
    ],
    ['a number that becomes a text', asInput({ type: 'number' }), asInput({ type: 'string' }), 'widened', 'medium'],
    ['a text that may be null', asInput({ type: 'string' }), asInput({ type: ['string', 'null'] }), 'cosmetic', 'info'],
    ['a text that becomes a choice', asInput({ type: 'string' }), asInput({ enum: ['a'] }), 'compatible', 'low'],
    [
      'an object that is open now',
      asInput({ type: 'object', properties: {}, additionalProperties: false }),
      asInput({ type: 'object', properties: {} }),
      'widened',
      'medium',
    ],
    [
      'a choice inside a list and a reference',
      {
        ...base,
        inputSchema: schema(
          { all: { type: 'array', items: { $ref: '#/$defs/one' } } },
          { $defs: { one: schema({ kind: { enum: ['a'] } }) } },
        ),
      },
      {
        ...base,
        inputSchema: schema(
          { all: { type: 'array', items: { $ref: '#/$defs/one' } } },
          { $defs: { one: schema({ kind: { type: 'string' } }) } },
        ),
      },
      'widened',
      'medium',
    ],
    [
      'it no longer only reads',
      base,
      { ...base, annotations: { readOnlyHint: false, destructiveHint: false } },
      'annotation_weakened',
      'medium',
    ],
    [
      'it does not say any more that it only reads',
      base,
      { ...base, annotations: { destructiveHint: false } },
      'annotation_weakened',
      'medium',
    ],
    ['a hint for the first time', { ...base, annotations: {} }, base, 'compatible', 'low'],
    ['the name', base, { ...base, name: 'fetch' }, 'identity', 'medium'],
    ['a new tool', undefined, base, 'added', 'low'],
    ['a new tool that takes commands', undefined, properties({ command: { type: 'string' } }), 'widened', 'medium'],
    ['a tool that goes', base, undefined, 'removed', 'info'],
  ])('%s', (_, before, after, expected, severity) => {
    expect(grade(before, after)).toMatchObject({ grade: expected, severity })
  })

  const worded = { ...base, description: 'Other words.' }
  const found = (verdict: string, ...kinds: string[]): Found => ({
    findings: kinds,
    verdicts: kinds.map((kind) => `${kind}=${verdict}`),
  })
  it.each<[string, Found, Found, string]>([
    ['a class that was not there', {}, found('suspicious', 'injection.conceal'), 'injected'],
    ['a class without a verdict', {}, { findings: ['injection.conceal'] }, 'injected'],
    [
      'a class that was there',
      found('suspicious', 'injection.conceal'),
      found('suspicious', 'injection.conceal'),
      'compatible',
    ],
    ['a worse verdict', found('suspicious', 'injection.conceal'), found('malicious', 'injection.conceal'), 'injected'],
    [
      'a better verdict',
      found('malicious', 'injection.conceal'),
      found('suspicious', 'injection.conceal'),
      'compatible',
    ],
    ['a trace of an order', {}, found('benign', 'injection.answer'), 'suspected'],
    ['two traces', {}, found('benign', 'injection.answer', 'injection.persona'), 'injected'],
    ['a trace of something else', {}, found('benign', 'unicode.padding'), 'compatible'],
    ['personal data', {}, found('malicious', 'pii.email'), 'compatible'],
  ])('with %s', (_, was, is, expected) => {
    expect(grade(base, worded, was, is).grade).toBe(expected)
  })

  it('knows nothing of a shape that a producer does not tell, and says the gravest first', () => {
    const { inputShape: _, wordingHash: __, ...old } = fingerprintTool(base)
    expect(gradeChange(old, fingerprintTool(properties({ url: { type: 'string' } })))).toMatchObject({
      grade: 'compatible',
    })
    const both = { ...properties({ url: { type: 'string' } }), annotations: {} }
    expect(grade(base, both).reasons).toEqual(['readOnlyHint true became absent', 'url is new and takes a url'])
  })
  it('keeps under 3.5 KB of any definition', () => {
    const many = Object.fromEntries(Array.from({ length: 400 }, (_, i) => [`property_${i}`, { type: 'string' }]))
    const kinds = Array.from({ length: 80 }, (_, i) => `injection.kind_${i}`)
    const facts = factsOf({ ...fingerprintTool({ ...base, inputSchema: schema(many) }), findings: kinds })
    expect(JSON.stringify(facts).length).toBeLessThan(3_500)
  })
})
