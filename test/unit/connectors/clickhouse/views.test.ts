/** The views, over rows as they come: pairs of call and result, lone halves, foreign spans, retries, definitions. */
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createEmbeddedStore } from '../../../../connectors/clickhouse/store.ts'
import type { EventFields } from '../../../../schemas/event.ts'
import type { EventStore } from '../../../../schemas/ports.ts'
import { recordingTelemetry, sampleEvent, sampleRow } from '../../../contract/samples.ts'

let path: string
let store: EventStore
let offset = 0
beforeAll(async () => {
  path = await mkdtemp(join(tmpdir(), 'views-'))
  store = createEmbeddedStore({
    path,
    database: 'mcp_auditd',
    retentionDays: { security: 100_000, activity: 100_000 },
    telemetry: recordingTelemetry(),
  })
  await store.open()
})
afterAll(async () => {
  await store.close()
  await rm(path, { recursive: true, force: true })
})
/** Stores each event in an insert of its own, so that no merge on insert hides a second copy. */
const put = async (...events: EventFields[]) => {
  for (const fields of events) {
    offset += 1
    const row = sampleRow(sampleEvent(fields), { log: 'f'.repeat(32), partition: 0, offset, index: 0 })
    expect(await store.insertEvents({ token: `t${offset}`, count: 1, source: { rows: `${row}\n` } })).toEqual([])
  }
}
const ask = async (sql: string) =>
  (await store.query(sql, { format: 'JSONEachRow' }))
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
const tenantOf = () => randomUUID()

it('makes one call of the two events of a request, with what each of them knows', async () => {
  const tenant = tenantOf()
  const request = { tenant, requestUid: randomUUID() }
  const callId = randomUUID()
  await put(
    { ...request, eventId: callId, traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), argsBytes: 12, decision: 'allow' },
    {
      ...request,
      eventType: 'tool.result',
      eventTime: '2026-11-24T01:02:04.5Z',
      outcome: 'tool_error',
      isError: true,
      bytes: 99,
      durationMs: 7.25,
      resultType: 'complete',
      labels: ['pii'],
    },
  )
  expect(
    await ask(`SELECT event_id, event_type, toString(event_time) AS t, request_uid, tool_name, decision, outcome, is_error, duration_ms,
      toUInt32(args_bytes) AS args_bytes, toUInt32(result_bytes) AS result_bytes, trace_id, labels, vantage, source FROM calls WHERE tenant = '${tenant}'`),
  ).toEqual([
    {
      event_id: callId,
      event_type: 'tool.call',
      t: '2026-11-24 01:02:03.000456789',
      request_uid: request.requestUid,
      tool_name: 'echo',
      decision: 'allow',
      outcome: 'tool_error',
      is_error: true,
      duration_ms: 7.25,
      args_bytes: 12,
      result_bytes: 99,
      trace_id: 'a'.repeat(32),
      labels: ['pii'],
      vantage: 'server',
      source: 'native',
    },
  ])
})

it('has a row for a call without result, a result without call, and a foreign span, each once', async () => {
  const tenant = tenantOf()
  const span = { tenant, eventId: 'c'.repeat(32), requestUid: '', source: 'span', vantage: 'gateway' }
  await put(
    { tenant },
    { tenant, eventType: 'tool.result', outcome: 'ok' },
    { ...span, outcome: 'ok', durationMs: 3 },
    { ...span, eventId: 'd'.repeat(32), outcome: 'ok', durationMs: 4 },
  )
  expect(
    await ask(
      `SELECT event_type, outcome, source, duration_ms FROM calls WHERE tenant = '${tenant}' ORDER BY duration_ms, event_type`,
    ),
  ).toEqual([
    { event_type: 'tool.call', outcome: '', source: 'native', duration_ms: 0 },
    { event_type: 'tool.result', outcome: 'ok', source: 'native', duration_ms: 0 },
    { event_type: 'tool.call', outcome: 'ok', source: 'span', duration_ms: 3 },
    { event_type: 'tool.call', outcome: 'ok', source: 'span', duration_ms: 4 },
  ])
})

it('counts a call once when an event of it came twice, on two dates', async () => {
  const tenant = tenantOf()
  const call = { tenant, eventId: randomUUID(), requestUid: randomUUID() }
  await put({ ...call, receivedAt: '2026-11-25T00:00:01.000Z' }, { ...call, receivedAt: '2026-11-24T23:59:59.000Z' })
  expect(await ask(`SELECT toUInt8(count()) AS n FROM events WHERE tenant = '${tenant}'`)).toEqual([{ n: 2 }])
  expect(
    await ask(`SELECT toUInt8(count()) AS n, toString(any(received_at)) AS r FROM calls WHERE tenant = '${tenant}'`),
  ).toEqual([{ n: 1, r: '2026-11-24 23:59:59.000' }])
})

it('shows what was compared in an authorization event', async () => {
  const tenant = tenantOf()
  await put({
    tenant,
    eventType: 'auth.token.validated',
    toolName: '',
    iss: 'https://idp',
    aud: ['https://other'],
    expectedAud: ['https://srv-1'],
    scopes: ['read'],
    reason: 'accepted',
    expAt: 1_800_000_000,
  })
  expect(
    await ask(
      `SELECT event_type, iss, aud, expected_aud, scopes, reason, toInt32(exp_at) AS exp_at, decision FROM auth WHERE tenant = '${tenant}'`,
    ),
  ).toEqual([
    {
      event_type: 'auth.token.validated',
      iss: 'https://idp',
      aud: ['https://other'],
      expected_aud: ['https://srv-1'],
      scopes: ['read'],
      reason: 'accepted',
      exp_at: 1_800_000_000,
      decision: 'allow',
    },
  ])
})

it('has each version of a definition once, with when it was first and last seen', async () => {
  const tenant = tenantOf()
  const registry = (eventTime: string, hashes: readonly string[]) => ({
    tenant,
    eventType: 'tools.registry',
    eventTime,
    definitions: hashes.map((hash) => ({ name: 'echo', hash: hash.repeat(64), descriptionHash: hash.repeat(64) })),
  })
  await put(
    registry('2026-11-24T01:00:00Z', ['1']),
    registry('2026-11-24T02:00:00Z', ['2']),
    registry('2026-11-24T03:00:00Z', ['1']),
  )
  expect(
    await ask(`SELECT tool_name, substring(definition_hash, 1, 1) AS v, substring(description_hash, 1, 1) AS d,
      formatDateTime(first_seen, '%H') AS f, formatDateTime(last_seen, '%H') AS l FROM definitions WHERE tenant = '${tenant}' ORDER BY v`),
  ).toEqual([
    { tool_name: 'echo', v: '1', d: '1', f: '01', l: '03' },
    { tool_name: 'echo', v: '2', d: '2', f: '02', l: '02' },
  ])
})

it('gives every view of event rows the same sixteen columns', async () => {
  const shared = [
    ...['event_id', 'event_type', 'event_time', 'received_at', 'tenant', 'server_id', 'principal_key', 'client_key'],
    ...['session_fp', 'tool_name', 'definition_hash', 'decision', 'trace_id', 'span_id', 'vantage', 'source'],
  ]
  for (const view of ['events', 'events_exact', 'calls', 'auth'])
    await expect(store.query(`SELECT ${shared.join(', ')} FROM ${view} LIMIT 0`, { format: 'TSV' })).resolves.toBe('')
  const otel = await ask('SELECT EventName, ServiceName FROM otel_logs LIMIT 1')
  expect(otel[0]).toMatchObject({ ServiceName: 'srv-1' })
})

it('keeps the settings of a view under the limits of a reader', async () => {
  const tenant = tenantOf()
  await put({ tenant })
  expect(await ask(`SELECT toUInt8(count()) AS n FROM events_exact WHERE tenant = '${tenant}'`)).toEqual([{ n: 1 }])
})
