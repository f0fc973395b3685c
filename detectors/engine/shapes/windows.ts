/** Shapes over a sliding window: `count` (N events) and `distinct` (N values). Exact, because only the last N can matter. */
import type { Match } from '../../rule.ts'
import type { Evaluate, Slot } from '../run.ts'
import { NO_ROW } from '../space.ts'
import type { View } from '../view.ts'
import { explained } from './explained.ts'
import { emptyList, fingerprint } from './fingerprint.ts'

/** Up to this many times stand in the row itself, more in a list beside it. */
export const ROW_TIMES = 8

export interface CountSpec {
  readonly where?: (event: View) => boolean
  readonly atLeast: number
  readonly within: number
  readonly found: (event: View, seen: number) => Match
}
export interface DistinctSpec extends CountSpec {
  readonly of: (event: View) => string
}
type Times = { [at: number]: number }

/**
 * Put a time in its place among the `n` sorted times from `at`, keeping the latest `capacity`. Answers the new number.
 * Late events find their place, so their order of arrival does not matter.
 */
function insertTime(times: Times, at: number, n: number, capacity: number, ts: number): number {
  if (n === capacity) {
    if (ts <= times[at]!) return n
    let i = 1
    for (; i < n && times[at + i]! <= ts; i++) times[at + i - 1] = times[at + i]!
    times[at + i - 1] = ts
    return n
  }
  let i = n
  for (; i > 0 && times[at + i - 1]! > ts; i--) times[at + i] = times[at + i - 1]!
  times[at + i] = ts
  return n + 1
}

/** Columns: number of times, then the times when there are at most ROW_TIMES. An event leaves exactly at the window’s end. */
export function compileCount(rule: number, slot: Slot, spec: CountSpec): Evaluate {
  const { where, atLeast, within, found } = spec
  const own = slot.own - slot.at
  const inRow = slot.object < 0
  return (view, run) => {
    if (where !== undefined && !where(view)) return
    const base = run.enter(slot)
    if (base === NO_ROW) return
    const n = base + own
    const { numbers, space, row } = run
    let times: Times = numbers
    let at = n + 1
    if (!inRow) {
      times = run.objectOf(slot, emptyList)
      at = 0
    }
    const seen = insertTime(times, at, numbers[n]!, atLeast, view.ts)
    numbers[n] = seen
    if (seen < atLeast || times[at + atLeast - 1]! - times[at]! >= within) return
    numbers[n] = 0
    run.report(rule, view, space, row, explained(found(view, seen), { observed: seen, windowMs: within }), 0)
  }
}

/** A flat list [mark, last ms, …] of the values inside the window; never more than `atLeast`, because reaching it is a match. */
export function compileDistinct(rule: number, slot: Slot, spec: DistinctSpec): Evaluate {
  const { where, of, atLeast, within, found } = spec
  return (view, run) => {
    if (where !== undefined && !where(view)) return
    const value = of(view)
    if (value === '') return
    if (run.enter(slot) === NO_ROW) return
    const { space, row } = run
    const list = run.objectOf(slot, emptyList)
    const mark = fingerprint(value)
    let newestMs = view.ts
    for (let i = 1; i < list.length; i += 2) if (list[i]! > newestMs) newestMs = list[i]!
    let kept = 0
    let known = false
    for (let i = 0; i < list.length; i += 2) {
      let lastMs = list[i + 1]!
      if (list[i] === mark) {
        known = true
        if (view.ts > lastMs) lastMs = view.ts
      }
      if (newestMs - lastMs >= within) continue
      list[kept++] = list[i]!
      list[kept++] = lastMs
    }
    list.length = kept
    if (!known && newestMs - view.ts < within) list.push(mark, view.ts)
    const seen = list.length / 2
    if (seen < atLeast) return
    list.length = 0
    run.report(rule, view, space, row, explained(found(view, seen), { observed: seen, windowMs: within }), 0)
  }
}
