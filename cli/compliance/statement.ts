/** A statement that a specification, a control list or a law makes, and the query that shows how far it held. One file of statements/ each. */
import { sqlLiteral } from '../../detectors/sql-literal.ts'

/** The time, and the tenant, that a report is about; `to` is exclusive. */
export interface Period {
  readonly from: string
  readonly to: string
  readonly tenant?: string
}
/** Conditions of the period, for each kind of row. */
export interface Scope {
  /** Rows of events, by receipt. */
  readonly received: string
  /** Rows of findings, by event time. */
  readonly found: string
  /** Rows of alerts, by window. */
  readonly alerted: string
  /** Rows of coverage. */
  readonly hours: string
}
export type Figures = Readonly<Record<string, number | string | readonly string[]>>

export interface Statement {
  /** `R1` … `R30`: the order of the threat catalogue’s mandatory statements. */
  readonly id: string
  readonly title: string
  /** Who says so. */
  readonly said: string
  /** Rows of the threat catalogue it rests on. */
  readonly rows: readonly string[]
  /** One row: `observed` (what could have broken it), `exceptions` (what did), and further figures. It runs as printed. */
  readonly query: (scope: Scope) => string
  readonly figure: (figures: Figures) => string
  /** What nobody can see here: ids of blind spots, or a sentence. */
  readonly notObservable: readonly string[]
}
export const statement = (one: Statement): Statement => one

const moment = (time: string): string =>
  `toDateTime64(${sqlLiteral(time.slice(0, 23).replace('T', ' ').replace('Z', ''))}, 3, 'UTC')`
export function scopeOf({ from, to, tenant }: Period): Scope {
  const within = (column: string): string => {
    const times = `${column} >= ${moment(from)} AND ${column} < ${moment(to)}`
    return tenant === undefined ? times : `${times} AND tenant = ${sqlLiteral(tenant)}`
  }
  return {
    received: within('received_at'),
    found: within('event_time'),
    alerted: within('window_start'),
    hours: within('hour'),
  }
}

const anyOf = (rules: readonly string[]): string =>
  rules.map((rule) => `startsWith(rule, ${sqlLiteral(rule)})`).join(' OR ')
/** Findings of rules by the beginnings of their ids; those that only watch are left out. */
export const findingsOf = ({ found }: Scope, ...rules: readonly string[]): string =>
  `(SELECT count() FROM findings WHERE ${found} AND disposition != 'shadow' AND (${anyOf(rules)}))`
/** How often these rules looked. */
export const lookedOf = ({ hours }: Scope, ...rules: readonly string[]): string =>
  `(SELECT sum(evaluations) FROM coverage WHERE ${hours} AND (${anyOf(rules)}))`

export const grouped = (value: unknown): string => Number(value ?? 0).toLocaleString('en-US')
/** `98.2 % (4,912 of 5,002)`; without a whole there is no share. */
export function share(part: unknown, whole: unknown): string {
  const all = Number(whole ?? 0)
  if (all === 0) return 'none seen'
  return `${((100 * Number(part ?? 0)) / all).toFixed(1)} % (${grouped(part)} of ${grouped(whole)})`
}
