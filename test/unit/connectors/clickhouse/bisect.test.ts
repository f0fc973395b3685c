/** Bisection, against every position of bad rows in small batches. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { bisect } from '../../../../connectors/clickhouse/bisect.ts'

/** Bisects `count` rows of which `bad` are refused; what was stored, what refused, and how many inserts it took. */
async function run(count: number, bad: ReadonlySet<number>) {
  const stored: number[] = []
  let inserts = 0
  const refused = await bisect(count, 'first', async (from, to) => {
    inserts += 1
    const rows = Array.from({ length: to - from }, (_, i) => from + i)
    if (rows.some((row) => bad.has(row))) return 'refused'
    stored.push(...rows)
    return undefined
  })
  return { stored, refused: refused.map(({ line }) => line), inserts }
}

it('refuses exactly the bad rows and stores every other one once, in order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 40 }), fc.array(fc.nat(39), { minLength: 1 }), async (count, lines) => {
      const bad = new Set(lines.map((line) => line % count))
      const { stored, refused } = await run(count, bad)
      expect(refused).toEqual([...bad].sort((a, b) => a - b))
      expect(stored).toEqual(Array.from({ length: count }, (_, i) => i).filter((i) => !bad.has(i)))
    }),
  )
})

it('needs at most log2(n) + 1 inserts for one bad row, wherever it is', async () => {
  for (const count of [1, 2, 3, 64, 100, 1000])
    for (let bad = 0; bad < count; bad += Math.ceil(count / 50))
      expect((await run(count, new Set([bad]))).inserts).toBeLessThanOrEqual(Math.ceil(Math.log2(count)) + 1)
})
