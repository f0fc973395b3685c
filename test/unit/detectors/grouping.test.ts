// Grouping: ids by window of event time, one alert per entity, whatever the order.
import { describe, expect, it } from 'vitest'
import { alertIdOf, groupFinding } from '../../../detectors/grouping.ts'
import { type Alert, alert } from '../../../schemas/alert.ts'
import type { Finding } from '../../../schemas/finding.ts'

const text = { refs: ['MCP07:2025'], blindSpots: ['one'], triage: ['first', 'second'] }
const finding = (n: number, eventTime: string, more: Partial<Finding> = {}): Finding => ({
  findingId: String(n).padStart(32, '0'),
  rule: 'tok-001-audience-mismatch',
  ruleVersion: 1,
  title: 'Token audience mismatch',
  severity: 'low',
  tenant: 'default',
  serverId: "o'brien\\srv",
  entity: 'server=a principal=b',
  eventId: String(n).padStart(32, 'e'),
  eventTime,
  saw: `saw ${n}`,
  expected: '',
  evidence: {},
  principalKey: 'abcdef0123456789',
  clientKey: 'ide',
  sessionFp: '',
  toolName: 'read\nfile\u202e',
  decision: 'deny',
  vantage: 'server',
  evidenceLevel: 'observed',
  ...more,
})
const group = (...findings: Finding[]): Alert =>
  findings.reduce<Alert | undefined>((existing, next) => groupFinding(existing, next, text), undefined)!

describe('next steps', () => {
  it('are those of the rule, and how to learn who a principal is where its key is one', () => {
    const time = '2026-01-01T10:00:00Z'
    expect(group(finding(1, time)).triage).toEqual(['first', 'second'])
    const { triage } = group(finding(1, time, { principalKey: 'ab'.repeat(16) }))
    expect(triage).toEqual(['first', 'second', expect.stringContaining('mcp-auditd reveal')])
  })
})

describe('the id of an alert', () => {
  it('is that of the window of event time, to the millisecond', () => {
    const first = alertIdOf(finding(1, '2026-01-01T10:00:00Z'))
    expect(alertIdOf(finding(2, '2026-01-01T10:59:59.999Z'))).toBe(first)
    expect(alertIdOf(finding(3, '2026-01-01T11:00:00Z'))).not.toBe(first)
    expect(alertIdOf(finding(1, '2026-01-01T10:00:00Z', { entity: 'server=a' }))).not.toBe(first)
  })
  it('is kept by a late finding, and by both orders', () => {
    const [early, late] = [
      finding(1, '2026-01-01T10:05:00Z', { severity: 'critical' }),
      finding(2, '2026-01-01T10:50:00Z'),
    ]
    const [one, other] = [group(early, late), group(late, early)]
    expect(one.alertId).toBe(other.alertId)
    for (const each of [one, other])
      expect(each).toMatchObject({
        count: 2,
        revision: 2,
        severity: 'critical',
        saw: 'saw 1',
        firstSeen: early.eventTime,
        lastSeen: late.eventTime,
      })
  })
})

describe('a group', () => {
  it('is an alert by its schema, with the text of the rule', () => {
    const made = group(finding(1, '2026-01-01T10:05:00.123456789Z'))
    expect(alert.parse(made)).toEqual(made)
    expect(made).toMatchObject({ ...text, windowStart: '2026-01-01T10:00:00.000Z', windowMs: 3_600_000, revision: 1 })
    expect(made.title).toBe(
      "Token audience mismatch on o'brien\\srv (tool read file) by abcdef012345 with ide: saw saw 1",
    )
    expect(made.severityReason).toBe('low: the server refused it (deny), so it is a probe')
  })
  it('does not change by a finding it has', () => {
    const made = group(finding(1, '2026-01-01T10:05:00Z'))
    expect(groupFinding(made, finding(1, '2026-01-01T10:05:00Z'), text)).toBe(made)
  })
  it('keeps at most 50 ids and counts on', () => {
    const made = group(...Array.from({ length: 60 }, (_, i) => finding(i, '2026-01-01T10:05:00Z')))
    expect([made.count, made.findingIds.length, made.evidenceEventIds.length]).toEqual([60, 50, 50])
  })
  it('has a query that quotes what strangers chose, by event ids or by time', () => {
    const { query } = group(finding(1, '2026-01-01T10:05:00Z'))
    expect(query).toContain(`server_id = 'o\\'brien\\\\srv' AND event_id IN ('${'e'.repeat(31)}1')`)
    const timer = group(finding(1, '2026-01-01T10:05:00Z', { eventId: '' }))
    expect(timer.query).toContain("event_time >= toDateTime64('2026-01-01 10:00:00.000', 3, 'UTC')")
    expect(timer.severityReason).toContain('did not happen')
  })
})
