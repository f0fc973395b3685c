/** Log records from the protobuf bytes of an ExportLogsServiceRequest (opentelemetry/proto/logs/v1). */
import { instantOf } from './nanoseconds.ts'
import { decodeBatches } from './protobuf-batches.ts'
import type { ValueReader } from './protobuf-values.ts'
import { type Building, emptyAttributes, type OtlpBatch, type OtlpLogRecord } from './records.ts'

/** Throws OtlpUnreadable when the request as a whole cannot be read; a bad record carries its `fault`. */
export const decodeLogs = (bytes: Uint8Array): OtlpBatch<OtlpLogRecord>[] => decodeBatches(bytes, emptyLog, logFields)

const emptyLog = (): Building<OtlpLogRecord> => ({
  time: '',
  observedTime: '',
  eventName: '',
  severityNumber: 0,
  body: null,
  attributes: emptyAttributes(),
  traceId: '',
  spanId: '',
  flags: 0,
})

/** 4 was a name, retired before the first stable release. */
const isLogField = (field: number): boolean => field <= 12 && field !== 4

function logFields(reader: ValueReader, end: number, record: Building<OtlpLogRecord>): void {
  const attributes = record.attributes as ReturnType<typeof emptyAttributes>
  while (reader.at < end) {
    const tag = reader.varint()
    switch (tag) {
      case 0x32:
        reader.attribute(end, attributes)
        break
      case 0x09:
        reader.fixed64()
        record.time = instantOf(reader.low, reader.high)
        break
      case 0x59:
        reader.fixed64()
        record.observedTime = instantOf(reader.low, reader.high)
        break
      case 0x62:
        record.eventName = reader.namedText(end, 'eventName')
        break
      case 0x10:
        reader.varint64()
        record.severityNumber = reader.low
        break
      case 0x2a:
        record.body = reader.namedValue(end, 'body')
        break
      case 0x4a:
        record.traceId = reader.id(end, 16, 'traceId')
        break
      case 0x52:
        record.spanId = reader.id(end, 8, 'spanId')
        break
      case 0x45:
        record.flags = reader.fixed32()
        break
      // severity_text and dropped_attributes_count are known and not used.
      case 0x1a:
      case 0x38:
        reader.skip(tag, end)
        break
      default:
        reader.unknown(tag, end, isLogField)
    }
  }
}
