/** Instants as text and back. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { instantNow, instantOf, rfc3339 } from '../../../../collector/instrument/clock.ts'

describe('rfc3339 and instantOf', () => {
  it('are each other’s inverse to the nanosecond', () => {
    const instants = fc.tuple(fc.integer({ min: 0, max: 4_294_967_295 }), fc.integer({ min: 0, max: 999_999_999 }))
    fc.assert(
      fc.property(instants, (instant) => {
        expect(instantOf(rfc3339(instant))).toEqual(instant)
      }),
    )
    expect(rfc3339([0, 1])).toBe('1970-01-01T00:00:00.000000001Z')
    expect(instantOf(rfc3339(instantNow()))).toBeDefined()
  })
  it('take any number of decimals up to nine, and nothing else', () => {
    expect(instantOf('2026-01-01T00:00:00Z')).toEqual([1_767_225_600, 0])
    expect(instantOf('2026-01-01T00:00:00.5Z')).toEqual([1_767_225_600, 500_000_000])
    for (const none of [undefined, 7, '', 'yesterday', '2026-01-01T00:00:00+01:00'])
      expect(instantOf(none)).toBe(undefined)
  })
})
