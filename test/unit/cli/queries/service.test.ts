/** Named queries about servers, coverage and the audit itself, on rows of which the answer is known. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { EventFields } from '../../../../schemas/event.ts'
import { at, hex, only, type SeededStore, seededStore } from '../../../seeded-store.ts'

const numbered = (seq: number, fields: EventFields = {}): EventFields => ({
  eventType: 'http.request',
  serverId: 'shop',
  eventTime: at(seq),
  producerId: hex('producer'),
  producerSeq: seq,
  serverVersion: '1.0',
  sdk: 'typescript',
  ...fields,
})
const thisHour = new Date(Math.floor(Date.now() / 3_600_000) * 3_600_000).toISOString()

let seeded: SeededStore
beforeAll(async () => {
  const coverage = { serverId: 'shop', hour: thisHour, part: 'log/0', evaluations: 5, matches: 0 }
  seeded = await seededStore({
    events: [
      numbered(1),
      numbered(2, { eventType: 'server.heartbeat', drops: 1 } as EventFields),
      numbered(3),
      numbered(7, { serverVersion: '2.0' }),
      numbered(8, { eventType: 'server.heartbeat', drops: 4, serverVersion: '2.0' } as EventFields),
      numbered(2, { producerId: hex('restarted'), serverVersion: '2.0', eventTime: at(9), receivedAt: at(69) }),
      numbered(3, {
        producerId: hex('restarted'),
        serverVersion: '2.0',
        eventTime: at(10),
        flags: ['event_time_clamped'],
      }),
      { eventType: 'server.started', serverId: 'lively', eventTime: new Date().toISOString() },
      {
        eventType: 'auditd.config.changed',
        serverId: 'mcp-auditd',
        eventTime: at(20),
        setting: 'rules.tok-001',
        actor: 'olga',
        ticket: 'T-1',
      },
      {
        eventType: 'audit.access',
        serverId: 'mcp-auditd',
        eventTime: at(21),
        operation: 'export',
        actor: 'olga',
        subject: 'events',
      },
      {
        eventType: 'auditd.error',
        serverId: 'mcp-auditd',
        eventTime: at(22),
        component: 'spool',
        code: 'spool_full',
        dropped: 3,
      },
    ],
    coverage: [
      { ...coverage, rule: 'tok-001', state: 'active', reasons: [] },
      { ...coverage, rule: 'tok-003', state: 'degraded', reasons: ['outbound.request'] },
      { ...coverage, rule: 'oau-001', state: 'not_applicable', reasons: ['no OAuth'] },
    ],
  })
})
afterAll(() => seeded.close())

it('@servers says what each runs and when it was heard', async () => {
  const rows = await seeded.ask('servers', { server: 'shop' })
  expect(only(rows, 'server_version', 'sdk', 'producers', 'events', 'drops', 'last_heartbeat')).toEqual([
    ['2.0', 'typescript', 2, 7, 4, '2026-03-02 10:08:00.000000000'],
  ])
  expect(only(await seeded.ask('servers'), 'server_id')).toEqual([['lively'], ['mcp-auditd'], ['shop']])
})

it('@silent-servers leaves out who was heard just now', async () => {
  const rows = await seeded.ask('silent-servers')
  expect(only(rows, 'server_id')).toEqual([['shop'], ['mcp-auditd']])
  expect(rows[0]!['silent_minutes']).toBeGreaterThan(15)
})

it('@sequence-gaps names the numbers that are missing, per producer', async () => {
  const rows = await seeded.ask('sequence-gaps')
  expect(only(rows, 'producer_id', 'first_missing', 'last_missing', 'missing')).toEqual([
    [hex('restarted'), 1, 1, 1],
    [hex('producer'), 4, 6, 3],
  ])
})

it('@blind-rules has rules that see too little and why, not those that do not apply', async () => {
  const rows = await seeded.ask('blind-rules')
  expect(only(rows, 'server_id', 'rule', 'state', 'reasons', 'evaluations_24h')).toEqual([
    ['shop', 'tok-003', 'degraded', ['outbound.request'], 5],
  ])
})

it('@late-events says how late a server sends', async () => {
  const rows = await seeded.ask('late-events', { server: 'shop' })
  expect(only(rows, 'server_id', 'events', 'clamped', 'p50_late_ms', 'latest_ms', 'ahead_ms')).toEqual([
    ['shop', 7, 1, 10, 3_600_000, 0],
  ])
})

it('@audit-trail says who changed and read what, and what was lost', async () => {
  const rows = await seeded.ask('audit-trail')
  expect(only(rows, 'event_type', 'actor', 'what', 'detail', 'dropped')).toEqual([
    ['auditd.error', '', 'spool spool_full', '', 3],
    ['audit.access', 'olga', 'export', 'events', 0],
    ['auditd.config.changed', 'olga', 'rules.tok-001', '', 0],
  ])
})

it('@volume counts rows by day and type', async () => {
  const rows = await seeded.ask('volume', { to: '2026-12-31', server: 'shop' })
  expect(only(rows, 'day', 'event_type', 'rows_stored', 'copies')).toEqual([
    ['2026-03-02', 'http.request', 5, 0],
    ['2026-03-02', 'server.heartbeat', 2, 0],
  ])
})
