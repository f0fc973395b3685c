/** Attributes and values from protobuf bytes (opentelemetry/proto/common/v1), with the first fault of the record being read. */
import { LIMITS } from '../../schemas/field.ts'
import type { AnyValue } from '../instrument/delivery/otlp-encode.ts'
import { MALFORMED, ProtobufReader } from './protobuf.ts'
import {
  attributeFault,
  emptyAttributes,
  INVALID_UTF8,
  keyFault,
  NOT_FINITE,
  OTLP_LIMITS,
  type OtlpFault,
  OtlpUnreadable,
  TOO_MANY_VALUES,
  UNSAFE_INTEGER,
} from './records.ts'

type Map = { [key: string]: AnyValue }

/** A reader that remembers the first fault since the last begin(). Faulty values are kept for the dead letter. */
export class ValueReader extends ProtobufReader {
  fault: OtlpFault | undefined
  /** Values still allowed in this record. */
  private allowance = 0
  private reason: string | undefined

  /** Start a record or a resource: no fault, a full allowance of values. */
  begin(): void {
    this.fault = undefined
    this.reason = undefined
    this.allowance = OTLP_LIMITS.values
  }

  /** Note a fault; the first of a record stays. */
  refuse(field: string, reason: string): void {
    this.fault ??= { field, reason }
  }

  /** A text field of the record itself. */
  namedText(end: number, field: string): string {
    const text = this.text(end)
    if (this.invalidText) {
      this.invalidText = false
      this.refuse(field, INVALID_UTF8)
    }
    return text
  }

  /** An id of `size` bytes; empty and all-zero mean absent. */
  id(end: number, size: number, field: string): string {
    const hex = this.hex(end)
    if (hex.length === size * 2) return /[^0]/.test(hex) ? hex : ''
    if (hex !== '') this.refuse(field, `must be ${size} bytes`)
    return ''
  }

  /** A body: one AnyValue, faults under `field`. */
  namedValue(end: number, field: string): AnyValue {
    const value = this.value(this.delimited(end), 1)
    if (this.reason !== undefined) {
      this.refuse(field, this.reason)
      this.reason = undefined
    }
    return value
  }

  /** One attribute of the record or resource into `into`; a repeated key overwrites, as in a map. */
  attribute(end: number, into: Map): void {
    const key = this.keyValue(this.delimited(end), into, 1)
    if (this.reason !== undefined) {
      this.fault ??= attributeFault(key, this.reason)
      this.reason = undefined
    }
  }

  /** A field of a known number with another wire type is a fault of the record; an unknown field is passed over. */
  unknown(tag: number, end: number, isKnown: (field: number) => boolean): void {
    this.skip(tag, end)
    if (isKnown(tag >>> 3)) this.refuse('record', `field ${tag >>> 3} has the wrong wire type`)
  }

  private keyValue(end: number, into: Map, depth: number): string {
    let key = ''
    let value: AnyValue = null
    while (this.at < end) {
      const tag = this.varint()
      if (tag === 0x0a) key = this.repeatedText(end)
      else if (tag === 0x12) value = this.value(this.delimited(end), depth)
      else this.skipValueField(tag, end, 2)
    }
    if (this.at !== end) throw MALFORMED
    if (this.invalidText) {
      this.invalidText = false
      this.reason ??= INVALID_UTF8
    }
    const refused = keyFault(key)
    if (refused !== undefined) this.reason = refused
    else into[key] = value
    return key
  }

  /** The content of an AnyValue up to `end`. Recursion is bounded by the depth that events allow. */
  private value(end: number, depth: number): AnyValue {
    if (depth > LIMITS.depth) throw new OtlpUnreadable(`values nested deeper than ${LIMITS.depth}`)
    if (--this.allowance < 0) {
      this.reason = TOO_MANY_VALUES
      this.at = end
      return null
    }
    let value: AnyValue = null
    while (this.at < end) {
      const tag = this.varint()
      switch (tag) {
        case 0x0a:
          value = this.repeatedText(end)
          break
        case 0x10:
          this.varint64()
          value = (this.low | this.high) !== 0
          break
        case 0x18:
          value = this.integer()
          break
        case 0x21:
          value = this.double()
          if (!Number.isFinite(value)) {
            this.reason ??= NOT_FINITE
            value = String(value)
          }
          break
        case 0x2a:
          value = this.array(this.delimited(end), depth + 1)
          break
        case 0x32:
          value = this.map(this.delimited(end), depth + 1)
          break
        case 0x3a:
          value = this.base64(end)
          break
        default:
          this.skipValueField(tag, end, 7)
      }
    }
    if (this.at !== end) throw MALFORMED
    return value
  }

  private array(end: number, depth: number): AnyValue {
    const values: AnyValue[] = []
    while (this.at < end && this.reason !== TOO_MANY_VALUES) {
      const tag = this.varint()
      if (tag === 0x0a) values.push(this.value(this.delimited(end), depth))
      else this.skipValueField(tag, end, 1)
    }
    return this.finish(end, values)
  }

  private map(end: number, depth: number): AnyValue {
    const map = emptyAttributes()
    while (this.at < end && this.reason !== TOO_MANY_VALUES) {
      const tag = this.varint()
      if (tag === 0x0a) this.keyValue(this.delimited(end), map, depth)
      else this.skipValueField(tag, end, 1)
    }
    return this.finish(end, map)
  }

  private finish(end: number, value: AnyValue): AnyValue {
    if (this.reason === TOO_MANY_VALUES) this.at = end
    else if (this.at !== end) throw MALFORMED
    return value
  }

  /** A signed 64-bit integer; beyond 2^53 - 1 its decimal text, with a fault. */
  private integer(): AnyValue {
    this.varint64()
    const value = this.high * 4_294_967_296 + (this.low >>> 0)
    if (Number.isSafeInteger(value)) return value
    this.reason ??= UNSAFE_INTEGER
    return String((BigInt(this.high) << 32n) | BigInt(this.low >>> 0))
  }

  private skipValueField(tag: number, end: number, lastKnownField: number): void {
    this.skip(tag, end)
    if (tag >>> 3 <= lastKnownField) this.reason ??= `field ${tag >>> 3} has the wrong wire type`
  }
}
