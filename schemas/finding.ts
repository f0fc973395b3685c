/** A finding: a rule matched. Its id is a function of the rule, the key and the event, so a replay gives the same id. */
import { z } from 'zod'

export const SEVERITIES = ['info', 'low', 'medium', 'high', 'critical'] as const
export type Severity = (typeof SEVERITIES)[number]
export const severityRank = (severity: Severity): number => SEVERITIES.indexOf(severity)

export const DISPOSITIONS = ['alert', 'shadow', 'suppressed'] as const
export type Disposition = (typeof DISPOSITIONS)[number]
/** Absent is `alert`. */
export const isAlerting = ({ disposition = 'alert' }: Pick<Finding, 'disposition'>): boolean => disposition === 'alert'

export const finding = z.object({
  findingId: z
    .string()
    .regex(/^[0-9a-f]{32}$/)
    .meta({
      description: '128 bits of SHA-256(rule@version, tenant, key, event id or timer:due).',
      origin: 'ours',
      unit: 'id',
    }),
  rule: z.string().meta({ description: 'Rule id, equal to its file name.', origin: 'ours', unit: 'text' }),
  ruleVersion: z.int().meta({ description: 'Version of the rule.', origin: 'ours', unit: 'version' }),
  title: z.string().meta({ description: 'Title of the rule.', origin: 'ours', unit: 'text' }),
  severity: z
    .enum(SEVERITIES)
    .meta({ description: 'Verdict-aware severity.', origin: 'ours', unit: SEVERITIES.join(' | ') }),
  tenant: z.string().meta({ description: 'Tenant.', origin: 'ours', unit: 'text' }),
  serverId: z.string().meta({ description: 'Server of the event.', origin: 'ours', unit: 'text' }),
  entity: z.string().meta({
    description: 'Whom or what it is about: the key of the rule’s scope, as `column=value` pairs.',
    origin: 'ours',
    unit: 'text',
  }),
  eventId: z
    .string()
    .meta({ description: 'Event that completed the match; empty for a timer.', origin: 'ours', unit: 'id' }),
  eventTime: z.string().meta({ description: 'Event time of the match.', origin: 'ours', unit: 'RFC 3339 UTC' }),
  saw: z
    .string()
    .meta({ description: 'What was seen. Attacker text: escape before showing.', origin: 'server', unit: 'text' }),
  expected: z.string().meta({ description: 'What was expected instead.', origin: 'ours', unit: 'text' }),
  evidence: z
    .record(z.string(), z.union([z.string(), z.number(), z.array(z.string())]))
    .meta({ description: 'Facts behind the verdict.', origin: 'ours', unit: 'object' }),
  principalKey: z.string().meta({ description: 'Principal of the event.', origin: 'server', unit: 'id' }),
  clientKey: z.string().meta({ description: 'Client of the event.', origin: 'server', unit: 'id' }),
  sessionFp: z.string().meta({ description: 'Session of the event.', origin: 'server', unit: 'id' }),
  toolName: z.string().meta({ description: 'Tool of the event.', origin: 'client', unit: 'text' }),
  decision: z.string().meta({ description: 'What the server decided.', origin: 'server', unit: 'text' }),
  vantage: z.string().meta({ description: 'From where the event was seen.', origin: 'ours', unit: 'text' }),
  evidenceLevel: z.enum(['observed', 'asserted', 'inferred']).meta({
    description: 'We computed it, the server reported it, or statistics say so.',
    origin: 'ours',
    unit: 'enum',
  }),
  disposition: z
    .enum(DISPOSITIONS)
    .optional()
    .meta({
      description: 'Whether it alerts; shadow: its rule only watches; suppressed: somebody answers for its silence.',
      origin: 'ours',
      unit: DISPOSITIONS.join(' | '),
    }),
  dispositionReason: z
    .string()
    .optional()
    .meta({ description: 'Who decided that, and why.', origin: 'ours', unit: 'text' }),
})
export type Finding = z.infer<typeof finding>
