/**
 * Stored events in the order of their positions, as far as they are sealed: a manifest is made once all rows below its end are durable
 * (cli/proof/sealer.ts), so below the highest end of a log and partition no row is missing and none is still to come.
 */
import type { EventRow, EventStore } from '../../schemas/ports.ts'
import { ROW_COLUMNS } from '../../schemas/row.ts'

/** The first position that was not passed yet. */
export interface Cursor {
  readonly offset: number
  readonly index: number
}
export interface SealedEnd {
  readonly log: string
  readonly partition: number
  /** Offset before which everything is sealed. */
  readonly next: number
}
export interface EventFilter {
  readonly tenants: readonly string[]
  /** `*` at the end allowed. */
  readonly servers: readonly string[]
}
export interface EventPage {
  /** Rows in order, cut to what one exchange takes. */
  readonly exchanges: readonly (readonly EventRow[])[]
  /** Where the next page begins: after the last row, or after the manifest where it has no more. */
  readonly after: Cursor
  /** Receipt of the oldest row that may still lie ahead, milliseconds. */
  readonly receivedFromMs: number
}
export interface SealedEvents {
  ends(): Promise<readonly SealedEnd[]>
  /** What lies at `from` or after it in the manifest there; undefined where nothing is sealed beyond. */
  page(log: string, partition: number, from: Cursor, filter: EventFilter): Promise<EventPage | undefined>
}

/** The sizes of one exchange: what Splunk Cloud and Sentinel take in one request, with room for what is put around each row. */
export const EXCHANGE_ROWS = 1_000
export const EXCHANGE_BYTES = 900_000
/** Rows of one question: a manifest has up to 32,768, and each question looks at all of them. */
const PAGE_ROWS = 8_000
const COLUMNS = ROW_COLUMNS.map(([name]) => name).join(', ')
const HERE = 'position_log = {log:String} AND position_partition = {partition:UInt32}'

export function sealedEvents(store: Pick<EventStore, 'query'>): SealedEvents {
  const ask = async (sql: string, parameters: Readonly<Record<string, unknown>> = {}): Promise<readonly string[]> => {
    const answer = await store.query(sql, { format: 'JSONEachRow', own: true, parameters })
    return answer.split('\n').filter((line) => line !== '')
  }
  return {
    async ends() {
      const lines = await ask(
        `SELECT position_log AS log, position_partition AS partition, max(next_offset) AS next
        FROM proof_manifests GROUP BY log, partition ORDER BY log, partition`,
      )
      return lines.map((line) => {
        const { log, partition, next } = JSON.parse(line) as Record<keyof SealedEnd, unknown>
        return { log: String(log), partition: Number(partition), next: Number(next) }
      })
    },
    async page(log, partition, from, filter) {
      const here = { log, partition, ...from }
      // Of two manifests that overlap (one of an owner that was over) the nearer end comes first: its rows are rows of the other.
      const [manifest] = await ask(
        `SELECT next_offset AS next, received_from, received_to FROM proof_manifests
        WHERE ${HERE} AND next_offset > {offset:UInt64} ORDER BY next_offset LIMIT 1`,
        here,
      )
      if (manifest === undefined) return undefined
      const { next, received_from, received_to } = JSON.parse(manifest) as Record<string, unknown>
      const { sql, parameters } = filterSql(filter)
      // The dates leave out partitions of the table, the offsets granules; a row that an insert in doubt left twice comes once.
      const where = `${HERE} AND position_offset >= {offset:UInt64} AND position_offset < {next:UInt64}
          AND (position_offset, position_index) >= ({offset:UInt64}, {index:UInt32})
          AND received_at >= toDateTime64({received_from:String}, 3, 'UTC')
          AND received_at <= toDateTime64({received_to:String}, 3, 'UTC')${sql}`
      const bounds = { ...here, next, received_from, received_to, ...parameters }
      const order = 'ORDER BY position_offset, position_index LIMIT 1 BY position_offset, position_index'
      // Where the page ends is found by two columns, so that the others are read and sorted for its own rows alone.
      const [end] = await ask(
        `SELECT position_offset, position_index FROM events WHERE ${where} ${order} LIMIT 1 OFFSET ${PAGE_ROWS}`,
        bounds,
      )
      const after = end === undefined ? { offset: Number(next), index: 0 } : cursorOf(JSON.parse(end) as EventRow)
      const lines = await ask(
        `SELECT ${COLUMNS} FROM events WHERE ${where}
          AND (position_offset, position_index) < ({end_offset:UInt64}, {end_index:UInt32}) ${order}`,
        { ...bounds, end_offset: after.offset, end_index: after.index },
      )
      const receivedFromMs = Date.parse(`${String(received_from).replace(' ', 'T')}Z`)
      return { exchanges: exchangesOf(lines), after, receivedFromMs }
    },
  }
}

/** As many rows in each as fit, and one at least. */
function exchangesOf(lines: readonly string[]): readonly (readonly EventRow[])[] {
  const all: EventRow[][] = []
  let bytes = Number.POSITIVE_INFINITY
  for (const line of lines) {
    const more = Buffer.byteLength(line) + 1
    if (bytes + more > EXCHANGE_BYTES || all.at(-1)!.length >= EXCHANGE_ROWS) {
      all.push([])
      bytes = 0
    }
    all.at(-1)!.push(JSON.parse(line) as EventRow)
    bytes += more
  }
  return all
}
const cursorOf = (row: EventRow): Cursor => ({
  offset: Number(row['position_offset']),
  index: Number(row['position_index']),
})
export const afterRow = (row: EventRow): Cursor => ({ ...cursorOf(row), index: cursorOf(row).index + 1 })

function filterSql({ tenants, servers }: EventFilter): {
  readonly sql: string
  readonly parameters: Readonly<Record<string, unknown>>
} {
  const exact = servers.filter((server) => !server.endsWith('*'))
  const beginnings = servers.filter((server) => server.endsWith('*')).map((server) => server.slice(0, -1))
  const server =
    '(server_id IN {servers:Array(String)} OR arrayExists(b -> startsWith(server_id, b), {beginnings:Array(String)}))'
  return {
    sql: `${tenants.length === 0 ? '' : ' AND tenant IN {tenants:Array(String)}'}${servers.length === 0 ? '' : ` AND ${server}`}`,
    parameters: {
      ...(tenants.length === 0 ? {} : { tenants }),
      ...(servers.length === 0 ? {} : { servers: exact, beginnings }),
    },
  }
}
