/** The free shape: a cell of plain JSON per key, handlers per event type, cells of other scopes beside it, and a timer. */
import type { Answer, Cell } from '../../rule.ts'
import type { Evaluate, Run, Slot } from '../run.ts'
import { EVERY_SERVER, SCOPE_NAMES, SCOPES } from '../scope.ts'
import { NO_ROW, type Space } from '../space.ts'
import type { View } from '../view.ts'

export type CellHandler = (event: View, cell: Cell, config: unknown, beside?: Record<string, Cell>) => Answer
export interface BesideSpec {
  readonly name: string
  readonly slot: Slot
  readonly cell: () => Cell
  readonly on: Readonly<Record<string, CellHandler>>
}
export interface CellSpec {
  readonly cell: () => Cell
  readonly besides: readonly BesideSpec[]
  readonly on: Readonly<Record<string, CellHandler>>
  readonly where?: (event: View, beside: Record<string, Cell>, config: unknown) => boolean
  readonly onTimer?: (atMs: number, cell: Cell, config: unknown, beside: Record<string, Cell>) => Answer
  readonly config: unknown
}

/** The cell of the event’s key. A key that is incomplete has a cell that nobody keeps. */
function cellAt(run: Run, slot: Slot, fresh: () => Cell): Cell {
  if (run.enter(slot) === NO_ROW) return fresh()
  return run.objectOf(slot, fresh)
}
/** The cells beside a rule’s own, each looked up when the handler reads it: most handlers decide without them. */
class BesideCells {
  private run!: Run
  readonly cells: Record<string, Cell> = {}
  constructor(besides: readonly BesideSpec[]) {
    for (const { name, slot, cell } of besides)
      Object.defineProperty(this.cells, name, { enumerable: true, get: () => cellAt(this.run, slot, cell) })
  }
  in(run: Run): Record<string, Cell> {
    this.run = run
    return this.cells
  }
}

const NOTHING: Cell = Object.freeze({})
const FLEET = SCOPE_NAMES.indexOf('fleet')
/** Which handlers of a rule are called: those of facts about all servers come apart where the key crosses servers. */
export type CellPart = 'whole' | 'own' | 'fleet'

/** The evaluation of one event type: first the cells beside, in the order of the rule, then the rule’s own. */
export function compileCell(
  rule: number,
  slot: Slot,
  type: string,
  spec: CellSpec,
  part: CellPart = 'whole',
): Evaluate {
  const { besides, config, where } = spec
  const own = part === 'fleet' ? undefined : spec.on[type]
  const listening = besides.filter(
    ({ on, slot: place }) =>
      on[type] !== undefined && (part === 'whole' || (place.scope === FLEET) === (part === 'fleet')),
  )
  const timed = spec.onTimer !== undefined
  // A rule that keeps nothing but when it reported last needs a row only then.
  const keepsNothing = !timed && Object.keys(spec.cell()).length === 0
  const beside = new BesideCells(besides)
  return (view, run) => {
    for (const { slot: place, cell, on } of listening) {
      // What concerns one server reaches one partition only, and must not be taken for a fact about all.
      if (place.scope === FLEET && view.server !== EVERY_SERVER) continue
      if (run.enter(place) === NO_ROW) continue
      const kept = run.objectOf(place, cell)
      const { space, row } = run
      const match = on[type]!(view, kept, config)
      if (match) run.report(rule, view, space, row, match, 0)
    }
    if (own === undefined) return
    if (where !== undefined && !where(view, beside.in(run), config)) return
    if (keepsNothing) {
      const match = own(view, NOTHING, config, beside.in(run))
      if (match && run.enter(slot) !== NO_ROW) run.report(rule, view, run.space, run.row, match, 0)
      return
    }
    if (run.enter(slot) === NO_ROW) return
    const { space, row } = run
    const cell = run.objectOf(slot, spec.cell)
    const match = own(view, cell, config, beside.in(run))
    if (match) run.report(rule, view, space, row, match, 0)
    if (timed) arm(rule, slot, cell, run, space, row)
  }
}

/** Keep the row’s due time equal to the cell’s, and queue it when it is not. */
function arm(rule: number, slot: Slot, cell: Cell, run: Run, space: Space, row: number): void {
  const dueMs = (cell['dueMs'] as number | undefined) ?? 0
  space.chunk(row)[space.base(row) + slot.own] = dueMs
  if (dueMs > 0) run.arm(rule, space, row, dueMs)
}

/** The timer of a cell whose time has come. Cells beside it are found through the columns of its own key. */
export function fireCell(
  rule: number,
  slot: Slot,
  spec: CellSpec,
  run: Run,
  space: Space,
  row: number,
  dueMs: number,
): void {
  const cell = space.objects[slot.object]![row] as Cell | undefined
  if (cell === undefined || spec.onTimer === undefined) return
  cell['dueMs'] = 0
  const beside: Record<string, Cell> = {}
  for (const each of spec.besides) beside[each.name] = besideOf(run, space, row, each) ?? each.cell()
  const match = spec.onTimer(dueMs, cell, spec.config, beside)
  if (match) run.report(rule, undefined, space, row, match, dueMs)
  arm(rule, slot, cell, run, space, row)
}

function besideOf(run: Run, space: Space, row: number, { slot }: BesideSpec): Cell | undefined {
  const columns: readonly string[] = SCOPES[space.scope]
  const values = space.keys[row]!
  const key = SCOPES[SCOPE_NAMES[slot.scope]!].map((column) =>
    column === 'fleet' ? EVERY_SERVER : values[columns.indexOf(column)],
  )
  if (key.some((value) => value === undefined)) return undefined
  const other = run.spacesOf(space.tenant)[slot.scope]!
  const at = other.find(key as string[])
  return at === NO_ROW ? undefined : (other.objects[slot.object]![at] as Cell | undefined)
}
