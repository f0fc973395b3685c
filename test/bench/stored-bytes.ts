/** B5: stored bytes per JSON byte after merging, and what inserting costs. `node test/bench/stored-bytes.ts [EVENTS]`. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { embeddedConnect } from '../../connectors/clickhouse/client.ts'
import { createEmbeddedStore } from '../../connectors/clickhouse/store.ts'
import { rowText } from '../../schemas/row.ts'
import { ENRICHMENT, recordingTelemetry } from '../contract/samples.ts'
import { median, range } from './ratios.ts'
import { realisticEvents } from './realistic-events.ts'

const ROWS_PER_INSERT = 10_000
const TARGET = 0.11

export interface StoredBytes {
  readonly events: number
  readonly jsonBytesPerEvent: number
  readonly storedBytesPerEvent: number
  /** B5. */
  readonly ratio: number
  readonly target: number
  readonly insertRowsPerSecond: number
  /** CPU of the whole service while inserting, merges included, microseconds. */
  readonly cpuMicrosPerRow: number
  /** Columns that cost most, bytes per row. */
  readonly dearest: readonly (readonly [column: string, bytesPerRow: number])[]
}

export async function storedBytes(count: number, seed: number): Promise<StoredBytes> {
  const path = await mkdtemp(join(tmpdir(), 'stored-bytes-'))
  const telemetry = recordingTelemetry()
  const store = createEmbeddedStore({
    path,
    database: 'mcp_auditd',
    retentionDays: { security: 100_000, activity: 100_000 },
    telemetry,
  })
  try {
    await store.open()
    let jsonBytes = 0
    let rows: string[] = []
    let segment = 0
    let ms = 0
    let cpuMicros = 0
    const insert = async () => {
      const file = join(path, `${segment}.rows`)
      await writeFile(file, `${rows.join('\n')}\n`)
      const cpu = process.cpuUsage()
      const from = performance.now()
      await store.insertEvents({ token: `bench-${segment}`, count: rows.length, source: { files: [file] } })
      ms += performance.now() - from
      const used = process.cpuUsage(cpu)
      cpuMicros += used.user + used.system
      rows = []
      segment += 1
    }
    let events = 0
    for (const event of realisticEvents(count, seed)) {
      jsonBytes += JSON.stringify(event).length
      rows.push(rowText(event, ENRICHMENT, { log: 'a'.repeat(32), partition: 0, offset: segment, index: rows.length }))
      events += 1
      if (rows.length === ROWS_PER_INSERT) await insert()
    }
    if (rows.length > 0) await insert()
    const client = await (await embeddedConnect(join(path, 'chdb')))('mcp_auditd')
    await client.command({ query: 'OPTIMIZE TABLE events FINAL' })
    await client.close()
    const parts = "FROM system.parts WHERE database = currentDatabase() AND table = 'events' AND active"
    const stored = Number(await store.query(`SELECT sum(bytes_on_disk) ${parts}`, { format: 'TSV' }))
    const columns = await store.query(
      `SELECT column, round(sum(column_data_compressed_bytes) / ${events}, 2) AS b FROM system.parts_columns
       WHERE database = currentDatabase() AND table = 'events' AND active GROUP BY column ORDER BY b DESC LIMIT 14`,
      { format: 'JSONCompactEachRow' },
    )
    return {
      events,
      jsonBytesPerEvent: Math.round(jsonBytes / events),
      storedBytesPerEvent: Math.round((10 * stored) / events) / 10,
      ratio: Math.round((1000 * stored) / jsonBytes) / 1000,
      target: TARGET,
      insertRowsPerSecond: Math.round(events / (ms / 1000)),
      cpuMicrosPerRow: Math.round((10 * cpuMicros) / events) / 10,
      dearest: columns
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as [string, number]),
    }
  } finally {
    await store.close()
    await rm(path, { recursive: true, force: true })
  }
}

if (import.meta.main) {
  const runs: StoredBytes[] = []
  for (const seed of [1, 2, 3]) runs.push(await storedBytes(Number(process.argv[2] ?? 100_000), seed))
  process.stderr.write(`${JSON.stringify(runs[0], null, 2)}\n`)
  const ratios = runs.map(({ ratio }) => ratio)
  process.stdout.write(
    `B5 stored bytes / JSON bytes: ${median(ratios, 3)} ${range(ratios, 3)} (target <= ${TARGET}); ${runs[0]!.storedBytesPerEvent} of ${runs[0]!.jsonBytesPerEvent} bytes an event\n`,
  )
}
