/**
 * Writes events as OTLP log records at once, into memory that is used again: an event leaves no object behind for the collector. The body
 * is the event as JSON: what events share (producer, caller) is kept as bytes, the rest is written by JSON.stringify.
 */
import { EVENT_NAME_PREFIX, RECORD_ATTRIBUTES, SERVER_ATTRIBUTE, SERVICE_ATTRIBUTE } from '../../../schemas/wire.ts'
import { rfc3339 } from '../clock.ts'
import { CONSTANTS, type PendingEvent, type ProducerFacts, SCOPE } from './pending-event.ts'

/**
 * Encoded events of one producer, in order: the repeated field `log_records` of one ScopeLogs. Lengths are guessed (two bytes for
 * messages, texts are ASCII until shown otherwise), and the rare content of another length is moved.
 */
export interface Slab {
  readonly producer: ProducerFacts
  /** `{` and the fields that all its events share, up to the comma. */
  readonly shared: Uint8Array
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

export function openSlab({ producer }: PendingEvent, seq: number): Slab {
  const { serviceName: _inResource, ...facts } = producer
  const shared = Buffer.from(`{${membersOf({ ...CONSTANTS, ...facts })}`)
  const bytes = pool.pop() ?? Buffer.allocUnsafeSlow(SLAB_BYTES)
  return { producer, shared, bytes, length: 0, count: 0, first: seq, last: seq }
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
  const whole = requestOf(slab.producer, [slab.bytes], slab.length)
  freeSlab(slab)
  return whole
}
export function freeSlab({ bytes }: Slab): void {
  if (pool.length < MAX_POOLED && bytes.length <= MAX_POOLED_BYTES) pool.push(bytes)
}

/** One ExportLogsServiceRequest around encoded records: the first `length` bytes of them all. */
export function requestOf(producer: ProducerFacts, records: readonly Buffer[], length: number): Uint8Array {
  out = pool.pop() ?? Buffer.allocUnsafeSlow(SLAB_BYTES)
  at = 0
  const { serverId, serviceName = serverId } = producer
  attribute(SERVICE, serviceName, 0x0a)
  attribute(SERVER, serverId, 0x0a)
  const resourceEnd = at
  const scopeStart = at
  shortText(0x0a, SCOPE.name)
  shortText(0x12, SCOPE.version)
  const scopeLength = at - scopeStart
  const scopeLogs = 1 + varintBytes(scopeLength) + scopeLength + length
  const resourceLogs = 1 + varintBytes(resourceEnd) + resourceEnd + 1 + varintBytes(scopeLogs) + scopeLogs
  const whole = Buffer.allocUnsafeSlow(1 + varintBytes(resourceLogs) + resourceLogs)
  const envelope = out
  out = whole
  at = 0
  header(0x0a, resourceLogs)
  header(0x0a, resourceEnd)
  at += envelope.copy(out, at, 0, resourceEnd)
  header(0x12, scopeLogs)
  header(0x0a, scopeLength)
  at += envelope.copy(out, at, scopeStart, scopeStart + scopeLength)
  let left = length
  for (const bytes of records) {
    const copied = bytes.copy(out, at, 0, Math.min(bytes.length, left))
    at += copied
    left -= copied
  }
  if (pool.length < MAX_POOLED && envelope.length <= MAX_POOLED_BYTES) pool.push(envelope)
  out = NOTHING
  return whole
}

/** Appends one event under its number. Throws on a value that has no JSON form; the slab is then as before. */
export function encodeInto(slab: Slab, event: PendingEvent, seq: number): void {
  const { fields, time, common, eventId } = event
  const own = `"eventId":"${eventId}","eventTime":"${rfc3339(time)}","producerSeq":${seq},${jsonOf(fields).slice(1)}`
  const callers = common === undefined ? NOTHING : bytesOfCommon(common)
  out = slab.bytes
  at = slab.length
  reserve(256 + slab.shared.length + callers.length + own.length * 3)
  const record = open(0x12)
  instant(0x09, time[0], time[1])
  out[at++] = 0x10
  out[at++] = SEVERITY_INFO
  const body = open(0x2a)
  const text = open(0x0a)
  append(slab.shared)
  append(callers)
  at += out.write(own, at, 'utf8')
  close(text)
  close(body)
  attribute(UID, eventId, 0x32)
  const { method, toolName, traceId, spanId } = fields as Repeated
  attribute(METHOD, method ?? common?.['method'], 0x32)
  attribute(TOOL, toolName ?? common?.['toolName'], 0x32)
  if (traceId?.length === 32 && spanId?.length === 16) {
    reserve(32)
    hexId(0x4a, traceId)
    hexId(0x52, spanId)
  }
  append(eventNames[fields.eventType] ?? eventName(fields.eventType))
  close(record)
  slab.bytes = out
  slab.length = at
  slab.count++
  slab.last = seq
}

const SEVERITY_INFO = 9
/** Fields that stand outside of the body too. */
interface Repeated {
  readonly method?: unknown
  readonly toolName?: unknown
  readonly traceId?: string
  readonly spanId?: string
}

/** Where the JSON of shared fields is kept: on their object itself, because a WeakMap entry per request costs the collector dear. */
const ENCODED = Symbol('encoded')
interface Encoded {
  [ENCODED]?: Uint8Array
}
/** Fields that many events share are written once and copied: an object here is never changed after its first use. */
function bytesOfCommon(common: Readonly<Record<string, unknown>> & Encoded): Uint8Array {
  const known = common[ENCODED]
  if (known !== undefined) return known
  const made = Buffer.from(membersOf(common))
  if (Object.isExtensible(common)) common[ENCODED] = made
  return made
}

/** Members of an object for others to follow: `"a":1,"b":2,`. */
function membersOf(fields: Readonly<Record<string, unknown>>): string {
  const json = jsonOf(fields)
  return json === '{}' ? '' : `${json.slice(1, -1)},`
}

/** Receivers refuse lone surrogates, which JSON.stringify escapes: a text is repaired as every UTF-8 encoder does. */
function jsonOf(fields: Readonly<Record<string, unknown>>): string {
  const json = JSON.stringify(fields)
  return json.includes('\\ud') ? JSON.stringify(fields, wellFormed) : json
}
const wellFormed = (_field: string, value: unknown): unknown =>
  typeof value === 'string' ? value.toWellFormed() : value

function append(bytes: Uint8Array): void {
  reserve(bytes.length + 64)
  out.set(bytes, at)
  at += bytes.length
}

/** A key as it stands in a KeyValue: its field, and the tag of the value that follows. */
function prefixOf(key: string): Uint8Array {
  const utf8 = Buffer.from(key)
  return Buffer.from([0x0a, utf8.length, ...utf8, 0x12])
}
const SERVICE = prefixOf(SERVICE_ATTRIBUTE)
const SERVER = prefixOf(SERVER_ATTRIBUTE)
const UID = prefixOf(RECORD_ATTRIBUTES.eventId)
const METHOD = prefixOf(RECORD_ATTRIBUTES.method)
const TOOL = prefixOf(RECORD_ATTRIBUTES.toolName)
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

/** One KeyValue under `tag`; nothing without a text. */
function attribute(prefix: Uint8Array, value: unknown, tag: number): void {
  if (typeof value !== 'string') return
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

/** Starts a message under `tag` and leaves two bytes for its length, right for 128 to 16383; answers where its content starts. */
function open(tag: number): number {
  out[at] = tag
  at += 3
  return at
}
function close(start: number): void {
  const length = at - start
  const width = varintBytes(length)
  if (width !== 2) {
    reserve(4)
    out.copyWithin(start - 2 + width, start, at)
  }
  at = start - 2
  varint(length)
  at += length
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
