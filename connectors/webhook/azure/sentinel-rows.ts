/** Rows of the two Sentinel tables out of alerts and events: typed as declared, readable, each field and each request within the limits. */
import type { Alert } from '../../../schemas/alert.ts'
import type { EventRow } from '../../../schemas/ports.ts'
import { visible } from '../forms/escape.ts'
import { AUDIT_COLUMNS, DETECTION_COLUMNS, type SentinelColumn, type SentinelType } from './sentinel-columns.ts'

/** A call takes 1 MB; counted here as 1,000,000 bytes of the body as it is sent, which is not compressed. */
export const CALL_BYTES = 1_000_000
/** A field longer than 64 KB is cut by the service, silently. Ours are cut before that, and say so. */
export const FIELD_BYTES = 64_000
/** How far the fields of a row are cut until it fits into a call. A row of a hundred fields fits with the last. */
const CUTS: readonly number[] = [FIELD_BYTES, 16_000, 4_000, 1_000, 250]
export const HARDEST_CUT = CUTS.length - 1

/** Values by column name, as they go out; a column that knows nothing is left out and reads as empty there. */
export type SentinelRow = Readonly<Record<string, unknown>>

/** When this revision came about: a person may decide long after the last finding. */
const changedAt = ({ lastSeen, statusAt }: Alert): string =>
  Date.parse(statusAt) > Date.parse(lastSeen) ? statusAt : lastSeen
const techniques = ({ refs }: Alert): readonly string[] => [
  ...new Set(refs.flatMap((ref) => /^(T\d{4})(\.\d{3})?$/.exec(ref)?.[1] ?? [])),
]

export function detectionRow(alert: Alert): SentinelRow {
  const computed: SentinelRow = { EventTime: changedAt(alert), Techniques: techniques(alert) }
  return rowOf(DETECTION_COLUMNS, ({ name, from }) => (from === '' ? computed[name] : alert[from as keyof Alert]))
}
/** A sealed name of a person stays where opening it is an event of the audit. */
const SEALED = 'principalName'
export function auditRow(row: EventRow): SentinelRow {
  return rowOf(AUDIT_COLUMNS, ({ from }) => (from === 'fields' ? withoutSealed(row[from]) : row[from]))
}
function withoutSealed(fields: unknown): unknown {
  const own = typeof fields === 'string' ? parsedJson(fields) : fields
  if (typeof own !== 'object' || own === null || !Object.hasOwn(own, SEALED)) return own
  return Object.fromEntries(Object.entries(own).filter(([name]) => name !== SEALED))
}

function rowOf(columns: readonly SentinelColumn[], pick: (column: SentinelColumn) => unknown): SentinelRow {
  const row: Record<string, unknown> = {}
  for (const column of columns) {
    const value = typed(column.type, pick(column), column.name === 'Query')
    if (value !== undefined) row[column.name] = value
  }
  return row
}

/** A value as its column takes it, or undefined where there is none: a wrong type costs the row, or silently the value. */
function typed(type: SentinelType, value: unknown, lines: boolean): unknown {
  switch (type) {
    case 'string':
      return value === undefined || value === null || value === '' ? undefined : readable(String(value), lines)
    case 'datetime':
      return time(value)
    case 'boolean':
      return value === true || value === 1 ? true : undefined
    case 'dynamic':
      return bag(value)
    default: {
      // The store writes 64-bit numbers as text where it is told to. 0 is what an absent number reads as.
      const number = typeof value === 'string' && value !== '' ? Number(value) : value
      return typeof number === 'number' && Number.isFinite(number) && number !== 0 ? number : undefined
    }
  }
}

/** Also `2026-11-24 01:02:03.500000000` as ClickHouse writes it. A tick there is 100 ns: seven decimals. */
function time(value: unknown): string | undefined {
  const match = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(\.\d{1,9})?Z?$/.exec(typeof value === 'string' ? value : '')
  if (match === null) return undefined
  const [, day, clock, decimals = ''] = match
  return `${day}T${clock}${decimals.slice(0, 8)}Z`
}

function bag(value: unknown): unknown {
  const parsed = typeof value === 'string' ? parsedJson(value) : value
  if (typeof parsed !== 'object' || parsed === null) return undefined
  return Object.keys(parsed).length === 0 ? undefined : readableWithin(parsed, 32)
}
function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
function readableWithin(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return readable(value, false)
  if (typeof value !== 'object' || value === null) return value
  if (depth === 0) return '…'
  if (Array.isArray(value)) return value.map((element) => readableWithin(element, depth - 1))
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [readable(key, false), readableWithin(inner, depth - 1)]),
  )
}

/** Attacker text in a grid, an incident's title or a workbook: nothing unseen, nothing that turns the direction of reading. */
function readable(text: string, lines: boolean): string {
  const head = text.length > FIELD_BYTES + 1 ? text.slice(0, FIELD_BYTES + 1) : text
  // Nearly every text is plain; the length is kept so that the cut below tells the true one.
  const shown = /[^\x20-\x7e]/.test(head) ? (lines ? head.split('\n').map(whole).join('\n') : whole(head)) : head
  return text.length > head.length ? shown + text.slice(head.length).replace(/[^\x20-\x7e]/g, '?') : shown
}
const whole = (text: string): string => visible(text, Number.POSITIVE_INFINITY)

/** A row as JSON, cut so that every field and the row itself fit; `cut` 0 is what each field is cut to anyway. */
export interface RowText {
  readonly text: string
  readonly bytes: number
  readonly cut: number
}

/** The row with its fields cut at least as far as `least`, and further while it does not fit into a call; undefined: it never does. */
export function rowText(row: SentinelRow, least = 0): RowText | undefined {
  for (let cut = least; cut < CUTS.length; cut++) {
    const text = JSON.stringify(cutRow(row, CUTS[cut]!))
    const bytes = Buffer.byteLength(text)
    // Two brackets around it.
    if (bytes + 2 <= CALL_BYTES) return { text, bytes, cut }
  }
  return undefined
}

function cutRow(row: SentinelRow, mostBytes: number): SentinelRow {
  const cutFields: string[] = []
  const cut = Object.entries(row).map(([name, value]) => {
    const fitting = cutField(value, mostBytes)
    if (fitting !== value) cutFields.push(name)
    return [name, fitting] as const
  })
  return Object.fromEntries(cutFields.length === 0 ? cut : [...cut, ['CutFields', cutFields]])
}

function cutField(value: unknown, mostBytes: number): unknown {
  if (typeof value === 'string') return cutText(value, mostBytes)
  if (typeof value !== 'object' || value === null) return value
  const text = JSON.stringify(value)
  if (Buffer.byteLength(text) <= mostBytes) return value
  // A cut in the middle of JSON would be no JSON any more: its beginning stands as text inside an object that is whole. Half, because
  // quotes are escaped once more.
  return { cutAt: mostBytes, beginning: cutText(text, Math.floor(mostBytes / 2) - 64) }
}

/** By bytes of UTF-8 and between code points; what is missing is said. */
export function cutText(text: string, mostBytes: number): string {
  if (text.length * 3 <= mostBytes) return text
  const bytes = Buffer.from(text)
  if (bytes.length <= mostBytes) return text
  const mark = ` …[cut, ${bytes.length} bytes]`
  let end = Math.max(mostBytes - Buffer.byteLength(mark), 0)
  // A byte 10xxxxxx goes on with the code point before it.
  while (end > 0 && (bytes[end]! & 0xc0) === 0x80) end--
  return bytes.toString('utf8', 0, end) + mark
}

export const bodyOf = (rows: readonly RowText[]): string => `[${rows.map(({ text }) => text).join(',')}]`
