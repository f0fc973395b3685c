/** What OTLP becomes here: neutral log records and spans, each with its fault when it has one. */
import type { AnyValue, Attributes, OtlpScope } from '../instrument/delivery/otlp-encode.ts'

/** Why one record is refused: `field` names the attribute or the part, `reason` never repeats the value. */
export interface OtlpFault {
  readonly field: string
  readonly reason: string
}

/** Times are RFC 3339 in UTC with nine decimals, '' when absent; ids are lower-case hex, '' when absent. */
export interface OtlpLogRecord {
  readonly time: string
  readonly observedTime: string
  readonly eventName: string
  readonly severityNumber: number
  readonly body: AnyValue
  readonly attributes: Attributes
  readonly traceId: string
  readonly spanId: string
  readonly flags: number
  readonly fault?: OtlpFault
}

/** A span without its links and trace state, and of its events only what may quote a caller. */
export interface OtlpSpan {
  readonly name: string
  /** 0 unspecified, 1 internal, 2 server, 3 client, 4 producer, 5 consumer. */
  readonly kind: number
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string
  readonly start: string
  readonly end: string
  /** End minus start, never negative; 0 when either is absent. */
  readonly durationMs: number
  readonly attributes: Attributes
  /** Code 0 unset, 1 ok, 2 error. */
  readonly status: { readonly code: number; readonly message: string }
  /** Texts of its events, such as messages of exceptions: read by classifiers, kept by nobody. */
  readonly exceptions?: readonly string[]
  readonly fault?: OtlpFault
}

/** Records that share a resource and a scope. A fault of the resource or the scope is repeated on each of its records. */
export interface OtlpBatch<R> {
  readonly resource: Attributes
  readonly scope: OtlpScope
  readonly records: R[]
}

/** A record as a decoder fills it. */
export type Building<R> = { -readonly [K in keyof R]: R[K] }

/** The request as a whole cannot be read: nothing of it is taken. */
export class OtlpUnreadable extends Error {
  override readonly name = 'OtlpUnreadable'
  /** True when it is well-formed but has more records than one request may have. */
  readonly tooLarge: boolean
  constructor(reason: string, tooLarge = false) {
    super(reason)
    this.tooLarge = tooLarge
  }
}

/** Bounds of one request. Bytes are bounded by whoever reads them; these stop few bytes from becoming much memory. */
export const OTLP_LIMITS = {
  /** Records in one request: an empty one is two bytes on the wire and hundreds in memory. */
  records: 65_536,
  /** Attributes and nested values in one record or resource. */
  values: 32_768,
  /** UTF-16 units of one attribute key. */
  keyChars: 1_024,
  /** Bytes (protobuf) or characters of text (JSON) of one record. */
  recordBytes: 1_048_576,
} as const

/** Keys that change an object instead of naming a value, wherever a consumer copies them carelessly. */
export const isForbiddenKey = (key: string): boolean =>
  key === '__proto__' || key === 'constructor' || key === 'prototype'

/** Why a key is refused, undefined when it is not. */
export const keyFault = (key: string): string | undefined =>
  isForbiddenKey(key)
    ? 'forbidden key'
    : key.length > OTLP_LIMITS.keyChars
      ? `key longer than ${OTLP_LIMITS.keyChars} characters`
      : undefined

/** Fault of one attribute; the name is cut because it is the sender's text. */
export const attributeFault = (key: string, reason: string): OtlpFault => ({
  field: `attributes.${key.slice(0, 128).toWellFormed()}`,
  reason,
})

/** A map that inherits nothing and that V8 keeps in fast mode (an object made by Object.create(null) is a slow dictionary). */
class BareMap {
  [key: string]: AnyValue
}
Reflect.deleteProperty(BareMap.prototype, 'constructor')
Object.freeze(Object.setPrototypeOf(BareMap.prototype, null))
export const emptyAttributes = (): { [key: string]: AnyValue } => new BareMap()

/** Texts of one record's events that are kept for reading. */
const EVENT_TEXTS = 32
export function collectTexts(attributes: Attributes, into: string[]): void {
  for (const name in attributes) {
    const value = attributes[name]
    if (typeof value === 'string' && value !== '' && into.length < EVENT_TEXTS) into.push(value)
  }
}

export const INVALID_UTF8 = 'not valid UTF-8'
export const TOO_MANY_VALUES = `more than ${OTLP_LIMITS.values} values`
export const UNSAFE_INTEGER = 'integer beyond 2^53 - 1'
export const NOT_FINITE = 'not a finite number'
