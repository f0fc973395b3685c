/** Shapes over numbers: `baseline` (one value far above the average) and `drift` (many values somewhat above it). */
import type { Match } from '../../rule.ts'
import type { Evaluate, Slot } from '../run.ts'
import { NO_ROW } from '../space.ts'
import type { View } from '../view.ts'
import { explained } from './explained.ts'

/** Weight of a new value once learning is over: the average follows over some twenty values. */
const WEIGHT = 0.05
const WINDOW = 'the last 20 values, older ones fading'
const ANCHOR_MS = 7 * 86_400_000
/** Values after which an average is one. */
const SETTLED = 5

export interface BaselineSpec {
  readonly where?: (event: View) => boolean
  readonly of: (event: View) => number
  readonly sigmas: number
  readonly floor: number
  readonly learn: number
  readonly learnMs?: number
  readonly found: (event: View, seen: number) => Match
}
export interface DriftSpec {
  readonly where?: (event: View) => boolean
  readonly of: (event: View) => number
  readonly slack: number
  readonly limit: number
  readonly found: (event: View, seen: number) => Match
}

/**
 * Columns: values so far, average, variance, border at the last anchor, time of the anchor. A value above the border counts as the
 * border, and the border at most doubles between two anchors: whoever feeds it slowly, from just below, needs a week for each doubling.
 */
export function compileBaseline(rule: number, slot: Slot, spec: BaselineSpec): Evaluate {
  const { where, of, sigmas, floor, learn, learnMs = Number.POSITIVE_INFINITY, found } = spec
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
    const deviation = Math.sqrt(numbers[at + 2]!)
    if (n === 0) numbers[at + 4] = view.ts
    // While it learns, the last column is the time of the first value.
    const learned = n >= learn || (n > 1 && view.ts - numbers[at + 4]! >= learnMs)
    let border = mean + sigmas * deviation
    if (learned) border = anchored(numbers, at + 3, border, floor, view.ts, n)
    const high = learned && value > border
    const counted = high ? border : value
    const weight = learned ? WEIGHT : 1 / (n + 1)
    const step = counted - mean
    numbers[at] = n + 1
    numbers[at + 1] = mean + weight * step
    numbers[at + 2] = (1 - weight) * (numbers[at + 2]! + weight * step * step)
    if (!high || value < floor) return
    const facts = { baseline: mean, deviation, border, observed: value, samples: n, window: WINDOW }
    run.report(rule, view, space, row, explained(found(view, value), facts), 0)
  }
}

/** Columns: values so far, average, excess so far, average at the last anchor, its time. After a match the excess starts anew. */
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
    const moved = n === 0 ? value : numbers[at + 1]!
    const mean = anchored(numbers, at + 3, moved, slack, view.ts, n)
    const excess = Math.max(0, numbers[at + 2]! + value - mean - slack)
    numbers[at] = n + 1
    numbers[at + 1] = mean + Math.max(WEIGHT, 1 / (n + 1)) * (value - mean)
    numbers[at + 2] = excess > limit ? 0 : excess
    if (excess <= limit) return
    const facts = { baseline: mean, observed: value, excess, samples: n, window: WINDOW }
    run.report(rule, view, space, row, explained(found(view, excess), facts), 0)
  }
}

/** The value, held to twice what it was at the last anchor (or twice `least`); the anchor moves after ANCHOR_MS. Columns: anchor, its ms. */
function anchored(numbers: Float64Array, at: number, value: number, least: number, ts: number, n: number): number {
  const anchor = numbers[at]!
  const held = anchor === 0 || n < SETTLED ? value : Math.min(value, 2 * Math.max(anchor, least))
  if (anchor === 0 || n < SETTLED || ts - numbers[at + 1]! >= ANCHOR_MS) {
    numbers[at] = held
    numbers[at + 1] = ts
  }
  return held
}
