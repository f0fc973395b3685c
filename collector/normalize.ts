/** OTLP records to candidate AuditEvents: ours by their body, MCP spans and logs of others as far as they go, the rest ignored. */
import type { Caller, DeadLetter } from '../schemas/ports.ts'
import type { Position } from '../schemas/position.ts'
import { EVENT_NAME_PREFIX, SERVER_ATTRIBUTE, SERVICE_ATTRIBUTE } from '../schemas/wire.ts'
import { deadLetter } from './dead-letter.ts'
import { type Fingerprint, foreignEvents, logEventId, spanEventId } from './foreign.ts'
import type { AnyValue, Attributes } from './instrument/delivery/otlp-encode.ts'
import { readNativeEvent } from './native-event.ts'
import { WrongType } from './observation.ts'
import type { OtlpBatch, OtlpFault, OtlpLogRecord, OtlpSpan } from './otlp/records.ts'
import { sourceOf } from './sources/catalogue.ts'
import type { OtlpFacts } from './sources/source.ts'

/** For whom records are read. */
export interface Reader {
  readonly caller: Caller
  /** Wall time of receipt, milliseconds; stamps dead letters. */
  readonly atMs: number
  /** Keyed hashes for raw session ids, addresses and content in foreign telemetry; absent: they are left out. */
  readonly fingerprint?: Fingerprint
  /** True for records that our own collect role signed: they say themselves what they were made from. */
  readonly collected?: boolean
  /** The log record that holds them: letters and candidates get a position. */
  readonly at?: Omit<Position, 'index'>
}

type Candidate = { readonly [field: string]: unknown }
/** One record: candidates for the intake (what was found in its content comes behind it), a fault for the dead letter, or nothing of ours. */
export type Reading = { readonly events: readonly Candidate[] } | { readonly fault: OtlpFault } | 'not_mcp'

/** What a whole request comes to. `ignored` records have nothing to do with MCP and are only counted. */
export interface Readings {
  readonly candidates: readonly unknown[]
  readonly refused: readonly DeadLetter[]
  readonly ignored: number
  /** Of each candidate, where the reader says `at`. */
  readonly positions?: readonly Position[]
}

export const readLogs = (batches: readonly OtlpBatch<OtlpLogRecord>[], reader: Reader): Readings =>
  readAll(batches, reader, readLog)
export const readSpans = (batches: readonly OtlpBatch<OtlpSpan>[], reader: Reader): Readings =>
  readAll(batches, reader, readSpan)

function readAll<R extends { readonly fault?: OtlpFault }>(
  batches: readonly OtlpBatch<R>[],
  reader: Reader,
  read: (record: R, batch: OtlpBatch<R>, reader: Reader) => Reading,
): Readings {
  const candidates: unknown[] = []
  const refused: DeadLetter[] = []
  const positions: Position[] = []
  const { at, atMs, caller } = reader
  let ignored = 0
  let index = 0
  for (const batch of batches)
    for (const record of batch.records) {
      const position = at === undefined ? undefined : { ...at, index: index++ }
      const reading = read(record, batch, reader)
      if (reading === 'not_mcp') ignored++
      else if ('events' in reading) {
        candidates.push(...reading.events)
        if (position !== undefined) for (const _ of reading.events) positions.push(position)
      } else {
        const { field, reason } = reading.fault
        refused.push(deadLetter('otlp', field, reason, caller.tenant, atMs, record, position))
      }
    }
  return { candidates, refused, ignored, ...(at === undefined ? {} : { positions }) }
}

/** One log record: native by its event name, else foreign. */
export function readLog(record: OtlpLogRecord, batch: OtlpBatch<OtlpLogRecord>, reader: Reader): Reading {
  if (record.fault !== undefined) return { fault: record.fault }
  if (record.eventName.startsWith(EVENT_NAME_PREFIX)) {
    const native = readNativeEvent(record.body, reader.collected === true)
    return 'fault' in native ? native : { events: [native.event] }
  }
  const serverId = serverOf(batch.resource, reader.caller)
  return readForeign(batch.resource, reader, () => {
    // The observed time is stamped anew by every hop: it names the record only when there is no other.
    const named = { ...record, observedTime: record.time === '' ? record.observedTime : '' }
    return {
      source: 'otlp_log',
      eventId: () => logEventId(reader.caller.tenant, serverId, named as unknown as AnyValue),
      eventTime: record.time === '' ? record.observedTime : record.time,
      missing:
        record.time === '' && record.observedTime === ''
          ? { field: 'timeUnixNano', reason: 'a log record needs a time' }
          : undefined,
      traceId: record.traceId,
      spanId: record.spanId,
      name: record.eventName,
      clientSide: false,
      failed: record.severityNumber >= SEVERITY_ERROR,
      attributes: record.attributes,
      scope: batch.scope,
      texts: bodyTexts(record.body),
    }
  })
}

/** One span: exactly one event for an MCP span, whose id is a function of trace and span id. */
export function readSpan(span: OtlpSpan, batch: OtlpBatch<OtlpSpan>, reader: Reader): Reading {
  if (span.fault !== undefined) return { fault: span.fault }
  return readForeign(batch.resource, reader, () => ({
    source: 'span',
    eventId: () => spanEventId(reader.caller.tenant, span.traceId, span.spanId),
    eventTime: span.start,
    missing: missingIn(span),
    traceId: span.traceId,
    spanId: span.spanId,
    ...(span.end === '' ? {} : { durationMs: span.durationMs }),
    name: span.name,
    clientSide: span.kind === KIND_CLIENT,
    failed: span.status.code === STATUS_ERROR,
    attributes: span.attributes,
    scope: batch.scope,
    texts: spanTexts(span),
  }))
}

const KIND_CLIENT = 3
const STATUS_ERROR = 2
const SEVERITY_ERROR = 17

function missingIn(span: OtlpSpan): OtlpFault | undefined {
  if (span.traceId === '' || span.spanId === '')
    return { field: span.traceId === '' ? 'traceId' : 'spanId', reason: 'a span needs both ids' }
  return span.start === '' ? { field: 'startTimeUnixNano', reason: 'a span needs a start' } : undefined
}

/** Texts of a span that may quote a caller: read by the classifiers, kept by nobody. */
function spanTexts({ status, exceptions }: OtlpSpan): OtlpFacts['texts'] {
  const texts = status.message === '' ? [] : [{ path: 'status.message', text: status.message }]
  return exceptions === undefined ? texts : [...texts, ...exceptions.map((text) => ({ path: 'exception', text }))]
}
const bodyTexts = (body: AnyValue): OtlpFacts['texts'] => {
  if (body === null || body === '') return []
  return [{ path: 'body', text: typeof body === 'string' ? body : JSON.stringify(body) }]
}

type Draft = Omit<OtlpFacts, 'eventId' | 'resource'> & {
  readonly eventId: () => string
  /** What an MCP record of its kind must have; a record about something else may do without. */
  readonly missing: OtlpFault | undefined
}

function readForeign(resource: Attributes, reader: Reader, draft: () => Draft): Reading {
  try {
    const { eventId, missing, ...facts } = draft()
    const record = { ...facts, resource, eventId: '' }
    const observation = sourceOf(record).readOtlp?.(record)
    if (observation === undefined) return 'not_mcp'
    if (missing !== undefined) return { fault: missing }
    const serverId = serverOf(resource, reader.caller, observation.server)
    return { events: foreignEvents({ ...observation, eventId: eventId() }, serverId, reader.fingerprint) }
  } catch (error) {
    if (error instanceof WrongType) return { fault: { field: `attributes.${error.attribute}`, reason: error.message } }
    throw error
  }
}

/** Server of foreign telemetry: what it says explicitly, else the only server of its credential, else what a gateway names, else its service. */
function serverOf(resource: Attributes, caller: Caller, observed = ''): string {
  const explicit = resource[SERVER_ATTRIBUTE]
  if (typeof explicit === 'string' && explicit !== '') return explicit
  const only = soleServer(caller)
  if (only !== undefined && typeof explicit !== 'string') return only
  const service = resource[SERVICE_ATTRIBUTE]
  return observed !== '' ? observed : typeof service === 'string' && service !== '' ? service : 'unknown'
}

/** The server of a credential that speaks for one only. */
export function soleServer(caller: Caller): string | undefined {
  const [only, ...more] = caller.servers ?? []
  return more.length === 0 ? only : undefined
}
