/** Timers of cells and absences: a heap ordered by (due, rule, key), so the order in which they were set never matters. */
import type { Space } from './space.ts'

interface Entry {
  readonly dueMs: number
  readonly rule: number
  readonly key: string
  readonly space: Space
  readonly row: number
  readonly generation: number
}
const before = (a: Entry, b: Entry): boolean =>
  a.dueMs !== b.dueMs ? a.dueMs < b.dueMs : a.rule !== b.rule ? a.rule < b.rule : a.key < b.key

/** One entry per cell. When one is popped the row says what is really due: later, nothing, or now. */
export class Timers {
  private readonly heap: Entry[] = []

  get nextMs(): number {
    return this.heap[0]?.dueMs ?? Number.POSITIVE_INFINITY
  }

  push(rule: number, space: Space, row: number, dueMs: number): void {
    const key = `${space.tenant}\u0000${space.keys[row]!.join('\u0000')}`
    const entry = { dueMs, rule, key, space, row, generation: space.generations[row]! }
    const { heap } = this
    let at = heap.push(entry) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!before(entry, heap[parent]!)) break
      heap[at] = heap[parent]!
      at = parent
    }
    heap[at] = entry
  }

  /** The first entry, when it is due at `watermarkMs` and its row still has the owner that set it. */
  pop(watermarkMs: number): Entry | undefined {
    while (this.nextMs <= watermarkMs) {
      const first = this.heap[0]!
      this.removeFirst()
      if (first.space.generations[first.row] === first.generation) return first
    }
    return undefined
  }

  private removeFirst(): void {
    const { heap } = this
    const last = heap.pop()!
    if (heap.length === 0) return
    let at = 0
    for (;;) {
      let child = at * 2 + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++
      if (!before(heap[child]!, last)) break
      heap[at] = heap[child]!
      at = child
    }
    heap[at] = last
  }
}
