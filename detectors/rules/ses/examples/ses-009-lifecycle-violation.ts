/** Sessions and tasks beyond their life: examples. */
import { days, hours, minutes, seconds } from '../../../rule.ts'
import { example, exampleWith, sample } from '../../../sample.ts'

type Result = NonNullable<Parameters<typeof sample<'tool.result'>>[1]>
const result = (ts: number, more: Result = {}) =>
  sample('tool.result', { session: 's1', outcome: 'ok', durationMs: 0, ts, ...more })
type Request = NonNullable<Parameters<typeof sample<'http.request'>>[1]>
const request = (ts: number, more: Request = {}) =>
  sample('http.request', { session: 's1', outcome: 'ok', processed: true, durationMs: 0, ts, ...more })
const created = (ts = 0, session = 's1') => sample('session.created', { ts, session })
const ended = (reason = 'deleted by the client', session = 's1') =>
  sample('session.terminated', { ts: minutes(1), session, reason })
type Token = NonNullable<Parameters<typeof sample<'auth.token.validated'>>[1]>
const token = (scopes: readonly string[], more: Token = {}) =>
  sample('auth.token.validated', { session: 's1', scopes, decision: 'allow', ...more })
const task = (ttlMs: number, taskFp = 't1') => sample('task.created', { ts: 0, ttlMs, taskFp })
const access = (ts: number, more: Parameters<typeof sample<'task.accessed'>>[1] = {}) =>
  sample('task.accessed', { ts, taskFp: 't1', outcome: 'ok', ...more })
const finished = (ts: number, taskFp = 't1') => sample('task.ended', { ts, taskFp })
const lost = { processed: false, decision: 'deny' } as const
const refused = { outcome: 'denied' } as const
const other = { session: 's3' }
const inUse = [7, 14, 20].map((hour) => result(hours(hour)))
const SOON = minutes(1) + seconds(5)
const flagged = { flagElevation: true }
const scopes = (n: number) => Array.from({ length: n }, (_, i) => `s${i}:read`)

export const match = [
  example('a tool answers after DELETE', created(), ended(), result(SOON + 1)),
  example('a list after DELETE', created(), ended(), request(SOON + 1)),
  example('after it expired', ended('expired'), result(SOON + 1)),
  example('more than a day old', created(), ...inUse, request(days(1) + 1)),
  example('used after a night', created(), result(minutes(1)), result(hours(8) + minutes(1) + 1)),
  example('old, and then ended', created(), request(days(1) + 1), ended(), result(days(1) + minutes(2))),
  exampleWith(flagged, 'a scope more in the same session', token(['read']), token(['read', 'write'])),
  exampleWith(flagged, 'the thirty-second', token(scopes(31)), token(scopes(32))),
  example('a task past its lifetime', task(60_000), access(65_001)),
  example('one that had ended', task(60_000), finished(30_000), access(95_001)),
]

export const noMatch = [
  example('404 after DELETE', created(), ended(), request(SOON + 1, lost), result(SOON + 2, refused)),
  example('five seconds', created(), ended(), result(SOON), request(SOON)),
  example('it had begun before', ended(), result(SOON + 9, { durationMs: 9 }), request(SOON + 9, { durationMs: 9 })),
  example('it failed', ended(), result(SOON + 1, { outcome: 'protocol_error' })),
  example('nobody waited', ended(), result(SOON + 1, { outcome: 'cancelled' })),
  example('the connection closed', created(), ended('connection closed'), result(minutes(2))),
  example('opened anew', ended(), created(minutes(2)), result(minutes(3))),
  example('a day old', created(), ...inUse, result(hours(24))),
  example('eight hours', created(), result(hours(8))),
  example('its beginning is not known', result(hours(30)), result(hours(30) + 1)),
  example('a step-up', token(['read']), token(['read', 'write'])),
  exampleWith(flagged, 'the same scopes, or fewer', token(['read', 'write']), token(['read']), token(['write'])),
  exampleWith(flagged, 'scopes that are refused', token(['read']), token(['admin'], { decision: 'deny' })),
  exampleWith(flagged, 'too many to remember', token(scopes(32)), token(['more'])),
  example('another session', created(1, 's2'), ended('expired', 's2'), result(SOON + 1), request(SOON + 1, other)),
  exampleWith(flagged, 'its scopes', token(['b'], other), token(['a']), result(minutes(9), { session: 's3' })),
  example('a task in time', task(60_000), access(65_000), access(130_000)),
  example('it had ended later', task(60_000), finished(30_000), finished(31_000, 't2'), access(90_000)),
  example('a task that is gone', task(60_000), access(99_000, { outcome: 'protocol_error' })),
  example('a task without a lifetime', task(0), task(0, 't2'), access(days(1)), access(1, { taskFp: 't2' })),
  exampleWith({ finalReasons: [] }, 'as configured', ended(), result(minutes(9))),
  example('nothing was done', ended(), request(SOON + 1, { processed: false })),
  example('a task whose beginning is not known', access(days(1), { taskFp: 't9' })),
]
