// Event time agrees with Date.parse wherever both can read it.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { millisecondsOf } from '../../../../detectors/engine/event-time.ts'

describe('event time', () => {
  it('is what Date.parse says, for any moment', () => {
    const moments = fc.date({
      min: new Date('0001-01-01T00:00:00Z'),
      max: new Date('9999-12-31T23:59:59.999Z'),
      noInvalidDate: true,
    })
    fc.assert(fc.property(moments, (date) => millisecondsOf(date.toISOString()) === date.getTime()))
  })
  it.each([
    ['2026-11-24T01:02:03Z', '2026-11-24T01:02:03.000Z'],
    ['2026-11-24T01:02:03.5Z', '2026-11-24T01:02:03.500Z'],
    ['2026-11-24T01:02:03.07Z', '2026-11-24T01:02:03.070Z'],
    ['2026-11-24T01:02:03.123999999Z', '2026-11-24T01:02:03.123Z'],
    ['2024-02-29T23:59:59.999Z', '2024-02-29T23:59:59.999Z'],
  ])('%s is %s', (text, expected) => {
    expect(new Date(millisecondsOf(text)).toISOString()).toBe(expected)
  })
})
