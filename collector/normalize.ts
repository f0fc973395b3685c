/** OTLP records to candidate AuditEvents: ours by their body, MCP spans and logs of others as far as they go, the rest ignored. */
import type { Caller, DeadLetter } from '../schemas/ports.ts'
import { EVENT_NAME_PREFIX, SERVER_ATTRIBUTE, SERVICE_ATTRIBUTE } from '../schemas/wire.ts'
import { deadLetter } from './dead-letter.ts'
import { type Fingerprint, foreignEvent, logEventId, methodOf, spanEventId, WrongType } from './foreign.ts'
import type { AnyValue, Attributes } from './instrument/otlp-encode.ts'
import { readNativeEvent } from './native-event.ts'
import type { OtlpBatch, OtlpFault, OtlpLogRecord, OtlpSpan } from './otlp/records.ts'

/** For whom records are read. */
export interface Reader {
  readonly caller: Caller
  /** Wall time of receipt, milliseconds; stamps dead letters. */
  readonly atMs: number
  /** Keyed hashes for raw session ids and addresses in foreign telemetry; absent: they are left out. */
  readonly fingerprint?: Fingerprint
  /** True for records that our own collect role signed: they say themselves what they were made from. */
  readonly collected?: boolean
}

/** One record: a candidate for the intake, a fault for the dead letter, or nothing of ours (an HTTP span beside MCP ones). */
export type Reading =
  | { readonly event: { readonly [field: string]: unknown } }
  | { readonly fault: OtlpFault }
  | 'not_mcp'

/** What a whole request comes to. `ignored` records have nothing to do with MCP and are only counted. */
export interface Readings {
  readonly candidates: readonly unknown[]
  readonly refused: readonly DeadLetter[]
  readonly ignored: number
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
  let ignored = 0
  for (const batch of batches)
    for (const record of batch.records) {
      const reading = read(record, batch, reader)
      if (reading === 'not_mcp') ignored++
      else if ('event' in reading) candidates.push(reading.event)
      else
        refused.push(
          deadLetter('otlp', reading.fault.field, reading.fault.reason, reader.caller.tenant, reader.atMs, record),
        )
    }
  return { candidates, refused, ignored }
}

/** One log record: native by its event name, else foreign. */
export function readLog(record: OtlpLogRecord, batch: OtlpBatch<OtlpLogRecord>, reader: Reader): Reading {
  if (record.fault !== undefined) return { fault: record.fault }
  if (record.eventName.startsWith(EVENT_NAME_PREFIX)) return readNativeEvent(record.body, reader.collected === true)
  return readForeign(record.attributes, (method) => {
    const eventTime = record.time === '' ? record.observedTime : record.time
    if (eventTime === '') return { fault: { field: 'timeUnixNano', reason: 'a log record needs a time' } }
    const serverId = serverOf(batch.resource, reader.caller)
    // The observed time is stamped anew by every hop: it names the record only when there is no other.
    const named = { ...record, observedTime: record.time === '' ? record.observedTime : '' }
    const foreign = {
      source: 'otlp_log' as const,
      eventId: logEventId(reader.caller.tenant, serverId, named as unknown as AnyValue),
      eventTime,
      traceId: record.traceId,
      spanId: record.spanId,
      clientSide: false,
      failed: record.severityNumber >= SEVERITY_ERROR,
      attributes: record.attributes,
      scope: batch.scope,
    }
    return { event: { ...foreignEvent(foreign, method, reader.fingerprint), serverId } }
  })
}

/** One span: exactly one event for an MCP span, whose id is a function of trace and span id. */
export function readSpan(span: OtlpSpan, batch: OtlpBatch<OtlpSpan>, reader: Reader): Reading {
  if (span.fault !== undefined) return { fault: span.fault }
  return readForeign(span.attributes, (method) => {
    if (span.traceId === '' || span.spanId === '')
      return { fault: { field: span.traceId === '' ? 'traceId' : 'spanId', reason: 'a span needs both ids' } }
    if (span.start === '') return { fault: { field: 'startTimeUnixNano', reason: 'a span needs a start' } }
    const foreign = {
      source: 'span' as const,
      eventId: spanEventId(reader.caller.tenant, span.traceId, span.spanId),
      eventTime: span.start,
      traceId: span.traceId,
      spanId: span.spanId,
      ...(span.end === '' ? {} : { durationMs: span.durationMs }),
      clientSide: span.kind === KIND_CLIENT,
      failed: span.status.code === STATUS_ERROR,
      attributes: span.attributes,
      scope: batch.scope,
    }
    return {
      event: {
        ...foreignEvent(foreign, method, reader.fingerprint),
        serverId: serverOf(batch.resource, reader.caller),
      },
    }
  })
}

const KIND_CLIENT = 3
const STATUS_ERROR = 2
const SEVERITY_ERROR = 17

function readForeign(attributes: Attributes, read: (method: string) => Reading): Reading {
  try {
    const method = methodOf(attributes)
    return method === '' ? 'not_mcp' : read(method)
  } catch (error) {
    if (error instanceof WrongType) return { fault: { field: `attributes.${error.attribute}`, reason: error.message } }
    throw error
  }
}

/** Server of foreign telemetry: what it says explicitly, else the only server of its credential, else its service name. */
function serverOf(resource: Attributes, caller: Caller): string {
  const [only, ...more] = caller.servers ?? []
  const explicit = resource[SERVER_ATTRIBUTE]
  return typeof explicit !== 'string' && only !== undefined && more.length === 0 ? only : claimedServer(resource)
}

function claimedServer(resource: Attributes): string {
  const id = resource[SERVER_ATTRIBUTE] ?? resource[SERVICE_ATTRIBUTE]
  return typeof id === 'string' && id !== '' ? id : 'unknown'
}
