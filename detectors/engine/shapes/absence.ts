/** The shape `absence`: something that should keep coming does not. It answers on the watermark, never on a clock. */
import type { Match } from '../../rule.ts'
import type { Evaluate, Slot } from '../run.ts'
import { NO_ROW } from '../space.ts'
import type { View } from '../view.ts'

export interface AbsenceSpec {
  readonly of: (event: View) => boolean
  readonly endedBy?: (event: View) => boolean
  readonly after: number
  readonly found: (atMs: number) => Match
}

/** Columns: time at which the absence is a match (0: nothing is awaited), and the engine’s mark that a timer is queued. */
export function compileAbsence(rule: number, slot: Slot, spec: AbsenceSpec): Evaluate {
  const { of, endedBy, after } = spec
  const own = slot.own - slot.at
  return (view, run) => {
    const ends = endedBy?.(view) === true
    if (!ends && !of(view)) return
    const base = run.enter(slot)
    if (base === NO_ROW) return
    const at = base + own
    const dueMs = run.numbers[at]!
    const nextMs = view.ts + after
    // A late event never undoes what a newer one said.
    if (dueMs !== 0 && nextMs < dueMs) return
    run.numbers[at] = ends ? 0 : nextMs
    if (!ends) run.arm(rule, run.space, run.row, nextMs)
  }
}
