/** What a person decided about an alert. It stands in the log of findings, so that whoever owns the alert takes it in its place. */
import { z } from 'zod'
import { ALERT_VERDICTS, alert } from './alert.ts'

export const ALERT_ACTIONS = ['acknowledge', 'resolve', 'reopen', 'suppress', 'unsuppress', 'feedback'] as const
export type AlertAction = (typeof ALERT_ACTIONS)[number]

export const alertChange = z.strictObject({
  changeId: z
    .string()
    .regex(/^[0-9a-f]{32}$/)
    .describe('Given by who asks: asked again, it is the same change.'),
  alertId: alert.shape.alertId,
  tenant: alert.shape.tenant,
  rule: alert.shape.rule,
  entity: alert.shape.entity,
  action: z.enum(ALERT_ACTIONS).describe('What is done.'),
  actor: z.string().min(1).max(256).describe('Who does it.'),
  reason: z.string().max(2_048).describe('Why.'),
  at: z.iso.datetime().describe('When, by the service that took it.'),
  /** `suppress` silences the rule for the entity, not one window alone. */
  until: z.iso.datetime().optional().describe('End of a suppression.'),
  verdict: z.enum(ALERT_VERDICTS).optional().describe('What it was found to be.'),
})
export type AlertChange = z.infer<typeof alertChange>
/** All alerts of one rule about one entity. */
export type AlertGroup = Pick<AlertChange, 'tenant' | 'rule' | 'entity'>
