/** What a verification found, and how it is said. */
import type { TombstoneReason } from '../../schemas/proof.ts'

export const FAULT_KINDS = [
  ...['row-changed', 'row-missing', 'row-inserted'],
  ...['manifest-changed', 'manifest-missing', 'chain-cut', 'tombstone-forged', 'key-changed', 'key-not-pinned'],
] as const
export type FaultKind =
  | 'row-changed'
  | 'row-missing'
  | 'row-inserted'
  | 'manifest-changed'
  | 'manifest-missing'
  | 'chain-cut'
  | 'tombstone-forged'
  | 'key-changed'
  | 'key-not-pinned'

export interface Fault {
  readonly kind: FaultKind
  readonly log: string
  readonly partition: number
  /** Manifest the row belongs to; 0 when it has none. */
  readonly segment: number
  /** Where the row stands, `offset/index`. */
  readonly position?: string
  /** Of the row that stands there now. */
  readonly eventId?: string
  readonly reason: string
}
export interface Summary {
  segments: number
  /** Rows that are there, whole and proven. */
  proven: number
  /** Copies of a row at the same position: a late insert, gone at the next merge. */
  copies: number
  /** Rows that are gone with a tombstone. */
  gone: Record<TombstoneReason, number>
  /** Rows that have a tombstone and are still there. */
  leaving: number
  /** Copies of an event that gave way to the one received first, not yet with a tombstone. */
  merged: number
  /** Rows not yet in a manifest: those the state knows of, and those newer than that. */
  unsealed: number
  unknownTail: number
  /** Rows from before the chain began, or whose manifest is gone or changed. */
  unproven: number
  /** Manifests beside the chain: what an owner wrote that had been replaced. */
  branches: number
}
export interface Verdict {
  readonly isWhole: boolean
  readonly summary: Summary
  readonly faults: readonly Fault[]
  /** Faults beyond those listed. */
  readonly more: number
  readonly notes: readonly string[]
}

export const emptySummary = (): Summary => ({
  ...{ segments: 0, proven: 0, copies: 0, gone: { retention: 0, duplicate: 0, erase: 0 }, leaving: 0, merged: 0 },
  ...{ unsealed: 0, unknownTail: 0, unproven: 0, branches: 0 },
})

/** Keeps the first, counts all. */
export class FaultList {
  readonly kept: Fault[] = []
  more = 0
  private readonly most: number
  constructor(most: number) {
    this.most = most
  }
  add(fault: Fault): void {
    if (this.kept.length < this.most) this.kept.push(fault)
    else this.more += 1
  }
}

const faultText = ({ kind, log, partition, segment, position, eventId, reason }: Fault): string => {
  const where = log === '' ? '' : ` log ${log} partition ${partition}${segment > 0 ? ` segment ${segment}` : ''}`
  const row = position === undefined ? '' : ` row ${position}`
  return `TAMPERED ${kind}:${where}${row}${eventId === undefined ? '' : ` event ${eventId}`}: ${reason}`
}
export function verdictText({ isWhole, summary, faults, more, notes }: Verdict): string {
  const { retention, duplicate, erase } = summary.gone
  return [
    ...faults.map(faultText),
    ...(more > 0 ? [`… and ${more} more`] : []),
    ...notes.map((note) => `note: ${note}`),
    `segments ${summary.segments}, rows proven ${summary.proven}`,
    `gone with a tombstone: retention ${retention}, duplicate ${duplicate}, erase ${erase}; tombstone and still there ${summary.leaving}`,
    `merged copies without a tombstone yet ${summary.merged}, copies at one position ${summary.copies}`,
    `unsealed tail ${summary.unsealed}, newer than the state ${summary.unknownTail}, unproven ${summary.unproven}, manifests beside the chain ${summary.branches}`,
    isWhole ? 'OK: nothing was changed, removed, added or reordered' : `TAMPERED: ${faults.length + more} faults`,
  ].join('\n')
}
