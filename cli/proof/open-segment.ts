/** A manifest while its rows are looked for: which were seen, which are right, and which may be gone. */
import type { SignedHead, Tombstone, TombstoneReason } from '../../schemas/proof.ts'
import { RunIndex, unpackRuns } from './positions.ts'
import { IDENTITY_HASH_BYTES, ROW_HASH_BYTES } from './row-facts.ts'
import type { OpenContent } from './unsealed-rows.ts'

export class OpenSegment {
  readonly head: Pick<SignedHead, 'log' | 'partition' | 'number' | 'first' | 'next' | 'receivedFrom' | 'receivedTo'>
  readonly count: number
  private readonly index: RunIndex
  private readonly content: OpenContent
  private readonly seen: Uint8Array
  private readonly right: Uint8Array
  private readonly leave: { readonly reason: TombstoneReason; readonly rows: RunIndex }[] = []

  constructor(head: OpenSegment['head'], content: OpenContent) {
    this.head = head
    this.content = content
    this.index = new RunIndex(content.runs)
    this.count = this.index.count
    this.seen = new Uint8Array(this.count)
    this.right = new Uint8Array(this.count)
  }

  /** False when its positions are not well formed. */
  allow({ reason, positions }: Tombstone): boolean {
    const runs = unpackRuns(positions)
    if (runs === undefined) return false
    this.leave.push({ reason, rows: new RunIndex(runs) })
    return true
  }

  /** -1 when the manifest does not have the position. */
  rowAt(offset: number, index: number): number {
    return offset < this.head.first || offset >= this.head.next ? -1 : this.index.indexOf(offset, index)
  }
  isRight(row: number, hash: Buffer): boolean {
    const from = row * ROW_HASH_BYTES
    return hash.compare(this.content.rowHashes, from, from + ROW_HASH_BYTES, 0, ROW_HASH_BYTES) === 0
  }
  /** True the first time. */
  mark(row: number, isRight: boolean): boolean {
    const isFirst = this.right[row] === 0
    this.seen[row] = 1
    if (isRight) this.right[row] = 1
    return isFirst
  }
  wasSeen(row: number): boolean {
    return this.seen[row] === 1
  }
  hasRight(row: number): boolean {
    return this.right[row] === 1
  }
  leaveFor(offset: number, index: number): TombstoneReason | undefined {
    return this.leave.find(({ rows }) => rows.indexOf(offset, index) >= 0)?.reason
  }
  hasLeaves(): boolean {
    return this.leave.length > 0
  }
  identityOf(row: number): string {
    const from = row * IDENTITY_HASH_BYTES
    return this.content.identityHashes.toString('latin1', from, from + IDENTITY_HASH_BYTES)
  }
  positions(): Iterable<readonly [offset: number, index: number]> {
    return this.index.positions()
  }
}
