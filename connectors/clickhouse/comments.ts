/** Comments on the columns of views: one that says nothing has the meaning of the column of that name in what the view is made from. */
import type { ClickHouseClient } from '@clickhouse/client'

interface ColumnComment {
  readonly table: string
  readonly name: string
  readonly comment: string
}
interface ViewText {
  readonly name: string
  /** The SELECT, with database names in front of tables. */
  readonly text: string
}

/**
 * What each view takes over, as ALTER statements. A view may stand on views that take theirs over too, so it goes on until nothing
 * changes. Pure: a test says what it makes of what.
 */
export function inheritedComments(views: readonly ViewText[], columns: readonly ColumnComment[]): string[] {
  const said = new Map<string, Map<string, string>>()
  for (const { table, name, comment } of columns) {
    if (!said.has(table)) said.set(table, new Map())
    said.get(table)!.set(name, comment)
  }
  const taken = new Map<string, Map<string, string>>()
  for (let changed = true; changed; ) {
    changed = false
    for (const { name: view, text } of views)
      for (const [column, comment] of said.get(view) ?? []) {
        if (comment !== '') continue
        const inherited = sourcesOf(text)
          .map((source) => said.get(source)?.get(column) ?? '')
          .find((one) => one !== '')
        if (inherited === undefined) continue
        said.get(view)!.set(column, inherited)
        taken.set(view, (taken.get(view) ?? new Map()).set(column, inherited))
        changed = true
      }
  }
  return [...taken].map(
    ([view, comments]) =>
      `ALTER TABLE ${quoted(view)} ${[...comments].map(([column, comment]) => `COMMENT COLUMN ${quoted(column)} ${literal(comment)}`).join(', ')}`,
  )
}

/** Run after the migrations: a view that was made anew has lost its comments. */
export async function inheritComments(client: ClickHouseClient): Promise<void> {
  const views = await rows<ViewText>(
    client,
    `SELECT name, as_select AS text FROM system.tables WHERE database = currentDatabase() AND engine = 'View'`,
  )
  const columns = await rows<ColumnComment>(
    client,
    'SELECT table, name, comment FROM system.columns WHERE database = currentDatabase() ORDER BY table, position',
  )
  for (const statement of inheritedComments(views, columns)) await client.command({ query: statement })
}

/** Tables that a SELECT reads, in the order of its text. */
const sourcesOf = (select: string): string[] =>
  [...select.matchAll(/\b(?:FROM|JOIN)\s+(?:`?\w+`?\.)?`?(\w+)`?/g)].map((match) => match[1]!)
const quoted = (name: string): string => `\`${name.replaceAll('\\', '\\\\').replaceAll('`', '\\`')}\``
const literal = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
async function rows<Row>(client: ClickHouseClient, query: string): Promise<readonly Row[]> {
  return (await client.query({ query, format: 'JSONEachRow' })).json<Row>()
}
