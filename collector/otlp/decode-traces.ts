/** Spans from the protobuf bytes of an ExportTraceServiceRequest (opentelemetry/proto/trace/v1). */
import { instantOf, millisecondsBetween } from './nanoseconds.ts'
import { MALFORMED } from './protobuf.ts'
import { decodeBatches } from './protobuf-batches.ts'
import type { ValueReader } from './protobuf-values.ts'
import { type Building, collectTexts, emptyAttributes, type OtlpBatch, type OtlpSpan } from './records.ts'

/** Throws OtlpUnreadable when the request as a whole cannot be read; a bad span carries its `fault`. */
export const decodeTraces = (bytes: Uint8Array): OtlpBatch<OtlpSpan>[] => decodeBatches(bytes, emptySpan, spanFields)

const emptySpan = (): Building<OtlpSpan> => ({
  name: '',
  kind: 0,
  traceId: '',
  spanId: '',
  parentSpanId: '',
  start: '',
  end: '',
  durationMs: 0,
  attributes: emptyAttributes(),
  status: { code: 0, message: '' },
})

const isSpanField = (field: number): boolean => field <= 16

function spanFields(reader: ValueReader, end: number, span: Building<OtlpSpan>): void {
  const attributes = span.attributes as ReturnType<typeof emptyAttributes>
  const texts: string[] = []
  let startLow = 0
  let startHigh = 0
  let endLow = 0
  let endHigh = 0
  while (reader.at < end) {
    const tag = reader.varint()
    switch (tag) {
      case 0x4a:
        reader.attribute(end, attributes)
        break
      case 0x0a:
        span.traceId = reader.id(end, 16, 'traceId')
        break
      case 0x12:
        span.spanId = reader.id(end, 8, 'spanId')
        break
      case 0x22:
        span.parentSpanId = reader.id(end, 8, 'parentSpanId')
        break
      case 0x2a:
        span.name = reader.namedText(end, 'name')
        break
      case 0x30:
        reader.varint64()
        span.kind = reader.low
        break
      case 0x39:
        reader.fixed64()
        startLow = reader.low
        startHigh = reader.high
        break
      case 0x41:
        reader.fixed64()
        endLow = reader.low
        endHigh = reader.high
        break
      case 0x7a:
        span.status = status(reader, reader.delimited(end))
        break
      case 0x5a:
        eventTexts(reader, reader.delimited(end), texts)
        break
      // trace_state, links, dropped counts and flags are known and not used.
      case 0x1a:
      case 0x50:
      case 0x60:
      case 0x6a:
      case 0x70:
      case 0x85:
        reader.skip(tag, end)
        break
      default:
        reader.unknown(tag, end, isSpanField)
    }
  }
  if (texts.length > 0) span.exceptions = texts
  span.start = instantOf(startLow, startHigh)
  span.end = instantOf(endLow, endHigh)
  span.durationMs = millisecondsBetween(startLow, startHigh, endLow, endHigh)
}

/** Texts of one event. They are only read: an event that is broken costs itself, not its span. */
function eventTexts(reader: ValueReader, end: number, texts: string[]): void {
  const { fault } = reader
  const attributes = emptyAttributes()
  try {
    while (reader.at < end) {
      const tag = reader.varint()
      if (tag === 0x1a) reader.attribute(end, attributes)
      else reader.skip(tag, end)
    }
  } catch (error) {
    if (error !== MALFORMED) throw error
  }
  reader.at = end
  reader.fault = fault
  collectTexts(attributes, texts)
}

/** Status: field 1 was a deprecated code and is reserved. */
function status(reader: ValueReader, end: number): OtlpSpan['status'] {
  let code = 0
  let message = ''
  while (reader.at < end) {
    const tag = reader.varint()
    if (tag === 0x12) message = reader.namedText(end, 'status.message')
    else if (tag === 0x18) {
      reader.varint64()
      code = reader.low
    } else reader.unknown(tag, end, (field) => field === 2 || field === 3)
  }
  if (reader.at !== end) throw MALFORMED
  return { code, message }
}
