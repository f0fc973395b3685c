/** Alerts, findings and deliveries for the tests of alert delivery, valid by the schemas. */
import type { Alert } from '../../schemas/alert.ts'
import type { Finding } from '../../schemas/finding.ts'
import type { Delivery } from '../../schemas/ports.ts'

export const sampleAlert = (overrides: Partial<Alert> = {}): Alert => ({
  alertId: 'a1'.repeat(16),
  rule: 'tok-001-audience-mismatch',
  ruleVersion: 1,
  title: 'Token audience mismatch: alice on files',
  severity: 'critical',
  severityReason: 'The server allowed it.',
  findingSeverity: 'critical',
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
  evidence: { issuer: 'https://login.example.com', scopes: ['read', 'write'], attempts: 2 },
  evidenceEventIds: ['0192f0c1-0000-7000-8000-000000000001'],
  findingIds: ['f1'.repeat(16), 'f2'.repeat(16)],
  principalKey: 'alice',
  clientKey: 'ide',
  sessionFp: '',
  toolName: 'read_file',
  decision: 'allow',
  evidenceLevel: 'observed',
  refs: ['MCP07:2025', 'T1550.001'],
  blindSpots: ['An opaque token shows no audience.'],
  triage: ['Who issued the token, and for which service?', 'Did the server act on it?'],
  query: "SELECT event_time, tool_name\nFROM events WHERE principal_key = 'alice' AND server_id = 'files'",
  ...overrides,
})

export const sampleDelivery = (target: string, alert: Alert = sampleAlert(), attempt = 1): Delivery => ({
  target,
  alert,
  idempotencyKey: `${alert.alertId}-${alert.revision}`,
  attempt,
})

export const sampleFinding = (overrides: Partial<Finding> = {}): Finding => ({
  findingId: 'f1'.repeat(16),
  rule: 'tok-001-audience-mismatch',
  ruleVersion: 1,
  title: 'Token audience mismatch',
  severity: 'high',
  tenant: 'default',
  serverId: 'files',
  entity: 'server=files principal=alice',
  eventId: '0192f0c1-0000-7000-8000-000000000001',
  eventTime: '2026-10-01T10:05:00Z',
  saw: 'https://graph.microsoft.com',
  expected: 'https://mcp.example.com',
  evidence: { issuer: 'https://login.example.com' },
  principalKey: 'alice',
  clientKey: 'ide',
  sessionFp: '',
  toolName: 'read_file',
  decision: 'allow',
  vantage: 'server-reported',
  evidenceLevel: 'observed',
  ...overrides,
})

/** What an attacker puts into a name: ANSI, bidi, new lines, Slack mentions and links, a code fence, an HTML tag, a lone surrogate. */
export const HOSTILE =
  'x\u001b[2J\u202eevil\u2066\r\n  saw        nothing\u200b<!channel> <@U0000000> <https://evil.example|click> `*_~ ```\n@here &lt; \u0000\ud800\udb40\udc41'
