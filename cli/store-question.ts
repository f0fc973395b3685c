/** A read-only question to the store: asked of the running service of a data folder, else of the idle folder itself. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { AuditdError } from '../schemas/errors.ts'
import { askService, type RunningService, runningService } from './admin/running-service.ts'
import { loadConfig } from './configuration.ts'
import { openStore, silentTelemetry } from './wire-store.ts'

/** The rows of an answer in a format of one JSON value a line. */
export const rowsOf = <Row>(answer: string): Row[] =>
  answer
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Row)

/** What is asked in one go is asked of one opened store. */
export interface Questions {
  /** The running service that answers; undefined: the idle folder does. */
  readonly service: RunningService | undefined
  /** Throws AuditdError: query_refused for what is wrong or writes, store_unavailable. */
  ask(sql: string, format: string, parameters?: Readonly<Record<string, string>>): Promise<string>
  close(): Promise<void>
}

/** Throws AuditdError: config_invalid when there is nothing to ask. */
export async function openQuestions(dataDir: string): Promise<Questions> {
  const service = runningService(dataDir)
  const isThere = service !== undefined && (await askService(service, '/livez')) !== undefined
  if (isThere) {
    const question = async (body: unknown): Promise<string> => {
      const answer = await askService(service, '/v1/query', body)
      if (answer === undefined)
        throw new AuditdError('store_unavailable', 'query', service.url, 'the service went away')
      return answer.text()
    }
    return {
      service,
      ask: (sql, format, parameters = {}) => question({ sql, format, parameters }),
      async close() {},
    }
  }
  const settings = loadConfig(process.env)
  if (settings.store.url === '' && !existsSync(join(dataDir, 'store')))
    throw new AuditdError('config_invalid', 'query', '--data', `${dataDir} holds no store`)
  const store = await openStore(settings, dataDir, silentTelemetry)
  return {
    service: undefined,
    ask: (sql, format, parameters = {}) => store.query(sql, { format, parameters }),
    close: () => store.close(),
  }
}

/** One question. Throws what `openQuestions` and `ask` throw. */
export async function askStore(
  sql: string,
  dataDir: string,
  format: string,
  parameters: Readonly<Record<string, string>> = {},
): Promise<string> {
  const questions = await openQuestions(dataDir)
  try {
    return await questions.ask(sql, format, parameters)
  } finally {
    await questions.close()
  }
}
