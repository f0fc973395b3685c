/** Named queries: the .sql files of this folder, found by walking it. Each says the question it answers, its parameters and its columns. */
import { readdirSync, readFileSync } from 'node:fs'
import { AuditdError } from '../../schemas/errors.ts'
import { COLUMN_WORDS, SHARED_PARAMETERS } from './words.ts'

const FOLDER = new URL('./', import.meta.url)

export interface QueryParameter {
  readonly name: string
  /** A ClickHouse type, as in `{name:Type}`. */
  readonly type: string
  /** Undefined: it has to be given. */
  readonly default: string | undefined
  readonly description: string
}
export interface NamedQuery {
  readonly name: string
  readonly question: string
  readonly parameters: readonly QueryParameter[]
  /** At least one of these has to be given something. */
  readonly needs: readonly string[]
  /** Notes of the file on its own columns; other columns have the meaning of COLUMN_WORDS. */
  readonly columns: ReadonlyMap<string, string>
  readonly sql: string
}

export const namedQueries = (folder: URL = FOLDER): readonly NamedQuery[] =>
  readdirSync(folder)
    .filter((file) => file.endsWith('.sql'))
    .sort()
    .map((file) => namedQueryOf(file.slice(0, -'.sql'.length), readFileSync(new URL(file, folder), 'utf8')))

/** Throws AuditdError('not_found'). */
export function namedQuery(name: string, all: readonly NamedQuery[] = namedQueries()): NamedQuery {
  const found = all.find((one) => one.name === name)
  if (found === undefined)
    throw new AuditdError('usage', 'query', `@${name}`, 'no such query; `query --list` shows them')
  return found
}
export const columnNote = (query: NamedQuery, column: string): string =>
  query.columns.get(column) ?? COLUMN_WORDS.get(column) ?? ''

/**
 * The lines `-- …` before the statement: the question; `needs a or b`; `name = default: description` or `name: description` for a parameter, where
 * the default or the description may be left out when it is a shared one; `name: description` for a column.
 */
export function namedQueryOf(name: string, text: string): NamedQuery {
  const lines = text.split('\n')
  const start = lines.findIndex((line) => !line.startsWith('--'))
  const [question = '', ...notes] = lines.slice(0, start).map((line) => line.slice(2).trim())
  const sql = lines.slice(start).join('\n').trim()
  const needs = notes.find((note) => note.startsWith('needs '))
  const own = new Map<string, { readonly default: string | undefined; readonly description: string }>()
  for (const note of notes) {
    const said = /^(\w+)(?: = (.*?))?(?:: (.+))?$/.exec(note)
    if (said !== null) own.set(said[1]!, { default: said[2] === "''" ? '' : said[2], description: said[3] ?? '' })
  }
  const types = new Map([...sql.matchAll(/\{(\w+):([^{}]+)\}/g)].map((match) => [match[1]!, match[2]!]))
  const parameters = [...types].map(([parameter, type]): QueryParameter => {
    const said = own.get(parameter)
    const shared = SHARED_PARAMETERS[parameter]
    return {
      name: parameter,
      type,
      // A shared parameter that the file describes anew without a default has to be given.
      default: said?.default ?? (said === undefined || said.description === '' ? shared?.default : undefined),
      description: said?.description || shared?.description || '',
    }
  })
  const columns = new Map(
    [...own].filter(([key]) => !types.has(key)).map(([key, { description }]) => [key, description] as const),
  )
  return { name, question, parameters, needs: needs?.slice('needs '.length).split(' or ') ?? [], columns, sql }
}
