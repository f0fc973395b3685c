/** `query`: read-only SQL or a named query against the running service, or the idle data folder. */
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { AuditdError } from '../../schemas/errors.ts'
import { type NamedQuery, namedQueries, namedQuery } from '../queries/catalogue.ts'
import { parametersOf, withParameter } from '../queries/parameters.ts'
import { listText, queryNotes, queryText, TABLES_SQL, tablesText } from '../queries/printed.ts'
import { printShown, shown } from '../screen.ts'
import { askStore, rowsOf } from '../store-question.ts'

interface QueryFlags {
  readonly data?: string
  readonly param: Readonly<Record<string, string>>
  readonly format: string
  readonly list?: true
  readonly sql?: true
  readonly tables?: true
}

export default function configure(command: Command): void {
  command
    .description('run read-only SQL or a named query; tables and views: --tables, named queries: --list')
    .argument('[sql]', 'a SELECT, or @NAME of a named query')
    .option('--data <dir>', 'data folder', (dir) => resolve(dir))
    .option('--param <name=value>', 'value of {name:Type} in the query; may be repeated', withParameter, {})
    .option('--format <format>', 'a ClickHouse output format', 'PrettyCompactMonoBlock')
    .option('--list', 'named queries; with @NAME its parameters, and with --data its columns')
    .option('--sql', 'print the text of @NAME')
    .option('--tables', 'tables and views with their columns; with a name that one')
    .action(async (asked: string | undefined, flags: QueryFlags) => {
      if (flags.list) return printShown(await list(asked, flags.data))
      if (flags.sql) return printShown(queryText(named(needed(asked, 'a query @NAME'))))
      const data = needed(flags.data, 'option --data <dir>')
      if (flags.tables) return printShown(tablesText(rowsOf(await askStore(TABLES_SQL, data, 'JSONEachRow')), asked))
      const answer = await ask(needed(asked, 'a SELECT or @NAME'), data, flags)
      const text = process.stdout.isTTY || FOR_PEOPLE.test(flags.format) ? shown(answer) : answer
      process.stdout.write(text.endsWith('\n') || text === '' ? text : `${text}\n`)
    })
}

async function list(asked: string | undefined, data: string | undefined): Promise<string> {
  if (asked === undefined) return listText(namedQueries())
  const query = named(asked)
  return queryNotes(query, data === undefined ? undefined : await columnsOf(query, data))
}
/** What the engine answers for no row at all: names, and below them types. */
async function columnsOf(query: NamedQuery, data: string): Promise<[name: string, type: string][]> {
  const asked = query.parameters.filter(
    ({ name, default: preset }) => preset === undefined || query.needs.includes(name),
  )
  const given = { ...Object.fromEntries(asked.map(({ name }) => [name, '-'])), limit: '0' }
  const answer = await askStore(query.sql, data, 'TSVWithNamesAndTypes', parametersOf(query, given, Date.now()))
  const [names = [], types = []] = answer.split('\n').map((line) => line.split('\t'))
  return names.map((name, at) => [name, types[at] ?? ''])
}
function ask(asked: string, data: string, { format, param }: QueryFlags): Promise<string> {
  if (!asked.startsWith('@')) return askStore(asked, data, format, param)
  const query = named(asked)
  return askStore(query.sql, data, format, parametersOf(query, param, Date.now()))
}
const named = (asked: string) => namedQuery(asked.replace(/^@/, ''))
function needed(value: string | undefined, what: string): string {
  if (value === undefined) throw new AuditdError('usage', 'query', '', `${what} is required`)
  return value
}

/** Formats made to be looked at. Of the others a program wants the bytes, unless a terminal would act on them. */
const FOR_PEOPLE = /^(Pretty|Vertical|Markdown)/i
