// What is remembered of texts that come again is bounded, and says what would be said anew.
import { describe, expect, it } from 'vitest'
import { codeUnitsOf } from '../../../../collector/scan/code-units.ts'
import { remembered } from '../../../../collector/scan/remembered.ts'

describe('an answer', () => {
  it('is asked once for a text, also when it is undefined', () => {
    const asked: string[] = []
    const answer = remembered((text) => {
      asked.push(text)
      return text === 'no' ? undefined : text.length
    })
    expect([answer('yes'), answer('yes'), answer('no'), answer('no')]).toEqual([3, 3, undefined, undefined])
    expect(asked).toEqual(['yes', 'no'])
  })
  it('is given anew for long texts, and kept for a bounded number of others', () => {
    let asked = 0
    const answer = remembered((text) => {
      asked++
      return text.length
    })
    const long = 'x'.repeat(65)
    expect([answer(long), answer(long)]).toEqual([65, 65])
    expect(asked).toBe(2)
    for (let i = 0; i < 3_000; i++) expect(answer(`text ${i}`)).toBe(`text ${i}`.length)
    answer('text 0')
    expect(asked).toBe(2 + 3_000 + 1)
  })
  it('is told apart for texts that differ only in half a character', () => {
    const answer = remembered((text) => text.charCodeAt(0))
    expect([answer('\ud800'), answer('\ud801'), answer('\ufffd'), answer('\ud800')]).toEqual([
      0xd800, 0xd801, 0xfffd, 0xd800,
    ])
  })
})

describe('code units', () => {
  it('are those of the text asked for last, with zeros behind them', () => {
    for (const text of ['', 'abc', 'a', 'ä€\ud800\u{1f600}', 'x'.repeat(20_000), 'ab'.repeat(9_999), 'b']) {
      const units = codeUnitsOf(text)
      expect([...units.subarray(0, text.length)]).toEqual(
        Array.from({ length: text.length }, (_, i) => text.charCodeAt(i)),
      )
      expect([units[text.length], units[text.length + 1]]).toEqual([0, 0])
      expect(codeUnitsOf(`${text}`)).toBe(units)
    }
  })
})
