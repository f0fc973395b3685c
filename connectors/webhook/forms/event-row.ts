/** Rows of events on their way out: what each is called, and what is said of it. */
import { createHash } from 'node:crypto'
import type { EventRow } from '../../../schemas/ports.ts'

/**
 * One id for one event of one server of one tenant, 128 bits in hex: a server that reuses the ids of another must not make its events look
 * like repeats.
 */
export const eventUid = (row: EventRow): string =>
  createHash('sha256')
    .update(JSON.stringify([row['tenant'], row['server_id'], row['event_id']]))
    .digest('hex')
    .slice(0, 32)

/** What is known of an event; half of the columns of most are empty, and who takes logs is paid by their size. `fields` is the object it is. */
export function knownColumns({ fields, ...columns }: EventRow): EventRow {
  const known = Object.entries(columns).filter(
    ([, value]) => value !== '' && !(Array.isArray(value) && value.length === 0),
  )
  return { ...Object.fromEntries(known), fields: parsed(fields) }
}
function parsed(fields: unknown): unknown {
  try {
    return typeof fields === 'string' ? JSON.parse(fields) : fields
  } catch {
    return fields
  }
}
