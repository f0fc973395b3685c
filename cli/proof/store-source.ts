/** The proof and the rows as a store has them, by read-only questions, page by page: the same for a running service and an idle folder. */

import {
  CONTENT_SELECT,
  HEAD_SELECT,
  headOf,
  KEY_SELECT,
  manifestOf,
  TOMBSTONE_SELECT,
  tombstoneOf,
} from '../../connectors/clickhouse/proof-tables.ts'
import { sqlLiteral } from '../../detectors/sql-literal.ts'
import { AuditdError } from '../../schemas/errors.ts'
import type { ProofHead, ProofKey, Tombstone } from '../../schemas/proof.ts'
import { lineOfStored, STORED_ROW_COLUMNS, type StoredLine } from '../../schemas/stored-row.ts'
import type { ProofSource, RowsByManifest } from './source.ts'

/** One question; the answer in the format named. */
export type Ask = (sql: string, format: string) => Promise<string>

const HEADS_A_PAGE = 20_000
const TOMBSTONES_A_PAGE = 1_000
const ROWS_A_PAGE = 5_000
/** In the order of the primary key, so that a page is read and not searched. */
const ORDER = 'tenant, server_id, event_id, position_offset, position_index'

export function storeSource(ask: Ask, heads: () => Promise<readonly ProofHead[]>): ProofSource & RowsByManifest {
  const rowsOf = async (sql: string): Promise<unknown[][]> =>
    (await ask(sql, 'JSONCompactEachRow'))
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as unknown[])
  async function* tombstonePages(where: string): AsyncGenerator<readonly Tombstone[]> {
    for (let after = ''; ; ) {
      const page = (
        await rowsOf(
          `SELECT ${TOMBSTONE_SELECT} FROM proof_tombstones WHERE ${where} ${after} ORDER BY id, signature LIMIT ${TOMBSTONES_A_PAGE}`,
        )
      ).map(tombstoneOf)
      yield page
      const last = page.at(-1)
      if (page.length < TOMBSTONES_A_PAGE || last === undefined) return
      after = `AND (id, signature) > (${sqlLiteral(last.id)}, ${sqlLiteral(last.signature)})`
    }
  }
  return {
    heads,
    async keys() {
      const rows = await rowsOf(`SELECT ${KEY_SELECT} FROM proof_keys`)
      return rows.map(([keyId, publicKey]) => ({ keyId, publicKey }) as ProofKey)
    },
    async manifestHeads() {
      const key = 'position_log, position_partition, number, manifest_hash'
      const all: ReturnType<typeof headOf>[] = []
      for (let after = ''; ; ) {
        const rows = await rowsOf(
          `SELECT ${HEAD_SELECT} FROM proof_manifests ${after} ORDER BY ${key}, signature LIMIT ${HEADS_A_PAGE}`,
        )
        all.push(...rows.map(headOf))
        const last = all.at(-1)
        if (rows.length < HEADS_A_PAGE || last === undefined) return all
        const place = [sqlLiteral(last.log), last.partition, rows.at(-1)![2], sqlLiteral(last.hash)]
        after = `WHERE (${key}) > (${place.join(', ')})`
      }
    },
    async manifests(hashes) {
      const listed = hashes.map(sqlLiteral).join(', ')
      const rows = await rowsOf(
        `SELECT ${HEAD_SELECT}, ${CONTENT_SELECT} FROM proof_manifests WHERE manifest_hash IN (${listed})`,
      )
      return rows.map(manifestOf)
    },
    async *allTombstones() {
      yield* tombstonePages('1')
    },
    async tombstones(log, partition, from, to) {
      const whose = `position_log = ${sqlLiteral(log)} AND position_partition = ${partition}`
      const all: Tombstone[] = []
      const pages = tombstonePages(`${whose} AND (number = 0 OR (number >= ${from} AND number <= ${to}))`)
      for await (const page of pages) all.push(...page)
      return all
    },
    async days() {
      const rows = await rowsOf(
        "SELECT toString(toDate(received_at, 'UTC')) AS day FROM events GROUP BY day ORDER BY day",
      )
      return rows.map(([day]) => day as string)
    },
    rows: (day) => rowPages(`toDate(received_at, 'UTC') = '${day}'`, ORDER, cursorOf),
    rowsOf({ log, partition, first, next, receivedFrom, receivedTo }) {
      const times = [receivedFrom, receivedTo].map((time) => `toDateTime64(${sqlLiteral(time)}, 3, 'UTC')`)
      const where = `position_log = ${sqlLiteral(log)} AND position_partition = ${partition}
        AND position_offset >= ${first} AND position_offset < ${next} AND received_at BETWEEN ${times.join(' AND ')}`
      return rowPages(
        where,
        'position_offset, position_index',
        (rows) => `${rows.at(-1)!.offset}, ${rows.at(-1)!.index}`,
      )
    },
  }

  async function* rowPages(
    where: string,
    order: string,
    cursor: (rows: readonly StoredLine[], lines: readonly string[]) => string,
  ): AsyncGenerator<readonly StoredLine[]> {
    let page = ROWS_A_PAGE
    for (let after = ''; ; ) {
      const sql = `SELECT ${STORED_ROW_COLUMNS} FROM events WHERE ${where} ${after} ORDER BY ${order} LIMIT ${page}`
      const answer = await ask(sql, 'JSONCompactEachRow').catch((error: unknown) => {
        // Rows of a quarter of a megabyte each do not fit one answer.
        if (page === 1 || !(error instanceof AuditdError && error.code === 'query_refused')) throw error
        page = Math.ceil(page / 8)
        return undefined
      })
      if (answer === undefined) continue
      const lines = answer.split('\n')
      lines.pop()
      const rows = lines.map(lineOfStored)
      yield rows
      if (rows.length < page) return
      after = `AND (${order}) > (${cursor(rows, lines)})`
    }
  }
}

/** The last row whose texts say where it stands; one that is no UTF-8 cannot be named, so those behind it come again. */
function cursorOf(rows: readonly StoredLine[], lines: readonly string[]): string {
  const at = rows.findLastIndex(({ isWellFormed }) => isWellFormed)
  if (at < 0) throw new AuditdError('state_corrupt', 'verify', 'events', 'a page holds no row that is UTF-8')
  const [, tenant, serverId, eventId] = JSON.parse(lines[at]!) as string[]
  const { offset, index } = rows[at]!
  // Every byte as it is: control characters too.
  const exact = (text: string): string => `unhex('${Buffer.from(text).toString('hex')}')`
  return [exact(tenant!), exact(serverId!), exact(eventId!), offset, index].join(', ')
}
