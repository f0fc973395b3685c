/** Alerts as the store has them: questions of the command and of the admin address, the same for a running service and an idle folder. */
import type { Alert } from '../../schemas/alert.ts'
import { AuditdError } from '../../schemas/errors.ts'
import { asAlert } from '../export/match-pages.ts'
import { rowsOf } from '../store-question.ts'

export interface AlertFilter {
  readonly status?: string | undefined
  /** At least this one. */
  readonly severity?: string | undefined
  /** Rule id, or its beginning. */
  readonly rule?: string | undefined
  readonly server?: string | undefined
  /** Key, or its beginning. */
  readonly principal?: string | undefined
  readonly tenant?: string | undefined
  /** Seen last at this time or later, milliseconds since 1970. */
  readonly sinceMs?: number | undefined
  readonly limit?: number | undefined
}
export interface HistoryLine {
  readonly event_time: string
  readonly kind: 'decision' | 'revision'
  readonly actor: string
  readonly status: string
  readonly severity: string
  readonly verdict: string
  readonly revision: number | string
  readonly reason: string
}
/** Rows of a question, as JSONEachRow text. */
export type AskRows = (sql: string, parameters: Readonly<Record<string, string>>) => Promise<string>

const LIMIT = 100
const ID = /^[0-9a-f]{4,32}$/
const RANK = "indexOf(['info', 'low', 'medium', 'high', 'critical'], severity)"

/** The gravest and latest first. */
export async function listAlerts(ask: AskRows, filter: AlertFilter): Promise<readonly Alert[]> {
  const { sinceMs, limit = LIMIT, severity = 'info', ...texts } = filter
  const asked = Object.entries(texts).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]))
  const conditions = {
    status: 'status = {status:String}',
    rule: 'startsWith(rule, {rule:String})',
    server: 'server_id = {server:String}',
    principal: "principal_key != '' AND startsWith(principal_key, {principal:String})",
    tenant: 'tenant = {tenant:String}',
  }
  const where = [
    `${RANK} >= indexOf(['info', 'low', 'medium', 'high', 'critical'], {severity:String})`,
    ...asked.map(([name]) => conditions[name as keyof typeof conditions]),
    ...(sinceMs === undefined ? [] : ['last_seen >= fromUnixTimestamp64Milli({since:Int64})']),
  ]
  const answer = await ask(
    `SELECT * FROM alerts WHERE ${where.join(' AND ')} ORDER BY ${RANK} DESC, last_seen DESC, alert_id LIMIT ${Math.trunc(limit)}`,
    { severity, ...Object.fromEntries(asked), ...(sinceMs !== undefined && { since: String(Math.trunc(sinceMs)) }) },
  )
  return rowsOf<Record<string, unknown>>(answer).map(asAlert)
}

/** By id or by the beginning of one. Throws AuditdError: not_found, or usage when it fits several. */
export async function alertNamed(ask: AskRows, id: string): Promise<Alert> {
  if (!ID.test(id)) throw new AuditdError('usage', 'alerts', id.slice(0, 40), 'is no id: 4 to 32 hexadecimal digits')
  const rows = rowsOf<Record<string, unknown>>(
    await ask('SELECT * FROM alerts WHERE startsWith(alert_id, {id:String}) ORDER BY alert_id LIMIT 2', { id }),
  )
  if (rows.length > 1) throw new AuditdError('usage', 'alerts', id, 'is the beginning of several ids')
  if (rows[0] === undefined) throw new AuditdError('not_found', 'alerts', id, 'no alert has this id')
  return asAlert(rows[0])
}

/** What became of it and what people decided, the oldest first. */
export const historyOf = async (ask: AskRows, alertId: string): Promise<readonly HistoryLine[]> =>
  rowsOf<HistoryLine>(
    await ask(
      `SELECT event_time, kind, actor, status, severity, verdict, revision, reason FROM alert_changes
       WHERE alert_id = {id:String} ORDER BY event_time, revision, kind LIMIT 1000`,
      { id: alertId },
    ),
  )
