// What an edit of a held proof is, and whether a verification has named it.
import type { Fault, FaultKind } from '../../cli/proof/verdict.ts'
import type { Random } from '../faults/random.ts'
import { columnAt, type HeldProof, type HeldRow } from './held-proof.ts'

/** What must be among the faults: a row by its position, or a manifest or tombstone by what the fault says. */
export interface Expected {
  readonly kinds: readonly FaultKind[]
  readonly segment?: number
  readonly position?: string
  readonly reason?: string
}
export interface Edit {
  readonly name: string
  readonly expected: readonly Expected[]
}
/** Undefined where this proof has nothing of the kind. */
export type EditKind = (held: HeldProof, random: Random) => Edit | undefined

export const [OFFSET, INDEX, EVENT_ID] = [columnAt('position_offset'), columnAt('position_index'), columnAt('event_id')]
export const RECEIVED_AT = columnAt('received_at')
export const positionOf = (row: HeldRow): string => `${row[OFFSET] as string}/${row[INDEX] as number}`
export const pick = <T>(random: Random, list: readonly T[]): T => list[random.between(0, list.length - 1)]!

export function segmentOf(held: HeldProof, row: HeldRow): number {
  const offset = Number(row[OFFSET])
  return held.manifests.find(({ first, next }) => offset >= first && offset < next)?.number ?? 0
}
export const rowFault = (
  held: HeldProof,
  row: HeldRow,
  kinds: readonly FaultKind[],
  segment = segmentOf(held, row),
): Expected => ({
  ...{ kinds, segment, position: positionOf(row) },
})

/** Which of the expected nobody named. */
export const unnamed = (expected: readonly Expected[], faults: readonly Fault[]): readonly Expected[] =>
  expected.filter(
    ({ kinds, segment, position, reason }) =>
      !faults.some(
        (fault) =>
          kinds.includes(fault.kind) &&
          (segment === undefined || fault.segment === segment) &&
          (position === undefined || fault.position === position) &&
          (reason === undefined || fault.reason.includes(reason)),
      ),
  )
