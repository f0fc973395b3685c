/** Runs one reading statement under settings nobody else sees: embedded on a connection of its own, on a server with the request. */
import { randomUUID } from 'node:crypto'
import type { ClickHouseClient } from '@clickhouse/client'
import type { AuditdError } from '../../schemas/errors.ts'
import type { Connect } from './client.ts'
import { type Settings, sqlText } from './client-settings.ts'
import { engineFault } from './failure.ts'

export interface Asked {
  readonly sql: string
  readonly settings: Settings
  readonly parameters?: Readonly<Record<string, unknown>>
  /** Parameters as HTTP carries them: texts with the escapes of TabSeparated. */
  readonly parameterTexts?: Readonly<Record<string, string>>
  /** Where it is not ours. */
  readonly database?: string
  readonly signal?: AbortSignal
}
export interface Answered {
  readonly bytes: Buffer
  readonly readRows: number
  readonly readBytes: number
}
export type Run = (asked: Asked) => Promise<Answered>

/** The engine counts a result before it is formatted; a text may be several times larger. */
const MAX_ANSWER_BYTES = 256 * 1024 * 1024

/**
 * Embedded: a new connection per query (about 1 ms), because settings stay with a connection and `readonly` can never be taken back.
 * The limits come first: after `readonly = 1` none can be set. An abandoned promise does not stop chDB, so the statement carries a mark
 * by which another connection kills it; its turn ends when the engine has.
 */
export const embeddedRun =
  (connect: Connect, database: string): Run =>
  async ({ sql, settings, parameters = {}, parameterTexts = {}, database: other, signal }) => {
    const client = await connect(database)
    const mark = randomUUID()
    const stop = (): void => void kill(connect, mark)
    try {
      if (other !== undefined) await client.command({ query: `USE ${other}` })
      await client.command({ query: `SET ${assignments({ ...settings, log_comment: mark })}` })
      const texts = Object.entries(parameterTexts).map(([name, value]) => [`param_${name}`, value])
      if (texts.length > 0) await client.command({ query: `SET ${assignments(Object.fromEntries(texts))}` })
      await client.command({ query: 'SET readonly = 1' })
      if (signal?.aborted === true) throw engineFault(394, 'QUERY_WAS_CANCELLED', 'The client went away.')
      signal?.addEventListener('abort', stop, { once: true })
      return await answerOf(client, sql, {}, parameters)
    } finally {
      signal?.removeEventListener('abort', stop)
      await client.close()
    }
  }

/** What cannot be killed ends at its time limit. */
async function kill(connect: Connect, mark: string): Promise<void> {
  const client = await connect().catch(() => undefined)
  const query = `KILL QUERY WHERE Settings['log_comment'] = ${sqlText(mark)} ASYNC`
  await client?.command({ query }).catch(() => undefined)
  await client?.close()
}

/** Server: settings travel with the request and end with it; they are checked together, so `readonly` may stand among them. */
export const serverRun =
  (client: ClickHouseClient, connect: Connect): Run =>
  async ({ sql, settings, parameters = {}, parameterTexts = {}, database, signal }) => {
    const texts = Object.entries(parameterTexts).map(([name, value]) => [`param_${name}`, value])
    const all = { ...settings, ...Object.fromEntries(texts), readonly: '1' }
    if (database === undefined) return answerOf(client, sql, all, parameters, signal)
    const there = await connect(database)
    return await answerOf(there, sql, all, parameters, signal).finally(() => there.close())
  }

async function answerOf(
  client: ClickHouseClient,
  query: string,
  settings: Record<string, string | number>,
  parameters: Readonly<Record<string, unknown>>,
  signal?: AbortSignal,
): Promise<Answered> {
  const { stream, summary } = await client.exec({
    query,
    clickhouse_settings: settings,
    ...(Object.keys(parameters).length > 0 && { query_params: { ...parameters } }),
    ...(signal !== undefined && { abort_signal: signal }),
  })
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of stream) {
    size += (chunk as Uint8Array).length
    if (size > MAX_ANSWER_BYTES) throw tooLarge()
    chunks.push(chunk as Uint8Array)
  }
  return {
    bytes: chunks.length === 1 ? Buffer.from(chunks[0]!) : Buffer.concat(chunks),
    readRows: Number(summary?.read_rows ?? 0),
    readBytes: Number(summary?.read_bytes ?? 0),
  }
}
const tooLarge = (): AuditdError =>
  engineFault(396, 'TOO_MANY_ROWS_OR_BYTES', `The answer is larger than ${MAX_ANSWER_BYTES} bytes.`)

const assignments = (settings: Settings): string =>
  Object.entries(settings)
    .map(([name, value]) => `${name} = ${typeof value === 'number' ? value : sqlText(value)}`)
    .join(', ')
