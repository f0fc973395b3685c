/** A decision of a person about an alert: checked, told to the audit, put into the log, and waited for. */
import { randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { z } from 'zod'
import { refusalOf, withChange } from '../../detectors/alert-life.ts'
import type { Alert } from '../../schemas/alert.ts'
import { type AlertChange, alertChange } from '../../schemas/alert-change.ts'
import { AuditdError } from '../../schemas/errors.ts'
import type { AdminContext } from '../admin/route.ts'
import { changeEvent } from '../roles/alert-events.ts'
import { type AskRows, alertNamed } from './questions.ts'

/** A suppression has an end that somebody will live to see. */
const LONGEST_SUPPRESSION_MS = 366 * 86_400_000
/** It is durable before; only the answer waits for the alert role to have taken it in. */
const WAIT_MS = 5_000
const POLL_MS = 50

export const decision = z.strictObject({
  action: alertChange.shape.action,
  by: alertChange.shape.actor,
  reason: alertChange.shape.reason.default(''),
  until: alertChange.shape.until,
  verdict: alertChange.shape.verdict,
  changeId: alertChange.shape.changeId.optional(),
})
export type Decision = z.input<typeof decision>
export interface Decided {
  readonly changeId: string
  /** The alert role has taken it in: `alert` is how it stands now. False: it will. */
  readonly applied: boolean
  readonly alert: Alert
}

type Parts = Pick<AdminContext, 'bus' | 'outbox' | 'clock'>
/**
 * Throws AuditdError('usage') for what cannot be decided about the alert as it stands. The event of the audit is durable first: no decision
 * without it, and asked again under the same `changeId` both stand once.
 */
export async function decide(id: string, asked: Decision, ask: AskRows, parts: Parts): Promise<Decided> {
  const alert = await alertNamed(ask, id)
  const nowMs = parts.clock.nowMs()
  const change = changeOf(alert, decision.parse(asked), nowMs)
  const refusal = refusalOf(alert, change)
  if (refusal !== undefined) throw new AuditdError('usage', 'alerts', alert.alertId, refusal)
  await parts.bus.publish([changeEvent(change, nowMs)])
  await parts.outbox.offer([], [change])
  const { changeId } = change
  const wanted = withChange(alert, change)
  if (wanted === alert) return { changeId, applied: true, alert }
  for (let waitedMs = 0; waitedMs < WAIT_MS; waitedMs += POLL_MS) {
    const now = await alertNamed(ask, alert.alertId)
    if (now.revision > alert.revision && now.status === wanted.status && now.verdict === wanted.verdict)
      return { changeId, applied: true, alert: now }
    await wait(POLL_MS)
  }
  return { changeId, applied: false, alert }
}

function changeOf(alert: Alert, asked: z.output<typeof decision>, nowMs: number): AlertChange {
  const { action, by: actor, reason, until, verdict, changeId = randomUUID().replaceAll('-', '') } = asked
  if (until !== undefined && Date.parse(until) - nowMs > LONGEST_SUPPRESSION_MS)
    throw new AuditdError('usage', 'alerts', 'until', 'a suppression lasts a year at most')
  const { alertId, tenant, rule, entity } = alert
  return {
    ...{ changeId, alertId, tenant, rule, entity, action, at: new Date(nowMs).toISOString() },
    ...{ actor: storable(actor), reason: storable(reason) },
    ...(until !== undefined && { until }),
    ...(verdict !== undefined && { verdict }),
  }
}
/** What a shell or a program sends may hold what no row may. */
const storable = (text: string): string => text.toWellFormed().replaceAll('\0', '\ufffd')
