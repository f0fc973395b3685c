// Runs of positions: packed and unpacked they are the same, and each position is found at its place.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { countOf, packRuns, type Run, RunBuilder, RunIndex, unpackRuns } from '../../../../cli/proof/positions.ts'

const steps = fc.array(fc.tuple(fc.integer({ min: 0, max: 2 ** 33 }), fc.integer({ min: 0, max: 300 })), {
  maxLength: 60,
})
/** Rising positions. */
const positions = steps.map((list) => {
  let [offset, index] = [0, -1]
  return list.map(([step, gap]) => {
    index = step === 0 ? index + 1 + gap : gap
    offset += step
    return [offset, index] as const
  })
})
const runsOf = (list: readonly (readonly [number, number])[]): readonly Run[] => {
  const builder = new RunBuilder()
  for (const [offset, index] of list) builder.add(offset, index)
  return builder.runs
}

describe('runs of positions', () => {
  it('come back from their packed form', () => {
    fc.assert(
      fc.property(positions, (list) => {
        const runs = runsOf(list)
        expect(unpackRuns(packRuns(runs))).toEqual(runs)
        expect(countOf(runs)).toBe(list.length)
      }),
    )
  })
  it('find each of their positions at its place, and no other', () => {
    fc.assert(
      fc.property(positions, fc.nat(400), (list, other) => {
        const index = new RunIndex(runsOf(list))
        expect([...index.positions()]).toEqual(list)
        for (const [at, [offset, i]] of [...list.entries()].reverse()) expect(index.indexOf(offset, i)).toBe(at)
        const isThere = list.some(([offset, i]) => offset === 7 && i === other)
        expect(index.indexOf(7, other) >= 0).toBe(isThere)
      }),
    )
  })
  it('are refused when they are not what we pack', () => {
    for (const bytes of [[128], [1, 2], [0, 0, 0], [1, 5, 3, 0, 7, 1], Array(12).fill(255)])
      expect(unpackRuns(Buffer.from(bytes).toString('base64')), String(bytes)).toBeUndefined()
    expect(unpackRuns('')).toEqual([])
  })
})
