/** The Events v2 event, exactly; the life of an incident; and what hostile text cannot do in it. */
import { describe, expect, it } from 'vitest'
import { summaryOf } from '../../../../../connectors/webhook/delivery/flood.ts'
import { createSend } from '../../../../../connectors/webhook/send.ts'
import { alertEvent, pagerDutyTarget } from '../../../../../connectors/webhook/targets/pagerduty.ts'
import type { Alert } from '../../../../../schemas/alert.ts'
import type { TargetRequest } from '../../../../../schemas/ports.ts'
import { HOSTILE, sampleAlert, sampleDelivery } from '../../../../fakes/alerts.ts'
import { FakePagerDuty, ROUTING_KEY } from '../../../../fakes/pagerduty.ts'

const EU = 'https://events.eu.pagerduty.com/v2/enqueue'

describe('the event', () => {
  it('is exactly this', () => {
    expect(alertEvent(sampleAlert())).toEqual({
      event_action: 'trigger',
      dedup_key: 'a1'.repeat(16),
      client: 'mcp-auditd',
      payload: {
        summary: '[CRITICAL] Token audience mismatch: alice on files',
        severity: 'critical',
        source: 'files',
        timestamp: '2026-10-01T10:06:00Z',
        component: 'read_file',
        group: 'default',
        class: 'tok-001-audience-mismatch',
        custom_details: {
          alert_id: 'a1'.repeat(16),
          revision: 1,
          status: 'open',
          principal: 'alice',
          client: 'ide',
          server: 'files',
          tool: 'read_file',
          decision: 'allow',
          entity: 'server=files principal=alice',
          tenant: 'default',
          when: '2 times, first 2026-10-01T10:05:00Z, last 2026-10-01T10:06:00Z',
          saw: 'https[:]//graph.microsoft.com',
          expected: 'https[:]//mcp.example.com',
          severity_reason: 'The server allowed it.',
          evidence: ['issuer: https[:]//login.example.com', 'scopes: read, write', 'attempts: 2'],
          next_steps: ['1. Who issued the token, and for which service?', '2. Did the server act on it?'],
          cannot_see: ['An opaque token shows no audience.'],
          query: "SELECT event_time, tool_name\nFROM events WHERE principal_key = 'alice' AND server_id = 'files'",
          rule: 'tok-001-audience-mismatch v1 (observed)',
          refs: 'MCP07:2025, T1550.001',
        },
      },
    })
  })
  it.each([
    ['open', 'trigger'],
    ['acknowledged', 'acknowledge'],
    ['resolved', 'resolve'],
    ['suppressed', 'resolve'],
  ] as const)('an alert that is %s is a %s', (status, action) => {
    expect(alertEvent(sampleAlert({ status }))['event_action']).toBe(action)
  })
  it.each([
    ['critical', 'critical'],
    ['high', 'error'],
    ['medium', 'warning'],
    ['low', 'info'],
    ['info', 'info'],
  ] as const)('severity %s is %s', (severity, expected) => {
    expect(alertEvent(sampleAlert({ severity }))['payload']).toMatchObject({ severity: expected })
  })
  it('holds no link, tag or control character, whatever the alert holds', () => {
    const text = `${HOSTILE} [x](https://evil.example) www.evil.example`
    const event = alertEvent(
      sampleAlert({
        ...{ title: text, saw: text, expected: text, entity: text, toolName: text, serverId: text, rule: text },
        ...{ evidence: { [text]: [text] }, triage: [text], blindSpots: [text], refs: [text], query: text },
        ...{ owner: text, statusReason: text, severityReason: text, principalKey: text, tenant: text },
      }),
    )
    const written = JSON.stringify(event)
    expect(written).not.toMatch(/[<>]|:\/\/|\]\(|www\.|\\u00|\\n/)
    expect(written).not.toMatch(/[\p{Cf}\p{Cs}]/u)
    expect(event['links'] ?? event['images']).toBeUndefined()
  })
  it('is shown without the key and with its place, which a region decides', () => {
    const [payload] = pagerDutyTarget('pager', EU, ROUTING_KEY).payloads([sampleDelivery('pager')], 0)
    expect(payload!.to).toBe(`POST ${EU}`)
    expect(JSON.parse(payload!.body)).toMatchObject({ routing_key: '***', event_action: 'trigger' })
  })
  it('tells many alerts as one incident of its own, with exact counts', () => {
    const members = Array.from({ length: 90 }, (_, at) =>
      sampleDelivery('pager', sampleAlert({ severity: 'high', rule: `rule-${at % 2}` })),
    )
    expect(alertEvent(summaryOf('b1'.repeat(16), members, 60_000))).toMatchObject({
      event_action: 'trigger',
      dedup_key: 'b1'.repeat(16),
      payload: {
        summary: expect.stringMatching(/^\[HIGH\] 90 more alerts within 60 s: /),
        severity: 'error',
        source: 'files',
        custom_details: { evidence: expect.arrayContaining(['alerts high: 90', 'rules: rule-0 x45, rule-1 x45']) },
      },
    })
  })
})

describe('the incident', () => {
  it('is opened once, acknowledged and resolved, and opened anew when it starts again', async () => {
    const fake = await FakePagerDuty.start()
    const target = pagerDutyTarget('pager', fake.url, ROUTING_KEY)
    const signal = new AbortController().signal
    const post = createSend({ allowPrivate: true })
    const exchange = { send: (sent: TargetRequest) => post(sent, signal), clock: { nowMs: () => 0 }, signal }
    const life: Partial<Alert>[] = [
      { revision: 1 },
      { revision: 2, count: 9 },
      { revision: 3, status: 'acknowledged', owner: 'maria' },
      { revision: 4, status: 'resolved', owner: 'maria' },
      { revision: 5 },
    ]
    for (const changed of life)
      expect(await target.deliver([sampleDelivery('pager', sampleAlert(changed))], exchange)).toEqual([
        { kind: 'delivered' },
      ])
    expect(fake.incidents.map(({ status, log }) => [status, log.length])).toEqual([
      ['resolved', 4],
      ['triggered', 1],
    ])
    await fake.close()
  })
})

describe('the verdict', () => {
  const { verdict } = pagerDutyTarget('pager', EU, ROUTING_KEY)
  const said = (error: string) => JSON.stringify({ status: 'invalid event', message: 'no', errors: [error] })
  it.each([
    [202, '{"status":"success"}', { kind: 'delivered' }],
    [202, '', { kind: 'delivered' }],
    [202, said('x'), { kind: 'retry', reason: 'status 202 x' }],
    [400, said("'payload.summary' is missing"), { kind: 'refused', reason: "status 400 'payload.summary' is missing" }],
    [
      400,
      said("Length of 'routing_key' is incorrect (should be 32 characters)"),
      {
        kind: 'retry',
        afterMs: 600_000,
        reason: "status 400 Length of 'routing_key' is incorrect (should be 32 characters)",
      },
    ],
    [429, '', { kind: 'retry', afterMs: 120_000, reason: 'status 429' }],
    [500, 'null', { kind: 'retry', reason: 'status 500' }],
    [503, '[1]', { kind: 'retry', reason: 'status 503' }],
  ])('%i %s', (status, body, expected) => {
    expect(verdict({ status, headers: {}, body })).toEqual(expected)
  })
})
