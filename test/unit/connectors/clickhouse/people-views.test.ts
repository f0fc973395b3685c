/** The views made for people, over rows of which the answer is known: each event once, each tenant apart. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { EventFields } from '../../../../schemas/event.ts'
import { at, callOf, hex, only, type SeededStore, seededStore } from '../../../seeded-store.ts'

const twice = (fields: EventFields): EventFields[] => [
  { ...fields, receivedAt: '2026-03-02T23:59:59.000Z' },
  { ...fields, receivedAt: '2026-03-03T00:00:01.000Z' },
]
let seeded: SeededStore
beforeAll(async () => {
  seeded = await seededStore({
    events: [
      ...callOf(
        { eventTime: at(1), toolName: 'a', requestUid: hex('r1'), principalKey: hex('p'), sessionFp: hex('s') },
        { durationMs: 5, bytes: 7, isError: true } as EventFields,
      ),
      { eventType: 'tool.call', eventTime: at(2), toolName: 'a', requestUid: hex('r2') },
      { eventType: 'tool.call', eventTime: at(3), toolName: 'b', source: 'span', outcome: 'ok', eventId: hex('span') },
      ...twice({
        eventType: 'content.finding',
        eventTime: at(4),
        eventId: hex('content'),
        findingClass: 'secret.aws_key',
        surface: 'result',
      } as EventFields),
      ...twice({
        eventType: 'mrtr.input_required',
        eventTime: at(5),
        eventId: hex('state'),
        stateFp: hex('state'),
        principalKey: hex('p'),
      } as EventFields),
      { eventType: 'mrtr.retry', eventTime: at(6), stateFp: hex('state'), principalKey: hex('q') } as EventFields,
      { eventType: 'task.created', eventTime: at(7), taskFp: hex('task') } as EventFields,
      { eventType: 'task.ended', eventTime: at(8), taskFp: hex('task') } as EventFields,
      ...twice({ eventType: 'session.created', eventTime: at(9), eventId: hex('created'), sessionFp: hex('s') }),
    ],
  })
})
afterAll(() => seeded.close())
const acme = (view: string, columns: string, order: string) =>
  seeded.sql(`SELECT ${columns} FROM ${view} WHERE tenant = 'acme' ORDER BY ${order}`)

it('call_ends has a row per result and per foreign span, calls also what has no result; both by the same key', async () => {
  const ends = await acme('call_ends', '*', 'event_time')
  expect(only(ends, 'call_key', 'tool_name', 'is_error', 'result_bytes', 'duration_ms')).toEqual([
    [hex('r1'), 'a', true, 7, 5],
    [hex('span'), 'b', false, 0, 0],
  ])
  expect(only(await acme('calls', 'call_key', 'event_time'), 'call_key').flat()).toEqual([
    hex('r1'),
    hex('r2'),
    hex('span'),
  ])
})

it('content has the class and its first word, once though it came twice', async () => {
  const rows = await acme('content', '*', 'event_time')
  expect(only(rows, 'category', 'finding_class', 'surface', 'hits')).toEqual([
    ['secret', 'secret.aws_key', 'result', 1],
  ])
})

it('handle_uses says who was given a state and who presented it, and counts the end of a task as no use', async () => {
  const rows = await acme('handle_uses', '*', 'event_time')
  expect(only(rows, 'handle_fp', 'handle_kind', 'use', 'principal_key')).toEqual([
    [hex('state'), 'state', 'minted', hex('p')],
    [hex('state'), 'state', 'presented', hex('q')],
    [hex('task'), 'task', 'minted', ''],
  ])
})

it('sessions and principals count each event once', async () => {
  expect(only(await acme('sessions', '*', 'session_fp'), 'events', 'calls', 'principals', 'tools')).toEqual([
    [3, 1, [hex('p')], ['a']],
  ])
  expect(only(await acme('principals', '*', 'principal_key'), 'principal_key', 'events').sort()).toEqual(
    [
      [hex('p'), 3],
      [hex('q'), 1],
    ].sort(),
  )
})

it('otel_logs leaves out attributes that say nothing', async () => {
  const [row] = await seeded.sql(
    `SELECT EventName, ServiceName, SeverityText, LogAttributes, ResourceAttributes['mcp_audit.tenant'] AS tenant
     FROM otel_logs WHERE LogAttributes['log.record.uid'] = {id:String}`,
    { id: hex('span') },
  )
  expect(row).toEqual({
    EventName: 'mcp_audit.tool.call',
    ServiceName: 'srv-1',
    SeverityText: 'INFO',
    LogAttributes: { 'log.record.uid': hex('span'), 'gen_ai.tool.name': 'b', 'mcp_audit.outcome': 'ok' },
    tenant: 'acme',
  })
})
