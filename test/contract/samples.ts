/** Small, valid samples of events, rows, findings and alerts for the contract suites. */
import { randomUUID } from 'node:crypto'
import type { Alert } from '../../schemas/alert.ts'
import type { AlertChange } from '../../schemas/alert-change.ts'
import type { AuditEvent, EventFields } from '../../schemas/event.ts'
import type { Finding } from '../../schemas/finding.ts'
import type { Telemetry } from '../../schemas/ports.ts'
import type { Position } from '../../schemas/position.ts'
import { type Enrichment, rowText } from '../../schemas/row.ts'

export const ENRICHMENT: Enrichment = {
  serverOwner: 'team-a',
  serverEnv: 'prod',
  toolRisk: 'read',
  inventoryHash: 'a'.repeat(16),
  matchedRules: [],
  ruleSetHash: 'b'.repeat(16),
}
/** A tool call received at 2026-11-24T01:02:04Z, unless told otherwise. */
export const sampleEvent = (overrides: EventFields = {}): AuditEvent =>
  ({
    eventType: 'tool.call',
    eventId: randomUUID(),
    eventTime: '2026-11-24T01:02:03.000456789Z',
    receivedAt: '2026-11-24T01:02:04.000Z',
    serverId: 'srv-1',
    tenant: 'default',
    schemaVersion: 1,
    producerId: '11111111111111111111111111111111',
    producerSeq: 1,
    requestUid: randomUUID(),
    method: 'tools/call',
    toolName: 'echo',
    definitionHash: 'c'.repeat(64),
    principalKey: 'd'.repeat(32),
    clientKey: 'client-1',
    sessionFp: 'e'.repeat(32),
    decision: 'allow',
    vantage: 'server',
    source: 'native',
    ...overrides,
  }) as AuditEvent

export const sampleRow = (event: AuditEvent, position: Position): string => rowText(event, ENRICHMENT, position)

export const sampleFinding = (overrides: Partial<Finding> = {}): Finding => ({
  findingId: randomUUID().replaceAll('-', ''),
  rule: 'tok-001-audience-mismatch',
  ruleVersion: 1,
  title: 'Token for another audience',
  severity: 'high',
  tenant: 'default',
  serverId: 'srv-1',
  entity: 'server_id=srv-1',
  eventId: randomUUID(),
  eventTime: '2026-11-24T01:02:03.5Z',
  saw: 'aud = "https://other; DROP TABLE events; --"',
  expected: 'aud contains https://srv-1',
  evidence: { aud: ['https://other'], hits: 1 },
  principalKey: '',
  clientKey: '',
  sessionFp: '',
  toolName: '',
  decision: 'allow',
  vantage: 'server',
  evidenceLevel: 'observed',
  ...overrides,
})

export const sampleAlert = (overrides: Partial<Alert> = {}): Alert => ({
  alertId: randomUUID().replaceAll('-', ''),
  rule: 'tok-001-audience-mismatch',
  ruleVersion: 1,
  title: 'srv-1 took a token for another audience',
  severity: 'high',
  severityReason: 'the server allowed it',
  findingSeverity: 'high',
  status: 'open',
  owner: '',
  statusReason: '',
  statusAt: '',
  statusUntil: '',
  verdict: '',
  tenant: 'default',
  serverId: 'srv-1',
  entity: 'server_id=srv-1',
  windowStart: '2026-11-24T01:00:00.000Z',
  windowMs: 3_600_000,
  revision: 1,
  count: 1,
  firstSeen: '2026-11-24T01:02:03.5Z',
  lastSeen: '2026-11-24T01:02:03.5Z',
  saw: 'x',
  expected: 'y',
  evidence: {},
  evidenceEventIds: ['1'],
  findingIds: ['2'],
  principalKey: '',
  clientKey: '',
  sessionFp: '',
  toolName: '',
  decision: 'allow',
  evidenceLevel: 'observed',
  refs: ['MCP01'],
  blindSpots: ['none'],
  triage: ['look'],
  query: 'SELECT 1',
  ...overrides,
})

/** Somebody answers for the silence of the sample alert’s group for a week. */
export const sampleChange = (overrides: Partial<AlertChange> = {}): AlertChange => ({
  changeId: randomUUID().replaceAll('-', ''),
  alertId: 'a'.repeat(32),
  tenant: 'default',
  rule: 'tok-001-audience-mismatch',
  entity: 'server_id=srv-1',
  action: 'suppress',
  actor: 'kim',
  reason: 'a test',
  at: '2026-11-24T02:00:00.000Z',
  until: '2026-12-01T02:00:00.000Z',
  ...overrides,
})

/** Telemetry that keeps what it was told, by name. */
export function recordingTelemetry(): Telemetry & { readonly counts: Map<string, number>; readonly logs: string[] } {
  const counts = new Map<string, number>()
  const logs: string[] = []
  return {
    counts,
    logs,
    count: (name, by) => void counts.set(name, (counts.get(name) ?? 0) + by),
    gauge: () => {},
    log: (name) => void logs.push(name),
  }
}
