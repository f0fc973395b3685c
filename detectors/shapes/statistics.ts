/** Shapes over numbers: `baseline` (one value far above the average) and `drift` (many values somewhat above it). */
import type { Match } from '../rule.ts'
import type { Evaluate, Slot } from '../run.ts'
import { NO_ROW } from '../space.ts'
import type { View } from '../view.ts'

/** Weight of a new value once learning is over: the average follows over some twenty values. */
const WEIGHT = 0.05

export interface BaselineSpec {
  readonly where?: (event: View) => boolean
  readonly of: (event: View) => number
  readonly sigmas: number
  readonly floor: number
  readonly learn: number
  readonly found: (event: View, seen: number) => Match
}
export interface DriftSpec {
  readonly where?: (event: View) => boolean
  readonly of: (event: View) => number
  readonly slack: number
  readonly limit: number
  readonly found: (event: View, seen: number) => Match
}

/** Columns: values so far, average, variance. A value above the border counts as the border, so that an attack teaches little. */
export function compileBaseline(rule: number, slot: Slot, spec: BaselineSpec): Evaluate {
  const { where, of, sigmas, floor, learn, found } = spec
  const own = slot.own - slot.at
  return (view, run) => {
    if (where !== undefined && !where(view)) return
    const value = of(view)
    const base = run.enter(slot)
    if (base === NO_ROW) return
    const { numbers, space, row } = run
    const at = base + own
    const n = numbers[at]!
    const mean = numbers[at + 1]!
    const border = mean + sigmas * Math.sqrt(numbers[at + 2]!)
    const learned = n >= learn
    const high = learned && value > border
    const counted = high ? border : value
    const weight = learned ? WEIGHT : 1 / (n + 1)
    const step = counted - mean
    numbers[at] = n + 1
    numbers[at + 1] = mean + weight * step
    numbers[at + 2] = (1 - weight) * (numbers[at + 2]! + weight * step * step)
    if (high && value >= floor) run.report(rule, view, space, row, found(view, value), 0)
  }
}

/** Columns: values so far, average, excess so far. After a match the excess starts anew. */
export function compileDrift(rule: number, slot: Slot, spec: DriftSpec): Evaluate {
  const { where, of, slack, limit, found } = spec
  const own = slot.own - slot.at
  return (view, run) => {
    if (where !== undefined && !where(view)) return
    const value = of(view)
    const base = run.enter(slot)
    if (base === NO_ROW) return
    const { numbers, space, row } = run
    const at = base + own
    const n = numbers[at]!
    const mean = n === 0 ? value : numbers[at + 1]!
    const excess = Math.max(0, numbers[at + 2]! + value - mean - slack)
    numbers[at] = n + 1
    numbers[at + 1] = mean + Math.max(WEIGHT, 1 / (n + 1)) * (value - mean)
    numbers[at + 2] = excess > limit ? 0 : excess
    if (excess > limit) run.report(rule, view, space, row, found(view, excess), 0)
  }
}
