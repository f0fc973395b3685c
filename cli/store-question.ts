/** A read-only question to the store: asked of the running service of a data folder, else of the idle folder itself. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { AuditdError } from '../schemas/errors.ts'
import { askService, runningService } from './admin/running-service.ts'
import { loadConfig } from './configuration.ts'
import { openStore, silentTelemetry } from './wire-store.ts'

/** The rows of an answer in a format of one JSON value a line. */
export const rowsOf = <Row>(answer: string): Row[] =>
  answer
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Row)

/** Throws AuditdError: query_refused for what is wrong or writes, store_unavailable, config_invalid when there is nothing to ask. */
export async function askStore(
  sql: string,
  dataDir: string,
  format: string,
  parameters: Readonly<Record<string, string>> = {},
): Promise<string> {
  const service = runningService(dataDir)
  const answer = service === undefined ? undefined : await askService(service, '/v1/query', { sql, format, parameters })
  if (answer !== undefined) return answer.text()
  const settings = loadConfig(process.env)
  if (settings.store.url === '' && !existsSync(join(dataDir, 'store')))
    throw new AuditdError('config_invalid', 'query', '--data', `${dataDir} holds no store`)
  const store = await openStore(settings, dataDir, silentTelemetry)
  try {
    return await store.query(sql, { format, parameters })
  } finally {
    await store.close()
  }
}
