/** Named queries about calls and definitions, on rows of which the answer is known. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { EventFields } from '../../../../schemas/event.ts'
import { at, callOf, hash, hex, only, type SeededStore, seededStore } from '../../../seeded-store.ts'

const GOOD = hash('pay, good')
const POISONED = hash('pay, poisoned')
const pay = (minute: number, person: string, definition: string, fields: EventFields = {}): EventFields => ({
  serverId: 'bank',
  eventTime: at(minute),
  toolName: 'pay',
  definitionHash: definition,
  principalKey: hex(person),
  clientKey: 'desktop',
  sessionFp: hex(`session of ${person}`),
  requestUid: hex(`pay at ${minute}`),
  ...fields,
})
const registry = (minute: number, definition: string, more: object = {}): EventFields =>
  ({
    eventType: 'tools.registry',
    serverId: 'bank',
    eventTime: at(minute),
    definitions: [{ name: 'pay', hash: definition, descriptionHash: hash(`words of ${definition}`), ...more }],
  }) as EventFields
const export_ = (minute: number, person: string, bytes: number): EventFields[] =>
  callOf(
    {
      serverId: 'crm',
      eventTime: at(minute),
      toolName: 'export',
      principalKey: hex(person),
      requestUid: hex(`export at ${minute}`),
    },
    { bytes, durationMs: bytes / 1000 } as EventFields,
  )

let seeded: SeededStore
beforeAll(async () => {
  seeded = await seededStore({
    risks: { pay: 'destructive' },
    events: [
      registry(0, GOOD),
      ...callOf(pay(1, 'bob', GOOD)),
      registry(2, POISONED, { findings: ['injection.conceal'], inputHash: '' }),
      ...callOf(pay(3, 'alice', POISONED), { bytes: 9, labels: ['secret.aws_key'] } as EventFields),
      { eventType: 'tool.call', ...pay(4, 'carol', POISONED) },
      ...callOf(pay(5, 'alice', POISONED, { toolName: 'refund' })),
      ...export_(10, 'alice', 6_000_000),
      ...export_(11, 'alice', 7_000_000),
      ...export_(12, 'bob', 8_000_000),
      ...callOf(
        { serverId: 'crm', eventTime: at(13), toolName: 'find', principalKey: hex('bob'), requestUid: hex('find') },
        { outcome: 'tool_error', errorCode: '-32603' },
      ),
      // Nobody, and no tool: new to no one.
      ...callOf({ serverId: 'shop', eventTime: at(14), toolName: 'buy', requestUid: hex('nobody') }),
      ...callOf({ serverId: 'shop', eventTime: at(15), principalKey: hex('bob'), requestUid: hex('nothing') }),
      // Saturday noon, and Tuesday at 3 in the morning.
      ...callOf(pay(5 * 1440 + 120, 'dora', GOOD)),
      ...callOf(pay(1440 - 420, 'bob', GOOD)),
      {
        ...pay(20, 'alice', GOOD),
        eventType: 'tool.call',
        requestUid: hex('round 1'),
        logicalCallId: hex('round 1'),
        traceId: hex('trace'),
        spanId: hex('span').slice(0, 16),
      },
      {
        ...pay(21, 'alice', GOOD),
        eventType: 'tool.call',
        requestUid: hex('round 2'),
        logicalCallId: hex('round 1'),
        traceId: hex('trace'),
      },
      { eventType: 'outbound.request', serverId: 'crm', eventTime: at(22), traceId: hex('trace') },
    ],
  })
})
afterAll(() => seeded.close())

it('@blast-radius finds the calls under a version of a definition, also those without a result', async () => {
  const rows = await seeded.ask('blast-radius', { definition: POISONED, tool: 'pay' })
  expect(only(rows, 'principal_key', 'outcome', 'result_bytes', 'labels')).toEqual([
    [hex('alice'), 'ok', 9, ['secret.aws_key']],
    [hex('carol'), '', 0, []],
  ])
  const byBeginning = await seeded.ask('blast-radius', { definition: POISONED.slice(0, 12) })
  expect(only(byBeginning, 'tool_name')).toEqual([['pay'], ['pay'], ['refund']])
  expect(await seeded.ask('blast-radius', { definition: POISONED, server: 'crm' })).toEqual([])
  expect(await seeded.ask('blast-radius', { tool: 'export', from: at(11), to: at(11) })).toHaveLength(1)
})

it('@definition-history has each version with what was called under it', async () => {
  const rows = await seeded.ask('definition-history', { tool: 'pay' })
  expect(only(rows, 'definition_hash', 'findings', 'calls', 'principals')).toEqual([
    [GOOD, [], 3, 2],
    [POISONED, ['injection.conceal'], 1, 1],
  ])
})

it('@definition-changes names the parts that differ', async () => {
  const rows = await seeded.ask('definition-changes')
  expect(only(rows, 'tool_name', 'old_hash', 'definition_hash', 'parts', 'new_classes')).toEqual([
    ['pay', GOOD, POISONED, ['description'], ['injection.conceal']],
  ])
})

it('@large-results adds up what a principal took out', async () => {
  const rows = await seeded.ask('large-results', { bytes: '10000000' })
  expect(only(rows, 'tool_name', 'principal_key', 'calls', 'total_bytes', 'largest_bytes')).toEqual([
    ['export', hex('alice'), 2, 13_000_000, 7_000_000],
  ])
})

it('@tool-usage counts calls, callers, failures and durations', async () => {
  const rows = await seeded.ask('tool-usage', { server: 'crm' })
  expect(only(rows, 'tool_name', 'calls', 'principals', 'failed', 'p50_ms')).toEqual([
    ['export', 3, 2, 0, 7000],
    ['find', 1, 1, 1, 0],
  ])
})

it('@tool-errors says how calls fail', async () => {
  const rows = await seeded.ask('tool-errors')
  expect(only(rows, 'server_id', 'tool_name', 'outcome', 'error_code', 'calls', 'last_request')).toEqual([
    ['crm', 'find', 'tool_error', '-32603', 1, hex('find')],
  ])
})

it('@off-hours-calls finds risky calls at night and on weekends, by the clock of the office', async () => {
  const rows = await seeded.ask('off-hours-calls')
  expect(only(rows, 'principal_key', 'weekend', 'tool_risk')).toEqual([
    [hex('dora'), 1, 'destructive'],
    [hex('bob'), 0, 'destructive'],
  ])
  const inTokyo = await seeded.ask('off-hours-calls', { zone: 'Asia/Tokyo', principal: hex('bob') })
  expect(only(inTokyo, 'local_time')).toEqual([['2026-03-02 19:01:00.000000000']])
})

it('@new-tools finds what a principal called for the first time', async () => {
  const rows = await seeded.ask('new-tools', { from: at(9), to: at(19) })
  expect(only(rows, 'principal_key', 'tool_name', 'calls', 'known_since')).toEqual([
    [hex('bob'), 'find', 1, '2026-03-02 10:01:00.000000000'],
    [hex('bob'), 'export', 1, '2026-03-02 10:01:00.000000000'],
    [hex('alice'), 'export', 2, '2026-03-02 10:03:00.000000000'],
  ])
})

it('@request has all rounds of a call, @trace everything under a trace', async () => {
  const request = await seeded.ask('request', { request: hex('round 1') })
  expect(only(request, 'request_uid', 'event_type')).toEqual([
    [hex('round 1'), 'tool.call'],
    [hex('round 2'), 'tool.call'],
  ])
  const trace = await seeded.ask('trace', { trace: hex('trace') })
  expect(only(trace, 'server_id', 'event_type', 'span_id')).toEqual([
    ['bank', 'tool.call', hex('span').slice(0, 16)],
    ['bank', 'tool.call', ''],
    ['crm', 'outbound.request', ''],
  ])
})
