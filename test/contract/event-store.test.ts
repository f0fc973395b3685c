/**
 * The event store contract on the embedded engine, on the server writer, and in memory. The server here is an HTTP shim over the embedded
 * engine (test/clickhouse-http.ts), so both share the engine's one folder of this process, in two databases.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { createEmbeddedStore, createServerStore } from '../../connectors/clickhouse/store.ts'
import { memoryEventStore } from '../../connectors/memory/event-store.ts'
import { startClickHouseHttp } from '../clickhouse-http.ts'
import { describeEventStore } from './event-store.ts'
import { recordingTelemetry } from './samples.ts'

const path = await mkdtemp(join(tmpdir(), 'event-store-'))
afterAll(() => rm(path, { recursive: true, force: true }))

describeEventStore('embedded ClickHouse', async () => {
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
    close: () => store.close(),
  }
})

describeEventStore('ClickHouse server (HTTP shim)', async () => {
  const shim = await startClickHouseHttp({ path: join(path, 'chdb'), password: 'secret' })
  const telemetry = recordingTelemetry()
  const store = createServerStore({
    url: shim.url,
    username: 'default',
    password: 'secret',
    database: 'server_side',
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
      await shim.close()
    },
  }
})

describeEventStore('memory', async () => {
  const store = memoryEventStore()
  return { store, sql: false, close: () => store.close() }
})
