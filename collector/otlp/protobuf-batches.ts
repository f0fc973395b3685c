/** The frame that logs and traces share in protobuf: request -> resource -> scope -> records, fields in any order. */
import type { Attributes } from '../instrument/delivery/otlp-encode.ts'
import { MALFORMED } from './protobuf.ts'
import { ValueReader } from './protobuf-values.ts'
import {
  type Building,
  emptyAttributes,
  OTLP_LIMITS,
  type OtlpBatch,
  type OtlpFault,
  OtlpUnreadable,
} from './records.ts'

type Faulty = { readonly fault?: OtlpFault }
/** Reads the fields of one record up to `end`; faults go to the reader. */
export type RecordFields<R> = (reader: ValueReader, end: number, record: Building<R>) => void

/**
 * Decode a whole request. A record that is broken inside carries its fault and its neighbours are untouched; when the frame
 * itself is broken nobody can say where the next record starts, and OtlpUnreadable is thrown.
 */
export function decodeBatches<R extends Faulty>(
  bytes: Uint8Array,
  empty: () => Building<R>,
  fields: RecordFields<R>,
): OtlpBatch<R>[] {
  const frame = new Frame(new ValueReader(bytes), empty, fields)
  try {
    frame.request(bytes.length)
  } catch (error) {
    if (error === MALFORMED) throw new OtlpUnreadable('not an OTLP protobuf request, or cut short')
    throw error
  }
  return frame.batches
}

class Frame<R extends Faulty> {
  readonly batches: OtlpBatch<R>[] = []
  private count = 0
  private readonly reader: ValueReader
  private readonly empty: () => Building<R>
  private readonly fields: RecordFields<R>

  constructor(reader: ValueReader, empty: () => Building<R>, fields: RecordFields<R>) {
    this.reader = reader
    this.empty = empty
    this.fields = fields
  }

  request(end: number): void {
    const { reader } = this
    while (reader.at < end) {
      const tag = reader.varint()
      if (tag === 0x0a) this.resourceRecords(reader.delimited(end))
      else this.skip(tag, end, 1)
    }
    this.mustEnd(end)
  }

  /** The Collector writes the resource after its records, so it is attached to the batches at the end. */
  private resourceRecords(end: number): void {
    const { reader } = this
    const first = this.batches.length
    const resource = emptyAttributes()
    let fault: OtlpFault | undefined
    while (reader.at < end) {
      const tag = reader.varint()
      if (tag === 0x0a) {
        reader.begin()
        this.resource(reader.delimited(end), resource)
        fault ??= reader.fault && { field: `resource.${reader.fault.field}`, reason: reader.fault.reason }
      } else if (tag === 0x12) this.scopeRecords(reader.delimited(end), resource)
      else this.skip(tag, end, 3)
    }
    this.mustEnd(end)
    if (fault !== undefined) for (const batch of this.batches.slice(first)) attachFault(batch.records, fault)
  }

  private scopeRecords(end: number, resource: Attributes): void {
    const { reader } = this
    const scope = { name: '', version: '' }
    const records: R[] = []
    let fault: OtlpFault | undefined
    while (reader.at < end) {
      const tag = reader.varint()
      if (tag === 0x12) records.push(this.record(reader.delimited(end)))
      else if (tag === 0x0a) {
        reader.begin()
        this.scope(reader.delimited(end), scope)
        fault ??= reader.fault
      } else this.skip(tag, end, 3)
    }
    this.mustEnd(end)
    if (fault !== undefined) attachFault(records, fault)
    if (records.length > 0) this.batches.push({ resource, scope, records })
  }

  private record(end: number): R {
    const { reader } = this
    if (++this.count > OTLP_LIMITS.records)
      throw new OtlpUnreadable(`more than ${OTLP_LIMITS.records} records in one request`, true)
    const record = this.empty()
    reader.begin()
    if (end - reader.at > OTLP_LIMITS.recordBytes)
      reader.refuse('record', `larger than ${OTLP_LIMITS.recordBytes} bytes`)
    else {
      try {
        this.fields(reader, end, record)
        if (reader.at !== end) reader.refuse('record', MALFORMED.message)
      } catch (error) {
        if (error !== MALFORMED) throw error
        reader.refuse('record', MALFORMED.message)
      }
    }
    reader.at = end
    if (reader.fault !== undefined) (record as Building<Faulty>).fault = reader.fault
    return record as R
  }

  private resource(end: number, into: ReturnType<typeof emptyAttributes>): void {
    const { reader } = this
    while (reader.at < end) {
      const tag = reader.varint()
      if (tag === 0x0a) reader.attribute(end, into)
      else this.skip(tag, end, 1)
    }
    this.mustEnd(end)
  }

  private scope(end: number, into: { name: string; version: string }): void {
    const { reader } = this
    while (reader.at < end) {
      const tag = reader.varint()
      if (tag === 0x0a) into.name = reader.namedText(end, 'scope.name')
      else if (tag === 0x12) into.version = reader.namedText(end, 'scope.version')
      else this.skip(tag, end, 2)
    }
    this.mustEnd(end)
  }

  /** Other fields pass. One of the first `messages` with another wire type means that this is no OTLP at all. */
  private skip(tag: number, end: number, messages: number): void {
    if (tag >>> 3 <= messages && (tag & 7) !== 2) throw MALFORMED
    this.reader.skip(tag, end)
  }

  private mustEnd(end: number): void {
    if (this.reader.at !== end) throw MALFORMED
  }
}

function attachFault(records: readonly Faulty[], fault: OtlpFault): void {
  for (const record of records) (record as Building<Faulty>).fault ??= fault
}
