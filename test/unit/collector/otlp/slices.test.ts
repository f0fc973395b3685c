import { describe, expect, it } from 'vitest'
import { batchSlices, readInTurns, slicesOf } from '../../../../collector/otlp/slices.ts'

describe('reading in turns', () => {
  it('keeps all records in their order, with their resource and scope', () => {
    const batches = [150, 0, 3].map((count, at) => ({
      resource: { at },
      scope: { name: String(at), version: '' },
      records: Array.from({ length: count }, (_, number) => `${at}.${number}`),
    }))
    const slices = [...batchSlices(batches)].flat()
    expect(slices.map(({ resource, records }) => [resource['at'], records.length])).toEqual([
      [0, 64],
      [0, 64],
      [0, 22],
      [2, 3],
    ])
    expect(slices.flatMap(({ records }) => records)).toEqual(batches.flatMap(({ records }) => records))
    expect([...slicesOf([1, 2, 3], 2)]).toEqual([[1, 2], [3]])
  })

  it('lets others work in between, and sums up what was read', async () => {
    let turns = 0
    let reading = true
    const count = (): void => {
      turns++
      if (reading) setImmediate(count)
    }
    setImmediate(count)
    const busy = (ms: number): void => {
      const untilMs = performance.now() + ms
      while (performance.now() < untilMs);
    }
    const read = (slice: number): { candidates: number[]; refused: []; ignored: number } => {
      busy(25)
      return { candidates: [slice], refused: [], ignored: slice }
    }
    expect(await readInTurns([1, 2, 3], read)).toEqual({ candidates: [1, 2, 3], refused: [], ignored: 6 })
    reading = false
    expect(turns).toBeGreaterThanOrEqual(2)
  })
})
