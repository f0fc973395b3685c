/** Writes events as OTLP log records at once, into memory that is used again: an event leaves no object behind for the collector. */
import { attributeOf, EVENT_NAME_PREFIX } from '../../schemas/wire.ts'
import { type PendingEvent, type ProducerFacts, resourceOf, SCOPE } from './pending-event.ts'

/**
 * Encoded events of one producer and resource, in order: the repeated field `log_records` of one ScopeLogs. Lengths are known before
 * content is written (texts are ASCII until shown otherwise), or a byte is left free and the rare longer content is moved.
 */
export interface Slab {
  readonly producer: ProducerFacts
  readonly resource: PendingEvent['resource']
  bytes: Buffer
  length: number
  count: number
  /** Numbers of its first and last event. */
  first: number
  last: number
}

const SLAB_BYTES = 65_536
const MAX_POOLED_BYTES = 1_048_576
const MAX_POOLED = 4
const pool: Buffer[] = []
/** Nesting that OTLP receivers take; also what ends a cycle. */
const MAX_DEPTH = 24

export function openSlab(event: PendingEvent, seq: number): Slab {
  const { producer, resource } = event
  const bytes = pool.pop() ?? Buffer.allocUnsafeSlow(SLAB_BYTES)
  return { producer, resource, bytes, length: 0, count: 0, first: seq, last: seq }
}

/** What is being written to; a slab is only ever written to by one synchronous call. */
const NOTHING = Buffer.alloc(0)
let out: Buffer = NOTHING
let at = 0

function reserve(bytes: number): void {
  if (at + bytes <= out.length) return
  const larger = Buffer.allocUnsafeSlow(Math.max(out.length * 2, at + bytes))
  out.copy(larger, 0, 0, at)
  out = larger
}

/** One ExportLogsServiceRequest with all events of the slab, in memory of its own; the slab's memory is free afterwards. */
export function closeSlab(slab: Slab): Uint8Array {
  out = pool.pop() ?? Buffer.allocUnsafeSlow(SLAB_BYTES)
  at = 0
  const resource = resourceOf(slab.producer, slab.resource)
  for (const key in resource) attribute(prefixOf(key), resource[key], 0x0a, 0)
  const resourceEnd = at
  const scopeStart = at
  shortText(0x0a, SCOPE.name)
  shortText(0x12, SCOPE.version)
  const scopeLength = at - scopeStart
  const scopeLogs = 1 + varintBytes(scopeLength) + scopeLength + slab.length
  const resourceLogs = 1 + varintBytes(resourceEnd) + resourceEnd + 1 + varintBytes(scopeLogs) + scopeLogs
  const whole = Buffer.allocUnsafeSlow(1 + varintBytes(resourceLogs) + resourceLogs)
  const parts = out
  out = whole
  at = 0
  header(0x0a, resourceLogs)
  header(0x0a, resourceEnd)
  at += parts.copy(out, at, 0, resourceEnd)
  header(0x12, scopeLogs)
  header(0x0a, scopeLength)
  at += parts.copy(out, at, scopeStart, scopeStart + scopeLength)
  slab.bytes.copy(out, at, 0, slab.length)
  for (const bytes of [parts, slab.bytes])
    if (pool.length < MAX_POOLED && bytes.length <= MAX_POOLED_BYTES) pool.push(bytes)
  out = NOTHING
  return whole
}

/** Appends one event under its number. Throws on a value that has no OTLP form; the slab is then as before. */
export function encodeInto(slab: Slab, event: PendingEvent, seq: number): void {
  out = slab.bytes
  at = slab.length
  const { fields, time, common } = event
  reserve(256)
  out[at] = 0x12
  const start = at + 3
  at = start
  instant(0x09, time[0], time[1])
  out[at++] = 0x10
  out[at++] = 9
  attribute(UID, event.eventId, 0x32, 0)
  attribute(SEQ, seq, 0x32, 0)
  append(CONSTANTS)
  if (common !== undefined) append(bytesOfCommon(common))
  for (const field in fields) {
    const value = fields[field]
    if (value === undefined) continue
    const prefix = prefixes[field] ?? fieldPrefix(field)
    if (prefix !== OWN) attribute(prefix, value, 0x32, 0)
  }
  const { traceId, spanId } = fields as { traceId?: string; spanId?: string }
  if (traceId?.length === 32 && spanId?.length === 16) {
    reserve(32)
    hexId(0x4a, traceId)
    hexId(0x52, spanId)
  }
  append(eventNames[fields.eventType] ?? eventName(fields.eventType))
  // Two bytes were left for a length from 128 to 16383, which nearly every record has.
  const length = at - start
  const width = varintBytes(length)
  if (width !== 2) {
    reserve(4)
    out.copyWithin(start - 2 + width, start, at)
    at += width - 2
  }
  const end = at
  at = start - 2
  varint(length)
  slab.bytes = out
  slab.length = end
  slab.count++
  slab.last = seq
}

/** Where the encoding of shared fields is kept: on their object itself, because a WeakMap entry per request costs the collector dear. */
const ENCODED = Symbol('encoded')
interface Encoded {
  [ENCODED]?: Uint8Array
}
/** Fields that many events share are written once and copied: an object here is never changed after its first use. */
function bytesOfCommon(common: Readonly<Record<string, unknown>> & Encoded): Uint8Array {
  const known = common[ENCODED]
  if (known !== undefined) return known
  const start = at
  for (const field in common) {
    const prefix = prefixes[field] ?? fieldPrefix(field)
    if (common[field] !== undefined && prefix !== OWN) attribute(prefix, common[field], 0x32, 0)
  }
  const made = Uint8Array.prototype.slice.call(out, start, at)
  at = start
  if (Object.isExtensible(common)) common[ENCODED] = made
  return made
}

function append(bytes: Uint8Array): void {
  reserve(bytes.length + 64)
  out.set(bytes, at)
  at += bytes.length
}

/** A key as it stands in a KeyValue: its field, and the tag of the value that follows. */
function prefixOf(key: string): Uint8Array {
  const utf8 = Buffer.from(key)
  if (utf8.length > 127) return Buffer.from([0x0a, (utf8.length & 127) | 128, utf8.length >> 7, ...utf8, 0x12])
  return Buffer.from([0x0a, utf8.length, ...utf8, 0x12])
}
/** Marks fields that are the record's own (name, ids), not attributes. */
const OWN = new Uint8Array(0)
const prefixes: Record<string, Uint8Array> = Object.assign(Object.create(null), {
  eventType: OWN,
  traceId: OWN,
  spanId: OWN,
})
const fieldPrefix = (field: string): Uint8Array => {
  prefixes[field] = prefixOf(attributeOf(field))
  return prefixes[field]
}
const UID = prefixOf(attributeOf('eventId'))
const SEQ = prefixOf(attributeOf('producerSeq'))
const eventNames: Record<string, Uint8Array> = Object.create(null)
const eventName = (eventType: string): Uint8Array => {
  const name = Buffer.from(EVENT_NAME_PREFIX + eventType)
  eventNames[eventType] = Buffer.from([0x62, name.length, ...name])
  return eventNames[eventType]
}

function varintBytes(value: number): number {
  let width = 1
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) width++
  return width
}
function varint(value: number): void {
  let rest = value
  for (; rest >= 128; rest = Math.floor(rest / 128)) out[at++] = (rest % 128) | 128
  out[at++] = rest
}
function header(tag: number, length: number): void {
  out[at++] = tag
  varint(length)
}

/** One KeyValue under `tag`. */
function attribute(prefix: Uint8Array, value: unknown, tag: number, depth: number): void {
  if (typeof value === 'string') {
    textAttribute(prefix, value, tag)
    return
  }
  reserve(prefix.length + 64)
  const isInteger = typeof value === 'number' && Number.isSafeInteger(value)
  if (typeof value === 'boolean' || (isInteger && value >= 0)) {
    const number = Number(value)
    const length = 1 + varintBytes(number)
    header(tag, prefix.length + 1 + length)
    out.set(prefix, at)
    at += prefix.length
    out[at++] = length
    out[at++] = typeof value === 'boolean' ? 0x10 : 0x18
    varint(number)
    return
  }
  out[at++] = tag
  const mark = open()
  append(prefix)
  anyValue(value, depth)
  close(mark)
}

function textAttribute(prefix: Uint8Array, value: string, tag: number): void {
  const start = at
  if (!textValue(prefix, value, value.length, tag)) {
    at = start
    textValue(prefix, value, Buffer.byteLength(value), tag)
  }
}

/** False when the text has not `length` bytes in UTF-8. */
function textValue(prefix: Uint8Array, value: string, length: number, tag: number): boolean {
  reserve(prefix.length + value.length * 3 + 32)
  const any = 1 + varintBytes(length) + length
  header(tag, prefix.length + varintBytes(any) + any)
  for (let index = 0; index < prefix.length; index++) out[at++] = prefix[index]!
  varint(any)
  header(0x0a, length)
  if (length > 80 || length !== value.length) {
    const written = out.write(value, at, 'utf8')
    at += written
    return written === length
  }
  for (let index = 0; index < length; index++) {
    const code = value.charCodeAt(index)
    if (code > 127) return false
    out[at++] = code
  }
  return true
}

/** Leaves one byte for the length of what follows. */
function open(): number {
  return at++
}
function close(mark: number): void {
  const length = at - mark - 1
  const width = varintBytes(length)
  if (width > 1) {
    reserve(width)
    out.copyWithin(mark + width, mark + 1, at)
    at += width - 1
  }
  const end = at
  at = mark
  varint(length)
  at = end
}

/** An AnyValue with its length. What OTLP does not know stands as the empty value. */
function anyValue(value: unknown, depth: number): void {
  if (depth > MAX_DEPTH) throw new RangeError('instrument: event: nested too deep')
  reserve(64)
  const mark = open()
  if (typeof value === 'string') {
    reserve(value.length * 3 + 16)
    out[at++] = 0x0a
    const inner = open()
    at += out.write(value, at, 'utf8')
    close(inner)
  } else if (typeof value === 'boolean' || (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0)) {
    out[at++] = typeof value === 'boolean' ? 0x10 : 0x18
    varint(Number(value))
  } else if (typeof value === 'number') {
    if (Number.isSafeInteger(value)) {
      out[at++] = 0x18
      let rest = BigInt.asUintN(64, BigInt(value))
      for (; rest >= 128n; rest >>= 7n) out[at++] = Number(rest & 127n) | 128
      out[at++] = Number(rest)
    } else {
      out[at++] = 0x21
      at = out.writeDoubleLE(value, at)
    }
  } else if (typeof value === 'bigint') throw new TypeError('instrument: event: a BigInt has no OTLP form here')
  else if (Array.isArray(value)) {
    out[at++] = 0x2a
    const list = open()
    for (const element of value) {
      reserve(16)
      out[at++] = 0x0a
      anyValue(element, depth + 1)
    }
    close(list)
  } else if (typeof value === 'object' && value !== null) {
    out[at++] = 0x32
    const map = open()
    for (const key in value) {
      const inner = (value as Record<string, unknown>)[key]
      if (inner !== undefined) attribute(keyPrefix(key), inner, 0x0a, depth + 1)
    }
    close(map)
  }
  close(mark)
}

/** Keys inside values are those of our own schemas: few. */
const keys = new Map<string, Uint8Array>()
function keyPrefix(key: string): Uint8Array {
  let prefix = keys.get(key)
  if (prefix === undefined) {
    prefix = prefixOf(key)
    if (keys.size < 256) keys.set(key, prefix)
  }
  return prefix
}

function shortText(tag: number, text: string): void {
  const utf8 = Buffer.from(text)
  header(tag, utf8.length)
  append(utf8)
}

const nibble = (code: number): number => (code > 96 ? code - 87 : code - 48)
function hexId(tag: number, hex: string): void {
  header(tag, hex.length / 2)
  for (let index = 0; index < hex.length; index += 2)
    out[at++] = (nibble(hex.charCodeAt(index)) << 4) | nibble(hex.charCodeAt(index + 1))
}

/** Nanoseconds since 1970 as fixed64; the product stays exact in two halves (10^9 is 1953125 * 2^9). */
function instant(tag: number, seconds: number, nanoseconds: number): void {
  const high = seconds * 1_953_125
  const low = (high % 8_388_608) * 512 + nanoseconds
  out[at++] = tag
  at = out.writeUInt32LE(low % 4_294_967_296, at)
  at = out.writeUInt32LE(Math.floor(high / 8_388_608) + Math.floor(low / 4_294_967_296), at)
}

/** The same in every event of this package. */
const CONSTANTS = ((): Uint8Array => {
  out = Buffer.alloc(256)
  at = 0
  attribute(prefixOf(attributeOf('schemaVersion')), 1, 0x32, 0)
  attribute(prefixOf(attributeOf('vantage')), 'server', 0x32, 0)
  return Uint8Array.prototype.slice.call(out, 0, at)
})()
