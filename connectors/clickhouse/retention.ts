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
const listed = ACTIVITY_TYPES.map((type) => `'${type}'`).join(', ')

/** TTL expression of each table; applied at every start, because it follows the configuration and not a migration. */
export const ttlOf = (days: RetentionDays): ReadonlyMap<string, string> =>
  new Map([
    [
      'events',
      `toDateTime(received_at) + toIntervalDay(${days.activity}) WHERE event_type IN (${listed}), ` +
        `toDateTime(received_at) + toIntervalDay(${days.security}) WHERE event_type NOT IN (${listed})`,
    ],
    ['finding_rows', `toDateTime(event_time) + toIntervalDay(${days.security})`],
    ['coverage_rows', `hour + toIntervalDay(${days.security})`],
    ['alert_rows', `toDateTime(window_start) + toIntervalDay(${days.security})`],
  ])
