/** A person's decision about a proposal, as a finding: it is owned, ordered and remembered like any other, so that the first one counts. */

import { LIMITS } from '../../schemas/field.ts'
import type { Finding } from '../../schemas/finding.ts'
import { CONFIRMED_RULE, REJECTED_RULE } from '../../schemas/response.ts'
import type { Proposal } from './proposal.ts'

export interface Decision {
  readonly kind: 'confirmed' | 'rejected'
  readonly by: string
  readonly reason: string
  /** RFC 3339. */
  readonly at: string
}

/**
 * Its id is that of the proposal, whatever was decided: a second decision is a finding that is known. The entity is the proposal alone, so
 * that each is an alert of its own; of one that was confirmed the response's target hears, of one that was rejected it does not.
 */
export function decisionFinding(proposal: Proposal, { kind, by, reason, at }: Decision): Finding {
  const { id, response, action, subject, alert } = proposal
  return {
    findingId: id,
    rule: `${kind === 'confirmed' ? CONFIRMED_RULE : REJECTED_RULE}${response}`,
    ruleVersion: 1,
    title: `Response ${kind} by ${by}: ${action} ${subject.id}`,
    severity: 'info',
    tenant: alert.tenant,
    serverId: alert.serverId,
    entity: `proposal=${id}`,
    eventId: '',
    eventTime: at,
    saw: `${action}: ${subject.kind} ${subject.id}`,
    expected: '',
    evidence: {
      ...{ proposal: id, response, action, subjectKind: subject.kind, subject: subject.id },
      ...{ alert: alert.alertId, alertRule: alert.rule, alertSeverity: alert.severity },
      alertTitle: alert.title.slice(0, LIMITS.nameChars).toWellFormed(),
      ...{ by, reason, decision: kind },
    },
    principalKey: subject.kind === 'principal' ? subject.id : '',
    clientKey: subject.kind === 'client' ? subject.id : '',
    sessionFp: '',
    toolName: '',
    decision: '',
    vantage: 'server',
    evidenceLevel: 'observed',
  }
}
