/** A read-only question to the store: asked of the running service of a data folder, else of the idle folder itself. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { AuditdError } from '../schemas/errors.ts'
import { runningService } from './admin.ts'
import { loadConfig } from './configuration.ts'
import { openStore, silentTelemetry } from './wire-store.ts'

/** The rows of an answer in a format of one JSON value a line. */
export const rowsOf = <Row>(answer: string): Row[] =>
  answer
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Row)

/** Throws AuditdError: query_refused for what is wrong or writes, store_unavailable, config_invalid when there is nothing to ask. */
export async function askStore(sql: string, dataDir: string, format: string): Promise<string> {
  const service = runningService(dataDir)
  const answer = service === undefined ? undefined : await askService(service, sql, format)
  if (answer !== undefined) return answer
  const settings = loadConfig(process.env)
  if (settings.store.url === '' && !existsSync(join(dataDir, 'store')))
    throw new AuditdError('config_invalid', 'query', '--data', `${dataDir} holds no store`)
  const store = await openStore(settings, dataDir, silentTelemetry)
  try {
    return await store.query(sql, { format })
  } finally {
    await store.close()
  }
}

/** Undefined when nothing listens there: the file of a service that was killed, whose number another program has now. */
async function askService(
  { url, token }: { url: string; token: string },
  sql: string,
  format: string,
): Promise<string | undefined> {
  const response = await fetch(`${url}/v1/query`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ sql, format }),
  }).catch((error: { cause?: { code?: string } }) => {
    if (error.cause?.code === 'ECONNREFUSED') return undefined
    throw new AuditdError('store_unavailable', 'query', url, 'the service did not answer', error)
  })
  if (response === undefined) return undefined
  const text = await response.text()
  if (response.ok) return text
  const { error } = JSON.parse(text) as { error: string }
  if (response.status === 422 || response.status === 400)
    throw new AuditdError('query_refused', 'query', '', error.replace(/^query: /, ''))
  throw new AuditdError('store_unavailable', 'query', url, error)
}
