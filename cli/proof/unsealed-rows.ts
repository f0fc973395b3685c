/** Rows that are in the store and not yet in a manifest: their hashes, positions and the span of their receipt. */
import { createHash } from 'node:crypto'
import type { ManifestHead, ProofContent, UnsealedContent } from '../../schemas/proof.ts'
import { packRuns, type Run, RunBuilder, unpackRuns } from './positions.ts'
import { IDENTITY_HASH_BYTES, ROW_HASH_BYTES, readRow } from './row-facts.ts'

/** Rows whose hashes are one element of the columns of a manifest. */
export const BLOCK_ROWS = 1_024
const FIRST_ROWS = 1_024
const LINE_END = 0x0a

/** What the rows make of a manifest. */
export type SealedRows = ProofContent &
  Pick<ManifestHead, 'first' | 'next' | 'count' | 'receivedFrom' | 'receivedTo' | 'contentHash'>
export class UnsealedRows {
  private offsets: number[] = []
  private indexes: number[] = []
  private rowHashes = Buffer.alloc(FIRST_ROWS * ROW_HASH_BYTES)
  private identityHashes = Buffer.alloc(FIRST_ROWS * IDENTITY_HASH_BYTES)
  private receivedFrom = ''
  private receivedTo = ''

  get count(): number {
    return this.offsets.length
  }

  /** Every line of the text but those whose number is in `without`. */
  addLines(text: Buffer, without: ReadonlySet<number>): void {
    let line = 0
    for (let from = 0; from < text.length; line++) {
      const found = text.indexOf(LINE_END, from)
      const to = found < 0 ? text.length : found
      if (to > from && !without.has(line)) this.add(text, from, to)
      from = to + 1
    }
  }

  private add(text: Buffer, from: number, to: number): void {
    const at = this.offsets.length
    if ((at + 1) * ROW_HASH_BYTES > this.rowHashes.length) {
      this.rowHashes = Buffer.concat([this.rowHashes, Buffer.alloc(this.rowHashes.length)])
      this.identityHashes = Buffer.concat([this.identityHashes, Buffer.alloc(this.identityHashes.length)])
    }
    const { offset, index, receivedAt } = readRow(text, from, to, this.rowHashes, this.identityHashes, at)
    this.offsets.push(offset)
    this.indexes.push(index)
    if (this.receivedFrom === '' || receivedAt < this.receivedFrom) this.receivedFrom = receivedAt
    if (receivedAt > this.receivedTo) this.receivedTo = receivedAt
  }

  /** Forget rows below an offset: a manifest holds them. */
  dropBelow(next: number): void {
    const saved = this.save()
    this.clear()
    this.restore(saved, next)
  }

  clear(): void {
    this.offsets = []
    this.indexes = []
    this.receivedFrom = ''
    this.receivedTo = ''
  }

  /** All rows in the order of positions, cut where an offset ends once a piece has `most` rows. */
  sealed(most: number): SealedRows[] {
    const order = this.order()
    const pieces: SealedRows[] = []
    for (let from = 0; from < order.length; ) {
      let to = Math.min(from + most, order.length)
      while (to < order.length && this.offsets[order[to]!] === this.offsets[order[to - 1]!]) to += 1
      pieces.push(this.piece(order.slice(from, to)))
      from = to
    }
    return pieces
  }

  save(): UnsealedContent {
    const { receivedFrom, receivedTo } = this
    const { positions, rowHashes, identityHashes } = this.content(this.order())
    return { positions, rowHashes, identityHashes, receivedFrom, receivedTo }
  }

  restore(saved: UnsealedContent, from = 0): void {
    const rowHashes = Buffer.concat(saved.rowHashes.map((block) => Buffer.from(block, 'base64')))
    const identityHashes = Buffer.concat(saved.identityHashes.map((block) => Buffer.from(block, 'base64')))
    let row = 0
    const kept: number[] = []
    for (const { offset, index, count } of unpackRuns(saved.positions) ?? [])
      for (let i = 0; i < count; i++, row++) {
        if (offset < from) continue
        this.offsets.push(offset)
        this.indexes.push(index + i)
        kept.push(row)
      }
    const room = Math.max(kept.length, FIRST_ROWS)
    this.rowHashes = Buffer.alloc(room * ROW_HASH_BYTES)
    this.identityHashes = Buffer.alloc(room * IDENTITY_HASH_BYTES)
    for (const [at, of] of kept.entries()) {
      rowHashes.copy(this.rowHashes, at * ROW_HASH_BYTES, of * ROW_HASH_BYTES, (of + 1) * ROW_HASH_BYTES)
      const [first, end] = [of * IDENTITY_HASH_BYTES, (of + 1) * IDENTITY_HASH_BYTES]
      identityHashes.copy(this.identityHashes, at * IDENTITY_HASH_BYTES, first, end)
    }
    if (kept.length === 0) return
    this.receivedFrom = saved.receivedFrom
    this.receivedTo = saved.receivedTo
  }

  /** Rows come in the order of positions but after a rewind; a position that came twice counts as it came last. */
  private order(): number[] {
    const { offsets, indexes } = this
    const order = offsets.map((_, at) => at)
    const compare = (a: number, b: number): number => offsets[a]! - offsets[b]! || indexes[a]! - indexes[b]! || a - b
    if (order.some((at) => at > 0 && compare(at - 1, at) >= 0)) order.sort(compare)
    const isSame = (a: number, b: number | undefined): boolean =>
      b !== undefined && offsets[a] === offsets[b] && indexes[a] === indexes[b]
    return order.filter((at, place) => !isSame(at, order[place + 1]))
  }

  private piece(order: readonly number[]): SealedRows {
    const content = this.content(order)
    return {
      ...content,
      first: this.offsets[order[0]!]!,
      next: this.offsets[order.at(-1)!]! + 1,
      count: order.length,
      receivedFrom: this.receivedFrom,
      receivedTo: this.receivedTo,
      contentHash: contentHash(content),
    }
  }

  private content(order: readonly number[]): ProofContent {
    const positions = new RunBuilder()
    for (const at of order) positions.add(this.offsets[at]!, this.indexes[at]!)
    return {
      positions: packRuns(positions.runs),
      rowHashes: blocksOf(this.rowHashes, order, ROW_HASH_BYTES),
      identityHashes: blocksOf(this.identityHashes, order, IDENTITY_HASH_BYTES),
    }
  }
}

function blocksOf(hashes: Buffer, order: readonly number[], bytes: number): string[] {
  const blocks: string[] = []
  for (let from = 0; from < order.length; from += BLOCK_ROWS) {
    const rows = order.slice(from, from + BLOCK_ROWS)
    const block = Buffer.allocUnsafe(rows.length * bytes)
    for (const [at, row] of rows.entries()) hashes.copy(block, at * bytes, row * bytes, (row + 1) * bytes)
    blocks.push(block.toString('base64'))
  }
  return blocks
}

/** Over the texts as they stand, so that no other spelling of the same bytes passes. */
export const contentHash = ({ positions, rowHashes, identityHashes }: ProofContent): string =>
  createHash('sha256')
    .update(JSON.stringify([positions, rowHashes, identityHashes]))
    .digest('hex')

/** Rows that a content holds, by what it says itself. */
export const rowsIn = ({ rowHashes }: ProofContent): number =>
  rowHashes.reduce((sum, block) => sum + Buffer.from(block, 'base64').length, 0) / ROW_HASH_BYTES

/** The rows of a manifest, ready to be looked up; undefined when its content is not well formed. */
export interface OpenContent {
  readonly runs: readonly Run[]
  readonly rowHashes: Buffer
  readonly identityHashes: Buffer
}
export function openContent(content: ProofContent, count: number): OpenContent | undefined {
  const runs = unpackRuns(content.positions)
  const rowHashes = Buffer.concat(content.rowHashes.map((block) => Buffer.from(block, 'base64')))
  const identityHashes = Buffer.concat(content.identityHashes.map((block) => Buffer.from(block, 'base64')))
  const isWhole =
    runs?.reduce((sum, run) => sum + run.count, 0) === count &&
    rowHashes.length === count * ROW_HASH_BYTES &&
    identityHashes.length === count * IDENTITY_HASH_BYTES
  return isWhole ? { runs: runs!, rowHashes, identityHashes } : undefined
}
