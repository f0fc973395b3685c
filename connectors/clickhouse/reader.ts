/** Queries of people: guarded, limited, and on connections of their own, so that no setting and no wait reaches the writer. */
import type { ClientAnswer, ClientQuestion } from '../../schemas/client-store.ts'
import { AuditdError } from '../../schemas/errors.ts'
import type { QueryOptions } from '../../schemas/ports.ts'
import { checkParameterName, clientSettings, type Settings } from './client-settings.ts'
import { queryFailed } from './failure.ts'
import { plainName } from './migrate.ts'
import { forbiddenTableFunctions, type GuardedQuery, guardQuery } from './query-guard.ts'
import type { Asked, Run } from './run.ts'

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
    const sql = 'SELECT name FROM system.table_functions FORMAT TabSeparated'
    const text = textOf(await this.run({ sql, settings: this.settings({}) }))
    this.forbidden = forbiddenTableFunctions(text.split('\n').filter((name) => name !== ''))
  }

  /** The statement's own FORMAT clause wins over `options.format`. */
  async query(sql: string, options: Partial<QueryOptions>): Promise<string> {
    const guarded = guardQuery(sql, this.forbidden)
    const format = formatOf(guarded, options.format ?? 'TabSeparatedWithNames')
    const { parameters = {} } = options
    const asked = { sql: `${guarded.sql}\nFORMAT ${format}`, settings: this.settings(options), parameters }
    return textOf(await (options.own === true ? this.answered(asked) : this.inTurn(asked)))
  }

  /** A question of a client of the engine's protocol, under the same limits and in the same queue. */
  async ask(sql: string, question: ClientQuestion): Promise<ClientAnswer> {
    const guarded = guardQuery(sql, this.forbidden)
    const format = formatOf(guarded, question.format)
    const { database = '', settings = {}, parameterTexts = {}, signal } = question
    Object.keys(parameterTexts).forEach(checkParameterName)
    const answer = await this.inTurn({
      sql: `${guarded.sql}\nFORMAT ${format}`,
      settings: clientSettings(settings, this.settings({})),
      parameterTexts,
      ...(database !== '' && { database: plainName(database) }),
      ...(signal !== undefined && { signal }),
    })
    return { ...answer, format }
  }

  private async inTurn(asked: Asked) {
    await this.turn(asked.signal)
    try {
      return await this.answered(asked)
    } finally {
      this.running -= 1
      this.queue.shift()?.()
    }
  }
  private async answered(asked: Asked) {
    try {
      return await this.run(asked)
    } catch (error) {
      throw queryFailed(error)
    }
  }

  private async turn(signal: AbortSignal | undefined): Promise<void> {
    if (this.running >= this.limits.concurrent) {
      if (this.queue.length >= this.limits.waiting)
        throw new AuditdError('store_unavailable', 'query', '', 'too many queries at the same time')
      await new Promise<void>((resume, reject) => {
        const left = (): void => {
          this.queue.splice(this.queue.indexOf(next), 1)
          reject(new AuditdError('store_unavailable', 'query', '', 'the client went away'))
        }
        const next = (): void => {
          signal?.removeEventListener('abort', left)
          resume()
        }
        signal?.addEventListener('abort', left, { once: true })
        this.queue.push(next)
      })
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

function formatOf(guarded: GuardedQuery, otherwise: string): string {
  const format = guarded.format ?? otherwise
  if (/^[A-Za-z0-9]{1,64}$/.test(format)) return format
  throw new AuditdError('query_refused', 'query', 'format', 'must be a plain name')
}
const textOf = ({ bytes }: { readonly bytes: Buffer }): string => bytes.toString('utf8')
