/** An alert and its later life, to show what a target sends and to try one out. Nothing of it happened. */
import { randomBytes } from 'node:crypto'
import { summaryOf } from '../../connectors/webhook/delivery/flood.ts'
import type { Alert } from '../../schemas/alert.ts'
import type { Delivery } from '../../schemas/ports.ts'

export const SAMPLE_ALERT: Alert = {
  alertId: '5a3e'.repeat(8),
  rule: 'tok-001-audience-mismatch',
  ruleVersion: 1,
  title: 'Token audience mismatch: alice on files called read_file',
  severity: 'high',
  severityReason: 'The server allowed the call.',
  findingSeverity: 'high',
  status: 'open',
  owner: '',
  statusReason: '',
  statusAt: '',
  statusUntil: '',
  verdict: '',
  tenant: 'default',
  serverId: 'files',
  entity: 'server=files principal=alice',
  windowStart: '2026-10-01T10:00:00Z',
  windowMs: 3_600_000,
  revision: 1,
  count: 2,
  firstSeen: '2026-10-01T10:05:00Z',
  lastSeen: '2026-10-01T10:06:00Z',
  saw: 'https://graph.microsoft.com',
  expected: 'https://mcp.example.com',
  evidence: { issuer: 'https://login.example.com', scopes: ['files.read', 'files.write'] },
  evidenceEventIds: ['0192f0c1-0000-7000-8000-000000000001', '0192f0c1-0000-7000-8000-000000000002'],
  findingIds: ['f1'.repeat(16), 'f2'.repeat(16)],
  principalKey: 'alice',
  clientKey: 'ide',
  sessionFp: '',
  toolName: 'read_file',
  decision: 'allow',
  evidenceLevel: 'observed',
  refs: ['MCP01:2025', 'T1550.001'],
  blindSpots: ['An opaque token shows no audience.'],
  triage: ['Who issued the token, and for which service?', 'Did the server act on it?'],
  query:
    "SELECT event_time, event_type, tool_name, decision\nFROM events_exact\nWHERE tenant = 'default' AND server_id = 'files' AND event_id IN ('0192f0c1-0000-7000-8000-000000000001')\nORDER BY event_time",
}

export interface SampleMoment {
  readonly name: string
  readonly deliveries: readonly Delivery[]
}
const decided = (status: Alert['status'], revision: number, changed: Partial<Alert>): Alert => ({
  ...SAMPLE_ALERT,
  status,
  revision,
  owner: 'maria',
  statusAt: `2026-10-01T11:${String(revision * 5).padStart(2, '0')}:00Z`,
  ...changed,
})
const GROUPED = 40
const FLOOD_MS = 60_000

/** One alert from its first telling to its end, and many that flood control puts together. */
export function sampleMoments(target: string): readonly SampleMoment[] {
  const life: readonly (readonly [string, Alert])[] = [
    ['opened', SAMPLE_ALERT],
    ['acknowledged', decided('acknowledged', 2, { statusReason: 'looking at it' })],
    ['resolved', decided('resolved', 3, { statusReason: 'the client was misconfigured', verdict: 'true_positive' })],
    [
      'suppressed',
      decided('suppressed', 4, {
        statusReason: 'being mended',
        statusUntil: '2026-10-08T00:00:00Z',
        verdict: 'benign',
      }),
    ],
  ]
  const members = Array.from({ length: GROUPED }, (_, at) =>
    deliveryOf(target, {
      ...SAMPLE_ALERT,
      alertId: (0x5a3e00 + at).toString(16).padStart(32, '0'),
      severity: at % 3 === 0 ? 'high' : 'medium',
      rule: at % 2 === 0 ? SAMPLE_ALERT.rule : 'ses-001-session-of-another',
    }),
  )
  const bundle = '5a3e'.repeat(8)
  const grouped = { ...deliveryOf(target, summaryOf(bundle, members, FLOOD_MS)), idempotencyKey: bundle, bundle }
  return [
    ...life.map(([name, alert]) => ({ name, deliveries: [deliveryOf(target, alert)] })),
    { name: 'grouped', deliveries: [grouped] },
  ]
}

/** Marked so that nobody takes it for real, and new each time: a service drops what it knows. */
export function testAlert(target: string, severity: Alert['severity'], nowMs: number): Alert {
  const at = new Date(nowMs).toISOString()
  return {
    ...SAMPLE_ALERT,
    alertId: randomBytes(16).toString('hex'),
    rule: 'test',
    title: `TEST: mcp-auditd tries the target ${target}; nothing happened`,
    severity,
    severityReason: 'A person asked for this test.',
    findingSeverity: severity,
    windowStart: at,
    count: 1,
    firstSeen: at,
    lastSeen: at,
    entity: 'server=test',
    serverId: 'test',
    saw: 'a test',
    expected: 'this message',
    evidence: { test: 'yes' },
    evidenceEventIds: [],
    findingIds: [],
    principalKey: '',
    clientKey: '',
    toolName: '',
    decision: '',
    refs: [],
    blindSpots: [],
    triage: ['Do nothing: this is a test.'],
    query: 'SELECT 1',
  }
}

export const deliveryOf = (target: string, alert: Alert): Delivery => ({
  target,
  alert,
  idempotencyKey: `${alert.alertId}-${alert.revision}`,
  attempt: 1,
})
