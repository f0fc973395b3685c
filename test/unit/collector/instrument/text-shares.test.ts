// How much of a long result says nothing.
import { describe, expect, it } from 'vitest'
import { LONG_CHARACTERS, textShares } from '../../../../collector/instrument/messages/text-shares.ts'

const prose = (characters: number): string =>
  Array.from({ length: Math.ceil(characters / 12) }, (_, n) => `word${(n * 7919) % 100_003} ab`)
    .join(' ')
    .slice(0, characters)

describe('of a long text', () => {
  it('blanks are counted, of any kind', () => {
    expect(textShares(`${' '.repeat(30_000)}do it`)?.blankShare).toBe(1)
    expect(textShares('\u3000'.repeat(15_000) + 'x'.repeat(15_000))?.blankShare).toBe(0.5)
  })
  it('repetition is found, whatever its period', () => {
    for (const period of [1, 7, 64, 333]) {
      const shares = textShares(prose(period).repeat(Math.ceil(60_000 / period)))
      expect(shares!.repeatedShare, `${period}`).toBeGreaterThan(0.6)
    }
    expect(textShares(prose(60_000))!.repeatedShare).toBeLessThan(0.05)
  })
  it('invisible characters are counted, joiners and selectors of emoji are not', () => {
    expect(textShares('\u200b'.repeat(30) + prose(29_970))?.invisibleShare).toBe(0.001)
    expect(textShares('👩\u200d💻\ufe0f'.repeat(6_000))?.invisibleShare).toBe(0)
    expect(textShares('\u{e0041}'.repeat(300) + prose(29_400))?.invisibleShare).toBe(0.01)
  })
  it('the head and the tail are read', () => {
    const shares = textShares(' '.repeat(32_768) + 'x'.repeat(5_000_000) + ' '.repeat(32_768))
    expect(shares).toEqual({ blankShare: 1, invisibleShare: 0, repeatedShare: 0 })
  })
})
it('a text that is not long has no shares', () => {
  expect(textShares('a'.repeat(LONG_CHARACTERS - 1))).toBeUndefined()
  expect(textShares('a'.repeat(LONG_CHARACTERS))).toBeDefined()
})
