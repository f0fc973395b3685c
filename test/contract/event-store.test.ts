/** The event store contract on the embedded engine, on the server writer, and in memory. One engine per service: one folder, two databases. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createEmbeddedStore } from '../../connectors/clickhouse/store.ts'
import { describeEventStore } from './event-store.ts'
import { recordingTelemetry } from './samples.ts'

describeEventStore('embedded ClickHouse', async () => {
  const path = await mkdtemp(join(tmpdir(), 'embedded-store-'))
  const telemetry = recordingTelemetry()
  const store = createEmbeddedStore({
    path,
    database: 'mcp_auditd',
    retentionDays: { security: 100_000, activity: 100_000 },
    telemetry,
  })
  await store.open()
  return {
    store,
    sql: true,
    inserts: () => telemetry.counts.get('mcp_auditd_store_inserts_total') ?? 0,
    close: async () => {
      await store.close()
      await rm(path, { recursive: true, force: true })
    },
  }
})
