/** Dashboards of Grafana as its ClickHouse plugin 4.x runs them: variables filled in, then macros. What it does not know is an error here. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Panel {
  readonly id: number
  readonly title: string
  readonly type: string
  readonly description: string
  readonly datasource: { readonly type: string; readonly uid: string }
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
  readonly targets: readonly {
    readonly refId: string
    readonly rawSql?: string
    readonly expr?: string
    readonly format?: number
    readonly datasource: { readonly uid: string }
  }[]
}
export interface Variable {
  readonly name: string
  readonly query: string
  readonly multi: boolean
  readonly includeAll: boolean
  readonly datasource: { readonly uid: string }
}
export interface Dashboard {
  readonly uid: string
  readonly title: string
  readonly description: string
  readonly tags: readonly string[]
  readonly schemaVersion: number
  readonly templating: { readonly list: readonly Variable[] }
  readonly panels: readonly Panel[]
}
export const dashboards = (folder: string): readonly (readonly [file: string, dashboard: Dashboard])[] =>
  readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .sort()
    .map((file) => [file, JSON.parse(readFileSync(join(folder, file), 'utf8')) as Dashboard])

export interface View {
  readonly fromMs: number
  readonly toMs: number
  readonly intervalMs: number
  /** Chosen values by variable; no values: All. */
  readonly chosen: Readonly<Record<string, readonly string[]>>
}

/** The statement that reaches the engine. Throws on a variable, a format or a macro that it does not know. */
export function expand(sql: string, view: View): string {
  const expanded = macros(variables(conditionals(sql, view), view), view)
  const left = /\$\{?\w+/.exec(expanded)
  if (left !== null) throw new Error(`nothing stands for ${left[0]}`)
  return expanded
}

/** `$__conditionalAll(condition, $variable)`: the condition only where values are chosen. It comes before variables are filled in. */
function conditionals(sql: string, view: View): string {
  let text = sql
  for (let at = text.indexOf('$__conditionalAll('); at >= 0; at = text.indexOf('$__conditionalAll(', at)) {
    const { args, end } = argumentsAt(text, at + '$__conditionalAll'.length)
    const name = /^\$\{?(\w+)\}?$/.exec(args[1] ?? '')?.[1]
    if (args.length !== 2 || name === undefined) throw new Error(`conditionalAll of ${args.join(' | ')}`)
    text = text.slice(0, at) + (chosen(name, view).length === 0 ? '1=1' : args[0]) + text.slice(end)
  }
  return text
}

const FORMATS: Readonly<Record<string, (values: readonly string[]) => string>> = {
  singlequote: (values) => values.map((value) => `'${value.replaceAll("'", "\\'")}'`).join(','),
  sqlstring: (values) => values.map((value) => `'${value.replaceAll("'", "''")}'`).join(','),
  csv: (values) => values.join(','),
}
const variables = (sql: string, view: View): string =>
  sql.replaceAll(/\$\{(\w+):(\w+)\}/g, (_, name: string, format: string) => {
    const values = chosen(name, view)
    const write = FORMATS[format]
    if (write === undefined || values.length === 0) throw new Error(`\${${name}:${format}} has no value`)
    return write(values)
  })
function chosen(name: string, view: View): readonly string[] {
  const values = view.chosen[name]
  if (values === undefined) throw new Error(`there is no variable ${name}`)
  return values
}

const second = (ms: number): string => `toDateTime(${Math.floor(ms / 1000)})`
const milli = (ms: number): string => `fromUnixTimestamp64Milli(${ms})`
const day = (ms: number): string => `toDate('${new Date(ms).toISOString().slice(0, 10)}')`
const between = (column: string, { fromMs, toMs }: View, time: (ms: number) => string): string =>
  `${column} >= ${time(fromMs)} AND ${column} <= ${time(toMs)}`
/** Number of arguments, and what the plugin makes of them. */
const MACROS: Readonly<Record<string, readonly [number, (args: readonly string[], view: View) => string]>> = {
  fromTime: [0, (_, view) => second(view.fromMs)],
  toTime: [0, (_, view) => second(view.toMs)],
  fromTime_ms: [0, (_, view) => milli(view.fromMs)],
  toTime_ms: [0, (_, view) => milli(view.toMs)],
  timeFilter: [1, ([column], view) => between(column!, view, second)],
  timeFilter_ms: [1, ([column], view) => between(column!, view, milli)],
  dateFilter: [1, ([column], view) => between(column!, view, day)],
  timeInterval: [
    1,
    ([column], { intervalMs }) =>
      `toStartOfInterval(toDateTime(${column}), INTERVAL ${Math.max(1, Math.floor(intervalMs / 1000))} second)`,
  ],
  timeInterval_ms: [
    1,
    ([column], { intervalMs }) =>
      `toStartOfInterval(toDateTime64(${column}, 3), INTERVAL ${Math.max(1, intervalMs)} millisecond)`,
  ],
  interval_s: [0, (_, { intervalMs }) => String(Math.max(1, Math.floor(intervalMs / 1000)))],
}
function macros(sql: string, view: View): string {
  let text = sql
  for (let found = /\$__(\w+)/.exec(text); found !== null; found = /\$__(\w+)/.exec(text)) {
    const macro = MACROS[found[1]!]
    if (macro === undefined) throw new Error(`there is no macro ${found[0]}`)
    const after = found.index + found[0].length
    const { args, end } = text[after] === '(' ? argumentsAt(text, after) : { args: [], end: after }
    const given = args.length === 1 && args[0] === '' ? [] : args
    if (given.length !== macro[0]) throw new Error(`${found[0]} takes ${macro[0]} arguments, not ${given.length}`)
    text = text.slice(0, found.index) + macro[1](given, view) + text.slice(end)
  }
  return text
}

/** Arguments between the bracket at `open` and the one that closes it. Commas inside brackets and quotes do not part them. */
function argumentsAt(text: string, open: number): { readonly args: string[]; readonly end: number } {
  const args: string[] = []
  let depth = 0
  let start = open + 1
  let quoted = false
  for (let at = open; at < text.length; at++) {
    const char = text[at]!
    if (char === "'" && text[at - 1] !== '\\') quoted = !quoted
    if (quoted) continue
    if (char === '(' || char === '[') depth += 1
    if (char === ')' || char === ']') depth -= 1
    if ((char === ',' && depth === 1) || depth === 0) {
      args.push(text.slice(start, at).trim())
      start = at + 1
    }
    if (depth === 0) return { args, end: at + 1 }
  }
  throw new Error(`a bracket is not closed: ${text.slice(open, open + 40)}`)
}
