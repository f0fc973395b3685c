/** What `query --list`, `--sql` and `--tables` print. */
import { AuditdError } from '../../schemas/errors.ts'
import { columnNote, type NamedQuery, type QueryParameter } from './catalogue.ts'

const table = (rows: readonly (readonly string[])[], indent = ''): string => {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => row[at]!.length)))
  return rows
    .map((row) => `${indent}${row.map((cell, at) => cell.padEnd(widths[at]!)).join('  ')}`.trimEnd())
    .join('\n')
}

export const listText = (queries: readonly NamedQuery[]): string =>
  table(queries.map(({ name, question }) => [`@${name}`, question]))

/** One query with all that is said of it. Without `columns`, as the engine names them, only its own notes. */
export function queryNotes(query: NamedQuery, columns?: readonly (readonly [name: string, type: string])[]): string {
  const parts = [`@${query.name}  ${query.question}`, table(query.parameters.map(parameterRow), '  --param ')]
  if (query.needs.length > 0) parts.push(`  needs ${query.needs.join(' or ')}`)
  const notes = columns?.map(([name, type]) => [name, type, columnNote(query, name)]) ?? [...query.columns]
  if (notes.length > 0) parts.push(table(notes, '  '))
  return parts.join('\n')
}
const parameterRow = ({ name, type, default: preset, description }: QueryParameter): string[] => [
  name,
  type,
  preset === undefined ? 'required' : preset === '' ? "''" : preset,
  description,
]

/** The statement as it runs in any client of the engine that takes parameters, with what they mean. */
export const queryText = ({ question, parameters, sql }: NamedQuery): string =>
  [
    `-- ${question}`,
    ...parameters.map((one) => {
      const [name, type, preset, description] = parameterRow(one)
      return `-- {${name}:${type}} ${preset}: ${description}`
    }),
    sql,
  ].join('\n')

export const TABLES_SQL = `SELECT t.name AS table, t.engine AS engine, t.comment AS about, c.name AS name, c.type AS type, c.comment AS comment
FROM system.columns AS c INNER JOIN system.tables AS t ON t.database = c.database AND t.name = c.table
WHERE c.database = currentDatabase() ORDER BY t.engine = 'View' DESC, t.name, c.position`

export interface ColumnRow {
  readonly table: string
  readonly engine: string
  readonly about: string
  readonly name: string
  readonly type: string
  readonly comment: string
}
/** Views first: they are what people ask. */
export function tablesText(columns: readonly ColumnRow[], wanted?: string): string {
  const chosen = columns.filter(({ table }) => wanted === undefined || table === wanted)
  if (chosen.length === 0) throw new AuditdError('usage', 'query', `--tables ${wanted}`, 'no such table or view')
  return [...Map.groupBy(chosen, ({ table }) => table)]
    .map(([name, rows]) => {
      const kind = rows[0]!.engine === 'View' ? 'view' : 'table'
      return `${name} (${kind})  ${rows[0]!.about}\n${table(
        rows.map((row) => [row.name, row.type, row.comment]),
        '  ',
      )}`
    })
    .join('\n\n')
}
