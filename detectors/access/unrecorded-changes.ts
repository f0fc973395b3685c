/** Changes of grants and settings that name no ticket: kept until it is too late for a deployment to explain them. */
import { type Deployments, deployedNear } from '../deployments.ts'
import { keepNewest } from '../newest.ts'
import { type Match, NEVER } from '../rule.ts'

/** Changes judged at once; of a flood the newest. */
const MAX_PENDING = 12
const MAX_CHARS = 160

/** `dueMs`: when the oldest of them is judged. */
export type Changes = { dueMs: number; what: string[]; atMs: number[] }
export const noChanges = (): Changes => ({ dueMs: NEVER, what: [], atMs: [] })

export function noteChange(what: string, ts: number, withinMs: number, changes: Changes): void {
  changes.what.push(what.slice(0, MAX_CHARS))
  changes.atMs.push(ts)
  keepNewest(MAX_PENDING, changes.what, changes.atMs)
  changes.dueMs = Math.min(...changes.atMs) + withinMs
}

/** What was due and no deployment explains. */
export function judgeChanges(
  atMs: number,
  changes: Changes,
  withinMs: number,
  deployments: readonly Deployments[],
): Match | undefined {
  const { what, atMs: times } = changes
  const isDue = times.map((ms) => ms + withinMs <= atMs)
  const unexplained = what.filter(
    (_, i) => isDue[i] && !deployments.some((known) => deployedNear(known, '', times[i]!, withinMs)),
  )
  changes.what = what.filter((_, i) => !isDue[i])
  changes.atMs = times.filter((_, i) => !isDue[i])
  const [next] = changes.atMs
  changes.dueMs = next === undefined ? NEVER : next + withinMs
  if (unexplained.length === 0) return undefined
  return {
    saw: unexplained.slice(0, 4).join('; '),
    expected: 'a ticket, or a deployment at that time',
    evidence: { changes: unexplained },
  }
}
