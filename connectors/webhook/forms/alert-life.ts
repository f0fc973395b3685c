/** Where an alert stands in its life, in the words every target uses. */
import type { Alert, AlertStatus } from '../../../schemas/alert.ts'
import { FLOOD_RULE } from '../delivery/flood.ts'
import type { Fact } from './alert-facts.ts'

/** `updated`: it is graver, or open again. `grouped`: it tells of many that came too fast. */
export type LifeEvent = 'opened' | 'updated' | 'grouped' | Exclude<AlertStatus, 'open'>

export function lifeEvent({ rule, status, revision }: Alert): LifeEvent {
  if (rule === FLOOD_RULE) return 'grouped'
  if (status !== 'open') return status
  return revision === 1 ? 'opened' : 'updated'
}

/** A person decided something about an alert that its readers have seen: short is enough. */
export const isDecision = ({ status }: Alert): boolean => status !== 'open'

/** By whom, why, until when, and what it was found to be. Values are raw. */
export const decision = ({ owner, statusReason, statusUntil, verdict }: Alert): readonly Fact[] =>
  [
    { label: 'By', value: owner },
    { label: 'Reason', value: statusReason },
    { label: 'Until', value: statusUntil },
    { label: 'Verdict', value: verdict.replace('_', ' ') },
  ].filter(({ value }) => value !== '')

/** When it last changed: something was seen, or somebody decided. RFC 3339 UTC. */
export const changedAt = ({ lastSeen, statusAt }: Alert): string =>
  statusAt !== '' && Date.parse(statusAt) > Date.parse(lastSeen) ? statusAt : lastSeen

/** As many as fit in `room` characters, and how many did not. */
export function keptLines(lines: readonly string[], room: number): readonly string[] {
  const kept: string[] = []
  let left = room
  for (const line of lines) {
    left -= line.length + 1
    if (left < 0) break
    kept.push(line)
  }
  return kept.length === lines.length ? kept : [...kept, `and ${lines.length - kept.length} more`]
}
