/** Leave to go: signed tombstones for rows, written before the rows are deleted. */
import { createHash } from 'node:crypto'
import {
  type RowPlace,
  type SignedHead,
  type Tombstone,
  type TombstoneReason,
  tombstoneText,
} from '../../schemas/proof.ts'
import { packRuns, RunBuilder } from './positions.ts'
import type { Proof } from './proof.ts'
import type { Signer } from './signer.ts'

export interface Leave {
  readonly reason: TombstoneReason
  /** The job, or the person who asked for it. */
  readonly by: string
  readonly note: string
  readonly atMs: number
}
/** Tombstones of one insert. */
const TOGETHER = 500

/** One tombstone for each manifest that the rows are in. The same rows again give the same ids, and so no second tombstone. */
export async function giveLeave(proof: Proof, rows: readonly RowPlace[], leave: Leave): Promise<readonly Tombstone[]> {
  const tombstones: Tombstone[] = []
  const chains = Map.groupBy(rows, ({ log, partition }) => `${log}/${partition}`)
  for (const places of chains.values()) {
    const { log, partition } = places[0]!
    const heads = await proof.store.manifestsAfter(log, partition, 0)
    const numberOf = numbersOf(heads)
    const sorted = places.toSorted((a, b) => a.offset - b.offset || a.index - b.index)
    for (const [number, own] of Map.groupBy(sorted, ({ offset }) => numberOf(offset)))
      tombstones.push(sign(proof.signer, log, partition, number, own, leave))
  }
  for (let from = 0; from < tombstones.length; from += TOGETHER)
    await proof.store.insertTombstones(tombstones.slice(from, from + TOGETHER))
  return tombstones
}

function sign(
  signer: Signer,
  log: string,
  partition: number,
  number: number,
  places: readonly RowPlace[],
  { reason, by, note, atMs }: Leave,
): Tombstone {
  const runs = new RunBuilder()
  let before: RowPlace | undefined
  for (const place of places) {
    if (before?.offset !== place.offset || before.index !== place.index) runs.add(place.offset, place.index)
    before = place
  }
  const positions = packRuns(runs.runs)
  const id = createHash('sha256')
    .update(JSON.stringify([log, partition, number, positions, reason]))
    .digest('hex')
  const unsigned = {
    ...{ id: id.slice(0, 32), log, partition, number, count: runs.count, positions, reason },
    ...{ at: new Date(atMs).toISOString(), by, note, keyId: signer.key.keyId },
  }
  return { ...unsigned, signature: signer.sign(tombstoneText(unsigned)) }
}

/** Which manifest an offset is in; 0 for none. */
function numbersOf(heads: readonly SignedHead[]): (offset: number) => number {
  const byFirst = heads.toSorted((a, b) => a.first - b.first)
  return (offset) => {
    let low = 0
    let high = byFirst.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (byFirst[middle]!.first <= offset) low = middle + 1
      else high = middle
    }
    const found = byFirst[low - 1]
    return found !== undefined && offset < found.next ? found.number : 0
  }
}
