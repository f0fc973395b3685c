/** `count` and `distinct` over events of several servers: whatever comes first, the same matches under the same names. */
import type { Match } from '../../rule.ts'
import type { Evaluate, Run, Slot } from '../run.ts'
import { NO_ROW } from '../space.ts'
import type { View } from '../view.ts'
import { explained } from './explained.ts'
import { fingerprint } from './fingerprint.ts'
import type { CountSpec, DistinctSpec } from './windows.ts'

/** One server’s log may lag so far behind another’s: within it the order of arrival changes nothing. */
export const ACROSS_LAG_MS = 86_400_000
/** Numbers kept per key where the rule itself does not need more; the oldest go first. */
const KEPT_NUMBERS = 128
/** Buckets told, per key. */
const KEPT_TOLD = 32

/**
 * A match is named by the bucket of event time in which enough was reached, so its id does not depend on which event came last. A key is
 * reported once a bucket; a cooldown makes the buckets wider.
 */
interface Buckets {
  readonly within: number
  readonly width: number
}
const bucketsOf = (within: number, cooldownMs: number): Buckets => ({
  within,
  width: within * Math.max(1, Math.ceil(cooldownMs / within)),
})

/** Names the bucket unless it was told before. Answers its number, or undefined. */
function tell(told: number[], bucket: number): boolean {
  if (told.includes(bucket)) return false
  told.push(bucket)
  if (told.length > KEPT_TOLD) told.splice(told.indexOf(Math.min(...told)), 1)
  return true
}

type TimesCell = { times: number[]; told: number[] }
const noTimes = (): TimesCell => ({ times: [], told: [] })

/** Keeps event times, sorted. Of one window’s length never more than `atLeast`, the newest: with so many it is told. */
export function compileCountAcross(rule: number, slot: Slot, spec: CountSpec, cooldownMs: number): Evaluate {
  const { where, atLeast, within, found } = spec
  const { width } = bucketsOf(within, cooldownMs)
  const capacity = Math.max(KEPT_NUMBERS, 4 * atLeast)
  return (view, run) => {
    if (where !== undefined && !where(view)) return
    if (run.enter(slot) === NO_ROW) return
    const { times, told } = run.objectOf(slot, noTimes)
    const { ts } = view
    if (times.length > 0 && times.at(-1)! - ts > lagOf(within)) return
    let at = times.length
    while (at > 0 && times[at - 1]! > ts) at--
    times.splice(at, 0, ts)
    const report = reporter(rule, view, run, told, within, found)
    for (let begin = 0, end = at; end < times.length && times[end]! - ts < within; end++) {
      while (times[end]! - times[begin]! >= within) begin++
      if (end - begin + 1 >= atLeast) report(Math.floor(times[end]! / width), end - begin + 1)
    }
    forgetOld(times, lagOf(within), capacity)
    thin(times, Math.floor(ts / within), within, atLeast)
  }
}

const lagOf = (within: number): number => Math.max(ACROSS_LAG_MS, 2 * within)

function forgetOld(times: number[], lagMs: number, capacity: number): void {
  const newest = times.at(-1)!
  let old = Math.max(0, times.length - capacity)
  while (newest - times[old]! > lagMs) old++
  times.splice(0, old)
}

/** Of the times in one bucket the newest `atLeast` stay. */
function thin(times: number[], bucket: number, within: number, atLeast: number): void {
  let from = 0
  while (from < times.length && Math.floor(times[from]! / within) < bucket) from++
  let to = from
  while (to < times.length && Math.floor(times[to]! / within) === bucket) to++
  times.splice(from, Math.max(0, to - from - atLeast))
}

function reporter(
  rule: number,
  view: View,
  run: Run,
  told: number[],
  within: number,
  found: (event: View, seen: number) => Match,
): (bucket: number, seen: number) => void {
  const { space, row } = run
  return (bucket, seen) => {
    if (run.silent || !tell(told, bucket)) return
    const facts = { observed: seen, windowMs: within }
    run.report(rule, view, space, row, { ...explained(found(view, seen), facts), named: `bucket ${bucket}` }, 0)
  }
}

/** `seen`: flat, [mark, bucket, first ms, last ms, …] by value and bucket of the window’s length. */
type ValuesCell = { seen: number[]; told: number[] }
const noValues = (): ValuesCell => ({ seen: [], told: [] })
const FIELDS = 4

/** Keeps of each value and bucket when it came first and last: more cannot matter. */
export function compileDistinctAcross(rule: number, slot: Slot, spec: DistinctSpec, cooldownMs: number): Evaluate {
  const { where, of, atLeast, within, found } = spec
  const { width } = bucketsOf(within, cooldownMs)
  const capacity = FIELDS * Math.max(KEPT_NUMBERS / FIELDS, 4 * atLeast)
  return (view, run) => {
    if (where !== undefined && !where(view)) return
    const value = of(view)
    if (value === '') return
    if (run.enter(slot) === NO_ROW) return
    const { seen, told } = run.objectOf(slot, noValues)
    const { ts } = view
    if (!note(seen, fingerprint(value), ts, within)) return
    const report = reporter(rule, view, run, told, within, found)
    for (let i = 0; i < seen.length; i += FIELDS) {
      const endMs = seen[i + 2]!
      // Only where the number of values can have risen.
      if (endMs < ts || endMs - ts >= within) continue
      const bucket = Math.floor(endMs / width)
      if (told.includes(bucket)) continue
      const values = valuesAt(seen, endMs, within)
      if (values >= atLeast) report(bucket, values)
    }
    keepNewest(seen, Math.floor(ts / within), atLeast, capacity)
  }
}

/** False when the event is older than anything that could still matter. */
function note(seen: number[], mark: number, ts: number, within: number): boolean {
  const bucket = Math.floor(ts / within)
  let newestMs = ts
  let at = -1
  for (let i = 0; i < seen.length; i += FIELDS) {
    if (seen[i] === mark && seen[i + 1] === bucket) at = i
    if (seen[i + 3]! > newestMs) newestMs = seen[i + 3]!
  }
  if (newestMs - ts > lagOf(within)) return false
  if (at < 0) seen.push(mark, bucket, ts, ts)
  else {
    seen[at + 2] = Math.min(seen[at + 2]!, ts)
    seen[at + 3] = Math.max(seen[at + 3]!, ts)
  }
  return true
}

/** Values with an event in the window that ends at `endMs`. */
function valuesAt(seen: readonly number[], endMs: number, within: number): number {
  const marks = new Set<number>()
  const bucket = Math.floor(endMs / within)
  for (let i = 0; i < seen.length; i += FIELDS)
    if (seen[i + 1] === bucket ? seen[i + 2]! <= endMs : seen[i + 2]! <= endMs && endMs - seen[i + 3]! < within)
      marks.add(seen[i]!)
  return marks.size
}

/** Of one bucket `atLeast` values stay, those seen last; of all buckets the newest. */
function keepNewest(seen: number[], bucket: number, atLeast: number, capacity: number): void {
  const remove = (matches: (i: number) => boolean): void => {
    let oldest = -1
    for (let i = 0; i < seen.length; i += FIELDS)
      if (matches(i) && (oldest < 0 || seen[i + 3]! < seen[oldest + 3]!)) oldest = i
    seen.splice(oldest, FIELDS)
  }
  let inBucket = 0
  for (let i = 0; i < seen.length; i += FIELDS) if (seen[i + 1] === bucket) inBucket++
  if (inBucket > atLeast) remove((i) => seen[i + 1] === bucket)
  if (seen.length > capacity) remove(() => true)
}
