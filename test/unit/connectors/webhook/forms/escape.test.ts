/** Attacker text is shown, never acted on. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  inertQuery,
  inertText,
  slackCode,
  slackCodeBlock,
  slackText,
  visible,
} from '../../../../../connectors/webhook/forms/escape.ts'
import { HOSTILE } from '../../../../fakes/alerts.ts'

describe('inertText', () => {
  it.each([
    ['https://evil.example/x', 'https[:]//evil.example/x'],
    ['a://b://c', 'a[:]//b[:]//c'],
    ['WWW.evil.example', 'WWW[.]evil.example'],
    ['<at>maria</at>', '‹at›maria‹/at›'],
    ['[click](https://x)', '[click] (https[:]//x)'],
    ['{{DATE(2026-01-01T00:00:00Z)}}', '{ {DATE(2026-01-01T00:00:00Z)}}'],
    ['{{{{', '{ { { {'],
    ['alice@example.com 10:30 a.b', 'alice@example.com 10:30 a.b'],
  ])('%s', (text, expected) => {
    expect(inertText(text)).toBe(expected)
  })
  it('starts nothing and keeps its limit for any text', () => {
    const hostile = fc.array(fc.constantFrom(...'<>{}[]()/:.wW@`*_ax\u202e\ud800'.split(''))).map((all) => all.join(''))
    fc.assert(
      fc.property(hostile, fc.integer({ min: 30, max: 200 }), (text, most) => {
        const shown = inertText(text, most)
        expect(shown.length).toBeLessThanOrEqual(most)
        expect(shown).not.toMatch(/[<>]|:\/\/|\]\(|\{\{|\bwww\./i)
      }),
    )
  })
})

describe('inertQuery', () => {
  it('is the query as it is, or nothing', () => {
    expect(inertQuery("SELECT 1\nWHERE a < 2 AND b = '1:2'", 100)).toBe("SELECT 1\nWHERE a < 2 AND b = '1:2'")
    for (const query of ["SELECT 'https://x'", "SELECT '<at>x'", 'SELECT \u202e1', "SELECT '{{'", 'x'.repeat(101)])
      expect(inertQuery(query, 100)).toBeUndefined()
  })
})

describe('visible', () => {
  it('writes out controls, ANSI, bidi, line breaks, tags, zero widths and lone surrogates', () => {
    expect(visible('a\u001b[31m\u202eb\r\nc\u200b\u2028\u{e0041}\ud800\u3164')).toBe(
      'a\\u{1b}[31m\\u{202e}b\\u{d}\\u{a}c\\u{200b}\\u{2028}\\u{e0041}\\u{d800}\\u{3164}',
    )
  })
  it('leaves letters of every script as they are', () => {
    expect(visible('Ünïcode 漢字 हिन्दी עברית 😀')).toBe('Ünïcode 漢字 हिन्दी עברית 😀')
  })
  it('says how long a text was that it cuts', () => {
    expect(visible('x'.repeat(1000), 40)).toBe(`${'x'.repeat(21)}… (1000 characters)`)
  })
  it('flattens piles of combining marks', () => {
    expect(visible(`a${'\u0301'.repeat(50)}b`)).toBe(`a${'\u0301'.repeat(4)}b`)
  })
  it('keeps one well-formed line within its limit for any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), fc.integer({ min: 30, max: 200 }), (text, most) => {
        const shown = visible(text, most)
        expect(shown.length).toBeLessThanOrEqual(most)
        expect(shown.isWellFormed()).toBe(true)
        expect(shown).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
      }),
    )
  })
  it('does no more work for ten million characters than the limit asks', () => {
    expect(visible('\u202e'.repeat(10_000_000), 60)).toMatch(/^(\\u\{202e\}){4}… \(10000000 characters\)$/)
  })
})

describe('Slack text', () => {
  it('cannot hold a link, a mention or a channel call', () => {
    expect(slackText('<!channel> <@U1> <https://evil|x> &lt;!here&gt;')).toBe(
      '&lt;!channel&gt; &lt;@U1&gt; &lt;https://evil|x&gt; &amp;lt;!here&amp;gt;',
    )
  })
  it('cuts no entity in two', () => {
    expect(slackText('<'.repeat(100), 40)).toMatch(/^(&lt;)+… \(100 characters\)$/)
  })
  it('is code that a backtick cannot end', () => {
    expect(slackCode('a`*b*`')).toBe("`a'*b*'`")
    expect(slackCode('  ')).toBe('–')
  })
  it('leaves neither angle bracket nor backtick of hostile text', () => {
    expect(slackCode(HOSTILE).slice(1, -1)).not.toMatch(/[<>`\n]/)
  })
  it('keeps the lines of a query and gives up rather than cut it', () => {
    expect(slackCodeBlock('SELECT 1\nWHERE a < b', 100)).toBe('```\nSELECT 1\nWHERE a &lt; b\n```')
    expect(slackCodeBlock('a ``` b', 100)).toBe("```\na ''' b\n```")
    expect(slackCodeBlock('x'.repeat(100), 50)).toBeUndefined()
  })
})
