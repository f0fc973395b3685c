/** Finding the bad rows of a refused insert without losing their neighbours, with few inserts. */

import type { RefusedRow } from '../../schemas/ports.ts'
import { failpoint, sabotage } from '../failpoint.ts'

/** Inserts the lines [from, to); resolves when durable, answers the reason when a row among them is refused, throws on trouble of the store. */
export type InsertLines = (from: number, to: number) => Promise<string | undefined>

/**
 * Called after the insert of all `count` lines was refused with `reason`. Invariant: everything before `low` is stored or refused, and a
 * bad row lies in [low, high). Each probe inserts the left half of that: stored, or the bad row is in it. When it is found, everything
 * right of it goes in one insert. For one bad row that is at most log2(n) + 1 inserts.
 */
export async function bisect(count: number, reason: string, insert: InsertLines): Promise<readonly RefusedRow[]> {
  const refused: RefusedRow[] = []
  if (sabotage('no-bisect')) return [{ line: 0, reason }]
  let low = 0
  let fault: string | undefined = reason
  while (fault !== undefined) {
    let high = count
    while (high - low > 1) {
      const middle = low + Math.ceil((high - low) / 2)
      const left = await insert(low, middle)
      failpoint('between-bisect-inserts')
      if (left === undefined) low = middle
      else {
        high = middle
        fault = left
      }
    }
    refused.push({ line: low, reason: fault })
    low += 1
    fault = low < count ? await insert(low, count) : undefined
  }
  return refused
}
