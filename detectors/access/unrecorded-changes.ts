/** Changes of grants and settings that name no ticket: kept until it is too late for a deployment to explain them. */
import { type Deployments, deployedNear } from '../deployments.ts'
import type { Match } from '../rule.ts'

/** Changes named in one finding; more are counted. */
const MAX_PENDING = 12
const MAX_CHARS = 160

/** `dueMs`: when the oldest of them is judged. */
export type Changes = { dueMs: number; what: string[]; atMs: number[]; more: number }
export const noChanges = (): Changes => ({ dueMs: 0, what: [], atMs: [], more: 0 })

export function noteChange(what: string, ts: number, withinMs: number, changes: Changes): void {
  if (changes.what.length >= MAX_PENDING) {
    changes.more++
    return
  }
  changes.what.push(what.slice(0, MAX_CHARS))
  changes.atMs.push(ts)
  changes.dueMs = Math.min(...changes.atMs) + withinMs
}

/** What was due and no deployment explains. */
export function judgeChanges(
  atMs: number,
  changes: Changes,
  withinMs: number,
  deployments: readonly Deployments[],
): Match | undefined {
  const { what, atMs: times, more } = changes
  const isDue = times.map((ms) => ms + withinMs <= atMs)
  const unexplained = what.filter(
    (_, i) => isDue[i] && !deployments.some((known) => deployedNear(known, '', times[i]!, withinMs)),
  )
  changes.what = what.filter((_, i) => !isDue[i])
  changes.atMs = times.filter((_, i) => !isDue[i])
  changes.more = 0
  changes.dueMs = changes.atMs.length === 0 ? 0 : Math.min(...changes.atMs) + withinMs
  if (unexplained.length === 0) return undefined
  return {
    saw: unexplained[0]! + (unexplained.length + more > 1 ? `, and ${unexplained.length + more - 1} more` : ''),
    expected: 'a ticket, or a deployment at that time',
    evidence: { changes: unexplained, more },
  }
}
