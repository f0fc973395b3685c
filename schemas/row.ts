/** An event as a row of the table `events`: typed columns for the envelope and enrichment, one JSON column for the fields of its type. */
import { ENVELOPE_FIELDS, type EnvelopeField } from './envelope.ts'
import type { AuditEvent } from './event.ts'
import type { Position } from './position.ts'
import { columnOf } from './wire.ts'

/** What we add before storing: a function of the event and of versioned reference tables, never of state. */
export interface Enrichment {
  readonly serverOwner: string
  readonly serverEnv: string
  /** Risk class of the tool: read, write, destructive, exec, network, unknown. */
  readonly toolRisk: string
  /** Version of the inventory the three above come from. */
  readonly inventoryHash: string
  /** Ids of the stateless rules that matched, and the version of the rule set. */
  readonly matchedRules: readonly string[]
  readonly ruleSetHash: string
}

const LOW = 'LowCardinality(String)'
/** Random hex is smaller at level 1 than at 3, and cheaper (test/bench/stored-bytes.ts: 147 against 157 bytes a row). */
const PACKED = 'String CODEC(ZSTD(1))'
const TYPES: Partial<Record<EnvelopeField, string>> = {
  eventTime: "DateTime64(9, 'UTC') CODEC(Delta(8), ZSTD(1))",
  receivedAt: "DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1))",
  eventId: PACKED,
  requestUid: PACKED,
  logicalCallId: PACKED,
  jsonrpcIdHash: PACKED,
  traceId: PACKED,
  spanId: PACKED,
  claimedEventTime: PACKED,
  definitionHash: LOW,
  principalKey: LOW,
  sessionFp: PACKED,
  correlationKey: PACKED,
  sourceAddressFp: PACKED,
  schemaVersion: 'UInt8',
  producerSeq: 'UInt64 CODEC(Delta(8), ZSTD(1))',
  unscannedBytes: 'UInt64 CODEC(ZSTD(1))',
  durationMs: 'Float64 CODEC(ZSTD(1))',
  serverClaimed: 'Bool',
  traceClientSupplied: 'Bool',
  actorKeys: 'Array(LowCardinality(String))',
  redactions: 'Array(LowCardinality(String))',
  labels: 'Array(LowCardinality(String))',
  flags: 'Array(LowCardinality(String))',
}
const FIRST: readonly EnvelopeField[] = ['tenant', 'serverId', 'eventId', 'eventTime', 'receivedAt']
/** Seldom said and asked for less: they stand in `fields`, because each column costs every insert (DECISIONS 17). */
export const WITHOUT_COLUMN: readonly EnvelopeField[] = ['keyVersion', 'formerHashes']
const envelopeOrder: readonly EnvelopeField[] = [
  ...FIRST,
  ...ENVELOPE_FIELDS.filter((field) => !FIRST.includes(field) && !WITHOUT_COLUMN.includes(field)),
]

/** Name and type of every column, in the order of the values of a row. The DDL is compared with it by a test. */
export const ROW_COLUMNS: readonly (readonly [name: string, type: string])[] = [
  ['event_type', LOW],
  ...envelopeOrder.map((field) => [columnOf(field), TYPES[field] ?? LOW] as const),
  ['fields', PACKED],
  ['server_owner', LOW],
  ['server_env', LOW],
  ['tool_risk', LOW],
  ['inventory_hash', LOW],
  ['matched_rules', 'Array(LowCardinality(String))'],
  ['rule_set_hash', LOW],
  ['position_log', LOW],
  ['position_partition', 'UInt32'],
  ['position_offset', 'UInt64 CODEC(Delta(8), ZSTD(1))'],
  ['position_index', 'UInt32 CODEC(ZSTD(1))'],
]

const absentOf = (field: EnvelopeField): string | number | boolean | readonly [] => {
  const type = TYPES[field] ?? LOW
  return type.startsWith('Array')
    ? []
    : type === 'Bool'
      ? false
      : type.includes('Int') || type.startsWith('Float')
        ? 0
        : ''
}
const ENVELOPE_COLUMNS = envelopeOrder.map((field) => ({
  field,
  absent: absentOf(field),
  isTime: field === 'eventTime' || field === 'receivedAt',
}))
/** A row of which nothing is known, up to the column `fields`; and where each envelope field stands in it. */
const BLANK: readonly unknown[] = ['', ...ENVELOPE_COLUMNS.map(({ absent }) => absent)]
const COLUMN_OF = new Map<string, number>([
  ['eventType', 0],
  ...ENVELOPE_COLUMNS.map(({ field }, i) => [field, i + 1] as const),
])
const ENRICHMENT_COLUMNS = 6

/**
 * The row as one JSONCompactEachRow line, without the line end. Same input, in the same order, same bytes. `receivedAt` must be set. The column `fields` is
 * text; the object stands in the line as it is, and ClickHouse keeps its JSON (input_format_json_read_objects_as_strings).
 */
export function rowText(event: AuditEvent, enrichment: Enrichment, position: Position): string {
  const row = BLANK.slice()
  const own: Record<string, unknown> = {}
  const fields = Object.keys(event)
  const values = Object.values(event) as unknown[]
  // An event holds a third of the fields there are: what is absent stays as in the blank row.
  for (let i = 0; i < fields.length; i++) {
    const value = values[i]
    if (value === undefined) continue
    const column = COLUMN_OF.get(fields[i]!)
    if (column === undefined) own[fields[i]!] = value
    else row[column] = value
  }
  row[COLUMN_OF.get('eventTime')!] = columnTime(event.eventTime)
  row[COLUMN_OF.get('receivedAt')!] = columnTime(event.receivedAt!)
  row.push(
    own,
    enrichment.serverOwner,
    enrichment.serverEnv,
    enrichment.toolRisk,
    enrichment.inventoryHash,
    enrichment.matchedRules,
    enrichment.ruleSetHash,
    position.log,
    position.partition,
    position.offset,
    position.index,
  )
  return JSON.stringify(row)
}

/** The event and position of a row made by `rowText`; fields at their absent value are left out. */
export function eventOfRow(line: string): { readonly event: AuditEvent; readonly position: Position } {
  const row = JSON.parse(line) as unknown[]
  const event: Record<string, unknown> = { eventType: row[0] }
  for (let i = 0; i < ENVELOPE_COLUMNS.length; i++) {
    const { field, absent, isTime } = ENVELOPE_COLUMNS[i]!
    const value = row[i + 1]
    if (value === absent || (Array.isArray(value) && value.length === 0)) continue
    event[field] = isTime ? wireTime(value as string) : value
  }
  const after = ENVELOPE_COLUMNS.length + 1
  // Read back from the store it is the text that stands in the column.
  const own = row[after]
  Object.assign(event, typeof own === 'string' ? JSON.parse(own) : own)
  const at = after + 1 + ENRICHMENT_COLUMNS
  const position = {
    log: row[at] as string,
    partition: row[at + 1] as number,
    offset: row[at + 2] as number,
    index: row[at + 3] as number,
  }
  return { event: event as unknown as AuditEvent, position }
}

/** `2026-11-24T01:02:03.5Z` as ClickHouse reads it fastest: `2026-11-24 01:02:03.5`. */
const columnTime = (time: string): string => `${time.slice(0, 10)} ${time.slice(11, -1)}`
const wireTime = (time: string): string => `${time.slice(0, 10)}T${time.slice(11)}Z`
