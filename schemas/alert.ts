/** An alert: what a person gets. Findings of one (rule, entity, window) are one alert. */
import { z } from 'zod'
import { finding, SEVERITIES, type Severity } from './finding.ts'

export const ALERT_WINDOW_MS = 3_600_000

/** open -> acknowledged -> resolved; suppressed: somebody answers for its silence, until a time. A finding after `resolved` opens it again. */
export const ALERT_STATUSES = ['open', 'acknowledged', 'resolved', 'suppressed'] as const
export type AlertStatus = (typeof ALERT_STATUSES)[number]
/** What a person found it to be; '' while nobody said. */
export const ALERT_VERDICTS = ['', 'true_positive', 'false_positive', 'benign'] as const

export const alert = z.object({
  alertId: z
    .string()
    .regex(/^[0-9a-f]{32}$/)
    .meta({ description: '128 bits of SHA-256(rule, tenant, entity, window).', origin: 'ours', unit: 'id' }),
  rule: finding.shape.rule,
  ruleVersion: finding.shape.ruleVersion,
  title: z
    .string()
    .meta({ description: 'One line with the facts: who, which server, which tool.', origin: 'ours', unit: 'text' }),
  severity: z.enum(SEVERITIES).meta({
    description: 'Severity of its gravest finding, raised where it repeats.',
    origin: 'ours',
    unit: SEVERITIES.join(' | '),
  }),
  severityReason: z.string().meta({ description: 'Why this severity.', origin: 'ours', unit: 'text' }),
  findingSeverity: z
    .enum(SEVERITIES)
    .default('info')
    .meta({
      description: 'Highest severity of its findings, before repetition raised it.',
      origin: 'ours',
      unit: SEVERITIES.join(' | '),
    }),
  status: z
    .enum(ALERT_STATUSES)
    .default('open')
    .meta({ description: 'Where it stands in its life.', origin: 'ours', unit: ALERT_STATUSES.join(' | ') }),
  owner: z
    .string()
    .default('')
    .meta({ description: 'Who acknowledged, resolved or suppressed it.', origin: 'ours', unit: 'text' }),
  statusReason: z.string().default('').meta({ description: 'Why it stands there.', origin: 'ours', unit: 'text' }),
  statusAt: z
    .string()
    .default('')
    .meta({ description: 'Since when, by our clock; empty while it is new.', origin: 'ours', unit: 'RFC 3339 UTC' }),
  statusUntil: z
    .string()
    .default('')
    .meta({ description: 'End of a suppression; empty otherwise.', origin: 'ours', unit: 'RFC 3339 UTC' }),
  verdict: z
    .enum(ALERT_VERDICTS)
    .default('')
    .meta({ description: 'What a person found it to be.', origin: 'ours', unit: ALERT_VERDICTS.slice(1).join(' | ') }),
  toldSeverity: z
    .enum(['', ...SEVERITIES])
    .optional()
    .meta({
      description: 'Highest severity at which targets were told of it; empty while it was only counted.',
      origin: 'ours',
      unit: SEVERITIES.join(' | '),
    }),
  tenant: finding.shape.tenant,
  serverId: finding.shape.serverId,
  entity: finding.shape.entity,
  windowStart: z
    .string()
    .meta({ description: 'Start of the window, by event time.', origin: 'ours', unit: 'RFC 3339 UTC' }),
  windowMs: z.int().meta({ description: 'Length of the window.', origin: 'ours', unit: 'ms' }),
  revision: z.int().meta({ description: 'Rises with each change, from 1.', origin: 'ours', unit: 'number' }),
  count: z.int().meta({ description: 'Findings in the group.', origin: 'ours', unit: 'number' }),
  firstSeen: z.string().meta({ description: 'Event time of the first finding.', origin: 'ours', unit: 'RFC 3339 UTC' }),
  lastSeen: z.string().meta({ description: 'Event time of the last finding.', origin: 'ours', unit: 'RFC 3339 UTC' }),
  saw: finding.shape.saw,
  expected: finding.shape.expected,
  evidence: finding.shape.evidence,
  evidenceEventIds: z
    .array(z.string())
    .meta({ description: 'Event ids, oldest first, at most 50.', origin: 'ours', unit: 'id' }),
  findingIds: z
    .array(z.string())
    .meta({ description: 'Finding ids, oldest first, at most 50.', origin: 'ours', unit: 'id' }),
  principalKey: finding.shape.principalKey,
  clientKey: finding.shape.clientKey,
  sessionFp: finding.shape.sessionFp,
  toolName: finding.shape.toolName,
  decision: finding.shape.decision,
  evidenceLevel: finding.shape.evidenceLevel,
  refs: z.array(z.string()).meta({ description: 'OWASP MCP, ATT&CK and ATLAS ids.', origin: 'ours', unit: 'text' }),
  blindSpots: z.array(z.string()).meta({ description: 'What this rule cannot see.', origin: 'ours', unit: 'text' }),
  triage: z.array(z.string()).meta({ description: 'Runbook: next steps, in order.', origin: 'ours', unit: 'text' }),
  query: z.string().meta({
    description: 'A ClickHouse query that shows the evidence and runs as printed.',
    origin: 'ours',
    unit: 'SQL',
  }),
})
export type Alert = z.infer<typeof alert>

/** The severity at which targets were last told of an alert, '' when they never were. Before alerts had a life, all were told. */
export const toldOf = (known: Alert | undefined): Severity | '' => known?.toldSeverity ?? known?.severity ?? ''

/** An alert as an earlier version stored it, too: what it did not know yet is what was true then. Undefined when it is none of ours. */
export function storedAlert(value: unknown): Alert | undefined {
  const { severity, ...rest } = (value ?? {}) as Partial<Alert>
  const read = alert.safeParse({ findingSeverity: severity, severity, ...rest })
  return read.success ? read.data : undefined
}

/** What an alert says that sums up others (a flood, a digest): new, and about nobody in particular. */
export const aboutNobody = () =>
  ({
    ...{ status: 'open', owner: '', statusReason: '', statusAt: '', statusUntil: '', verdict: '' },
    ...{ entity: '', expected: '', principalKey: '', clientKey: '', sessionFp: '', toolName: '', decision: '' },
    ...{ evidenceEventIds: [], findingIds: [], refs: [], blindSpots: [], evidenceLevel: 'observed' },
  }) satisfies Partial<Alert>
