/** Encodes log records as OTLP protobuf (ExportLogsServiceRequest), by hand: it runs inside other people's servers and per call. */

/**
 * The neutral value of OTLP, on both sides of the wire. Integers and doubles are both numbers, absent values are null, bytes are
 * base64 text (they arrive so; nothing here sends bytes). Maps have no prototype on the way in, so any key is safe to read.
 */
export type AnyValue = string | number | boolean | null | readonly AnyValue[] | { readonly [key: string]: AnyValue }
export interface Attributes {
  readonly [key: string]: AnyValue
}
/** Name and version of the instrumentation. */
export interface OtlpScope {
  readonly name: string
  readonly version: string
}

/** RFC 3339 in UTC with up to nine decimals ('' is absent), or the SDK's pair of seconds and nanoseconds. */
export type OtlpTime = string | readonly [seconds: number, nanoseconds: number]

/** A log record to send. Values that OTLP does not know (undefined, functions) are left out. */
export interface LogRecordToEncode {
  readonly time?: OtlpTime
  readonly observedTime?: OtlpTime
  readonly eventName?: string
  readonly severityNumber?: number
  readonly body?: AnyValue
  readonly attributes?: { readonly [key: string]: AnyValue | undefined }
  /** 32 and 16 hex digits; anything else is left out. */
  readonly traceId?: string
  readonly spanId?: string
  readonly flags?: number
}

/** What one request says: one resource, one scope, many records. Requests may be concatenated: the bytes are then one request. */
export interface LogsToEncode {
  readonly resource: Attributes
  readonly scope: OtlpScope
  readonly records: readonly LogRecordToEncode[]
}

/** Bytes of one ExportLogsServiceRequest; memory of their own, never a view of something shared. */
export function encodeLogs(logs: LogsToEncode): Uint8Array {
  const writer = scratch
  writer.reset()
  for (let index = logs.records.length - 1; index >= 0; index--) {
    const mark = writer.length
    writeLogRecord(writer, logs.records[index]!)
    writer.close(mark, 0x12)
  }
  const scopeMark = writer.length
  writer.text(logs.scope.version, 0x12)
  writer.text(logs.scope.name, 0x0a)
  writer.close(scopeMark, 0x0a)
  writer.close(0, 0x12)
  const resourceMark = writer.length
  writeAttributes(writer, logs.resource, 0x0a)
  writer.close(resourceMark, 0x0a)
  writer.close(0, 0x0a)
  return writer.take()
}

/** LogRecord: field numbers of opentelemetry/proto/logs/v1, highest first (see BackwardWriter). */
function writeLogRecord(writer: BackwardWriter, record: LogRecordToEncode): void {
  writer.text(record.eventName ?? '', 0x62)
  writer.time(record.observedTime, 0x59)
  writer.hex(record.spanId ?? '', 8, 0x52)
  writer.hex(record.traceId ?? '', 16, 0x4a)
  if (record.flags) writer.fixed32(record.flags, 0x45)
  if (record.attributes) writeAttributes(writer, record.attributes, 0x32)
  if (record.body !== undefined && record.body !== null) {
    const mark = writer.length
    writeValue(writer, record.body)
    writer.close(mark, 0x2a)
  }
  if (record.severityNumber) {
    writer.varint(record.severityNumber)
    writer.varint(0x10)
  }
  writer.time(record.time, 0x09)
}

/** Key-value pairs in the order of the map, one field each. */
function writeAttributes(
  writer: BackwardWriter,
  attributes: { readonly [key: string]: AnyValue | undefined },
  tag: number,
): void {
  const keys = Object.keys(attributes)
  for (let index = keys.length - 1; index >= 0; index--) {
    const key = keys[index]!
    const value = attributes[key]
    if (value === undefined) continue
    const mark = writer.length
    writeValue(writer, value)
    writer.close(mark, 0x12)
    writer.text(key, 0x0a, true)
    writer.close(mark, tag)
  }
}

/** The content of an AnyValue; null is the empty message. */
function writeValue(writer: BackwardWriter, value: AnyValue): void {
  if (typeof value === 'string') writer.text(value, 0x0a, true)
  else if (typeof value === 'number') {
    if (Number.isSafeInteger(value)) writer.int64(value, 0x18)
    else writer.double(value, 0x21)
  } else if (typeof value === 'boolean') {
    writer.varint(value ? 1 : 0)
    writer.varint(0x10)
  } else if (Array.isArray(value)) {
    const mark = writer.length
    for (let index = value.length - 1; index >= 0; index--) {
      const elementMark = writer.length
      writeValue(writer, value[index])
      writer.close(elementMark, 0x0a)
    }
    writer.close(mark, 0x2a)
  } else if (typeof value === 'object' && value !== null) {
    const mark = writer.length
    writeAttributes(writer, value as Attributes, 0x0a)
    writer.close(mark, 0x32)
  }
}

const utf8 = new TextEncoder()
const INITIAL_BYTES = 16_384
const KEPT_BYTES = 1_048_576

/**
 * Writes from the end to the front: the length of a message is known when its header is written, and nothing is measured twice.
 * Fields are written in descending order and so stand in ascending order. Positions move when the buffer grows, therefore a mark
 * is a number of bytes written, never an index.
 */
class BackwardWriter {
  private bytes = new Uint8Array(INITIAL_BYTES)
  private view = new DataView(this.bytes.buffer)
  /** Index of the first byte written; those before it are free. */
  private at = INITIAL_BYTES

  /** Bytes written so far. */
  get length(): number {
    return this.bytes.length - this.at
  }

  reset(): void {
    if (this.bytes.length > KEPT_BYTES) this.allocate(INITIAL_BYTES)
    this.at = this.bytes.length
  }

  take(): Uint8Array {
    return this.bytes.slice(this.at)
  }

  private allocate(size: number): void {
    this.bytes = new Uint8Array(size)
    this.view = new DataView(this.bytes.buffer)
  }

  private reserve(count: number): void {
    if (this.at >= count) return
    const written = this.bytes.subarray(this.at)
    this.allocate(Math.max(this.bytes.length * 2, written.length + count))
    this.at = this.bytes.length - written.length
    this.bytes.set(written, this.at)
  }

  /** A whole number from 0 to 2^53 - 1. */
  varint(value: number): void {
    this.reserve(8)
    let width = 1
    for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) width++
    this.at -= width
    let index = this.at
    let rest = value
    for (; rest >= 128; rest = Math.floor(rest / 128)) this.bytes[index++] = (rest % 128) | 128
    this.bytes[index] = rest
  }

  /** A safe integer of either sign: a negative one is ten bytes of two's complement. */
  int64(value: number, tag: number): void {
    if (value >= 0) this.varint(value)
    else {
      this.reserve(10)
      this.bytes[--this.at] = 1
      // Complement of -value - 1, in groups of seven bits; the top group of bit 63 is the 1 above.
      let rest = -(value + 1)
      const start = this.at - 9
      for (let index = 0; index < 9; index++) {
        this.bytes[start + index] = (127 - (rest % 128)) | 128
        rest = Math.floor(rest / 128)
      }
      this.at = start
    }
    this.varint(tag)
  }

  double(value: number, tag: number): void {
    this.reserve(8)
    this.at -= 8
    this.view.setFloat64(this.at, value, true)
    this.varint(tag)
  }

  fixed32(value: number, tag: number): void {
    this.reserve(4)
    this.at -= 4
    this.view.setUint32(this.at, value, true)
    this.varint(tag)
  }

  /** Header of a length-delimited field whose content is all that was written since `mark`. */
  close(mark: number, tag: number): void {
    this.varint(this.length - mark)
    this.varint(tag)
  }

  /** A text field; an empty one is left out unless it stands in a oneof or names a key. Lone surrogates become U+FFFD. */
  text(value: string, tag: number, evenEmpty = false): void {
    const mark = this.length
    if (value === '') {
      if (evenEmpty) this.close(mark, tag)
      return
    }
    if (value.length > 48 || !this.shortAscii(value)) {
      const room = value.length * 3
      this.reserve(room)
      const start = this.at - room
      const { written } = utf8.encodeInto(value, this.bytes.subarray(start, this.at))
      this.at -= written
      this.bytes.copyWithin(this.at, start, start + written)
    }
    this.close(mark, tag)
  }

  /** The common case without a call into the encoder; false, with nothing written, when a character is not ASCII. */
  private shortAscii(value: string): boolean {
    this.reserve(value.length)
    const start = this.at - value.length
    for (let index = 0; index < value.length; index++) {
      const code = value.charCodeAt(index)
      if (code > 127) return false
      this.bytes[start + index] = code
    }
    this.at = start
    return true
  }

  /** An id of `size` bytes from hex; left out when it is not one. */
  hex(value: string, size: number, tag: number): void {
    if (value.length !== size * 2) return
    const mark = this.length
    this.reserve(size)
    const start = this.at - size
    for (let index = 0; index < size; index++) {
      const octet = (nibble(value.charCodeAt(index * 2)) << 4) | nibble(value.charCodeAt(index * 2 + 1))
      if (octet < 0) return
      this.bytes[start + index] = octet
    }
    this.at = start
    this.close(mark, tag)
  }

  /** Unsigned nanoseconds since 1970 as fixed64; an absent or unreadable time is left out. */
  time(value: OtlpTime | undefined, tag: number): void {
    if (value === undefined || value === '') return
    const seconds = typeof value === 'string' ? epochSeconds(value) : value[0]
    if (!(seconds >= 0 && seconds < MAX_SECONDS)) return
    const nanoseconds = typeof value === 'string' ? fraction(value) : value[1]
    // seconds * 10^9 exceeds 2^53. With 10^9 = 1_953_125 * 2^9 the product stays exact until the last shift by nine bits.
    const high = seconds * 1_953_125
    const low = (high % 8_388_608) * 512 + nanoseconds
    this.reserve(8)
    this.at -= 8
    this.view.setUint32(this.at, low % 4_294_967_296, true)
    this.view.setUint32(this.at + 4, Math.floor(high / 8_388_608) + Math.floor(low / 4_294_967_296), true)
    this.varint(tag)
  }
}

const scratch = new BackwardWriter()

/** Year 2106: beyond it the exact product above would not fit 53 bits. */
const MAX_SECONDS = 4_294_967_296

/** -1 in any position makes the octet negative. */
function nibble(code: number): number {
  if (code >= 48 && code <= 57) return code - 48
  if (code >= 97 && code <= 102) return code - 87
  if (code >= 65 && code <= 70) return code - 55
  return -1
}

let lastSecondText = ''
let lastSecond = Number.NaN

/** Whole seconds since 1970 of `2026-11-24T06:00:00.123456789Z`, NaN when unreadable. Events come in order, so one is remembered. */
function epochSeconds(instant: string): number {
  const text = instant.slice(0, 19)
  if (text !== lastSecondText) {
    lastSecond = Date.parse(`${text}Z`) / 1000
    lastSecondText = text
  }
  return lastSecond
}

/** Nanoseconds after the dot: `.5Z` is 500_000_000. */
function fraction(instant: string): number {
  let nanoseconds = 0
  let scale = 100_000_000
  for (let index = 20; index < instant.length - 1 && scale >= 1; index++) {
    nanoseconds += (instant.charCodeAt(index) - 48) * scale
    scale /= 10
  }
  return nanoseconds
}
