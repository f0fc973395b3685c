// What the three classes hold: who, what, where, how it ended, and what an analyst asks for first.
import { describe, expect, it } from 'vitest'
import { detectionFinding, findingAsOcsf } from '../../../../connectors/ocsf/detection-finding.ts'
import { PRODUCT } from '../../../../connectors/ocsf/event.ts'
import { ocsfOfEvent } from '../../../../connectors/ocsf/render.ts'
import { DEFAULT_OCSF_VERSION } from '../../../../connectors/ocsf/vocabulary.ts'
import packageJson from '../../../../package.json' with { type: 'json' }
import { ATLAS_TECHNIQUES, ATTACK_TECHNIQUES, OWASP_MCP } from '../../../../schemas/references.ts'
import { sampleAlert, sampleEvent, sampleFinding } from '../../../contract/samples.ts'

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
