/** Values and attributes of OTLP/JSON: ids in hex, 64-bit integers as text or numbers, bytes in base64, unknown fields ignored. */
import { LIMITS } from '../../schemas/field.ts'
import type { AnyValue } from '../instrument/delivery/otlp-encode.ts'
import { instantOf } from './nanoseconds.ts'
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

/** A JSON object as parsed; its fields are anything. */
export type Json = { readonly [field: string]: unknown }
type Map = { [key: string]: AnyValue }

export const isObject = (value: unknown): value is Json =>
  value !== null && typeof value === 'object' && !Array.isArray(value)

/** Reads the fields of one record and keeps its first fault; wrong types never throw. */
export class JsonReader {
  fault: OtlpFault | undefined
  private allowance = OTLP_LIMITS.values
  private chars = 0
  private reason: string | undefined

  refuse(field: string, reason: string): void {
    this.fault ??= { field, reason }
  }

  text(value: unknown, field: string): string {
    if (value === undefined || value === null) return ''
    if (typeof value !== 'string') {
      this.refuse(field, 'must be text')
      return ''
    }
    if (!value.isWellFormed()) this.refuse(field, INVALID_UTF8)
    this.chars += value.length
    if (this.chars > OTLP_LIMITS.recordBytes) this.refuse('record', `larger than ${OTLP_LIMITS.recordBytes} characters`)
    return value
  }

  /** An id of `size` bytes in hex of either case; empty and all-zero mean absent. */
  id(value: unknown, size: number, field: string): string {
    const hex = this.text(value, field)
    if (hex === '') return ''
    if (hex.length === size * 2 && /^[0-9a-fA-F]+$/.test(hex)) return /[^0]/.test(hex) ? hex.toLowerCase() : ''
    this.refuse(field, `must be ${size * 2} hex digits`)
    return ''
  }

  /** A number, or the name of an enum's value with its prefix: SEVERITY_NUMBER_INFO2. */
  enumeration(value: unknown, names: readonly string[], prefix: string, field: string): number {
    if (value === undefined || value === null) return 0
    if (typeof value === 'number' && Number.isInteger(value) && Math.abs(value) < 2 ** 31) return value
    const index = typeof value === 'string' && value.startsWith(prefix) ? names.indexOf(value.slice(prefix.length)) : -1
    if (index >= 0) return index
    this.refuse(field, 'must be a number or the name of a value')
    return 0
  }

  /** An unsigned 32-bit number. */
  flags(value: unknown, field: string): number {
    if (value === undefined || value === null) return 0
    if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < 2 ** 32) return value
    this.refuse(field, 'must be an unsigned 32-bit number')
    return 0
  }

  /** Unsigned nanoseconds; a JSON number has lost what lies below 256 ns before it gets here. */
  nanoseconds(value: unknown, field: string): bigint {
    if (value === undefined || value === null) return 0n
    const readable =
      typeof value === 'number' ? Number.isInteger(value) : typeof value === 'string' && /^\d{1,20}$/.test(value)
    const nanoseconds = readable ? BigInt(value as number | string) : -1n
    if (nanoseconds >= 0n && nanoseconds < 1n << 64n) return nanoseconds
    this.refuse(field, 'must be unsigned 64-bit nanoseconds')
    return 0n
  }

  attributes(list: unknown, into: Map, path = ''): void {
    if (list === undefined || list === null) return
    if (!Array.isArray(list)) {
      this.refuse(`${path}attributes`, 'must be a list')
      return
    }
    for (const pair of list) {
      const key = this.keyValue(pair, into, 1)
      if (this.reason === undefined) continue
      this.fault ??=
        path === ''
          ? attributeFault(key, this.reason)
          : { field: path + attributeFault(key, this.reason).field, reason: this.reason }
      if (this.reason === TOO_MANY_VALUES) return
      this.reason = undefined
    }
  }

  /** A body: one AnyValue. */
  namedValue(value: unknown, field: string): AnyValue {
    const read = this.value(value, 1)
    if (this.reason !== undefined) {
      this.refuse(field, this.reason)
      this.reason = undefined
    }
    return read
  }

  private keyValue(pair: unknown, into: Map, depth: number): string {
    if (!isObject(pair) || typeof pair['key'] !== 'string') {
      this.reason ??= 'must be an object with a key'
      return ''
    }
    const key = this.part(pair['key'])
    const value = this.value(pair['value'], depth)
    const refused = keyFault(key)
    if (refused !== undefined) this.reason = refused
    else into[key] = value
    return key
  }

  /** Text inside a value. */
  private part(text: string): string {
    if (!text.isWellFormed()) this.reason ??= INVALID_UTF8
    this.chars += text.length
    if (this.chars > OTLP_LIMITS.recordBytes) this.reason ??= `record larger than ${OTLP_LIMITS.recordBytes} characters`
    return text
  }

  private value(value: unknown, depth: number): AnyValue {
    if (value === undefined || value === null) return null
    if (depth > LIMITS.depth) throw new OtlpUnreadable(`values nested deeper than ${LIMITS.depth}`)
    if (--this.allowance < 0) return this.wrong(TOO_MANY_VALUES)
    if (!isObject(value)) return this.wrong('must be an object that names its type')
    if (value['stringValue'] != null)
      return typeof value['stringValue'] === 'string'
        ? this.part(value['stringValue'])
        : this.wrong('stringValue must be text')
    if (value['boolValue'] != null)
      return typeof value['boolValue'] === 'boolean'
        ? value['boolValue']
        : this.wrong('boolValue must be true or false')
    if (value['intValue'] != null) return this.integer(value['intValue'])
    if (value['doubleValue'] != null) return this.double(value['doubleValue'])
    if (value['arrayValue'] != null) return this.array(value['arrayValue'], depth + 1)
    if (value['kvlistValue'] != null) return this.map(value['kvlistValue'], depth + 1)
    if (value['bytesValue'] != null) return this.bytes(value['bytesValue'])
    return null
  }

  private wrong(reason: string): null {
    this.reason ??= reason
    return null
  }

  private integer(value: unknown): AnyValue {
    if (typeof value === 'number' && Number.isInteger(value)) {
      if (Number.isSafeInteger(value)) return value
      this.reason ??= UNSAFE_INTEGER
      return String(value)
    }
    if (typeof value !== 'string' || !/^-?\d{1,20}$/.test(value)) return this.wrong('intValue must be an integer')
    const number = Number(value)
    if (Number.isSafeInteger(number)) return number
    this.reason ??= UNSAFE_INTEGER
    return value
  }

  private double(value: unknown): AnyValue {
    const isDecimal = typeof value === 'string' && /^-?(\d+\.?\d*([eE][+-]?\d+)?|Infinity)$|^NaN$/.test(value)
    if (typeof value !== 'number' && !isDecimal) return this.wrong('doubleValue must be a number')
    const number = Number(value)
    if (Number.isFinite(number)) return number
    this.reason ??= NOT_FINITE
    return String(number)
  }

  private array(list: unknown, depth: number): AnyValue {
    return this.valuesOf(list).map((value) => this.value(value, depth))
  }

  private map(list: unknown, depth: number): AnyValue {
    const map = emptyAttributes()
    for (const pair of this.valuesOf(list)) {
      if (this.reason === TOO_MANY_VALUES) break
      this.keyValue(pair, map, depth)
    }
    return map
  }

  private valuesOf(list: unknown): readonly unknown[] {
    const values = isObject(list) ? (list['values'] ?? []) : undefined
    if (Array.isArray(values) && values.length <= this.allowance) return values
    this.wrong(Array.isArray(values) ? TOO_MANY_VALUES : 'values must be a list')
    return []
  }

  private bytes(value: unknown): AnyValue {
    // Both base64 alphabets are allowed by protobuf's JSON form; one canonical text comes out, as from protobuf.
    if (typeof value !== 'string' || !/^[A-Za-z0-9+/_-]*={0,2}$/.test(value))
      return this.wrong('bytesValue must be base64')
    return this.part(Buffer.from(value, 'base64').toString('base64'))
  }
}

/** RFC 3339 of unsigned nanoseconds. */
export const instantOfNanoseconds = (nanoseconds: bigint): string =>
  instantOf(Number(nanoseconds & 0xffff_ffffn) | 0, Number(nanoseconds >> 32n) | 0)
