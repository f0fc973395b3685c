/** OTLP records become AuditEvents: our own by their body, recordings of FastMCP and the Python SDK as far as they go. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { admit } from '../../../collector/admit.ts'
import { encodeEvents } from '../../../collector/event-records.ts'
import { logEventId, spanEventId } from '../../../collector/foreign.ts'
import { type Reader, readLog, readLogs, readSpans } from '../../../collector/normalize.ts'
import { decodeTracesJson } from '../../../collector/otlp/decode-json.ts'
import { decodeLogs } from '../../../collector/otlp/decode-logs.ts'
import type { OtlpBatch, OtlpLogRecord, OtlpSpan } from '../../../collector/otlp/records.ts'
import type { AuditEvent } from '../../../schemas/event.ts'

const atMs = Date.parse('2026-11-24T06:00:00Z')
const reader: Reader = { caller: { tenant: 'default', producer: '', claimed: true }, atMs }
const withKeys: Reader = {
  ...reader,
  fingerprint: (purpose, text) => Buffer.from(`${purpose}:${text}`).toString('hex').slice(0, 32),
}
const log = (fields: Partial<OtlpLogRecord>): OtlpLogRecord => ({
  time: '2026-11-24T05:59:59.000000001Z',
  observedTime: '',
  eventName: '',
  severityNumber: 9,
  body: null,
  attributes: {},
  traceId: '',
  spanId: '',
  flags: 0,
  ...fields,
})
const span = (fields: Partial<OtlpSpan>): OtlpSpan => ({
  name: 'tools/call secret-in-name',
  kind: 2,
  traceId: 'ab'.repeat(16),
  spanId: 'cd'.repeat(8),
  parentSpanId: '',
  start: '2026-11-24T05:59:59.000000000Z',
  end: '2026-11-24T05:59:59.012500000Z',
  durationMs: 12.5,
  attributes: { 'mcp.method.name': 'tools/call', 'gen_ai.tool.name': 'echo' },
  status: { code: 0, message: '' },
  ...fields,
})
const batch = <R>(
  records: R[],
  resource: OtlpBatch<R>['resource'] = { 'service.name': 'srv' },
  scope = 'lib',
): OtlpBatch<R>[] => [{ resource, scope: { name: scope, version: '1' }, records }]
const eventOfSpan = (fields: Partial<OtlpSpan>, scope?: string, by = reader) =>
  readSpans(batch([span(fields)], undefined, scope), by).candidates[0] as { [field: string]: unknown }
/** Every candidate must pass admission; answers the events as stored. */
const admitted = (candidates: readonly unknown[]): AuditEvent[] =>
  candidates.map((candidate) => {
    const result = admit(candidate, reader.caller, atMs)
    if ('refused' in result) throw new Error(`${result.refused.field}: ${result.refused.reason}`)
    return result.event
  })
const recording = (file: string) =>
  decodeTracesJson(readFileSync(new URL(`../../fixtures/other-instrumentations/${file}`, import.meta.url)))

it('keeps no text of a caller as a protocol version', () => {
  const version = (text: string) =>
    eventOfSpan({ attributes: { 'mcp.method.name': 'tools/list', 'mcp.protocol.version': text } })['protocolVersion']
  expect(version('2026-07-28')).toBe('2026-07-28')
  expect(version('my password is hunter2, and more') ?? '').toBe('')
})

describe('our own log records', () => {
  const sent = {
    eventId: '019aa5f0-0000-7000-8000-000000000001',
    eventType: 'tool.call',
    eventTime: '2026-11-24T05:59:59.123456789Z',
    serverId: 'orders',
    producerId: '019aa5f0-0000-7000-8000-00000000000a',
    producerSeq: 7,
    sdk: '@modelcontextprotocol/server',
    requestUid: '019aa5f0-0000-7000-8000-000000000002',
    method: 'tools/call',
    toolName: 'add',
    traceId: 'ab'.repeat(16),
    spanId: 'cd'.repeat(8),
    durationMs: 1.5,
    actorKeys: ['ab'],
    vantage: 'gateway',
    source: 'native',
    args: [{ path: 'cartId', type: 'string', length: 12, hmac: 'ab'.repeat(16), classes: ['handle'] }],
  } as AuditEvent

  it('come back field by field from the bytes they were written as', () => {
    const { candidates, refused } = readLogs(decodeLogs(encodeEvents([sent])), reader)
    expect(refused).toEqual([])
    expect(candidates).toEqual([sent])
    expect(admitted(candidates)[0]).toMatchObject({ ...sent, tenant: 'default', serverClaimed: true })
  })

  it('are what their body says: name, time, ids, attributes and resource only repeat it', () => {
    const record = log({
      eventName: 'mcp_audit.server.started',
      traceId: 'ff'.repeat(16),
      body: JSON.stringify(sent),
      attributes: { 'log.record.uid': 'x', 'mcp.method.name': 'tools/list', 'gen_ai.tool.name': 'drop' },
    })
    expect(readLogs(batch([record], { 'mcp_audit.server.id': 'other' }), reader).candidates).toEqual([sent])
  })

  it('cannot say that they were made from something else, unless our collect role says so', () => {
    const record = log({ eventName: 'mcp_audit.tool.call', body: JSON.stringify({ ...sent, source: 'span' }) })
    const source = (by: Reader) => (readLogs(batch([record]), by).candidates[0] as AuditEvent).source
    expect(source(reader)).toBe('native')
    expect(source({ ...reader, collected: true })).toBe('span')
  })

  it('are native and seen by a server when they do not say', () => {
    const record = log({ eventName: 'mcp_audit.tool.call', body: '{}' })
    for (const collected of [false, true])
      expect(readLogs(batch([record]), { ...reader, collected }).candidates).toEqual([
        { source: 'native', vantage: 'server' },
      ])
  })

  it('lose fields that the schema does not know, and nothing else', () => {
    const record = log({ eventName: 'mcp_audit.tool.call', body: JSON.stringify({ ...sent, fromTheFuture: { a: 1 } }) })
    expect(admitted(readLogs(batch([record]), reader).candidates)).toEqual([
      { ...sent, tenant: 'default', serverClaimed: true, receivedAt: '2026-11-24T06:00:00.000Z' },
    ])
  })

  it.each([
    ['no body', null, 'must be the event as JSON text'],
    ['an event that is no text', { eventType: 'tool.call' }, 'must be the event as JSON text'],
    ['a text that is no JSON', '{"eventId":', 'is not JSON'],
    ['a list', '[]', 'must be a JSON object'],
    ['null', 'null', 'must be a JSON object'],
  ])('with %s are refused', (_, body, reason) => {
    const { candidates, refused } = readLogs(batch([log({ eventName: 'mcp_audit.tool.call', body })]), reader)
    expect(candidates).toEqual([])
    expect(refused).toMatchObject([{ component: 'otlp', field: 'body', reason }])
  })
})

describe('MCP spans of others', () => {
  it('become exactly one tool.call with outcome, duration and ids, and without name, status text or content', () => {
    const event = eventOfSpan({
      status: { code: 2, message: 'secret-in-status' },
      attributes: {
        'mcp.method.name': 'tools/call',
        'gen_ai.tool.name': 'echo',
        'error.type': 'tool_error',
        'gen_ai.tool.call.arguments': '{"city":"secret-in-arguments"}',
        'mcp.request.argument.secret-in-key': 'x',
        'mcp.protocol.version': '2026-07-28',
        'client.address': '192.168.1.9',
      },
    })
    expect(event).toEqual({
      eventId: spanEventId('default', 'ab'.repeat(16), 'cd'.repeat(8)),
      eventType: 'tool.call',
      eventTime: '2026-11-24T05:59:59.000000000Z',
      requestUid: event['eventId'],
      logicalCallId: event['eventId'],
      serverId: 'srv',
      method: 'tools/call',
      toolName: 'echo',
      traceId: 'ab'.repeat(16),
      spanId: 'cd'.repeat(8),
      durationMs: 12.5,
      outcome: 'tool_error',
      decision: 'allow',
      errorCode: 'tool_error',
      isError: true,
      protocolVersion: '2026-07-28',
      era: 'modern',
      sdk: 'lib',
      sdkVersion: '1',
      source: 'span',
      vantage: 'server',
      captureLevel: 'shape',
      addressClass: 'private',
      args: [{ path: 'city', type: 'string', length: 19 }],
      argsBytes: 30,
      redactions: ['gen_ai.tool.call.arguments', 'mcp.request.argument.*'],
      flags: ['no_principal', 'sampled', 'no_definition_hash'],
    })
    expect(JSON.stringify(event)).not.toContain('secret')
    expect(admitted([event])).toHaveLength(1)
  })

  it('have an id that is a function of tenant, trace and span id', () => {
    const id = spanEventId('t', 'ab'.repeat(16), 'cd'.repeat(8))
    expect(id).toMatch(/^[0-9a-f]{32}$/)
    expect(spanEventId('t', 'ab'.repeat(16), 'cd'.repeat(8))).toBe(id)
    expect(
      new Set([
        id,
        spanEventId('u', 'ab'.repeat(16), 'cd'.repeat(8)),
        spanEventId('t', 'ac'.repeat(16), 'cd'.repeat(8)),
      ]).size,
    ).toBe(3)
  })

  it.each([
    [
      'a JSON-RPC code',
      { 'error.type': '-32602' },
      { outcome: 'protocol_error', decision: 'error', errorCode: '-32602' },
    ],
    [
      'a code under its new name',
      { 'error.type': 'X', 'rpc.status_code': '-32603' },
      { outcome: 'protocol_error', errorCode: '-32603' },
    ],
    ['a numeric code', { 'rpc.response.status_code': -32602 }, { outcome: 'protocol_error', errorCode: '-32602' }],
    ['HTTP 403', { 'http.response.status_code': 403 }, { outcome: 'denied', decision: 'deny', errorCode: '403' }],
    [
      'an exception class',
      { 'error.type': 'ValidationError' },
      { outcome: 'tool_error', isError: true, errorCode: 'ValidationError' },
    ],
    ['a class that is a sentence', { 'error.type': 'no such file: /etc/passwd' }, { outcome: 'tool_error' }],
    ['a time-out', { 'error.type': 'timeout' }, { outcome: 'timeout' }],
    ['a cancellation', { 'error.type': 'CancelledError' }, { outcome: 'cancelled' }],
    ['no error', {}, { outcome: 'ok', decision: 'allow', isError: false }],
  ])('end as their attributes say: %s', (_, attributes, expected) => {
    const event = eventOfSpan({
      attributes: { 'mcp.method.name': 'tools/call', 'gen_ai.tool.name': 'echo', ...attributes },
    })
    expect(event).toMatchObject(expected)
    expect(event['errorCode'] ?? '').not.toContain(' ')
  })

  it('become http.request for every other method', () => {
    const event = eventOfSpan({
      attributes: {
        'mcp.method.name': 'resources/read',
        'http.request.method': 'POST',
        'http.response.status_code': 200,
      },
    })
    expect(event).toMatchObject({
      eventType: 'http.request',
      verb: 'POST',
      status: 200,
      processed: true,
      flags: ['no_principal', 'sampled'],
    })
    expect(admitted([event])).toHaveLength(1)
  })

  it('say from where they were seen', () => {
    expect(eventOfSpan({ kind: 3 })['vantage']).toBe('client')
    expect(eventOfSpan({}, 'github.com/stacklok/toolhive')['vantage']).toBe('gateway')
  })

  it.each([
    ['traceId', { traceId: '' }],
    ['spanId', { spanId: '' }],
    ['startTimeUnixNano', { start: '' }],
    ['attributes.gen_ai.tool.name', { attributes: { 'mcp.method.name': 'tools/call', 'gen_ai.tool.name': 7 } }],
    ['attributes.mcp.method.name', { attributes: { 'mcp.method.name': ['tools/call'] } }],
    ['attributes.x', { fault: { field: 'attributes.x', reason: 'not valid UTF-8' } }],
  ])('go to the dead letter without or with a wrong %s, their neighbours do not', (field, fields) => {
    const { candidates, refused } = readSpans(
      batch([span({ spanId: '01'.repeat(8) }), span(fields), span({ spanId: '02'.repeat(8) })]),
      reader,
    )
    expect(candidates).toHaveLength(2)
    expect(refused).toMatchObject([{ component: 'otlp', field, tenant: 'default' }])
  })

  it('keep no raw session id: a keyed hash with keys, a flag without', () => {
    const attributes = {
      'mcp.method.name': 'tools/list',
      'mcp.session.id': 'raw-session',
      'mcp.protocol.version': '2025-11-25',
    }
    const without = eventOfSpan({ attributes })
    expect(without['flags']).toContain('no_session')
    const keyed = eventOfSpan({ attributes }, undefined, withKeys)
    expect(keyed['sessionFp']).toMatch(/^[0-9a-f]{32}$/)
    expect(JSON.stringify([without, keyed])).not.toContain('raw-session')
  })

  it('that are not about MCP are counted, not refused', () => {
    const { candidates, refused, ignored } = readSpans(
      batch([
        span({ attributes: { 'http.request.method': 'GET' } }),
        span({ attributes: { 'gen_ai.tool.name': 'x' } }),
      ]),
      reader,
    )
    expect([candidates.length, refused.length, ignored]).toEqual([0, 0, 2])
  })

  it('take their server from a credential that speaks for one server only', () => {
    const caller = { tenant: 't', producer: 'p', claimed: false, servers: ['prod-srv'] }
    expect(readSpans(batch([span({})]), { caller, atMs }).candidates[0]).toMatchObject({ serverId: 'prod-srv' })
    expect(
      readSpans(batch([span({})], { 'mcp_audit.server.id': 'other' }), { caller, atMs }).candidates[0],
    ).toMatchObject({ serverId: 'other' })
  })
})

describe('recordings of other instrumentations', () => {
  const calls = (file: string) =>
    admitted(readSpans(recording(file), withKeys).candidates)
      .filter((event) => event.eventType === 'tool.call')
      .map((event) => [event.toolName, event.outcome])

  it.each(['fastmcp-jwt-2026.json', 'fastmcp-static-2026.json', 'fastmcp-static-2025.json'])(
    '%s: five calls with their outcomes, the client id as client, never as person',
    (file) => {
      expect(calls(file)).toEqual([
        ['echo', 'ok'],
        ['fail', 'tool_error'],
        ['crash', 'tool_error'],
        ['nope', 'tool_error'],
        ['echo', 'tool_error'],
      ])
      const events = admitted(readSpans(recording(file), withKeys).candidates)
      const modern = file.includes('2026')
      for (const event of events) {
        expect(event).toMatchObject({
          clientKey: 'client-abc',
          serverId: 'srv',
          serverName: 'srv',
          sdk: 'fastmcp',
          source: 'span',
          era: modern ? 'modern' : 'legacy',
        })
        expect(event.principalKey).toBeUndefined()
        // On 2026-07-28 FastMCP's session id is random per request: useless, and misleading.
        if (modern) expect(event.sessionFp).toBeUndefined()
      }
      if (!modern) expect(new Set(events.map((event) => event.sessionFp)).size).toBe(2)
      expect(JSON.stringify(events)).not.toMatch(/NaN|crash!|validation error|Unknown tool/)
    },
  )

  it.each(['mcp-python-sdk-2026.json', 'mcp-python-sdk-2025.json'])('%s: five calls with their outcomes', (file) => {
    expect(calls(file)).toEqual([
      ['echo', 'ok'],
      ['fail', 'tool_error'],
      ['crash', 'tool_error'],
      ['nope', 'tool_error'],
      ['echo', 'tool_error'],
    ])
  })

  it('every span gives one event with an id of its own', () => {
    for (const file of ['fastmcp-jwt-2026.json', 'mcp-python-sdk-2025.json']) {
      const spans = recording(file).flatMap((entry) => entry.records)
      const { candidates, refused, ignored } = readSpans(recording(file), reader)
      expect([candidates.length, refused.length, ignored]).toEqual([spans.length, 0, 0])
      expect(new Set(candidates.map((event) => (event as { eventId: string }).eventId)).size).toBe(spans.length)
    }
  })
})

describe('log records of others', () => {
  const attributes = { 'mcp.method.name': 'tools/call', 'gen_ai.tool.name': 'delete_repo' }
  const idOf = (record: OtlpLogRecord, by = reader) =>
    (readLog(record, batch([record])[0]!, by) as { events: { eventId: string }[] }).events[0]!.eventId

  it('become events whose id is a function of tenant, server and the canonical record', () => {
    const record = log({ attributes, traceId: 'ab'.repeat(16), severityNumber: 17 })
    const reading = readLog(record, batch([record])[0]!, reader)
    expect(reading).toMatchObject({
      events: [
        {
          eventType: 'tool.call',
          source: 'otlp_log',
          toolName: 'delete_repo',
          outcome: 'tool_error',
          traceId: 'ab'.repeat(16),
        },
      ],
    })
    expect(idOf(record)).toBe(logEventId('default', 'srv', record as never))
    const reordered = { ...record, attributes: { 'gen_ai.tool.name': 'delete_repo', 'mcp.method.name': 'tools/call' } }
    expect(idOf(reordered)).toBe(idOf(record))
    expect(idOf({ ...record, observedTime: '2026-11-24T06:00:00.000000000Z' })).toBe(idOf(record))
    expect(idOf({ ...record, body: 'other' })).not.toBe(idOf(record))
    expect(idOf(record, { ...reader, caller: { ...reader.caller, tenant: 'other' } })).not.toBe(idOf(record))
  })

  it('use the observed time when they have no other, and are refused without any', () => {
    const observed = log({ attributes, time: '', observedTime: '2026-11-24T05:00:00.000000000Z' })
    expect(readLog(observed, batch([observed])[0]!, reader)).toMatchObject({
      events: [{ eventTime: observed.observedTime }],
    })
    const timeless = log({ attributes, time: '' })
    expect(readLog(timeless, batch([timeless])[0]!, reader)).toEqual({
      fault: { field: 'timeUnixNano', reason: 'a log record needs a time' },
    })
  })
})
