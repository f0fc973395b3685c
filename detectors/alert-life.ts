/** The life of an alert: what findings and decisions of people make of it. Pure; the alert role gives the time and the decision in force. */
import { type Alert, toldOf } from '../schemas/alert.ts'
import type { AlertChange } from '../schemas/alert-change.ts'
import { type Finding, type Severity, severityRank } from '../schemas/finding.ts'
import { groupFinding, type RuleText } from './grouping.ts'

/**
 * Findings within one window that raise an alert by one step, once. What is only noted or hangs on one value (info) stays; nothing becomes
 * critical by being frequent. In a week of traffic of real servers (`npm run haystack`) the most frequent benign alert of low severity has 6
 * findings, of medium 26.
 */
export const REPETITION: Readonly<Partial<Record<Severity, { readonly count: number; readonly to: Severity }>>> = {
  low: { count: 20, to: 'medium' },
  medium: { count: 50, to: 'high' },
}

/** What the alert role knows beside the finding. */
export interface Standing {
  /** Our clock: suppressions end by it. */
  readonly nowMs: number
  /** The last `suppress` or `unsuppress` of the group. */
  readonly decision?: AlertChange | undefined
}

/** The alert with this finding in it, as a new revision; the same object when the finding is in it already. */
export function withFinding(before: Alert | undefined, finding: Finding, rule: RuleText, standing: Standing): Alert {
  const grouped = groupFinding(before, finding, rule)
  return grouped === before ? before : told(before, stood(before, raised(grouped), standing))
}

/** One step up when it repeats; said in its reason. */
function raised(alert: Alert): Alert {
  const step = REPETITION[alert.findingSeverity]
  if (step === undefined || alert.count < step.count || severityRank(alert.severity) >= severityRank(step.to))
    return alert
  const why = alert.severityReason.replace(/^[a-z]+: /, '')
  const severityReason = `${step.to}: ${step.count} findings in one window raise it from ${alert.findingSeverity}; ${why}`
  return { ...alert, severity: step.to, severityReason }
}

/** Where it stands after a finding: silenced, open again, or as before. Critical alerts are never silenced. */
function stood(before: Alert | undefined, alert: Alert, { nowMs, decision }: Standing): Alert {
  const statusAt = new Date(nowMs).toISOString()
  if (decision !== undefined && isInForce(decision, nowMs) && alert.severity !== 'critical')
    return alert.status === 'suppressed' && alert.statusUntil === decision.until
      ? alert
      : { ...alert, ...silence(decision), statusAt }
  if (alert.status === 'suppressed') {
    const statusReason =
      alert.severity === 'critical' ? 'critical alerts are never suppressed' : 'the suppression ended'
    return { ...alert, ...OPEN, statusReason, statusAt }
  }
  if (alert.status === 'resolved')
    return { ...alert, ...OPEN, statusReason: `seen again after ${before?.owner || 'somebody'} resolved it`, statusAt }
  return alert
}
const OPEN = { status: 'open', owner: '', statusUntil: '' } as const
const silence = ({ actor, reason, until = '' }: AlertChange) =>
  ({ status: 'suppressed', owner: actor, statusReason: reason, statusUntil: until }) as const

export const isInForce = (decision: AlertChange, nowMs: number): boolean =>
  decision.action === 'suppress' && Date.parse(decision.until ?? '') > nowMs

/** Why a decision cannot be made about this alert as it stands; undefined when it can. */
export function refusalOf(alert: Alert, { action, until, verdict, reason, at }: AlertChange): string | undefined {
  switch (action) {
    case 'acknowledge':
      if (alert.status === 'resolved') return 'is resolved: reopen it first'
      return alert.status === 'suppressed' ? `is suppressed until ${alert.statusUntil}: unsuppress it first` : undefined
    case 'reopen':
      return alert.status === 'suppressed' ? `is suppressed until ${alert.statusUntil}: unsuppress it` : undefined
    case 'suppress':
      if (alert.severity === 'critical') return 'is critical, and critical alerts are never suppressed'
      if (until === undefined) return 'a suppression has an end'
      if (!(Date.parse(until) > Date.parse(at))) return 'the end of a suppression lies in the future'
      return reason.trim() === '' ? 'a suppression has a reason' : undefined
    case 'resolve':
    case 'feedback':
      return verdict === undefined || verdict === ''
        ? 'what was it: true_positive, false_positive or benign?'
        : undefined
    case 'unsuppress':
      return undefined
  }
}

/** The alert after the decision, as a new revision; the same object when nothing changes or the decision cannot be made. */
export function withChange(alert: Alert, change: AlertChange): Alert {
  if (refusalOf(alert, change) !== undefined) return alert
  const next = { ...alert, ...decided(alert, change) }
  const isSame = (['status', 'owner', 'statusReason', 'statusUntil', 'verdict'] as const).every(
    (field) => next[field] === alert[field],
  )
  return isSame ? alert : told(alert, { ...next, revision: alert.revision + 1 })
}

function decided(alert: Alert, change: AlertChange): Partial<Alert> {
  const { action, actor: owner, reason: statusReason, at: statusAt, verdict = '' } = change
  const by = { owner, statusReason, statusAt, statusUntil: '' }
  switch (action) {
    case 'acknowledge':
      return { ...by, status: 'acknowledged' }
    case 'resolve':
      return { ...by, status: 'resolved', verdict }
    case 'reopen':
      return alert.status === 'open' ? {} : { ...by, status: 'open', verdict: '' }
    case 'suppress':
      return { ...silence(change), statusAt }
    case 'unsuppress':
      return alert.status === 'suppressed' ? { ...by, status: 'open' } : {}
    case 'feedback':
      return { verdict }
  }
}

/** An alert that is open or acknowledged was told at its severity; a silent one as it was before. */
const told = (before: Alert | undefined, alert: Alert): Alert => ({
  ...alert,
  toldSeverity: alert.status === 'open' || alert.status === 'acknowledged' ? alert.severity : toldOf(before),
})
