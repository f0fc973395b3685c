/** Log records and spans from OTLP/JSON, in the same neutral form as from protobuf. */
import type { AnyValue } from '../instrument/delivery/otlp-encode.ts'
import { parseJsonRequest } from './json-text.ts'
import { instantOfNanoseconds, isObject, type Json, JsonReader } from './json-values.ts'
import {
  type Building,
  collectTexts,
  emptyAttributes,
  OTLP_LIMITS,
  type OtlpBatch,
  type OtlpFault,
  type OtlpLogRecord,
  type OtlpSpan,
  OtlpUnreadable,
} from './records.ts'

/** Throws OtlpUnreadable when the request as a whole cannot be read; a bad record carries its `fault`. */
export const decodeLogsJson = (bytes: Uint8Array): OtlpBatch<OtlpLogRecord>[] =>
  decodeBatches(parseJsonRequest(bytes), 'resourceLogs', 'scopeLogs', 'logRecords', logRecord)

/** The same for spans. */
export const decodeTracesJson = (bytes: Uint8Array): OtlpBatch<OtlpSpan>[] =>
  decodeBatches(parseJsonRequest(bytes), 'resourceSpans', 'scopeSpans', 'spans', span)

function decodeBatches<R extends { readonly fault?: OtlpFault }>(
  request: Json,
  resourcesField: string,
  scopesField: string,
  recordsField: string,
  read: (reader: JsonReader, record: Json) => Building<R>,
): OtlpBatch<R>[] {
  const batches: OtlpBatch<R>[] = []
  let count = 0
  for (const resourceEntry of objects(request, resourcesField)) {
    const resource: { [key: string]: AnyValue } = emptyAttributes()
    const resourceReader = new JsonReader()
    if (isObject(resourceEntry['resource']))
      resourceReader.attributes(resourceEntry['resource']['attributes'], resource, 'resource.')
    for (const scopeEntry of objects(resourceEntry, scopesField)) {
      const scopeReader = new JsonReader()
      const named = isObject(scopeEntry['scope']) ? scopeEntry['scope'] : {}
      const scope = {
        name: scopeReader.text(named['name'], 'scope.name'),
        version: scopeReader.text(named['version'], 'scope.version'),
      }
      const list = listOf(scopeEntry, recordsField)
      count += list.length
      if (count > OTLP_LIMITS.records)
        throw new OtlpUnreadable(`more than ${OTLP_LIMITS.records} records in one request`, true)
      const shared = resourceReader.fault ?? scopeReader.fault
      const records = list.map((entry) => {
        const reader = new JsonReader()
        if (!isObject(entry)) reader.refuse('record', 'must be an object')
        const record = read(reader, isObject(entry) ? entry : {})
        const fault = reader.fault ?? shared
        if (fault !== undefined) record.fault = fault
        return record as R
      })
      if (records.length > 0) batches.push({ resource, scope, records })
    }
  }
  return batches
}

/** The frame must have its shape: without it nobody can say which records were meant. */
function listOf(entry: Json, field: string): readonly unknown[] {
  const list = entry[field] ?? []
  if (!Array.isArray(list)) throw new OtlpUnreadable(`${field} must be a list`)
  return list
}

function objects(entry: Json, field: string): readonly Json[] {
  const list = listOf(entry, field)
  for (const element of list) if (!isObject(element)) throw new OtlpUnreadable(`${field} must hold objects`)
  return list as readonly Json[]
}

const LEVELS = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL']
const SEVERITIES = ['UNSPECIFIED', ...LEVELS.flatMap((level) => [level, `${level}2`, `${level}3`, `${level}4`])]
const SPAN_KINDS = ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER']
const STATUS_CODES = ['UNSET', 'OK', 'ERROR']

function logRecord(reader: JsonReader, record: Json): Building<OtlpLogRecord> {
  const attributes = emptyAttributes()
  reader.attributes(record['attributes'], attributes)
  return {
    time: instantOfNanoseconds(reader.nanoseconds(record['timeUnixNano'], 'timeUnixNano')),
    observedTime: instantOfNanoseconds(reader.nanoseconds(record['observedTimeUnixNano'], 'observedTimeUnixNano')),
    eventName: reader.text(record['eventName'], 'eventName'),
    severityNumber: reader.enumeration(record['severityNumber'], SEVERITIES, 'SEVERITY_NUMBER_', 'severityNumber'),
    body: reader.namedValue(record['body'], 'body'),
    attributes,
    traceId: reader.id(record['traceId'], 16, 'traceId'),
    spanId: reader.id(record['spanId'], 8, 'spanId'),
    flags: reader.flags(record['flags'], 'flags'),
  }
}

function span(reader: JsonReader, record: Json): Building<OtlpSpan> {
  const attributes = emptyAttributes()
  reader.attributes(record['attributes'], attributes)
  const start = reader.nanoseconds(record['startTimeUnixNano'], 'startTimeUnixNano')
  const end = reader.nanoseconds(record['endTimeUnixNano'], 'endTimeUnixNano')
  const status = isObject(record['status']) ? record['status'] : {}
  const exceptions = eventTexts(record['events'])
  return {
    name: reader.text(record['name'], 'name'),
    kind: reader.enumeration(record['kind'], SPAN_KINDS, 'SPAN_KIND_', 'kind'),
    traceId: reader.id(record['traceId'], 16, 'traceId'),
    spanId: reader.id(record['spanId'], 8, 'spanId'),
    parentSpanId: reader.id(record['parentSpanId'], 8, 'parentSpanId'),
    start: instantOfNanoseconds(start),
    end: instantOfNanoseconds(end),
    durationMs: start > 0n && end > start ? Number(end - start) / 1e6 : 0,
    attributes,
    status: {
      code: reader.enumeration(status['code'], STATUS_CODES, 'STATUS_CODE_', 'status.code'),
      message: reader.text(status['message'], 'status.message'),
    },
    ...(exceptions.length === 0 ? {} : { exceptions }),
  }
}

/** Texts of a span's events. They are only read: one that is broken costs itself, not its span. */
function eventTexts(events: unknown): string[] {
  const texts: string[] = []
  if (!Array.isArray(events)) return texts
  for (const event of events as readonly unknown[]) {
    if (!isObject(event)) continue
    const attributes = emptyAttributes()
    new JsonReader().attributes(event['attributes'], attributes)
    collectTexts(attributes, texts)
  }
  return texts
}
