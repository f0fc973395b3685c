/** One id for one event of one server of one tenant: a server that reuses the ids of another must not make its events look like repeats. */
import { createHash } from 'node:crypto'
import type { EventRow } from '../../schemas/ports.ts'

/** 128 bits in hex. */
export const eventUid = (row: EventRow): string =>
  createHash('sha256')
    .update(JSON.stringify([row['tenant'], row['server_id'], row['event_id']]))
    .digest('hex')
    .slice(0, 32)
