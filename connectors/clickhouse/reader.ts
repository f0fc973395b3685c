/** Queries of people: guarded, limited, and on connections of their own, so that no setting and no wait reaches the writer. */
import type { ClickHouseClient } from '@clickhouse/client'
import { AuditdError } from '../../schemas/errors.ts'
import type { QueryOptions } from '../../schemas/ports.ts'
import type { Connect } from './client.ts'
import { queryFailed } from './failure.ts'
import { forbiddenTableFunctions, guardQuery } from './query-guard.ts'

export interface ReadLimits {
  readonly maxRows: number
  readonly maxSeconds: number
  readonly maxMemoryBytes: number
  readonly maxResultBytes: number
  /** Queries at the same time, and queries waiting for their turn; more are refused. */
  readonly concurrent: number
  readonly waiting: number
}
export const READ_LIMITS: ReadLimits = {
  maxRows: 100_000,
  maxSeconds: 30,
  maxMemoryBytes: 1_000_000_000,
  maxResultBytes: 64_000_000,
  concurrent: 4,
  waiting: 64,
}
type Settings = Readonly<Record<string, string | number>>

/** Runs one statement under settings nobody else sees, and answers its text. */
export type Run = (sql: string, settings: Settings, parameters: Record<string, unknown>) => Promise<string>

/**
 * Embedded: a new connection per query (about 1 ms), because settings stay with a connection and `readonly` can never be taken back.
 * The limits come first: after `readonly = 1` none can be set.
 */
export const embeddedRun =
  (connect: Connect, database: string): Run =>
  async (sql, settings, parameters) => {
    const client = await connect(database)
    try {
      const limits = Object.entries(settings).map(([name, value]) => `${name} = ${sqlValue(value)}`)
      await client.command({ query: `SET ${limits.join(', ')}` })
      await client.command({ query: 'SET readonly = 1' })
      return await textOf(client, sql, {}, parameters)
    } finally {
      await client.close()
    }
  }
/** Server: settings travel with the request and end with it; they are checked together, so `readonly` may stand among them. */
export const serverRun =
  (client: ClickHouseClient): Run =>
  (sql, settings, parameters) =>
    textOf(client, sql, { ...settings, readonly: '1' }, parameters)

export class Reader {
  private readonly run: Run
  private readonly limits: ReadLimits
  private forbidden: ReadonlySet<string> = forbiddenTableFunctions([])
  private running = 0
  private readonly queue: (() => void)[] = []

  constructor(run: Run, limits: ReadLimits = READ_LIMITS) {
    this.run = run
    this.limits = limits
  }

  /** Asks the engine for its table functions: a newer one may have new ways out. */
  async open(): Promise<void> {
    const text = await this.run('SELECT name FROM system.table_functions FORMAT TabSeparated', this.settings({}), {})
    this.forbidden = forbiddenTableFunctions(text.split('\n').filter((name) => name !== ''))
  }

  /** The statement's own FORMAT clause wins over `options.format`. */
  async query(sql: string, options: Partial<QueryOptions>): Promise<string> {
    const guarded = guardQuery(sql, this.forbidden)
    const format = guarded.format ?? options.format ?? 'TabSeparatedWithNames'
    if (!/^[A-Za-z0-9]{1,64}$/.test(format))
      throw new AuditdError('query_refused', 'query', 'format', 'must be a plain name')
    if (options.own !== true) await this.turn()
    try {
      return await this.run(`${guarded.sql}\nFORMAT ${format}`, this.settings(options), { ...options.parameters })
    } catch (error) {
      throw queryFailed(error)
    } finally {
      if (options.own !== true) {
        this.running -= 1
        this.queue.shift()?.()
      }
    }
  }

  private async turn(): Promise<void> {
    if (this.running >= this.limits.concurrent) {
      if (this.queue.length >= this.limits.waiting)
        throw new AuditdError('store_unavailable', 'query', '', 'too many queries at the same time')
      await new Promise<void>((resume) => this.queue.push(resume))
    }
    this.running += 1
  }

  /** A caller may ask for less than the limits, never for more. */
  private settings(options: Partial<QueryOptions>): Settings {
    return {
      max_result_rows: Math.min(options.maxRows ?? this.limits.maxRows, this.limits.maxRows),
      max_result_bytes: this.limits.maxResultBytes,
      result_overflow_mode: 'throw',
      max_execution_time: Math.min(options.maxSeconds ?? this.limits.maxSeconds, this.limits.maxSeconds),
      timeout_overflow_mode: 'throw',
      max_memory_usage: this.limits.maxMemoryBytes,
      allow_ddl: 0,
      allow_introspection_functions: 0,
    }
  }
}

async function textOf(
  client: ClickHouseClient,
  query: string,
  settings: Record<string, string | number>,
  parameters: Record<string, unknown>,
): Promise<string> {
  const answer = await client.exec({
    query,
    clickhouse_settings: settings,
    ...(Object.keys(parameters).length === 0 ? {} : { query_params: parameters }),
  })
  const chunks: Uint8Array[] = []
  for await (const chunk of answer.stream) chunks.push(chunk as Uint8Array)
  return Buffer.concat(chunks).toString('utf8')
}
const sqlValue = (value: string | number): string => (typeof value === 'number' ? String(value) : `'${value}'`)
