/** Rows leave the store: found page by page, given leave, then deleted. A crash in between is repaired by doing it again. */
import { sqlLiteral } from '../../detectors/sql-literal.ts'
import type { EventStore } from '../../schemas/ports.ts'
import type { RowPlace } from '../../schemas/proof.ts'
import { rowsOf } from '../store-question.ts'
import { copiesOf } from './copies.ts'
import { giveLeave, type Leave } from './leave.ts'
import type { Proof } from './proof.ts'
import { storeSource } from './store-source.ts'

/** Rows that leave together: what a mutation costs hardly depends on it, what is remembered does. */
const TOGETHER = 250_000
const PAGE = 50_000
const PLACE = 'position_log, position_partition, position_offset, position_index'

export interface RemovalParts {
  readonly store: EventStore
  readonly proof: Proof
  /** Aborted: what has a tombstone still goes, and nothing more is begun. */
  readonly signal?: AbortSignal
}

/** Removes the rows of `events` for which `where` is true; answers how many. Nothing is deleted that has no durable tombstone. */
export async function removeWhere(
  { store, proof, signal }: RemovalParts,
  where: string,
  leave: Leave,
): Promise<number> {
  const source = storeSource(
    (sql, format) => store.query(sql, { format, own: true }),
    async () => proof.heads(),
  )
  let removed = 0
  for (let after = ''; ; ) {
    const rows: RowPlace[] = []
    const days = new Set<string>()
    for (let isMore = true; isMore && rows.length < TOGETHER; ) {
      const answer = await store.query(
        `SELECT position_log, position_partition, toString(position_offset), position_index, toString(toDate(received_at, 'UTC'))
         FROM events WHERE (${where}) ${after} ORDER BY ${PLACE} LIMIT ${PAGE}`,
        { format: 'JSONCompactEachRow', own: true },
      )
      const page = rowsOf<[string, number, string, number, string]>(answer)
      for (const [log, partition, offset, index, day] of page) {
        rows.push({ log, partition, offset: Number(offset), index })
        days.add(day)
      }
      const last = page.at(-1)
      isMore = page.length === PAGE
      if (last !== undefined) after = `AND (${PLACE}) > (${sqlLiteral(last[0])}, ${last[1]}, ${last[2]}, ${last[3]})`
    }
    if (rows.length === 0 || signal?.aborted === true) return removed
    const all = [...rows, ...(await copiesOf(source, rows, days))]
    await giveLeave(proof, all, leave)
    await proof.store.removeRows(all)
    removed += rows.length
  }
}
