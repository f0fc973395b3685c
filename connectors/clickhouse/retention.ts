/** How long rows are kept: two classes, by event type. */
import type { EventType } from '../../schemas/event.ts'

export interface RetentionDays {
  readonly security: number
  readonly activity: number
}
/** Types of the bulk of the traffic. Every other type, new ones included, is kept as long as security facts. */
export const ACTIVITY_TYPES: readonly EventType[] = [
  'http.request',
  'session.created',
  'session.terminated',
  'stream.opened',
  'stream.closed',
  'notification.sent',
  'outbound.request',
  'tool.call',
  'tool.result',
  'mrtr.input_required',
  'mrtr.retry',
  'task.created',
  'task.accessed',
  'task.ended',
  'elicitation.requested',
  'server.heartbeat',
]

/**
 * TTL expression of each table; applied at every start, because it follows the configuration and not a migration. `events` has none: the engine
 * would delete behind the back of the proof, so a job signs for expired rows and then deletes them (cli/jobs/retention.ts).
 */
export const ttlOf = (days: RetentionDays): ReadonlyMap<string, string> =>
  new Map([
    ['finding_rows', `toDateTime(event_time) + toIntervalDay(${days.security})`],
    ['coverage_rows', `hour + toIntervalDay(${days.security})`],
    ['alert_rows', `toDateTime(window_start) + toIntervalDay(${days.security})`],
  ])
/** Tables that an earlier version gave a TTL. */
export const WITHOUT_TTL: readonly string[] = ['events']
