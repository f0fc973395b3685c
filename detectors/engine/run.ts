/** What one evaluation works on: the event at hand, the rows it touches, and where matches go. Reused for every event. */
import type { Match } from '../rule.ts'
import { SCOPE_NAMES, type Scope } from './scope.ts'
import { type Layout, NO_ROW, Space } from './space.ts'
import type { View } from './view.ts'

/** Where a rule’s part of a row lies. Column `at` is the time the rule last used it; its own columns begin at `own`. */
export interface Slot {
  readonly scope: number
  /** rule@version/part/width: what must be equal for a snapshot to be taken over. */
  readonly signature: string
  readonly at: number
  readonly own: number
  readonly width: number
  /** Object column, -1 for none. */
  readonly object: number
  readonly ttlMs: number
  /** 0: none. The columns at+1 and at+2 hold time and rank of the last report then. */
  readonly cooldownMs: number
}
export type Evaluate = (view: View, run: Run) => void
export type Report = (
  rule: number,
  view: View | undefined,
  space: Space | undefined,
  row: number,
  match: Match,
  atMs: number,
) => void
export type Arm = (rule: number, space: Space, row: number, dueMs: number) => void

export class Run {
  maxMs = 0
  readonly latenessMs: number
  readonly report: Report
  readonly arm: Arm
  /** Set by `enter`. */
  space!: Space
  row = NO_ROW
  /** The event is only remembered: what it completes is found elsewhere. */
  silent = false
  numbers!: Float64Array
  private view!: View
  private spaces: Space[] | undefined
  private tenant = ''
  private readonly rows = new Int32Array(SCOPE_NAMES.length)
  /** One bit per scope whose row of this event is known. */
  private resolved = 0
  private readonly tenants = new Map<string, Space[]>()
  private readonly layouts: readonly Layout[]
  private readonly capacity: number

  constructor(layouts: readonly Layout[], capacity: number, latenessMs: number, report: Report, arm: Arm) {
    this.layouts = layouts
    this.capacity = capacity
    this.latenessMs = latenessMs
    this.report = report
    this.arm = arm
  }

  get watermarkMs(): number {
    return this.maxMs === 0 ? 0 : this.maxMs - this.latenessMs
  }

  begin(view: View): void {
    this.view = view
    if (view.tenant !== this.tenant || this.spaces === undefined) {
      this.tenant = view.tenant
      this.spaces = this.spacesOf(view.tenant)
    }
    this.resolved = 0
  }

  spacesOf(tenant: string): Space[] {
    let spaces = this.tenants.get(tenant)
    if (spaces === undefined) {
      spaces = SCOPE_NAMES.map((scope: Scope, i) => new Space(tenant, scope, this.layouts[i]!, this.capacity))
      this.tenants.set(tenant, spaces)
    }
    return spaces
  }
  allSpaces(): Space[] {
    return [...this.tenants.values()].flat()
  }

  /** Once per (event, scope), whatever number of rules asks. */
  private rowOf(scope: number): number {
    if ((this.resolved & (1 << scope)) === 0) {
      this.rows[scope] = this.spaces![scope]!.resolve(this.view, this.watermarkMs)
      this.resolved |= 1 << scope
    }
    return this.rows[scope]!
  }

  /**
   * Go to the rule’s part of the row of the event’s key: answers the offset of its first column in `numbers`, or NO_ROW when the key
   * is incomplete. A part unused for longer than its ttl is emptied first.
   */
  enter(slot: Slot): number {
    const row = this.rowOf(slot.scope)
    if (row === NO_ROW) return NO_ROW
    const space = this.spaces![slot.scope]!
    const numbers = space.chunk(row)
    this.space = space
    this.row = row
    this.numbers = numbers
    const base = space.base(row) + slot.at
    const usedMs = numbers[base]!
    const { ts } = this.view
    if (ts <= usedMs) return base
    if (usedMs !== 0 && ts - usedMs > slot.ttlMs) this.clear(slot)
    numbers[base] = ts
    return base
  }

  /** The object of the slot in the row that was entered, made when there is none. */
  objectOf<T>(slot: Slot, fresh: () => T): T {
    const column = this.space.objects[slot.object]!
    const kept = column[this.row]
    if (kept !== undefined) return kept as T
    const made = fresh()
    column[this.row] = made
    return made
  }

  private clear(slot: Slot): void {
    const base = this.space.base(this.row) + slot.at
    this.numbers.fill(0, base, base + slot.width)
    if (slot.object >= 0) this.space.objects[slot.object]![this.row] = undefined
  }
}
