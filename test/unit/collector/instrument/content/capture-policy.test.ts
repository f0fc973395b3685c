/** What may leave the process: the first rule that fits decides, and an alert adds but never overrules. */
import { describe, expect, it } from 'vitest'
import { CapturePolicy } from '../../../../../collector/instrument/content/capture-policy.ts'
import { capturedArguments, capturedResult } from '../../../../../collector/instrument/content/captured-texts.ts'
import { hashesOf } from '../../../../../collector/instrument/keys/keys.ts'
import { argumentShape } from '../../../../../collector/instrument/messages/shape.ts'

const hashes = hashesOf('00'.repeat(32))
const leaves = (value: unknown) => argumentShape(value, hashes).args
const MAIL = ['jane.doe', 'example.org'].join('@')

describe('a policy', () => {
  const policy = new CapturePolicy([
    { tool: 'admin_*', capture: 'drop' },
    { tool: 'search', parameter: 'query', capture: 'value' },
    { tool: 'search', parameter: 'filters.*', capture: 'redacted' },
    { tool: 'report', parameter: 'result', capture: 'redacted' },
    { parameter: 'note', capture: 'redacted' },
  ])
  it.each([
    ['admin_delete', 'id', 'drop'],
    ['search', 'query', 'value'],
    ['search', 'filters.owner', 'redacted'],
    ['search', 'result', 'hash'],
    ['report', 'result', 'redacted'],
    ['report', 'note', 'redacted'],
    ['report', 'other', 'hash'],
    ['admin_delete', 'result', 'hash'],
  ] as const)('%s %s: %s', (tool, path, capture) => expect(policy.of(tool, path)).toBe(capture))
  it('refuses a rule that cannot be one, naming it', () => {
    expect(() => new CapturePolicy([{ capture: 'all' as never }])).toThrow(/captureRules\[0\].capture/)
    expect(() => new CapturePolicy([{ tool: 7 as never, capture: 'hash' }])).toThrow(/captureRules\[0\]/)
  })
  it('takes a pattern as text: it cannot be made to work for long', () => {
    const hostile = new CapturePolicy([{ tool: `${'a*'.repeat(20)}b`, capture: 'value' }])
    expect(hostile.of('a'.repeat(200), 'x')).toBe('hash')
    expect(new CapturePolicy([{ tool: '(.*)', capture: 'value' }]).of('anything', 'x')).toBe('hash')
  })
})

describe('evidence mode', () => {
  it('keeps the redacted text of a tool until its time is over', () => {
    const policy = new CapturePolicy([])
    expect(policy.isPlain).toBe(true)
    policy.startEvidence('search', 'redacted', 60_000)
    expect(policy.of('search', 'query')).toBe('redacted')
    expect(policy.of('search', 'result')).toBe('redacted')
    expect(policy.of('other', 'query')).toBe('hash')
    policy.startEvidence('search', 'redacted', -1)
    expect(policy.of('search', 'query')).toBe('hash')
    expect(policy.hasEvidence).toBe(false)
  })
  it('does not bring out what a rule keeps in', () => {
    const policy = new CapturePolicy([{ tool: 'search', parameter: '*', capture: 'drop' }])
    policy.startEvidence('search', 'value', 60_000)
    expect(policy.of('search', 'query')).toBe('drop')
  })
  it('ends when it is told to, and after a day at the latest', () => {
    const policy = new CapturePolicy([])
    policy.startEvidence('a', 'value', Number.POSITIVE_INFINITY, Date.now() - 25 * 3_600_000)
    expect(policy.of('a', 'x')).toBe('hash')
    policy.startEvidence('a', 'value', 60_000)
    policy.endEvidence('a')
    expect(policy.of('a', 'x')).toBe('hash')
  })
})

describe('captured arguments', () => {
  const value = { query: 'plain words', files: ['one.txt', 'two.txt'], id: 7, note: `write to ${MAIL}` }
  const policy = new CapturePolicy([
    { tool: 't', parameter: 'id', capture: 'drop' },
    { tool: 't', parameter: 'note', capture: 'redacted' },
    { tool: 't', parameter: 'query', capture: 'value' },
    { tool: 't', parameter: 'files[]', capture: 'value' },
  ])
  it('stand on their leaves, in order; what is dropped is not even named by a hash', () => {
    const captured = capturedArguments(policy, 't', value, leaves(value))
    const byPath = captured.map(({ path, value: text }) => [path, text])
    expect(byPath).toContainEqual(['query', 'plain words'])
    expect(byPath.filter(([path]) => path === 'files[]').map(([, text]) => text)).toEqual(['one.txt', 'two.txt'])
    expect(byPath.some(([path]) => path === 'id')).toBe(false)
  })
  it('of a tool that no rule names are as they were', () => {
    const shape = leaves(value)
    expect(capturedArguments(policy, 'other', value, shape)).toEqual(shape)
  })
  it('are bounded in all, and say that they were cut', () => {
    const long = { query: 'x '.repeat(40_000) }
    const [leaf] = capturedArguments(policy, 't', long, leaves(long))
    expect(leaf!.value!.length).toBeLessThanOrEqual(4_096)
    expect(leaf!.value).toMatch(/\[(cut|unscanned)\]/)
  })
})

describe('a captured result', () => {
  it('has the texts with their places, without types', () => {
    const policy = new CapturePolicy([{ tool: 't', parameter: 'result', capture: 'value' }])
    const result = { content: [{ type: 'text', text: 'forty-two' }], structuredContent: { answer: 'yes' } }
    expect(capturedResult(policy, 't', result)).toEqual([
      { path: 'content[0].text', value: 'forty-two' },
      { path: 'structuredContent.answer', value: 'yes' },
    ])
    expect(capturedResult(policy, 'other', result)).toBeUndefined()
  })
})
