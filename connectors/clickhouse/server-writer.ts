/** Writes to a ClickHouse server: the same lines as one HTTP stream, never as a whole in memory. */
import { createReadStream } from 'node:fs'
import { Readable } from 'node:stream'
import type { ClickHouseClient } from '@clickhouse/client'
import type { RowBatch } from '../../schemas/ports.ts'
import { sabotage } from '../failpoint.ts'
import { insertSettings, plainToken, type TableWriter } from './table-writer.ts'

/** `file()` would read the server's disk, so files are sent. The answer comes after the rows are fsynced there (table settings). */
export function serverWriter(client: ClickHouseClient): TableWriter {
  return {
    async insert(table, token, source) {
      const answer = await client.exec({
        query: `INSERT INTO ${table.name} (${table.columnList}) FORMAT JSONCompactEachRow`,
        values: linesOf(source),
        clickhouse_settings: insertSettings(sabotage('no-token') ? undefined : plainToken(token)),
      })
      // An unread answer keeps its socket.
      answer.stream.resume()
    },
    close: () => client.close(),
  }
}

function linesOf(source: RowBatch['source']): Readable {
  if ('rows' in source) return Readable.from([Buffer.from(source.rows)], { objectMode: false })
  return Readable.from(bytesOf(source.files), { objectMode: false })
}
async function* bytesOf(files: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const file of files) yield* createReadStream(file)
}
