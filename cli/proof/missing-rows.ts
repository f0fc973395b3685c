/** Rows that a manifest has and the store has not: which of them another row explains. */
import type { OpenChain } from './open-chain.ts'
import type { OpenSegment } from './open-segment.ts'
import type { Fault } from './verdict.ts'

export interface Missing {
  readonly segment: OpenSegment
  readonly offset: number
  readonly index: number
}
export const missingFault = ({ head: { log, partition, number } }: OpenSegment, position: string): Fault => ({
  ...{ kind: 'row-missing', log, partition, segment: number, position },
  reason: 'the row is gone, and no tombstone gives leave',
})

/** Of identities that miss a row: the earliest receipt, as far as manifests say, of a copy that is there. */
export function survivorsOf(
  missing: ReadonlyMap<string, unknown>,
  open: readonly OpenSegment[],
): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const segment of open)
    for (let row = 0; row < segment.count; row++) {
      if (!segment.hasRight(row)) continue
      const identity = segment.identityOf(row)
      if (!missing.has(identity)) continue
      const { receivedFrom } = segment.head
      const before = found.get(identity)
      if (before === undefined || receivedFrom < before) found.set(identity, receivedFrom)
    }
  return found
}

const DAY_MS = 86_400_000
/** Every day on which a row of these chains may have been received. */
export function daysOf(chains: readonly OpenChain[]): Set<string> {
  const days = new Set<string>()
  for (const { chain } of chains)
    for (const { receivedFrom, receivedTo } of [...chain.main, ...chain.branches]) {
      const last = Date.parse(receivedTo.slice(0, 10))
      for (let day = Date.parse(receivedFrom.slice(0, 10)); day <= last; day += DAY_MS)
        days.add(new Date(day).toISOString().slice(0, 10))
    }
  return days
}
