/** `query`: read-only SQL against the running service, or the idle data folder. */
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Command } from 'commander'
import { visible } from '../../connectors/webhook/escape.ts'
import { AuditdError } from '../../schemas/errors.ts'
import { runningService } from '../admin.ts'
import { loadConfig } from '../configuration.ts'
import { openStore, silentTelemetry } from '../wire-store.ts'

export default function configure(command: Command): void {
  command
    .description('run read-only SQL; views: events, events_exact, calls, auth, definitions, findings, alerts')
    .argument('<sql>', 'a SELECT')
    .requiredOption('--data <dir>', 'data folder', (dir) => resolve(dir))
    .option('--format <format>', 'a ClickHouse output format', 'PrettyCompactMonoBlock')
    .action(async (sql: string, { data, format }: { data: string; format: string }) => {
      const answer = await ask(sql, data, format)
      const text = process.stdout.isTTY || FOR_PEOPLE.test(format) ? shown(answer) : answer
      process.stdout.write(text.endsWith('\n') || text === '' ? text : `${text}\n`)
    })
}

/** Formats made to be looked at. Of the others a program wants the bytes, unless a terminal would act on them. */
const FOR_PEOPLE = /^(Pretty|Vertical|Markdown)/i
/** Names of tools and clients are hostile text: each line without anything that a terminal acts on or hides. */
const shown = (answer: string): string =>
  answer
    .split('\n')
    .map((line) => visible(line, Number.POSITIVE_INFINITY))
    .join('\n')

async function ask(sql: string, dataDir: string, format: string): Promise<string> {
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
