/** The one thing the two writers do differently: bringing JSONCompactEachRow lines into a table. */
import { AuditdError } from '../../schemas/errors.ts'
import type { RowBatch } from '../../schemas/ports.ts'
import type { Table } from './tables.ts'

export interface TableWriter {
  /** Durable when it resolves; the same token again changes nothing. Throws what the client threw. */
  insert(table: Table, token: string, source: RowBatch['source']): Promise<void>
  close(): Promise<void>
}

/**
 * Settings of every insert. One block per partition, cut the same way each time, because the engine numbers the blocks behind a token;
 * played-back traffic may span more days than the usual limit of partitions. `token` undefined: none (sabotage).
 */
export const insertSettings = (token: string | undefined): Readonly<Record<string, string>> => ({
  ...(token === undefined ? { insert_deduplicate: '0' } : { insert_deduplication_token: token }),
  max_insert_threads: '1',
  max_partitions_per_insert_block: '0',
  min_insert_block_size_rows: '1000000',
  min_insert_block_size_bytes: '1000000000',
  async_insert: '0',
  // An insert is one small block: threads and chunked parsing cost more than they save, and copies within a batch were dropped before.
  max_threads: '1',
  input_format_parallel_parsing: '0',
  optimize_on_insert: '0',
})

/** Tokens stand in SQL and URLs as they are. */
export function plainToken(token: string): string {
  if (!/^[A-Za-z0-9._:/#-]{1,200}$/.test(token))
    throw new AuditdError('row_refused', 'store', 'token', 'must be at most 200 letters, digits and ._:/#-')
  return token
}
