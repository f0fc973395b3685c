// The pages of an export over the real engine: every event once, the copy that was received first, in order, whatever the cuts are.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventPages, type PageSizes } from '../../cli/export/event-pages.ts'
import { alertPages, findingPages } from '../../cli/export/match-pages.ts'
import { rowAsker } from '../../cli/export/question.ts'
import type { Selection } from '../../cli/export/selection.ts'
import type { Questions } from '../../cli/store-question.ts'
import { createEmbeddedStore } from '../../connectors/clickhouse/store.ts'
import type { AuditEvent } from '../../schemas/event.ts'
import { recordingTelemetry, sampleAlert, sampleEvent, sampleFinding, sampleRow } from '../contract/samples.ts'

const path = await mkdtemp(join(tmpdir(), 'export-pages-'))
const store = createEmbeddedStore({
  path,
  database: 'mcp_auditd',
  retentionDays: { security: 100_000, activity: 100_000 },
  telemetry: recordingTelemetry(),
})
const questions: Questions = {
  service: undefined,
  ask: (sql, format, parameters = {}) => store.query(sql, { format, parameters }),
  async close() {},
}
const DAY_MS = 86_400_000
const START = Date.parse('2026-11-20T23:00:00Z')
/** Names that would end a literal, a line or a list. */
const SERVERS = ['srv', "o'brien\\", 'a\nb\tc', '\u2028', '{"x":[1]}', '\\N', '']
const eventAt = (n: number, receivedMs: number): AuditEvent =>
  sampleEvent({
    eventId: (n * 7_919).toString(16).padStart(32, '0'),
    serverId: SERVERS[n % (SERVERS.length - 1)]!,
    tenant: n % 5 === 0 ? 'a,b' : 'default',
    eventType: n % 3 === 0 ? 'auth.token.validated' : 'tool.call',
    toolName: `tool ${n}`,
    receivedAt: new Date(receivedMs).toISOString(),
    eventTime: new Date(receivedMs).toISOString(),
  })
/** Eleven share a millisecond; the second hundred lies over midnight. */
const EVENTS = Array.from({ length: 240 }, (_, n) => eventAt(n, START + Math.floor(n / 11) * 300_000))
const later = (event: AuditEvent, byMs: number): AuditEvent => ({
  ...event,
  toolName: 'a later copy',
  receivedAt: new Date(Date.parse(event.receivedAt!) + byMs).toISOString(),
})
const COPIES = EVENTS.flatMap((event, n) => [
  ...(n % 13 === 0 ? [event] : []),
  ...(n % 17 === 0 ? [later(event, 1)] : []),
  ...(n % 7 === 0 ? [later(event, 600_000)] : []),
  ...(n % 19 === 0 ? [later(event, DAY_MS)] : []),
])
const ALL: Selection = {
  what: 'events',
  fromMs: START - 1,
  toMs: START + 9 * DAY_MS,
  tenant: '',
  server: '',
  types: [],
}

async function insert(token: string, events: readonly AuditEvent[]): Promise<void> {
  const rows = events.map((event, index) => sampleRow(event, { log: 'a'.repeat(32), partition: 0, offset: 1, index }))
  expect(await store.insertEvents({ token, count: rows.length, source: { rows: rows.join('\n') } })).toEqual([])
}
beforeAll(async () => {
  await store.open()
  await insert('first', EVENTS)
  await insert('again', COPIES)
  await store.insertFindings(
    Array.from({ length: 30 }, (_, n) =>
      sampleFinding({
        findingId: n.toString(16).padStart(32, '0'),
        rule: n % 2 === 0 ? 'tok-001-audience-mismatch' : 'tok-010-token-in-url',
        eventTime: new Date(START + Math.floor(n / 4)).toISOString(),
        serverId: SERVERS[n % 3]!,
      }),
    ),
  )
  const alerts = Array.from({ length: 12 }, (_, n) =>
    sampleAlert({
      alertId: n.toString(16).padStart(32, '0'),
      firstSeen: '2026-11-20T23:00:00Z',
      lastSeen: new Date(START + n).toISOString(),
      windowStart: '2026-11-20T23:00:00.000Z',
      title: '2026-11-20 23:00:00',
      evidence: { aud: ['x'], hits: n },
    }),
  )
  await store.insertAlerts(alerts)
  await store.insertAlerts(alerts.slice(0, 3).map((one) => ({ ...one, revision: 2, count: 9 })))
})
afterAll(async () => {
  await store.close()
  await rm(path, { recursive: true, force: true })
})

async function exported(selection: Partial<Selection>, sizes: PageSizes): Promise<AuditEvent[]> {
  const events: AuditEvent[] = []
  for await (const page of eventPages(rowAsker(questions, 'JSONCompactEachRow'), { ...ALL, ...selection }, sizes)) {
    expect(page.length).toBeLessThanOrEqual(sizes.pageRows)
    events.push(...page)
  }
  return events
}
/** What `events_exact` holds of the same time. */
async function exact({ fromMs, toMs }: Pick<Selection, 'fromMs' | 'toMs'>): Promise<string[]> {
  const sql = `SELECT tenant, server_id, event_id, toString(received_at) FROM events_exact
    WHERE toUnixTimestamp64Milli(received_at) >= ${fromMs} AND toUnixTimestamp64Milli(received_at) < ${toMs}
    ORDER BY received_at, tenant, server_id, event_id`
  const lines = (await store.query(sql, { format: 'JSONCompactEachRow' })).split('\n').filter((line) => line !== '')
  return lines.map((line) => JSON.stringify(JSON.parse(line)))
}
const keyOf = ({ tenant, serverId, eventId, receivedAt }: AuditEvent): string =>
  JSON.stringify([tenant, serverId, eventId, receivedAt!.replace('T', ' ').slice(0, -1)])

describe('an export of events', () => {
  it.each<PageSizes>([
    { pageRows: 5_000, sliceRows: 200_000, mostEarlier: 50_000 },
    { pageRows: 7, sliceRows: 20, mostEarlier: 50_000 },
    { pageRows: 3, sliceRows: 11, mostEarlier: 50_000 },
    { pageRows: 7, sliceRows: 20, mostEarlier: 0 },
    { pageRows: 50, sliceRows: 1, mostEarlier: 1 },
  ])('holds each event once, as it was received first, in pages of %o', async (sizes) => {
    const events = await exported({}, sizes)
    expect(events.map(keyOf)).toEqual(await exact(ALL))
    expect(events).toHaveLength(EVENTS.length)
    expect(new Set(events.map(({ serverId }) => serverId)).size).toBe(6)
  })
  it('leaves out a copy whose first receipt lies before the time asked for, also over midnight', async () => {
    for (const [fromMs, toMs] of [
      [START + 600_000, START + 1_200_001],
      [START + 3_600_000, START + DAY_MS],
      [START + DAY_MS, START + 2 * DAY_MS],
      [START, START + 1],
    ] as const) {
      const events = await exported({ fromMs, toMs }, { pageRows: 7, sliceRows: 20, mostEarlier: 50_000 })
      expect(events.map(keyOf)).toEqual(await exact({ fromMs, toMs }))
    }
  })
  it('takes the words of a filter as they are', async () => {
    const sizes = { pageRows: 7, sliceRows: 20, mostEarlier: 50_000 }
    for (const server of SERVERS.slice(0, 6))
      expect(await exported({ server }, sizes)).toHaveLength(EVENTS.filter((e) => e.serverId === server).length)
    expect(await exported({ tenant: 'a,b' }, sizes)).toHaveLength(48)
    const tokens = await exported({ tenant: 'a,b', types: ['auth.token.validated', 'tool.result'] }, sizes)
    expect(tokens).toHaveLength(16)
    expect(new Set(tokens.map(({ eventType }) => eventType))).toEqual(new Set(['auth.token.validated']))
    expect(await exported({ server: "x' OR 1=1 --" }, sizes)).toEqual([])
  })
  it('gives an event back as it came', async () => {
    const [first] = await exported(
      { toMs: START + 1, server: 'srv', tenant: 'a,b' },
      { pageRows: 1, sliceRows: 9, mostEarlier: 9 },
    )
    const { eventTime, ...rest } = EVENTS[0]!
    expect(first).toMatchObject(rest)
    expect(Date.parse(first!.eventTime)).toBe(Date.parse(eventTime))
  })
})

describe('an export of findings and alerts', () => {
  const collect = async <T>(pages: AsyncIterable<readonly T[]>): Promise<T[]> => {
    const all: T[] = []
    for await (const page of pages) all.push(...page)
    return all
  }
  const ask = rowAsker(questions, 'JSONEachRow')
  it('holds each finding once, in pages of any size', async () => {
    for (const size of [1, 4, 1_000]) {
      const findings = await collect(findingPages(ask, { ...ALL, what: 'findings' }, size))
      expect(findings.map(({ findingId }) => Number.parseInt(findingId, 16)).sort((a, b) => a - b)).toEqual([
        ...Array(30).keys(),
      ])
      expect(findings[0]).toMatchObject({ evidence: { aud: ['https://other'], hits: 1 }, ruleVersion: 1 })
      expect(Date.parse(findings[0]!.eventTime)).toBe(START)
    }
    const some = { ...ALL, what: 'findings', types: ['tok-010-token-in-url'], server: SERVERS[2]! } as const
    expect(await collect(findingPages(ask, some, 2))).toHaveLength(5)
  })
  it('holds each alert once, in its latest revision', async () => {
    for (const size of [1, 5, 1_000]) {
      const alerts = await collect(alertPages(ask, { ...ALL, what: 'alerts' }, size))
      expect(alerts.map(({ evidence }) => evidence['hits'])).toEqual([...Array(12).keys()])
      expect(alerts.map(({ count }) => count).filter((count) => count === 9)).toHaveLength(3)
      // A text that looks like a time of the store stays a text.
      expect(alerts[0]).toMatchObject({
        status: 'open',
        title: '2026-11-20 23:00:00',
        windowStart: '2026-11-20T23:00:00.000Z',
      })
    }
  })
})
