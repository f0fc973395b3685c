/** The events of Splunk's HTTP Event Collector as it reads them, and what its answers mean. */
import type { Alert } from '../../schemas/alert.ts'
import type { Delivery, EventRow, TargetAnswer } from '../../schemas/ports.ts'
import { objectOf, recordOf } from './answer-body.ts'
import { changedAt } from './forms/alert-life.ts'
import { eventUid, knownColumns } from './forms/event-row.ts'
import { fitAlert } from './forms/fit-alert.ts'
import { jsonLine } from './forms/json-line.ts'

/** Splunk Cloud takes 1 MB a request (Enterprise 800 MB by default, limits.conf `max_content_length`); a tenth is left for a proxy. */
export const REQUEST_BYTES = 900_000
export const REQUEST_EVENTS = 1_000
const ALERT_BYTES = 200_000

export interface HecNames {
  readonly index: string
  readonly source: string
  readonly sourcetype: string
}

/** `shape`: the alert as it is shown to Splunk, such as OCSF. `uid` is the same when an event comes again: `| dedup uid` counts it once. */
export function alertEvent(delivery: Delivery, names: HecNames, shape: (alert: Alert) => unknown): string {
  const alert = fitAlert(delivery.alert, ALERT_BYTES)
  return envelope({
    names: { ...names, sourcetype: `${names.sourcetype}:alert` },
    time: Date.parse(changedAt(alert)) / 1000,
    host: alert.serverId,
    fields: { uid: delivery.idempotencyKey, severity: alert.severity, rule: alert.rule, tenant: alert.tenant },
    event: shape(alert),
  })
}

export function rowEvent(row: EventRow, names: HecNames): string {
  const { event_time: at } = row
  return envelope({
    names,
    time: Date.parse(`${String(at).replace(' ', 'T').slice(0, 23)}Z`) / 1000,
    host: String(row['server_id'] ?? ''),
    fields: { uid: eventUid(row), type: String(row['event_type'] ?? '') },
    event: knownColumns(row),
  })
}

interface Envelope {
  readonly names: HecNames
  readonly time: number
  readonly host: string
  readonly fields: Readonly<Record<string, string>>
  readonly event: unknown
}
/**
 * `time` is a plain decimal: an exponent is refused with code 15, and no double between 1970 and 2200 is printed with one. Indexed fields
 * are flat and not blank.
 */
const envelope = ({ names, time, host, fields, event }: Envelope): string =>
  jsonLine({
    ...(Number.isFinite(time) && time > 0 ? { time: Number(time.toFixed(3)) } : {}),
    ...(host.trim() === '' ? {} : { host: host.slice(0, 200).toWellFormed() }),
    source: names.source,
    sourcetype: names.sourcetype,
    ...(names.index === '' ? {} : { index: names.index }),
    event,
    fields: Object.fromEntries(Object.entries(fields).filter(([, value]) => value.trim() !== '')),
  })

/**
 * Meaning of an answer by the code of its body, where HEC writes one; the status says the rest. `event` blames the event `at` (from 0): those
 * before it are indexed, those after it were not looked at (measured by others on 10.4.3).
 */
export type HecMeaning =
  | { readonly kind: 'accepted'; readonly ackId: number | undefined }
  | { readonly kind: 'event'; readonly at: number | undefined; readonly reason: string }
  | { readonly kind: 'too-large'; readonly reason: string }
  | { readonly kind: 'operator' | 'again'; readonly reason: string }

/** 24 and 25 are success with a warning: queues fill. */
const ACCEPTED = new Set([0, 24, 25])
/** No data, invalid format, event missing, event blank, indexed fields. */
const BLAMES_EVENT = new Set([5, 6, 12, 13, 15])
/** Token disabled, required, invalid (1-4, 21, 22), index not allowed (7), channel missing or invalid (10, 11), ACK disabled (14). */
const NEEDS_OPERATOR = new Set([1, 2, 3, 4, 7, 10, 11, 14, 16, 21, 22])

export function meaningOf({ status, body }: TargetAnswer): HecMeaning {
  const { code, ackId, 'invalid-event-number': at } = answerOf(body)
  const reason = `status ${status}${code === undefined ? '' : ` code ${code}`}`
  if (status === 413) return { kind: 'too-large', reason }
  if (status === 200) {
    return code !== undefined && ACCEPTED.has(code) ? { kind: 'accepted', ackId } : { kind: 'again', reason }
  }
  if (code !== undefined && status === 400 && BLAMES_EVENT.has(code)) return { kind: 'event', at, reason }
  if (code !== undefined && NEEDS_OPERATOR.has(code)) return { kind: 'operator', reason }
  const person = status >= 400 && status < 500 && status !== 408 && status !== 429
  return { kind: person ? 'operator' : 'again', reason }
}

interface HecAnswer {
  readonly code?: number
  readonly ackId?: number
  readonly 'invalid-event-number'?: number
}
/** Only whole numbers are believed: a proxy may answer anything. */
function answerOf(body: string): HecAnswer {
  const answer = objectOf(body)
  const number = (name: keyof HecAnswer) =>
    Number.isSafeInteger(answer[name]) && Number(answer[name]) >= 0 ? { [name]: Number(answer[name]) } : {}
  return { ...number('code'), ...number('ackId'), ...number('invalid-event-number') }
}

/** Whether `/services/collector/ack` says that this request is indexed; it forgets an id once it has said so. */
export function isAcknowledged({ status, body }: TargetAnswer, ackId: number): boolean {
  return status === 200 && recordOf(objectOf(body)['acks'])[String(ackId)] === true
}
