/** How long sessions and tasks live, and what is still done with them afterwards. */
import { wasRefused } from '../finding.ts'
import { type Match, NEVER } from '../rule.ts'
import { shortName } from '../short-name.ts'

export type Lifetime = { createdMs: number; lastMs: number; endedMs: number; scopes: string[] }
export const unborn = (): Lifetime => ({ createdMs: NEVER, lastMs: NEVER, endedMs: NEVER, scopes: [] })
const MAX_SCOPES = 32

export interface LifeOptions {
  readonly skewMs: number
  readonly maxAgeMs: number
  readonly maxIdleMs: number
}
interface Use {
  readonly ts: number
  readonly decision: string
  readonly outcome: string
  readonly durationMs: number
}
export function noteCreated(e: { readonly ts: number }, life: Lifetime): void {
  Object.assign(life, unborn(), { createdMs: e.ts, lastMs: e.ts })
}

/** A request in the session was carried out. One that had begun before its end may finish. */
export function judgeUse(e: Use, life: Lifetime, { skewMs, maxAgeMs, maxIdleMs }: LifeOptions): Match | undefined {
  if (wasRefused(e) || e.outcome === 'protocol_error' || e.outcome === 'cancelled') return undefined
  const begunMs = e.ts - e.durationMs
  const idleMs = begunMs - (life.lastMs || begunMs)
  life.lastMs = Math.max(life.lastMs, e.ts)
  if (life.endedMs !== NEVER && begunMs - life.endedMs > skewMs)
    return { severity: 'medium', saw: `used ${begunMs - life.endedMs} ms after its end`, expected: 'status 404' }
  const ageMs = begunMs - (life.createdMs || begunMs)
  if (ageMs > maxAgeMs) return { severity: 'low', saw: `${ageMs} ms old`, expected: `at most ${maxAgeMs} ms` }
  if (idleMs > maxIdleMs)
    return {
      severity: 'low',
      saw: `used again after ${idleMs} ms`,
      expected: `an end after ${maxIdleMs} ms without use`,
    }
  return undefined
}

/** A token in the session carries scopes that none before it had. */
export function judgeElevation(scopes: readonly string[], life: Lifetime): Match | undefined {
  // Most tokens bring nothing new.
  if (scopes.every((scope) => life.scopes.includes(scope))) return undefined
  const grown = scopes
    .slice(0, MAX_SCOPES)
    .map(shortName)
    .filter((scope) => !life.scopes.includes(scope))
  const isFirst = life.scopes.length === 0
  if (life.scopes.length + grown.length > MAX_SCOPES) return undefined
  life.scopes.push(...grown)
  if (isFirst || grown.length === 0) return undefined
  return { severity: 'low', saw: `it gained ${grown.join(' ')} and kept its id`, expected: 'a new session id' }
}

/** A task: its lifetime, counted from its creation, its end, or the last time its result was there. */
export type TaskLife = { ttlMs: number; lastMs: number }
export const noTask = (): TaskLife => ({ ttlMs: 0, lastMs: NEVER })
export function noteTask(e: { readonly ts: number; readonly ttlMs: number }, task: TaskLife): void {
  task.ttlMs = e.ttlMs
  task.lastMs = e.ts
}
export function judgeTaskUse(e: Omit<Use, 'durationMs'>, task: TaskLife, skewMs: number): Match | undefined {
  if (e.outcome !== 'ok' || task.ttlMs === 0) return undefined
  const lateMs = e.ts - task.lastMs - task.ttlMs
  task.lastMs = e.ts
  if (lateMs <= skewMs) return undefined
  return { severity: 'low', saw: `a task used ${lateMs} ms after its lifetime`, expected: `${task.ttlMs} ms at most` }
}
