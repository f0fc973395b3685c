/** Shapes over what came before: `firstSeen` (a new value) and `sequence` (one event, then another). */
import type { Match } from '../../rule.ts'
import type { Evaluate, Slot } from '../run.ts'
import { NO_ROW } from '../space.ts'
import type { View } from '../view.ts'
import { explained } from './explained.ts'
import { emptyList, fingerprint } from './fingerprint.ts'

/** Values remembered per key; the least recently used one goes first. */
const REMEMBERED = 256

export interface FirstSeenSpec {
  readonly where?: (event: View) => boolean
  readonly of: (event: View) => string
  readonly learn: number
  readonly learnMs?: number
  readonly remember: number
  readonly found: (event: View, seen: number) => Match
}
export interface SequenceSpec {
  readonly first: (event: View) => boolean
  readonly then: (event: View) => boolean
  readonly within: number
  readonly found: (event: View) => Match
}

/**
 * Columns: events so far, time of the first, values displaced by newer ones. List: [mark, last ms, …]. `seen` of a match is the number of
 * values known before. `isNamed`: a match is named by its value, where which event showed it first is chance.
 */
export function compileFirstSeen(rule: number, slot: Slot, spec: FirstSeenSpec, isNamed: boolean): Evaluate {
  const { where, of, learn, learnMs = Number.POSITIVE_INFINITY, remember, found } = spec
  const own = slot.own - slot.at
  return (view, run) => {
    if (where !== undefined && !where(view)) return
    const value = of(view)
    if (value === '') return
    const base = run.enter(slot)
    if (base === NO_ROW) return
    const { space, row, numbers } = run
    const at = base + own
    const events = ++numbers[at]!
    if (events === 1) numbers[at + 1] = view.ts
    const learned = events > learn || view.ts - numbers[at + 1]! >= learnMs
    const report = (known: number, forgottenMs = 0): void => {
      const facts = {
        baseline: `${known} values`,
        observed: value,
        samples: events - 1,
        displaced: numbers[at + 2]!,
        windowMs: remember,
      }
      const match = explained(found(view, known), facts)
      // A value that was forgotten is new once more: once for the time it was last seen.
      const named = forgottenMs === 0 ? value : `${value} since ${forgottenMs}`
      run.report(rule, view, space, row, isNamed ? { ...match, named } : match, 0)
    }
    const list = run.objectOf(slot, emptyList)
    const mark = fingerprint(value)
    let oldest = 0
    for (let i = 0; i < list.length; i += 2) {
      if (list[i] === mark) {
        const lastMs = list[i + 1]!
        if (view.ts > lastMs) list[i + 1] = view.ts
        if (view.ts - lastMs > remember && learned) report(list.length / 2, lastMs)
        return
      }
      if (list[i + 1]! < list[oldest + 1]!) oldest = i
    }
    const known = list.length / 2
    if (known < REMEMBERED) list.push(mark, view.ts)
    else {
      list[oldest] = mark
      list[oldest + 1] = view.ts
      numbers[at + 2]!++
    }
    if (learned) report(known)
  }
}

/** Column: time of the last `first`, 0 for none. An event that is both ends a sequence before it begins one. */
export function compileSequence(rule: number, slot: Slot, spec: SequenceSpec): Evaluate {
  const { first, then, within, found } = spec
  const own = slot.own - slot.at
  return (view, run) => {
    const begins = first(view)
    const ends = then(view)
    if (!begins && !ends) return
    const base = run.enter(slot)
    if (base === NO_ROW) return
    const { space, row, numbers } = run
    const firstMs = numbers[base + own]!
    const complete = ends && firstMs !== 0 && view.ts >= firstMs && view.ts - firstMs < within
    if (complete) numbers[base + own] = 0
    if (begins && view.ts > numbers[base + own]!) numbers[base + own] = view.ts
    if (complete) run.report(rule, view, space, row, found(view), 0)
  }
}
