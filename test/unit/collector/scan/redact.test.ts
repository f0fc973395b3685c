// Redaction: spans are replaced by their classes, whole characters only, and what was not read does not pass.
import { describe, expect, it } from 'vitest'
import type { Subject } from '../../../../collector/scan/classifier.ts'
import { redact, redactText } from '../../../../collector/scan/redact.ts'
import { BOUNDS } from '../../../../collector/scan/scan.ts'

const hit = (kind: string, start: number, end: number) => ({ class: kind, start, end })

describe('redact', () => {
  it('a span stands as its class, the rest as it came', () => {
    expect(redact('my key is AKIA1 ok', [hit('secret.aws', 10, 15)])).toBe('my key is [secret.aws] ok')
    expect(redact('nothing', [])).toBe('nothing')
  })
  it('overlapping spans become one, named after the longest; neighbours stay two', () => {
    expect(redact('abcdefghij', [hit('b', 4, 6), hit('a', 2, 5), hit('c', 3, 9)])).toBe('ab[c]j')
    expect(redact('abcdef', [hit('a', 0, 3), hit('b', 3, 6)])).toBe('[a][b]')
    expect(redact('abcdef', [hit('outer', 0, 6), hit('inner', 2, 3)])).toBe('[outer]')
  })
  it('offsets outside the text or inside a character are widened to fit', () => {
    expect(redact('x\u{1f600}y', [hit('a', 2, 2), hit('b', 2, 3)])).toBe('x[a]y')
    expect(redact('x\u{1f600}y', [hit('a', 0, 2)])).toBe('[a]y')
    expect(redact('abc', [hit('a', -5, 1), hit('b', 2, 99)])).toBe('[a]b[b]')
    expect(redact('abc', [hit('a', 2, 1)])).toBe('abc')
  })
})

describe('redactText', () => {
  const subject: Subject = {
    surface: 'arguments',
    role: 'path',
    path: 'args.path',
    toolName: 'read_file',
    otherTools: new Set(),
  }
  it('takes out what it is asked to take out', () => {
    const { text, scanned } = redactText('../../../etc/shadow', subject, () => true)
    expect(text).toMatch(/^\[attack\.\w+\]$/)
    expect(scanned.hits.length).toBeGreaterThan(0)
    expect(redactText('../../../etc/shadow', subject, () => false).text).toBe('../../../etc/shadow')
  })
  it('what no classifier read is taken out, with the word that was cut', () => {
    const secret = 's'.repeat(30)
    const text = `begin ${'w '.repeat(29)}${secret} ${'m '.repeat(200)}${secret} ${'w '.repeat(5)}end`
    const redacted = redactText(text, { ...subject, role: 'text' }, () => false, {
      ...BOUNDS,
      textCharacters: 100,
    }).text
    expect(redacted).toMatch(/^begin (?:w )+\[unscanned\] (?:w )+end$/)
    expect(redacted).not.toContain('sss')
  })
})
