// What an alert says in words: titles that read as a sentence and hold nothing a screen acts on, and literals that mean what they show.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { queryOf, reasonOf, titleOf } from '../../../detectors/alert-text.ts'
import { sqlLiteral } from '../../../detectors/sql-literal.ts'
import type { Finding } from '../../../schemas/finding.ts'
import { sampleFinding } from '../../contract/samples.ts'

const finding = (more: Partial<Finding> = {}): Finding =>
  sampleFinding({
    title: 'Token audience mismatch',
    serverId: 'hr',
    toolName: 'lookup',
    principalKey: '0123456789abcdef',
    clientKey: 'ide',
    saw: 'https://graph.example',
    expected: 'https://hr.example',
    ...more,
  })

describe('a title', () => {
  it('says what, where, with which tool, by whom, what was seen and what was expected', () => {
    expect(titleOf(finding())).toBe(
      'Token audience mismatch on hr (tool lookup) by 0123456789ab with ide: saw https://graph.example, expected https://hr.example',
    )
  })
  it('leaves out what is not known', () => {
    const bare = { toolName: '', principalKey: '', clientKey: '', expected: '' }
    expect(titleOf(finding(bare))).toBe('Token audience mismatch on hr: saw https://graph.example')
    expect(titleOf(finding({ ...bare, serverId: '', saw: '' }))).toBe('Token audience mismatch')
  })
  it('cuts what is long, what was seen before what was expected, and says so', () => {
    const title = titleOf(finding({ saw: 's'.repeat(1_000), expected: 'e'.repeat(30) }))
    expect(title).toMatch(/: saw s+…, expected e{30}$/)
    expect(title.length).toBeLessThanOrEqual(200)
    expect(titleOf(finding({ saw: 'short', expected: 'e'.repeat(1_000) }))).toMatch(/: saw short, expected e{40,}…$/)
  })
  it('is one short line that nobody is deceived by, whatever the names are', () => {
    const hostile = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 300 }),
      fc.constantFrom('\u202e', '\u200b'.repeat(50), '\ud83d', '😀'.repeat(200), 'a\r\nb', '\u001b[31m', '\u{e0041}'),
    )
    const any = fc.record({
      title: hostile,
      serverId: hostile,
      toolName: hostile,
      principalKey: hostile,
      clientKey: hostile,
      saw: hostile,
      expected: hostile,
    })
    fc.assert(
      fc.property(any, (names) => {
        const title = titleOf(finding(names))
        expect(title).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/u)
        expect(title.isWellFormed()).toBe(true)
        expect(title.length).toBeLessThanOrEqual(240)
      }),
      { numRuns: 500 },
    )
  })
})

describe('the reason of a severity', () => {
  it('is what the server did, and whether statistics say so', () => {
    expect(reasonOf(finding({ severity: 'high', decision: 'allow' }))).toBe('high: the server allowed it')
    expect(reasonOf(finding({ severity: 'low', decision: 'deny' }))).toBe(
      'low: the server refused it (deny), so it is a probe',
    )
    expect(reasonOf(finding({ severity: 'low', decision: '' }))).toBe('low: the server did not say that it refused it')
    expect(reasonOf(finding({ severity: 'low', decision: 'allow', evidenceLevel: 'inferred' }))).toBe(
      'low: the server allowed it; inferred from what is usual',
    )
    expect(reasonOf(finding({ severity: 'low', eventId: '' }))).toContain('did not happen in time')
  })
})

describe('a text in a query', () => {
  it('is quoted, and shows as what it is', () => {
    expect(sqlLiteral("o'brien\\")).toBe("'o\\'brien\\\\'")
    expect(sqlLiteral('a\nb\u202ec')).toBe("'a\\x0ab\\xe2\\x80\\xaec'")
    expect(sqlLiteral('zürich 東京')).toBe("'zürich 東京'")
  })
  it('never ends its literal or its line', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
        const literal = sqlLiteral(text)
        expect(literal).toMatch(/^'([^'\\]|\\.)*'$/)
        expect(literal).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
      }),
    )
  })
  it('keeps each clause of the query on its line', () => {
    const query = queryOf(
      finding({ tenant: 'a\nOR 1=1', entity: 'server=x' }),
      ['1'.repeat(32)],
      '2026-01-01T00:00:00Z',
      1,
    )
    expect(query.split('\n')).toHaveLength(4)
  })
})
