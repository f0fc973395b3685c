/** What is usual for a number, such as the size of results of a tool: at most doubles in a week, so that small steps make no flood usual. */
import { days, NEVER } from '../rule.ts'

/** `usual`: about the largest so far; `seen`: how many; `base`: what was usual at `baseMs`, when the week began. */
export type Usual = { usual: number; seen: number; base: number; baseMs: number }
export const nothingUsual = (): Usual => ({ usual: 0, seen: 0, base: 0, baseMs: NEVER })

const WEEK_MS = days(7)
const MOST_GROWTH = 2
/** What is smaller lets it sink by a thousandth: a high quantile of what comes. */
const SINKING = 0.999

/** The first `learn` values are taken as they come. Answers what was usual before this one. */
export function noteUsual(known: Usual, value: number, ts: number, learn: number): number {
  const { usual, seen } = known
  if (seen <= learn || ts - known.baseMs >= WEEK_MS) {
    known.base = usual
    known.baseMs = ts
  }
  const most = seen < learn ? value : known.base * MOST_GROWTH
  known.usual = Math.max(usual * SINKING, Math.min(value, most))
  known.seen++
  return usual
}
