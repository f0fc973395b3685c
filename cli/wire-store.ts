/** Which store: ClickHouse embedded in the data folder, or a server by its URL. */
import { join } from 'node:path'
import { resolveSecret } from '../collector/instrument/keys/secret.ts'
import { type ClickHouseStores, createEmbeddedStore, createServerStore } from '../connectors/clickhouse/store.ts'
import type { Config } from '../schemas/config.ts'
import type { Telemetry } from '../schemas/ports.ts'
import { warnOf } from './credentials.ts'

const PASSWORD = { component: 'config', field: 'store.password' }

/** Opened and migrated. An embedded store belongs to one process: a second one is refused. */
export async function openStore(settings: Config, dataDir: string, telemetry: Telemetry): Promise<ClickHouseStores> {
  const { url, database, username, password } = settings.store
  const common = { database, retentionDays: settings.retentionDays, telemetry }
  const store =
    url === ''
      ? createEmbeddedStore({ ...common, path: join(dataDir, 'store') })
      : createServerStore({
          ...common,
          url,
          username,
          password: password === undefined ? '' : await resolveSecret(password, PASSWORD, { warn: warnOf(telemetry) }),
        })
  await store.open()
  return store
}

/** For commands that only ask: nothing is counted. */
export const silentTelemetry: Telemetry = { count() {}, gauge() {}, log() {} }
