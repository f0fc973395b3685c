/** Stored events in the order they were received, page by page, so that a year takes no more memory than an hour. */

import { sqlLiteral } from '../../detectors/sql-literal.ts'
import type { AuditEvent } from '../../schemas/event.ts'
import type { Position } from '../../schemas/position.ts'
import { eventOfRow, ROW_COLUMNS } from '../../schemas/row.ts'

/** One read-only question; the answer in JSONCompactEachRow. */
export type Ask = (sql: string) => Promise<string>
export interface Stored {
  readonly event: AuditEvent
  readonly position: Position
}
const PAGE_ROWS = 20_000
/** What the order of the log is told by. */
const ORDER = ['received_at', 'position_log', 'position_partition', 'position_offset', 'position_index']

/** Events whose receipt lies in [from, to), each once. Times are RFC 3339 UTC. */
export async function* history(ask: Ask, from: string, to: string): AsyncGenerator<Stored> {
  const columns = ROW_COLUMNS.map(([name]) => name)
  const keys = ORDER.map((name) => columns.indexOf(name))
  const instant = (time: string): string => `toDateTime64(${sqlLiteral(columnTime(time))}, 9, 'UTC')`
  let after = ''
  for (;;) {
    const answer = await ask(`SELECT ${columns.join(', ')} FROM events_exact
      WHERE received_at >= ${instant(from)} AND received_at < ${instant(to)} ${after}
      ORDER BY ${ORDER.join(', ')} LIMIT ${PAGE_ROWS}`)
    const lines = answer.split('\n').filter((line) => line !== '')
    for (const line of lines) yield eventOfRow(line)
    if (lines.length < PAGE_ROWS) return
    const last = JSON.parse(lines.at(-1)!) as unknown[]
    const [receivedAt, log, ...numbers] = keys.map((at) => String(last[at]))
    const key = [`toDateTime64(${sqlLiteral(receivedAt!)}, 9, 'UTC')`, sqlLiteral(log!), ...numbers]
    after = `AND (${ORDER.join(', ')}) > (${key.join(', ')})`
  }
}

const columnTime = (time: string): string => new Date(time).toISOString().replace('T', ' ').replace('Z', '')
