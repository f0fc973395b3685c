/** Rows of state of one (tenant, scope): one row per key, shared by all rules of the scope, bounded, with deterministic eviction. */
import { needsLastColumn, readersOf, type Scope } from './scope.ts'
import type { View } from './view.ts'

const CHUNK_BITS = 8
export const CHUNK_ROWS = 1 << CHUNK_BITS
const CHUNK_MASK = CHUNK_ROWS - 1
/** Rows a block begins with; it doubles: most tenants have a few keys of a scope. */
const FIRST_ROWS = 8
/** Rows looked at to find the least recently seen one when the space is full. */
const EVICTION_CANDIDATES = 8
/** Rows looked at per new key, to free what has expired for every rule. */
const SWEEP_STEP = 2
export const NO_ROW = -1

/** What the rules of one scope need per row: numbers (column 0 is the time last seen) and objects. */
export interface Layout {
  readonly width: number
  readonly objects: number
  /** Longest ttl of its rules: after it a row is empty for all of them. */
  readonly ttlMs: number
}
type Branch = Map<string, unknown>

function childOf(branch: Branch, value: string): Branch {
  const child = branch.get(value) as Branch | undefined
  if (child !== undefined) return child
  const made: Branch = new Map()
  branch.set(value, made)
  return made
}

/** State: see `Snapshot` in snapshot.ts. Evictions depend on the events alone, so a replay evicts the same rows. */
export class Space {
  readonly tenant: string
  readonly scope: Scope
  readonly layout: Layout
  readonly capacity: number
  /** Blocks of up to 256 rows of doubles: replaced as rows are added, which no rule does while it holds one. */
  readonly numbers: Float64Array[] = []
  /** By object column, then by row. */
  readonly objects: unknown[][]
  /** Key of each row; undefined: the row is free. */
  readonly keys: (readonly string[] | undefined)[] = []
  /** Rises when a row is freed: tells a timer that its row has another owner now. */
  readonly generations: number[] = []
  readonly free: number[] = []
  hand = 0
  sweep = 0
  evictions = 0
  private readonly readers: readonly ((view: View) => string)[]
  private readonly needsLast: boolean
  private readonly root: Branch = new Map()

  constructor(tenant: string, scope: Scope, layout: Layout, capacity: number) {
    this.tenant = tenant
    this.scope = scope
    this.layout = layout
    this.capacity = capacity
    this.objects = Array.from({ length: layout.objects }, () => [])
    this.readers = readersOf(scope)
    this.needsLast = needsLastColumn(scope)
  }

  get size(): number {
    return this.keys.length - this.free.length
  }

  /** The row of this event’s key, made when new; NO_ROW when the key is incomplete. `watermarkMs` decides what has expired. */
  resolve(view: View, watermarkMs: number): number {
    const readers = this.readers
    const last = readers.length - 1
    const leaf = readers[last]!(view)
    if (leaf === '' && this.needsLast) return NO_ROW
    let branch: Branch = this.root
    for (let i = 0; i < last; i++) {
      const value = readers[i]!(view)
      branch = childOf(branch, value)
    }
    const row = (branch.get(leaf) as number | undefined) ?? this.add(view, branch, watermarkMs)
    const chunk = this.numbers[row >> CHUNK_BITS]!
    const at = (row & CHUNK_MASK) * this.layout.width
    if (view.ts > chunk[at]!) chunk[at] = view.ts
    return row
  }

  /** The row of a key, if there is one. */
  find(key: readonly string[]): number {
    let branch: unknown = this.root
    for (const value of key) {
      branch = (branch as Branch).get(value)
      if (branch === undefined) return NO_ROW
    }
    return branch as number
  }

  chunk(row: number): Float64Array {
    return this.numbers[row >> CHUNK_BITS]!
  }
  base(row: number): number {
    return (row & CHUNK_MASK) * this.layout.width
  }

  /** Take a row from a snapshot: rows keep their numbers, because eviction depends on them. */
  put(row: number, key: readonly string[], generation: number): void {
    this.grow(row + 1)
    this.generations[row] = generation
    this.keys[row] = key
    this.link(key, row)
  }

  private add(view: View, branch: Branch, watermarkMs: number): number {
    const key = this.readers.map((read) => read(view))
    this.sweepExpired(watermarkMs)
    if (this.free.length === 0 && this.keys.length >= this.capacity) this.evict()
    const row = this.free.pop() ?? this.keys.length
    this.grow(row + 1)
    this.keys[row] = key
    // Freeing a row may have removed the branch that was found before, if it is empty.
    if (branch.size > 0) branch.set(key[key.length - 1]!, row)
    else this.link(key, row)
    return row
  }

  private link(key: readonly string[], row: number): void {
    const last = key.length - 1
    let branch = this.root
    for (let i = 0; i < last; i++) branch = childOf(branch, key[i]!)
    branch.set(key[last]!, row)
  }

  /** Room for rows up to `rows`; new ones are free until a key is put there. */
  grow(rows: number): void {
    for (let block = Math.max(0, this.numbers.length - 1); block * CHUNK_ROWS < rows; block++)
      this.growBlock(block, Math.min(CHUNK_ROWS, rows - block * CHUNK_ROWS))
    while (this.keys.length < rows) {
      this.keys.push(undefined)
      this.generations.push(0)
      for (const column of this.objects) column.push(undefined)
    }
  }

  private growBlock(block: number, rows: number): void {
    const { width } = this.layout
    const before = this.numbers[block]
    if (before !== undefined && before.length >= rows * width) return
    let room = before === undefined ? FIRST_ROWS : before.length / width
    while (room < rows) room *= 2
    const numbers = new Float64Array(room * width)
    if (before !== undefined) numbers.set(before)
    this.numbers[block] = numbers
  }

  private sweepExpired(watermarkMs: number): void {
    const rows = this.keys.length
    for (let i = 0; i < SWEEP_STEP && i < rows; i++) {
      this.sweep = this.sweep + 1 < rows ? this.sweep + 1 : 0
      if (this.keys[this.sweep] === undefined) continue
      const seenMs = this.chunk(this.sweep)[this.base(this.sweep)]!
      if (watermarkMs - seenMs > this.layout.ttlMs) this.release(this.sweep)
    }
  }

  /** Free the least recently seen of the rows at the hand. */
  private evict(): void {
    const rows = this.keys.length
    let oldest = this.hand % rows
    for (let i = 1; i < EVICTION_CANDIDATES && i < rows; i++) {
      const row = (this.hand + i) % rows
      if (this.chunk(row)[this.base(row)]! < this.chunk(oldest)[this.base(oldest)]!) oldest = row
    }
    this.hand = (this.hand + EVICTION_CANDIDATES) % rows
    this.evictions++
    this.release(oldest)
  }

  private release(row: number): void {
    this.unlink(this.root, this.keys[row]!, 0)
    this.keys[row] = undefined
    this.generations[row]!++
    const at = this.base(row)
    this.chunk(row).fill(0, at, at + this.layout.width)
    for (const column of this.objects) column[row] = undefined
    this.free.push(row)
  }

  private unlink(branch: Branch, key: readonly string[], depth: number): void {
    const value = key[depth]!
    if (depth < key.length - 1) {
      const next = branch.get(value) as Branch
      this.unlink(next, key, depth + 1)
      if (next.size > 0) return
    }
    branch.delete(value)
  }
}
