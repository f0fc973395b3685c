/** Stored findings and alerts, page by page, each once: alerts in their latest revision. */
import { type Alert, alert, storedAlert } from '../../schemas/alert.ts'
import { AuditdError } from '../../schemas/errors.ts'
import { type Finding, finding } from '../../schemas/finding.ts'
import { columnOf } from '../../schemas/wire.ts'
import { type AskRows, columnTime, filterParameters, filterSql, pager } from './question.ts'
import type { Selection } from './selection.ts'

const PAGE_ROWS = 2_000
/** The time an export goes by, and the identity within it. */
const FINDINGS = { view: 'findings', time: 'event_time', id: 'finding_id' } as const
const ALERTS = { view: 'alerts', time: 'last_seen', id: 'alert_id' } as const
type Kind = typeof FINDINGS | typeof ALERTS

/** `ask` answers in JSONEachRow. */
export const findingPages = (ask: AskRows, selection: Selection, pageRows = PAGE_ROWS) =>
  pages(ask, selection, FINDINGS, asFinding, pageRows)
export const alertPages = (ask: AskRows, selection: Selection, pageRows = PAGE_ROWS) =>
  pages(ask, selection, ALERTS, asAlert, pageRows)

type Row = Readonly<Record<string, unknown>>
async function* pages<T>(
  ask: AskRows,
  selection: Selection,
  { view, time, id }: Kind,
  made: (row: Row) => T,
  pageRows: number,
): AsyncGenerator<readonly T[]> {
  const page = pager(pageRows)
  const bounds = { from: columnTime(selection.fromMs), to: columnTime(selection.toMs) }
  const key = [time, 'tenant', 'rule', id].join(', ')
  let after = { at: bounds.from, tenant_after: '', rule_after: '', id_after: '' }
  for (;;) {
    const { answer: lines, limit } = await page((rows) =>
      ask(
        `SELECT * FROM ${view}
        WHERE ${time} >= toDateTime64({from:String}, 9, 'UTC') AND ${time} < toDateTime64({to:String}, 9, 'UTC')${filterSql(selection, 'rule')}
        AND (${key}) > (toDateTime64({at:String}, 9, 'UTC'), {tenant_after:String}, {rule_after:String}, {id_after:String})
        ORDER BY ${key} LIMIT ${rows}`,
        { ...bounds, ...filterParameters(selection), ...after },
      ),
    )
    const rows = lines.map((line) => JSON.parse(line) as Row)
    if (rows.length > 0) yield rows.map(made)
    if (rows.length < limit) return
    const last = rows.at(-1)!
    after = {
      at: String(last[time]),
      tenant_after: String(last['tenant']),
      rule_after: String(last['rule']),
      id_after: String(last[id]),
    }
  }
}

const WHOLE = new Set(['ruleVersion', 'windowMs', 'revision', 'count'])
const TIMES = new Set(['eventTime', 'windowStart', 'firstSeen', 'lastSeen', 'statusAt', 'statusUntil'])
const COLUMN_TIME = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?$/
/** The fields of a shape out of a row, by the names of its columns. */
function fieldsOf(shape: Readonly<Record<string, unknown>>, row: Row): Record<string, unknown> {
  const fields = Object.keys(shape)
    .map((field) => [field, row[columnOf(field)]] as const)
    .filter(([, value]) => value !== undefined && value !== null)
    .map(([field, value]) => [field, fieldOf(field, value)] as const)
  return Object.fromEntries(fields)
}
function fieldOf(field: string, value: unknown): unknown {
  if (WHOLE.has(field)) return Number(value)
  if (field === 'evidence') return JSON.parse(String(value)) as unknown
  return TIMES.has(field) && COLUMN_TIME.test(String(value)) ? `${String(value).replace(' ', 'T')}Z` : value
}

const asFinding = (row: Row): Finding => fieldsOf(finding.shape, row) as Finding
export function asAlert(row: Row): Alert {
  const made = storedAlert(fieldsOf(alert.shape, row))
  if (made === undefined)
    throw new AuditdError('state_corrupt', 'export', String(row['alert_id']), 'is no alert of ours')
  return made
}
