/** What a server spends on classifying is bounded by what it is told, and never by what a caller sends: counted in characters. */
import { describe, expect, it } from 'vitest'
import { boundsOf } from '../../../../../collector/instrument/content/scan-bounds.ts'
import type { Classifier } from '../../../../../collector/scan/classifier.ts'
import { BOUNDS, scannerOf } from '../../../../../collector/scan/scan.ts'

const BASE = { surface: 'arguments', toolName: 'tool', otherTools: new Set<string>() } as const

/** Scans with a classifier that counts what it is given. */
function counted(value: unknown, bounds = boundsOf()) {
  let asItCame = 0
  let decoded = 0
  let texts = 0
  const counting: Classifier = {
    name: 'counting',
    version: '1',
    surfaces: new Set(['arguments']),
    check({ text, decodings }) {
      texts++
      if (decodings.length === 0) asItCame += text.length
      else decoded += text.length
      return []
    },
  }
  const { unscannedBytes } = scannerOf([counting]).scanValue(value, BASE, bounds)
  return { asItCame, decoded, texts, unscannedBytes }
}

describe('by default', () => {
  it('of one long text 16,384 characters are read', () => {
    const { asItCame, unscannedBytes } = counted({ text: 'x '.repeat(100_000) })
    expect(asItCame).toBe(16_384)
    expect(unscannedBytes).toBe(200_000 - 16_384)
  })
  it('of many texts 65,536 characters are read', () => {
    const { asItCame, unscannedBytes } = counted(Array.from({ length: 100 }, () => 'x '.repeat(5_000)))
    expect(asItCame).toBe(65_536)
    expect(unscannedBytes).toBe(1_000_000 - 65_536)
  })
  it('2,048 properties and elements are visited', () => {
    const { texts, unscannedBytes } = counted(Array.from({ length: 10_000 }, () => 'x'))
    expect(texts).toBe(2_048)
    expect(unscannedBytes).toBe(10_000 - 2_048)
  })
  it('decodings add three times the characters at most, and a little for short texts', () => {
    const inside = (text: string, rounds: number): string =>
      rounds === 0 ? text : inside(Buffer.from(text).toString('base64'), rounds - 1)
    for (const text of [inside('harmless words '.repeat(400), 4), '%25'.repeat(30_000), '&amp;'.repeat(20_000)]) {
      const { asItCame, decoded } = counted({ text })
      expect(asItCame).toBeLessThanOrEqual(16_384)
      // Head and tail are two texts.
      expect(decoded).toBeLessThanOrEqual(3 * asItCame + 2 * 1_024)
    }
  })
})

describe('a server of its own mind', () => {
  it('sets each bound by itself', () => {
    const bounds = boundsOf({ textCharacters: 100, nodes: 3 })
    expect(bounds).toEqual({ textCharacters: 100, valueCharacters: 65_536, nodes: 3, depth: BOUNDS.depth })
    expect(counted(['x '.repeat(500), 'y', 'z', 'w'], bounds)).toMatchObject({ asItCame: 102, unscannedBytes: 901 })
  })
  it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '7' as never, null as never])('cannot set %s', (bound) => {
    expect(() => boundsOf({ valueCharacters: bound })).toThrow(
      'instrument: scanBounds.valueCharacters: must be a whole number above 0',
    )
  })
})
