/** Proposals and what became of them, from the store: alerts and configuration give the proposals, alerts of our own the decisions. */
import { AuditdError } from '../../schemas/errors.ts'
import { SEVERITIES, severityRank } from '../../schemas/finding.ts'
import type { EventStore } from '../../schemas/ports.ts'
import { CONFIRMED_RULE, REJECTED_RULE, type Responses } from '../../schemas/response.ts'
import { rowsOf } from '../store-question.ts'
import { type Proposal, type ProposalAlert, proposalsOf } from './proposal.ts'

export const RESPONSE_STATES = ['proposed', 'confirmed', 'delivered', 'refused', 'rejected'] as const
export interface Standing {
  readonly id: string
  readonly state: (typeof RESPONSE_STATES)[number]
  readonly response: string
  readonly action: string
  readonly subject: { readonly kind: string; readonly id: string }
  readonly tenant: string
  readonly alertId: string
  readonly alertTitle: string
  /** Of a proposal. */
  readonly expiresAt?: string
  /** Of a decision. */
  readonly by?: string
  readonly reason?: string
  readonly at?: string
  /** What the other system said, once it is known for good. */
  readonly outcome?: string
}
/** More than anybody confirms one by one; the latest come first. */
const MOST = 1_000
/** Decisions are shown for so long. */
const SHOWN_DAYS = 30
type Store = Pick<EventStore, 'query'>

/** Proposals that can be confirmed at `nowMs`, the latest first. */
export async function openProposals(store: Store, responses: Responses, nowMs: number): Promise<readonly Proposal[]> {
  if (Object.keys(responses).length === 0) return []
  const longestMs = Math.max(...Object.values(responses).map(({ expiresMs }) => expiresMs))
  const least = Math.min(...Object.values(responses).map(({ minimumSeverity }) => severityRank(minimumSeverity)))
  const gravities = SEVERITIES.slice(least)
    .map((severity) => `'${severity}'`)
    .join(', ')
  const sql = `SELECT alert_id AS alertId, rule, severity, status, title, tenant, server_id AS serverId, entity,
      principal_key AS principalKey, client_key AS clientKey, evidence,
      formatDateTime(last_seen, '%Y-%m-%dT%H:%i:%S.%fZ', 'UTC') AS lastSeen
    FROM alerts
    WHERE last_seen >= fromUnixTimestamp64Milli({since:Int64}, 'UTC') AND status IN ('open', 'acknowledged')
      AND severity IN (${gravities}) AND NOT startsWith(rule, 'auditd-')
    ORDER BY last_seen DESC LIMIT ${MOST}`
  const rows = await ask<Omit<ProposalAlert, 'evidence'> & { readonly evidence: string }>(store, sql, nowMs - longestMs)
  return rows
    .map((row): ProposalAlert => ({ ...row, evidence: JSON.parse(row.evidence) as ProposalAlert['evidence'] }))
    .flatMap((alert) => proposalsOf(alert, responses))
    .filter(({ expiresAt }) => Date.parse(expiresAt) > nowMs)
}

/** The one that an id, or its beginning, names. Throws AuditdError('not_found' | 'usage'). */
export function chosenProposal(proposals: readonly Proposal[], id: string): Proposal {
  const found = proposals.filter((one) => one.id.startsWith(id))
  if (found.length > 1) throw new AuditdError('usage', 'responses', id, 'is the beginning of several ids')
  if (found.length === 1) return found[0]!
  const reason = 'no such proposal: it expired, its alert is over, or the configuration says something else by now'
  throw new AuditdError('not_found', 'responses', id, reason)
}

/** Decisions by id of the proposal. The first one stands. */
export async function decisions(store: Store, nowMs: number): Promise<ReadonlyMap<string, Standing>> {
  const sinceMs = nowMs - SHOWN_DAYS * 86_400_000
  const decided = await ask<{ tenant: string; rule: string; evidence: string; at: string }>(
    store,
    `SELECT tenant, rule, evidence, formatDateTime(first_seen, '%Y-%m-%dT%H:%i:%SZ', 'UTC') AS at
     FROM alerts
     WHERE last_seen >= fromUnixTimestamp64Milli({since:Int64}, 'UTC')
       AND (startsWith(rule, '${CONFIRMED_RULE}') OR startsWith(rule, '${REJECTED_RULE}'))
     ORDER BY first_seen DESC LIMIT ${MOST}`,
    sinceMs,
  )
  const outcomes = await ask<{ id: string; outcome: string }>(
    store,
    `SELECT JSONExtractString(fields, 'subject') AS id, any(JSONExtractString(fields, 'reason')) AS outcome
     FROM events
     WHERE event_type = 'audit.access' AND received_at >= fromUnixTimestamp64Milli({since:Int64}, 'UTC')
       AND JSONExtractString(fields, 'operation') = 'response' AND JSONExtractString(fields, 'actor') = '${RESPONDER}'
     GROUP BY id`,
    sinceMs,
  )
  const outcomeOf = new Map(outcomes.map(({ id, outcome }) => [id, outcome]))
  return new Map(
    decided.map(({ tenant, evidence, at }) => {
      const said = JSON.parse(evidence) as Readonly<Record<string, string>>
      const id = said['proposal'] ?? ''
      return [id, { ...standingOf(said, outcomeOf.get(id)), id, tenant, at }] as const
    }),
  )
}
/** Who tells what became of a response, in its audit event. */
export const RESPONDER = 'mcp-auditd'

function standingOf(said: Readonly<Record<string, string>>, outcome: string | undefined) {
  const text = (field: string): string => said[field] ?? ''
  const state: Standing['state'] =
    said['decision'] === 'rejected'
      ? 'rejected'
      : outcome === undefined
        ? 'confirmed'
        : outcome === 'delivered'
          ? 'delivered'
          : 'refused'
  return {
    state,
    ...{ response: text('response'), action: text('action') },
    subject: { kind: text('subjectKind'), id: text('subject') },
    ...{ alertId: text('alert'), alertTitle: text('alertTitle'), by: text('by'), reason: text('reason') },
    ...(outcome !== undefined && { outcome }),
  }
}

export const standingOfProposal = (proposal: Proposal): Standing => {
  const { id, response, action, subject, alert, expiresAt } = proposal
  const { tenant, alertId, title: alertTitle } = alert
  return { id, state: 'proposed', response, action, subject, tenant, alertId, alertTitle, expiresAt }
}

const ask = async <Row>(store: Store, sql: string, sinceMs: number): Promise<Row[]> =>
  rowsOf<Row>(await store.query(sql, { format: 'JSONEachRow', own: true, parameters: { since: sinceMs } }))
