/** The matrix as a table: one row per server, in each way the events that arrived, or what was different. */
import { WAYS, type Way } from './catalogue.ts'

export interface Cell {
  readonly transport: 'stdio' | 'http' | 'sse'
  readonly way: Way
  /** Every answer was the one without us. */
  readonly isSame: boolean
  /** Answers that were not, by name. */
  readonly different: readonly string[]
  readonly calls: number
  /** Rows of `calls`: one for each. */
  readonly callRows: number
  readonly events: number
}
export interface Row {
  readonly name: string
  readonly version: string
  readonly sdk: string
  readonly tool: string
  /** What the call answered, also without us. */
  readonly answer: 'ok' | 'error'
  readonly eras: readonly string[]
  readonly cells: readonly Cell[]
}
export interface Results {
  readonly node: string
  readonly platform: string
  readonly rows: readonly Row[]
  readonly missing: readonly string[]
}

export const isGood = ({ isSame, calls, callRows, events }: Cell): boolean =>
  isSame && callRows === calls && events > calls
export const isAllGood = ({ rows }: Results): boolean =>
  rows.every(({ cells }) => cells.every((cell) => cell.way === 'plain' || isGood(cell)))

const HEADINGS = ['Server', 'SDK', 'Eras', 'Call', ...WAYS.slice(1).map((way) => `\`${way}\``)]

/** Ways in which nothing can be done are empty; several transports stand beside each other. */
export function markdown({ rows, missing }: Results): string {
  const lines = rows.map((row) => [
    `${row.name} ${row.version}`,
    row.sdk,
    row.eras.join(', '),
    row.answer === 'ok' ? `\`${row.tool}\`` : `\`${row.tool}\`: error`,
    ...WAYS.slice(1).map((way) =>
      row.cells
        .filter((cell) => cell.way === way)
        .map(cellText)
        .join(', '),
    ),
  ])
  const table = [HEADINGS, HEADINGS.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`)
  return [...table, ...missing.map((what) => `\nNot run: ${what}.`)].join('\n')
}

function cellText(cell: Cell): string {
  if (isGood(cell)) return `${cell.transport} ${cell.events}`
  if (!cell.isSame) return `${cell.transport} **differs: ${cell.different.join(' ')}**`
  return `${cell.transport} **${cell.callRows} rows of ${cell.calls} calls, ${cell.events} events**`
}

export const MARKS = { begin: '<!-- servers -->', end: '<!-- /servers -->' }

/** The text with the table between its marks. Throws when they are not there. */
export function withTable(text: string, table: string): string {
  const [from, to] = [text.indexOf(MARKS.begin), text.indexOf(MARKS.end)]
  if (from < 0 || to < from) throw new Error(`README.md: needs ${MARKS.begin} and ${MARKS.end}`)
  return `${text.slice(0, from + MARKS.begin.length)}\n${table}\n${text.slice(to)}`
}
export const tableIn = (text: string): string | undefined => {
  const [from, to] = [text.indexOf(MARKS.begin), text.indexOf(MARKS.end)]
  return from < 0 || to < from ? undefined : text.slice(from + MARKS.begin.length, to).trim()
}
