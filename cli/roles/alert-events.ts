/** What becomes of alerts as events of the log: opened, graver, back, or decided by a person. Content is a function of the revision. */
import { createHash } from 'node:crypto'
import type { Alert } from '../../schemas/alert.ts'
import type { AlertChange } from '../../schemas/alert-change.ts'
import type { AuditEvent } from '../../schemas/event.ts'
import { LIMITS } from '../../schemas/field.ts'
import { accessEvent, OWN_SERVER } from '../access-event.ts'

const idOf = (...parts: readonly (string | number)[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32)
/** Entities and reasons may hold what attackers wrote, of any length. */
const cut = (text: string, chars: number): string => text.slice(0, chars).toWellFormed().replaceAll('\u0000', ' ')
const name = (text: string): string => cut(text, LIMITS.nameChars)

/** Whether a revision is told to the log: a count that grows alone is not. */
export const isEventful = (before: Alert | undefined, after: Alert): boolean =>
  before === undefined ||
  (['status', 'severity', 'verdict', 'owner', 'statusUntil'] as const).some((field) => before[field] !== after[field])

/** One id per revision, so that a revision that is told again after a crash stands once. */
export function alertEvent(alert: Alert, nowMs: number): AuditEvent {
  return {
    ...ours(alert, idOf('detection.alert', alert.alertId, alert.revision), alert.statusAt || alert.lastSeen, nowMs),
    eventType: 'detection.alert',
    alertId: alert.alertId,
    rule: name(alert.rule),
    severity: alert.severity,
    entity: name(alert.entity),
    evidence: alert.evidenceEventIds.map(name),
    alertStatus: alert.status,
    verdict: alert.verdict,
    actor: name(alert.owner),
    reason: cut(
      alert.status === 'open' && alert.statusReason === '' ? alert.severityReason : alert.statusReason,
      LIMITS.textChars,
    ),
    revision: alert.revision,
  }
}

/** That a person decided, or tried to: it stands in the log before the decision is taken in. One id per change. */
export function changeEvent(change: AlertChange, nowMs: number): AuditEvent {
  const { action, until, verdict, reason } = change
  const what = [action, verdict, until === undefined ? undefined : `until ${until}`].filter(Boolean).join(' ')
  const { actor, alertId: subject, tenant, at: eventTime, changeId } = change
  const given = {
    operation: 'alert',
    actor,
    subject,
    tenant,
    reason: reason === '' ? what : `${what}: ${reason}`,
  } as const
  return { ...accessEvent(given, nowMs), eventId: idOf('audit.access', changeId), eventTime }
}

const ours = ({ tenant }: { readonly tenant: string }, eventId: string, eventTime: string, nowMs: number) =>
  ({
    eventId,
    eventTime,
    receivedAt: new Date(nowMs).toISOString(),
    serverId: OWN_SERVER,
    tenant,
    vantage: 'server',
    source: 'ingest',
  }) as const
