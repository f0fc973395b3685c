/** Sealed events in memory, page by page, for the tests of what follows them. */
import { afterRow, type Cursor, type SealedEvents } from '../../cli/forward/sealed-events.ts'
import { AuditdError } from '../../schemas/errors.ts'
import type { EventRow } from '../../schemas/ports.ts'

export const LOG = 'log'
export const PAGE_ROWS = 4

/** Rows by position, three in a message at most; what was added is sealed, and messages are sealed whole. */
export class FakeSealedEvents implements SealedEvents {
  readonly rows: EventRow[] = []
  /** By partition: rows, and the offset after the last message. */
  readonly sealed = new Map<number, { readonly rows: number; readonly next: number }>()
  failures = 0

  add(partition: number, count: number, more: object = {}): void {
    const { rows, next } = this.sealed.get(partition) ?? { rows: 0, next: 0 }
    for (let at = 0; at < count; at++)
      this.rows.push({
        event_type: 'tool.call',
        event_id: `${partition}.${rows + at}`,
        event_time: '2026-10-01 10:00:00.000000000',
        received_at: '2026-10-01 10:00:00.000',
        tenant: 'default',
        server_id: 'files',
        fields: '{}',
        position_log: LOG,
        position_partition: partition,
        position_offset: next + Math.floor(at / 3),
        position_index: at % 3,
        ...more,
      })
    this.sealed.set(partition, { rows: rows + count, next: next + Math.ceil(count / 3) })
  }
  async ends() {
    if (this.failures-- > 0) throw new AuditdError('store_unavailable', 'test', 'ends', 'not now')
    return [...this.sealed].map(([partition, { next }]) => ({ log: LOG, partition, next }))
  }
  async page(_: string, partition: number, from: Cursor) {
    const ahead = this.rows.filter(
      (row) => row['position_partition'] === partition && !isBefore(afterRow(row), { ...from, index: from.index + 1 }),
    )
    const rows = ahead.slice(0, PAGE_ROWS)
    const end = { offset: this.sealed.get(partition)!.next, index: 0 }
    const exchanges = rows.length === 0 ? [] : [rows]
    return { exchanges, after: rows.length < ahead.length ? afterRow(rows.at(-1)!) : end, receivedFromMs: 0 }
  }
}
const isBefore = (a: Cursor, b: Cursor): boolean => a.offset < b.offset || (a.offset === b.offset && a.index < b.index)
