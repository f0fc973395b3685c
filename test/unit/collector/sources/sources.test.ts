import { describe, expect, it } from 'vitest'
import { readSpans } from '../../../../collector/normalize.ts'
import { emptyAttributes, type OtlpSpan } from '../../../../collector/otlp/records.ts'
import { SOURCES } from '../../../../collector/sources/catalogue.ts'
import { readJsonRecords } from '../../../../collector/sources/read-json.ts'
import { toolhive } from '../../../../collector/sources/toolhive.ts'
import {
  admitted,
  eventsOf,
  jsonFile,
  lines,
  posthogEvents,
  reader,
  sentryPayloads,
  summary,
  traceloopBatch,
  withKeys,
} from './recordings.ts'

it('every source says its vantage, its ways in, what it lacks and what to know before trusting it', () => {
  expect(new Set(SOURCES.map(({ name }) => name)).size).toBe(SOURCES.length)
  for (const { ways, lacks, note, readJson, readOtlp } of SOURCES) {
    expect(lacks.length).toBeGreaterThan(0)
    expect(note).toMatch(/\.$/)
    expect(ways.includes('json')).toBe(readJson !== undefined)
    expect(ways.includes('spans') || ways.includes('logs')).toBe(readOtlp !== undefined)
  }
})

describe('Sentry', () => {
  it.each(['sentry11-sdk-v1.json', 'sentry11-sdk-v2.json'])('%s: each request once, with its outcome', (file) => {
    const events = eventsOf('sentry', sentryPayloads(file))
    const isV2 = file.includes('v2')
    expect(summary(events)).toEqual([
      ['initialize', '', 'ok', ''],
      ['notifications/initialized', '', 'ok', ''],
      ['tools/list', '', 'ok', ''],
      ['tools/call', 'echo', 'ok', ''],
      ['tools/call', 'seeauth', 'ok', ''],
      // It calls a JSON-RPC error of these codes a success; SDK v1 answers a result instead.
      ['tools/call', 'nope', isV2 ? 'protocol_error' : 'tool_error', isV2 ? '-32602' : 'tool_error'],
      ['tools/call', 'echo', 'tool_error', 'tool_error'],
      ['tools/call', 'throws', 'tool_error', 'tool_error'],
      ['tools/call', 'iserr', 'tool_error', 'tool_error'],
    ])
    const call = events.find(({ toolName }) => toolName === 'echo')!
    expect(call).toMatchObject({
      source: 'span',
      vantage: 'server',
      sdk: 'sentry.javascript.node',
      transport: 'inproc',
      serverId: 'srv',
      serverName: 'srv',
      clientName: 'bench-client',
      era: 'legacy',
      captureLevel: 'shape',
      redactions: ['mcp.tool.result.content', 'mcp.request.argument.*'],
    })
    expect((call as { args?: { path: string }[] }).args?.map(({ path }) => path)).toEqual([
      'message',
      'count',
      'flag',
      'tags[]',
      'tags[]',
      'opt',
    ])
    expect(call.flags).not.toContain('no_arguments')
    expect(JSON.stringify(events)).not.toMatch(/xxxxxxxx|rrrrrrrr|boom|soft failure/)
  })

  it('gives the same event for a span in an envelope and over OTLP', () => {
    const [span] = sentryPayloads('sentry11-sdk-v2.json').flatMap(
      (payload) => (payload as { items?: Record<string, never>[] }).items ?? [],
    ) as unknown as { name: string; trace_id: string; span_id: string; attributes: Record<string, { value: never }> }[]
    const attributes = emptyAttributes()
    for (const [name, { value }] of Object.entries(span!.attributes)) attributes[name] = value
    const otlp: OtlpSpan = {
      name: span!.name,
      kind: 2,
      traceId: span!.trace_id,
      spanId: span!.span_id,
      parentSpanId: '',
      start: '2026-11-23T00:09:28.712000000Z',
      end: '',
      durationMs: 0,
      attributes,
      status: { code: 0, message: '' },
    }
    const scope = { name: '@sentry/node', version: '11' }
    const { candidates } = readSpans([{ resource: {}, scope, records: [otlp] }], withKeys)
    const [event] = eventsOf('sentry', span)
    expect(candidates[0]).toMatchObject({ eventId: event!.eventId, method: event!.method, flags: event!.flags })
  })

  it('reads the transactions of older SDKs: their root and the spans below it', () => {
    const data = {
      'mcp.method.name': 'tools/call',
      'mcp.tool.name': 'echo',
      'sentry.origin': 'auto.function.mcp_server',
    }
    const ids = { trace_id: 'ab'.repeat(16), span_id: 'cd'.repeat(8) }
    const transaction = {
      type: 'transaction',
      start_timestamp: 1_795_392_568.5,
      timestamp: 1_795_392_568.75,
      contexts: { trace: { ...ids, op: 'mcp.server', status: 'ok', data } },
      spans: [
        { ...ids, span_id: 'ef'.repeat(8), start_timestamp: 1_795_392_568.6, timestamp: 1_795_392_568.7, data: {} },
      ],
    }
    expect(eventsOf('sentry', [transaction])).toMatchObject([
      { toolName: 'echo', durationMs: 250, traceId: ids.trace_id },
    ])
  })
})

describe('Traceloop', () => {
  it('is seen from the client, whatever its span kind says, with the method from its name', () => {
    const { candidates, refused, ignored } = readSpans(traceloopBatch(), withKeys)
    const events = admitted(candidates)
    expect([refused, ignored]).toEqual([[], 1])
    expect(summary(events)).toEqual([
      ['initialize', '', 'ok', ''],
      ['tools/list', '', 'ok', ''],
      ['tools/call', 'echo', 'ok', ''],
      ['tools/call', 'seeauth', 'ok', ''],
      ['tools/call', 'nope', 'tool_error', ''],
      ['tools/call', 'echo', 'tool_error', ''],
      ['tools/call', 'throws', 'tool_error', ''],
      ['tools/call', 'iserr', 'tool_error', ''],
    ])
    for (const event of events) expect(event).toMatchObject({ vantage: 'client', source: 'span' })
    expect(events.find(({ toolName }) => toolName === 'echo')).toMatchObject({
      args: [
        { path: 'message' },
        { path: 'count' },
        { path: 'flag' },
        { path: 'tags[]' },
        { path: 'tags[]' },
        { path: 'opt' },
      ],
      redactions: ['traceloop.entity.input', 'traceloop.entity.output'],
    })
    expect(JSON.stringify(events)).not.toMatch(/xxxxxxxx|rrrrrrrr|boom|soft failure|Invalid/)
  })
})

describe('PostHog', () => {
  it('gives one event for each request; an exception only repeats it', () => {
    const events = eventsOf('posthog', { api_key: 'phc_x', batch: posthogEvents() })
    expect(summary(events)).toEqual([
      ['initialize', '', 'ok', ''],
      ['tools/list', '', 'ok', ''],
      ['tools/call', 'echo', 'ok', ''],
      ['tools/call', 'seeauth', 'ok', ''],
      ['tools/call', 'nope', 'tool_error', 'Error'],
      ['tools/call', 'echo', 'tool_error', 'Error'],
      ['tools/call', 'throws', 'tool_error', 'TypeError'],
      ['tools/call', 'iserr', 'tool_error', 'Error'],
    ])
    expect(events[2]).toMatchObject({
      source: 'adapter',
      vantage: 'server',
      serverId: 'srv',
      durationMs: 7,
      eventTime: '2026-11-23T00:11:14.450Z',
      flags: ['no_principal', 'no_client', 'no_denials', 'no_trace', 'no_definition_hash'],
    })
    expect(events[2]!.sessionFp).toMatch(/^[0-9a-f]{32}$/)
    expect(JSON.stringify(events)).not.toMatch(/xxxxxxxx|rrrrrrrr|boom|soft failure|ses_01a2/)
  })
})

describe('ToolHive', () => {
  const audit = () => lines('toolhive-audit.jsonl')

  it('reads its own vocabulary of types and outcomes', () => {
    expect(summary(eventsOf('toolhive', audit()))).toEqual([
      ['initialize', '', 'ok', ''],
      ['tools/list', '', 'ok', ''],
      ['tools/call', 'search_issues', 'ok', ''],
      ['tools/call', 'search_issues', 'protocol_error', '-32602'],
      ['tools/call', 'delete_repo', 'denied', ''],
      ['tools/call', 'search_issues', 'protocol_error', 'error'],
      ['tools/call', 'search_issues', 'ok', ''],
      [undefined, '', 'denied', ''],
    ])
  })

  it('knows the person whose token the gateway validated, and says that it was the gateway', () => {
    const events = eventsOf('toolhive', audit())
    expect(events[2]).toMatchObject({
      vantage: 'gateway',
      hop: 'gateway',
      principalKind: 'user',
      clientName: 'ide',
      serverId: 'github-mcp',
      addressClass: 'unknown',
    })
    expect(events[2]!.flags).toEqual(expect.arrayContaining(['principal_by_gateway', 'no_issuer', 'no_tool_errors']))
    expect(events[2]!.principalKey).toMatch(/^[0-9a-f]{32}$/)
    expect(new Set(events.slice(0, 5).map(({ principalKey }) => principalKey)).size).toBe(1)
    // The acting parties of a delegated token, outermost first.
    expect(events[6]!.actorKeys).toHaveLength(2)
    expect(events[3]!.serverId).toBe('github-backend')
    expect(events[5]).toMatchObject({ principalKind: 'anonymous' })
    expect(events[5]!.principalKey).toBeUndefined()
    expect(events[5]!.flags).toContain('no_principal')
    expect(JSON.stringify(events)).not.toMatch(/Alice|alice|open bugs|agent-7|192\.0\.2/)
  })

  it('names nobody without keys: a hash without a key could be guessed', () => {
    const [event] = eventsOf('toolhive', audit(), reader)
    expect(event!.principalKey).toBeUndefined()
    expect(event!.flags).toContain('no_principal')
  })

  it('reads the structure as well as the log line', () => {
    const { audit_id, logged_at, metadata, ...rest } = audit()[2] as Record<string, unknown> & { metadata: object }
    const marshalled = { ...rest, loggedAt: logged_at, metadata: { auditId: audit_id, ...metadata } }
    expect(eventsOf('toolhive', marshalled)).toEqual(eventsOf('toolhive', audit()[2]))
  })

  it.each([
    ['audit_id', { audit_id: undefined }],
    ['audit_id', { audit_id: 7 }],
    ['logged_at', { logged_at: 'soon', time: undefined }],
    ['outcome', { outcome: 'fine' }],
    ['subjects', { subjects: 'alice' }],
    ['source.value', { source: { value: ['192.0.2.1'] } }],
    ['metadata.extra.duration_ms', { metadata: { extra: { duration_ms: 'long' } } }],
    ['record', { data: JSON.parse(`${'{"a":'.repeat(80)}1${'}'.repeat(80)}`) as unknown }],
    ['record', { data: JSON.parse('{"__proto__":1}') as unknown }],
  ])('refuses a record with a wrong %s by its name, and its neighbours pass', (field, fields) => {
    const [first, second, third] = audit()
    const broken = JSON.parse(JSON.stringify({ ...second, ...fields })) as unknown
    const body = field === 'record' ? { ...second, ...fields } : broken
    const { candidates, refused } = readJsonRecords(toolhive, [first, body, third], withKeys)
    expect(candidates).toHaveLength(2)
    expect(refused).toMatchObject([{ component: 'toolhive', field, tenant: 'default' }])
  })
})

describe('agentgateway', () => {
  const log = () => lines('agentgateway-request-log.jsonl')

  it('reads MCP requests and refusals of its request log, and leaves other traffic alone', () => {
    const events = eventsOf('agentgateway', log())
    expect(summary(events)).toEqual([
      ['initialize', '', 'ok', ''],
      ['tools/call', 'echo', 'ok', ''],
      ['tools/call', 'nope', 'protocol_error', '-32602'],
      [undefined, '', 'denied', '401'],
    ])
    expect(events[1]).toMatchObject({
      vantage: 'gateway',
      hop: 'gateway',
      serverId: 'everything',
      durationMs: 3,
      traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
      source: 'otlp_log',
    })
    expect(events[1]!.principalKey).toMatch(/^[0-9a-f]{32}$/)
    expect(events[3]!.flags).toContain('no_principal')
    expect(JSON.stringify(events)).not.toMatch(/bob-sub|9309830d|192\.0\.2|Tool nope/)
  })

  it('is recognised by its attributes on OTLP spans', () => {
    const attributes = Object.assign(emptyAttributes(), log()[1])
    const span: OtlpSpan = {
      name: 'tools/call',
      kind: 2,
      traceId: 'ab'.repeat(16),
      spanId: 'cd'.repeat(8),
      parentSpanId: '',
      start: '2026-11-23T10:00:00.000000000Z',
      end: '2026-11-23T10:00:00.003000000Z',
      durationMs: 3,
      attributes,
      status: { code: 0, message: '' },
    }
    const eventOf = (service: string) => {
      const batch = [{ resource: { 'service.name': service }, scope: { name: 'x', version: '' }, records: [span] }]
      return admitted(readSpans(batch, withKeys).candidates)[0]!
    }
    const expected = { serverId: 'everything', vantage: 'gateway', source: 'span', toolName: 'echo' }
    // Its person is believed of itself only: attributes of others may come from a caller's baggage.
    expect(eventOf('gw')).toMatchObject({ ...expected, flags: expect.arrayContaining(['no_principal']) })
    expect(eventOf('gw').principalKey).toBeUndefined()
    expect(eventOf('agentgateway')).toMatchObject({ ...expected, principalKey: expect.any(String) })
  })
})

describe('ContextForge', () => {
  const file = jsonFile('contextforge.json') as { trace: unknown; audit: unknown[] }

  it('reads tool spans of its store with arguments and results, and no span of a plugin', () => {
    const events = eventsOf('contextforge', file.trace)
    expect(summary(events)).toEqual([
      ['tools/call', 'github_search', 'ok', ''],
      ['tools/call', 'github_search', 'tool_error', ''],
    ])
    expect(events[0]).toMatchObject({
      vantage: 'gateway',
      source: 'adapter',
      durationMs: 234.5,
      args: [{ path: 'query' }, { path: 'token' }],
      redactions: ['tool.arguments', 'tool.result'],
    })
    expect(events[0]!.principalKey).toMatch(/^[0-9a-f]{32}$/)
    expect(JSON.stringify(events)).not.toMatch(/carol|open bugs|upstream refused/)
  })

  it('reads executions of its audit trail; administration of the gateway is not a request', () => {
    const events = eventsOf('contextforge', file.audit)
    expect(summary(events)).toEqual([['tools/call', 'github_search', 'ok', '']])
    expect(JSON.stringify(events)).not.toMatch(/carol|192\.0\.2/)
  })
})
