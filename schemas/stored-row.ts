/** A row as the store gives it back, made into the very line that was inserted: what its proof is the hash of. */
import { ROW_COLUMNS } from './row.ts'

/** Asked as text: a number above 2^53 or a negative zero would come back as another one. */
const AS_TEXT = /^(UInt64|Float64|DateTime64)/
const isText = (type: string): boolean => /^(LowCardinality\()?String/.test(type)
const columns = ROW_COLUMNS.map(([name, type], at) => ({ name, type, at }))
const NUMBERS = columns.filter(({ type }) => /^(UInt64|Float64)/.test(type)).map(({ at }) => at)

/** Bytes that are no UTF-8 all read as U+FFFD, which an honest text may hold too: the engine says which of the two they are. */
const WELL_FORMED = `isValidUTF8(concatWithSeparator('|', ${columns
  .filter(({ type }) => isText(type) || type.startsWith('Array'))
  .map(({ name, type }) => (type.startsWith('Array') ? `arrayStringConcat(${name}, '|')` : name))
  .join(', ')}))`

/** What to select for `lineOfStored`; FORMAT JSONCompactEachRow. */
export const STORED_ROW_COLUMNS: string = [
  ...columns.map(({ name, type }) => (AS_TEXT.test(type) ? `toString(${name})` : name)),
  WELL_FORMED,
].join(', ')

const at = (name: string): number => columns.findIndex((column) => column.name === name)
const [FIELDS, EVENT_TIME, RECEIVED_AT] = [at('fields'), at('event_time'), at('received_at')]
const [EVENT_ID, LOG, PARTITION] = [at('event_id'), at('position_log'), at('position_partition')]
const [OFFSET, INDEX] = [at('position_offset'), at('position_index')]

export interface StoredLine {
  readonly line: string
  readonly log: string
  readonly partition: number
  readonly offset: number
  readonly index: number
  readonly eventId: string
  /** False: a text of the row is no UTF-8, so it is not what was inserted, whatever its line says. */
  readonly isWellFormed: boolean
}

/** Two rows that differ in any column give different lines; the line of an untouched row is the one `rowText` made, with its times in canonical form. */
export function lineOfStored(answered: string): StoredLine {
  const row = JSON.parse(answered) as unknown[]
  for (const at of NUMBERS) row[at] = exactNumber(row[at] as string)
  row[EVENT_TIME] = canonicalTime(row[EVENT_TIME] as string)
  row[RECEIVED_AT] = receivedTime(row[RECEIVED_AT] as string)
  const before = JSON.stringify(row.slice(0, FIELDS))
  const after = JSON.stringify(row.slice(FIELDS + 1, ROW_COLUMNS.length))
  // The column holds the JSON of the object as it stood in the line.
  return {
    line: `${before.slice(0, -1)},${row[FIELDS] as string},${after.slice(1)}`,
    log: row[LOG] as string,
    partition: row[PARTITION] as number,
    offset: Number(row[OFFSET]),
    index: row[INDEX] as number,
    eventId: row[EVENT_ID] as string,
    isWellFormed: Number(row[ROW_COLUMNS.length]) === 1,
  }
}

/** What no row of ours holds stays a text, and so differs. */
function exactNumber(text: string): number | string {
  const value = Number(text)
  return Object.is(value, -0) || (Number.isInteger(value) && !Number.isSafeInteger(value)) ? text : value
}

/** Three decimals, or as many more as it takes: columns forget how many zeros were written. */
export function canonicalTime(time: string): string {
  const { whole, decimals } = partsOf(time)
  return `${whole}.${decimals.replace(/0+$/, '').padEnd(3, '0')}`
}
/** Receipt is kept in milliseconds. */
export function receivedTime(time: string): string {
  const { whole, decimals } = partsOf(time)
  return `${whole}.${decimals.slice(0, 3).padEnd(3, '0')}`
}
const partsOf = (time: string): { readonly whole: string; readonly decimals: string } => {
  const dot = time.indexOf('.')
  return dot < 0 ? { whole: time, decimals: '' } : { whole: time.slice(0, dot), decimals: time.slice(dot + 1) }
}
