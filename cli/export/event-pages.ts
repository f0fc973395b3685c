/**
 * Stored events in the order of their receipt, page by page, each once. `events_exact` says the same, and reads the whole table for every
 * question (FINAL, and no date is left out before copies are merged). So an export goes through `events` in slices: a copy that was received
 * before its slice is asked for once a slice, and copies within a slice are known by their identity.
 */
import type { AuditEvent } from '../../schemas/event.ts'
import { eventOfRow, ROW_COLUMNS } from '../../schemas/row.ts'
import { type AskRows, columnTime, filterParameters, filterSql, msOfColumn, pager } from './question.ts'
import type { Selection } from './selection.ts'

export interface PageSizes {
  readonly pageRows: number
  /** Identities of one slice are remembered. */
  readonly sliceRows: number
  /** More events of a slice than these with an earlier copy: the slice is read from `events_exact`. */
  readonly mostEarlier: number
}
export const PAGE_SIZES: PageSizes = { pageRows: 5_000, sliceRows: 100_000, mostEarlier: 50_000 }

const COLUMNS = ROW_COLUMNS.map(([name]) => name)
const IDENTITY = ['tenant', 'server_id', 'event_id'] as const
const KEY = ['received_at', ...IDENTITY]
const KEY_AT = KEY.map((name) => COLUMNS.indexOf(name))
const SLICE =
  "received_at >= toDateTime64({low:String}, 3, 'UTC') AND received_at <= toDateTime64({high:String}, 3, 'UTC')"
const identityOf = (parts: readonly unknown[]): string => JSON.stringify(parts)

/** `ask` answers in JSONCompactEachRow. */
export async function* eventPages(
  ask: AskRows,
  selection: Selection,
  { pageRows, sliceRows, mostEarlier }: PageSizes = PAGE_SIZES,
): AsyncGenerator<readonly AuditEvent[]> {
  const filter = filterSql(selection, 'event_type')
  const filters = filterParameters(selection)
  const page = pager(pageRows)
  const lastMs = selection.toMs - 1
  for (let lowMs = selection.fromMs; lowMs <= lastMs; ) {
    const bound = await ask(
      `SELECT received_at FROM events WHERE ${SLICE}${filter} ORDER BY received_at LIMIT 1 OFFSET ${sliceRows - 1}`,
      { ...filters, low: columnTime(lowMs), high: columnTime(lastMs) },
    )
    const highMs = bound[0] === undefined ? lastMs : msOfColumn((JSON.parse(bound[0]) as [string])[0])
    const slice = { ...filters, low: columnTime(lowMs), high: columnTime(highMs) }
    const earlier = await ask(
      `SELECT DISTINCT ${IDENTITY.join(', ')} FROM events
      WHERE received_at < toDateTime64({low:String}, 3, 'UTC') AND (${IDENTITY.join(', ')}) IN
        (SELECT ${IDENTITY.join(', ')} FROM events WHERE ${SLICE}${filter}) LIMIT ${mostEarlier + 1}`,
      slice,
    )
    const isExact = earlier.length > mostEarlier
    const known = new Set(isExact ? [] : earlier.map((line) => identityOf(JSON.parse(line) as unknown[])))
    for (let after = { at: slice.low, tenant_after: '', server_after: '', event_after: '' }; ; ) {
      const { answer: lines, limit } = await page((rows) =>
        ask(
          `SELECT ${COLUMNS.join(', ')} FROM ${isExact ? 'events_exact' : 'events'} WHERE ${SLICE}${filter} AND (${KEY.join(', ')}) >
          (toDateTime64({at:String}, 3, 'UTC'), {tenant_after:String}, {server_after:String}, {event_after:String})
          ORDER BY ${KEY.join(', ')} LIMIT ${rows}`,
          { ...slice, ...after },
        ),
      )
      const events: AuditEvent[] = []
      for (const line of lines) {
        const row = JSON.parse(line) as unknown[]
        const [at, ...identity] = KEY_AT.map((column) => String(row[column]))
        after = { at: at!, tenant_after: identity[0]!, server_after: identity[1]!, event_after: identity[2]! }
        const id = identityOf(identity)
        if (known.has(id)) continue
        known.add(id)
        events.push(eventOfRow(line).event)
      }
      if (events.length > 0) yield events
      if (lines.length < limit) break
    }
    lowMs = highMs + 1
  }
}
