// Every event, finding and alert renders to an event that OCSF's schema and the checks beside it accept, whatever its texts say.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { detectionFinding, findingAsOcsf } from '../../../../connectors/ocsf/detection-finding.ts'
import { type OcsfEvent, PRODUCT } from '../../../../connectors/ocsf/event.ts'
import { EVENT_CLASSES } from '../../../../connectors/ocsf/event-classes.ts'
import { ocsfOfEvent } from '../../../../connectors/ocsf/render.ts'
import { DEFAULT_OCSF_VERSION, OCSF_VERSIONS, type OcsfVersion } from '../../../../connectors/ocsf/vocabulary.ts'
import packageJson from '../../../../package.json' with { type: 'json' }
import { ALERT_STATUSES, type Alert } from '../../../../schemas/alert.ts'
import { type AuditEvent, EVENT_SCHEMAS, EVENT_TYPES } from '../../../../schemas/event.ts'
import { SEVERITIES } from '../../../../schemas/finding.ts'
import { ATLAS_TECHNIQUES, ATTACK_TECHNIQUES, OWASP_MCP } from '../../../../schemas/references.ts'
import { sampleAlert, sampleEvent, sampleFinding } from '../../../contract/samples.ts'
import { anyEvent } from '../../schemas/arbitrary-event.ts'
import { faultsOf } from './checks.ts'
import { called, hasFixtures, schemaFaults, WHY_SKIPPED } from './fixtures.ts'

const HOSTILE = [
  '',
  ' ',
  '\0',
  '\ud800',
  'a\udc00b',
  '\u202e\u2066',
  '</script><!channel>',
  '{"class_uid":1}',
  '__proto__',
  'constructor',
  "'; DROP TABLE events; --",
  '9'.repeat(400),
  'x'.repeat(40_000),
  '1969-12-31T23:59:59Z',
]
const hostile = fc.oneof(fc.constantFrom(...HOSTILE), fc.string({ unit: 'binary', maxLength: 40 }))
/** As it leaves: JSON keeps no `undefined`, no NaN and no negative zero. */
const onTheWire = (event: OcsfEvent): Record<string, unknown> => JSON.parse(JSON.stringify(event))
function expectValid(event: OcsfEvent | undefined, version: OcsfVersion): void {
  const sent = onTheWire(event!)
  // Both say nothing when all is well; the checks are there also where the schemas are not.
  expect(hasFixtures ? schemaFaults(version, sent) : []).toEqual([])
  expect(faultsOf(sent)).toEqual([])
}
const exported = EVENT_TYPES.filter((type) => EVENT_CLASSES[type].kind !== 'none')

/** Of each type one event with all its fields, drawn together from many. */
const WHOLE = new Map<string, AuditEvent>()
for (const event of fc.sample(anyEvent, { numRuns: 4_000, seed: 7 }))
  WHOLE.set(event.eventType, { ...WHOLE.get(event.eventType), ...event } as AuditEvent)

/** Every text of an event, replaced; ids and times keep their form, as validation sees to it. */
function withTexts(value: unknown, text: () => string): unknown {
  if (typeof value === 'string') return /^[0-9a-f-]{16,64}$|^\d{4}-/.test(value) ? value : text()
  if (Array.isArray(value)) return value.map((each) => withTexts(each, text))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [name, name === 'eventType' ? each : withTexts(each, text)]),
  )
}

describe.each(OCSF_VERSIONS.map((version) => [called(version), version] as const))(
  `OCSF %s${WHY_SKIPPED}`,
  (_, version) => {
    it('takes any valid event of a type that has a class', () => {
      fc.assert(
        fc.property(anyEvent, (event) => {
          const rendered = ocsfOfEvent(event, version)
          expect(rendered !== undefined).toBe(EVENT_CLASSES[event.eventType].kind !== 'none')
          if (rendered !== undefined) expectValid(rendered, version)
        }),
        { numRuns: 400 },
      )
    })
    it('takes the same with texts that no event may have', () => {
      fc.assert(
        fc.property(anyEvent, fc.array(hostile, { minLength: 1, maxLength: 8 }), (event, texts) => {
          let at = 0
          const twisted = withTexts(event, () => texts[at++ % texts.length]!) as AuditEvent
          const rendered = ocsfOfEvent(twisted, version)
          if (rendered !== undefined) expectValid(rendered, version)
        }),
        { numRuns: 300 },
      )
    })
    it.each(exported)('takes %s with nothing but what every event has', (eventType) => {
      const event = {
        eventType,
        eventId: 'a'.repeat(32),
        eventTime: '2026-01-01T00:00:00Z',
        serverId: 's',
      } as AuditEvent
      expect(EVENT_SCHEMAS[eventType].safeParse(event).success).toBe(true)
      expectValid(ocsfOfEvent(event, version), version)
    })
    it.each(exported)('takes %s with every field that it can have', (eventType) => {
      expectValid(ocsfOfEvent(WHOLE.get(eventType)!, version), version)
    })
    it('takes times from the year 0 to 9999', () => {
      for (const eventTime of ['0000-01-01T00:00:00Z', '1969-12-31T23:59:59.999999999Z', '9999-12-31T23:59:59Z'])
        expectValid(
          ocsfOfEvent(sampleEvent({ eventTime, durationMs: 2 ** 41, traceId: 'a'.repeat(32) }), version),
          version,
        )
    })
    it('takes an alert in any state and with any text', () => {
      const lists = fc.array(hostile, { maxLength: 4 })
      const alerts = fc.record<Partial<Alert>>({
        status: fc.constantFrom(...ALERT_STATUSES),
        severity: fc.constantFrom(...SEVERITIES),
        evidenceLevel: fc.constantFrom('observed', 'asserted', 'inferred'),
        revision: fc.integer({ min: 1, max: 2 ** 31 }),
        count: fc.integer({ min: 1, max: 2 ** 53 - 1 }),
        firstSeen: fc.constantFrom('2026-01-01T00:00:00Z', '0001-01-01T00:00:00Z', ''),
        decision: fc.oneof(fc.constantFrom('allow', 'deny', 'challenge', 'error', ''), hostile),
        evidence: fc.dictionary(hostile, fc.oneof(hostile, fc.double(), lists), { noNullPrototype: true }),
        refs: fc.array(fc.oneof(hostile, fc.constantFrom('MCP07:2025', 'T1550.001', 'AML.T0091.000', 'RFC 8707'))),
        evidenceEventIds: lists,
        ...Object.fromEntries(
          ['title', 'saw', 'expected', 'severityReason', 'rule', 'tenant', 'entity', 'serverId', 'toolName'].map(
            (f) => [f, hostile],
          ),
        ),
        ...Object.fromEntries(
          ['principalKey', 'clientKey', 'sessionFp', 'owner', 'statusReason', 'statusAt', 'query'].map((f) => [
            f,
            hostile,
          ]),
        ),
        triage: lists,
        blindSpots: lists,
        findingIds: lists,
      })
      fc.assert(
        fc.property(alerts, (overrides) => {
          expectValid(detectionFinding(sampleAlert(overrides), version), version)
          const { status: _status, ...shared } = overrides
          expectValid(findingAsOcsf(sampleFinding(shared as object), overrides.refs, version), version)
        }),
        { numRuns: 300 },
      )
    })
  },
)

it('the events with every field have every field', () => {
  for (const type of EVENT_TYPES)
    expect(Object.keys(WHOLE.get(type)!).sort()).toEqual(Object.keys(EVENT_SCHEMAS[type].shape).sort())
})

it('nothing that an event says is lost', () => {
  const texts = (value: unknown): readonly string[] =>
    typeof value === 'string'
      ? [value]
      : typeof value === 'object' && value !== null
        ? Object.entries(value).flatMap(([name, each]) => (name === 'receivedAt' ? [] : texts(each)))
        : []
  fc.assert(
    fc.property(anyEvent, (event) => {
      const rendered = ocsfOfEvent(event)
      if (rendered === undefined) return
      const kept = new Set(texts(rendered))
      expect(texts(event).filter((text) => text !== '' && !kept.has(text))).toEqual([])
    }),
    { numRuns: 1_000 },
  )
})

describe('the class of an event', () => {
  it('is told for every type, or why it has none', () => {
    expect(Object.keys(EVENT_CLASSES).sort()).toEqual([...EVENT_TYPES].sort())
    for (const one of Object.values(EVENT_CLASSES)) if (one.kind === 'none') expect(one.reason).not.toBe('')
    expect(exported).toHaveLength(45)
  })
})

describe('an API Activity', () => {
  it('says who called what, by verified and by claimed facts', () => {
    const event = sampleEvent({
      eventType: 'tool.result',
      transport: 'http',
      clientName: 'ide',
      clientVersion: '2',
      sourceAddressFp: 'ab'.repeat(16),
      addressClass: 'public',
      outcome: 'tool_error',
      errorCode: '-32602',
      durationMs: 113.4,
      traceId: 'a'.repeat(32),
      spanId: 'b'.repeat(16),
      isError: true,
      labels: ['secret.github_token'],
    })
    expect(ocsfOfEvent(event)).toMatchObject({
      class_uid: 6003,
      activity_id: 99,
      activity_name: 'Invoke',
      type_uid: 600_399,
      status_id: 2,
      status: 'Failure',
      status_code: '-32602',
      status_detail: 'tool_error',
      duration: 113,
      message: 'tools/call echo',
      actor: {
        user: { uid: 'd'.repeat(32) },
        app_uid: 'client-1',
        app_name: 'ide',
        session: { uid: 'e'.repeat(32) },
      },
      api: { operation: 'tools/call', service: { name: 'srv-1', uid: 'srv-1' }, response: { code: -32_602 } },
      src_endpoint: { uid: 'ab'.repeat(16), zone: 'public' },
      dst_endpoint: { svc_name: 'srv-1' },
      resources: [
        { uid: 'srv-1', type: 'MCP Server' },
        { uid: 'srv-1/echo', name: 'echo', type: 'MCP Tool', version: 'c'.repeat(64) },
      ],
      action: 'Allowed',
      trace: { uid: 'a'.repeat(32), span: { uid: 'b'.repeat(16), duration: 113 } },
      metadata: {
        version: DEFAULT_OCSF_VERSION,
        event_code: 'tool.result',
        tenant_uid: 'default',
        original_time: '2026-11-24T01:02:03.000456789Z',
        labels: ['secret.github_token'],
        profiles: ['security_control', 'ai_operation', 'trace'],
      },
      unmapped: {
        ai_tool: {
          name: 'echo',
          uid: 'srv-1/echo',
          type_id: 1,
          source_id: 1,
          transport_id: 2,
          service: { uid: 'srv-1' },
        },
        mcp_audit: { isError: true, vantage: 'server' },
      },
    })
  })
  it('has a source over stdio, where there is no peer', () => {
    expect(
      ocsfOfEvent(sampleEvent({ transport: 'stdio', principalKey: '', clientKey: '', sessionFp: '' })),
    ).toMatchObject({
      src_endpoint: { name: 'stdio' },
      actor: { app_name: 'unknown' },
      unmapped: { ai_tool: { transport_id: 1, transport: 'stdio' } },
    })
  })
  it('goes from the server to its client, or to another service, where the server asks', () => {
    expect(
      ocsfOfEvent(sampleEvent({ eventType: 'sampling.requested', clientName: 'ide', toolName: '' })),
    ).toMatchObject({
      actor: { app_uid: 'srv-1' },
      src_endpoint: { svc_name: 'srv-1' },
      dst_endpoint: { name: 'ide' },
    })
    expect(
      ocsfOfEvent(sampleEvent({ eventType: 'outbound.request', destinationHost: 'api.example.com', verb: 'DELETE' })),
    ).toMatchObject({
      activity_name: 'Delete',
      dst_endpoint: { hostname: 'api.example.com' },
      http_request: { http_method: 'DELETE' },
    })
  })
  it('names the agent in 1.9, which knows agents', () => {
    const event = sampleEvent({ principalKind: 'agent' })
    expect(ocsfOfEvent(event, '1.9.0')).toMatchObject({ ai_agent: { uid: 'd'.repeat(32) } })
    expect(ocsfOfEvent(event, '1.8.0')).not.toHaveProperty('ai_agent')
  })
  it('tells a person’s access to the audit as that person’s', () => {
    expect(
      ocsfOfEvent(sampleEvent({ eventType: 'audit.access', actor: 'ana', operation: 'export', rows: 7 })),
    ).toMatchObject({
      activity_name: 'Read',
      actor: { user: { name: 'ana' } },
      unmapped: { mcp_audit: { operation: 'export', rows: 7 } },
    })
  })
})

describe('an Authentication', () => {
  it('says whose token was judged, how, and by which of its facts', () => {
    const event = sampleEvent({
      eventType: 'auth.token.validated',
      toolName: '',
      decision: 'deny',
      reason: 'audience',
      tokenKind: 'jwt',
      tokenFp: 'f'.repeat(32),
      issuedAt: 1_767_225_600,
      expAt: 2 ** 52,
      amr: ['pwd', 'mfa'],
      aud: [],
      transport: 'http',
    })
    expect(ocsfOfEvent(event)).toMatchObject({
      class_uid: 3002,
      activity_name: 'Logon',
      status: 'Failure',
      status_detail: 'audience',
      user: { uid: 'd'.repeat(32) },
      service: { uid: 'srv-1' },
      auth_protocol: 'OAUTH 2.0',
      authentication_token: { uid: 'f'.repeat(32), created_time: 1_767_225_600_000 },
      is_mfa: true,
      is_remote: true,
      disposition: 'Blocked',
      // That a token names no audience is a fact, and stays one.
      unmapped: { mcp_audit: { aud: [] } },
    })
    expect(ocsfOfEvent(event)).not.toHaveProperty('authentication_token.expiration_time')
  })
})

describe('a Detection Finding', () => {
  const alert = sampleAlert({
    title: 'Who did what',
    refs: ['MCP07:2025', 'T1550.001', 'AML.T0091', 'RFC 8707', 'SAFE-T1201'],
    triage: ['Ask.', 'Revoke.'],
    blindSpots: ['opaque tokens'],
    query: 'SELECT 1',
    toolName: 'pay',
    decision: 'deny',
  })
  it('holds what an analyst asks for first', () => {
    expect(detectionFinding(alert)).toMatchObject({
      activity_name: 'Create',
      status: 'New',
      severity: 'High',
      confidence: 'High',
      is_alert: true,
      message: 'Who did what',
      disposition: 'Blocked',
      finding_info: {
        uid: alert.alertId,
        title: 'Who did what',
        types: ['Insufficient Authentication and Authorization (MCP07:2025)'],
        analytic: { uid: alert.rule, type: 'Rule', version: '1' },
        attacks: [
          {
            technique: { uid: 'T1550' },
            sub_technique: { uid: 'T1550.001', name: 'Application Access Token' },
            version: '19',
          },
          { technique: { uid: 'AML.T0091', name: 'Use Alternate Authentication Material' } },
        ],
      },
      resources: [{ type: 'MCP Server' }, { name: 'pay', type: 'MCP Tool' }],
      remediation: { desc: '1. Ask.\n2. Revoke.', references: ['RFC 8707'] },
      unmapped: {
        owasp_mcp: ['MCP07:2025'],
        query: 'SELECT 1',
        blind_spots: ['opaque tokens'],
        references: ['RFC 8707', 'SAFE-T1201'],
      },
    })
  })
  it('keeps its id while its life goes on', () => {
    const life = (['open', 'acknowledged', 'suppressed', 'resolved'] as const).map((status, at) =>
      detectionFinding({ ...alert, status, revision: at + 2 }),
    )
    expect(life.map(({ activity_name, status, is_alert }) => [activity_name, status, is_alert])).toEqual([
      ['Update', 'New', true],
      ['Update', 'In Progress', true],
      ['Update', 'Suppressed', false],
      ['Close', 'Resolved', true],
    ])
    expect(new Set(life.map((each) => (each['finding_info'] as { uid: string }).uid)).size).toBe(1)
    expect(new Set(life.map(({ metadata }) => metadata['uid'])).size).toBe(4)
  })
  it('of statistics is a statistical one of low confidence', () => {
    expect(detectionFinding({ ...alert, evidenceLevel: 'inferred' })).toMatchObject({
      confidence: 'Low',
      finding_info: { analytic: { type: 'Statistical' } },
    })
  })
  it('of one finding is no alert', () => {
    expect(findingAsOcsf(sampleFinding({ disposition: 'shadow' }), ['T1528'])).toMatchObject({
      is_alert: false,
      status: 'Suppressed',
      finding_info: { attacks: [{ technique: { name: 'Steal Application Access Token' } }] },
    })
  })
  it('of content is what a classifier says', () => {
    const event = sampleEvent({
      eventType: 'content.finding',
      findingClass: 'pii.email',
      surface: 'result',
      verdict: 'malicious',
      score: 0.9,
    })
    expect(ocsfOfEvent(event)).toMatchObject({
      severity: 'Medium',
      confidence_score: 90,
      finding_info: { title: 'pii.email in result' },
    })
  })
})

it('the product is the package, with its version', () => {
  expect([PRODUCT.name, PRODUCT.version]).toEqual([packageJson.name, packageJson.version])
})
it('ids of techniques are well-formed, and each sub-technique has its parent', () => {
  for (const id of Object.keys(OWASP_MCP)) expect(id).toMatch(/^MCP(0[1-9]|10):2025$/)
  for (const [names, form] of [
    [ATTACK_TECHNIQUES, /^T\d{4}(\.\d{3})?$/],
    [ATLAS_TECHNIQUES, /^AML\.T\d{4}(\.\d{3})?$/],
  ] as const)
    for (const id of Object.keys(names)) {
      expect(id).toMatch(form)
      expect(names).toHaveProperty([id.replace(/\.\d{3}$/, '')])
    }
})
it('what is too long or too deep is cut, and says so', () => {
  const rendered = detectionFinding(sampleAlert({ saw: 'x'.repeat(1_000_000) }))
  expect(rendered.metadata).toMatchObject({ is_truncated: true })
  expect(JSON.stringify(rendered).length).toBeLessThan(100_000)
})
