/** What the receiver answers, in the request's own encoding: partialSuccess and google.rpc.Status, as protobuf or JSON. */

/** The media types of OTLP/HTTP. Answers carry them without parameters: with `; charset=utf-8` the Collector ignores the body. */
export const PROTOBUF = 'application/x-protobuf'
export const JSON_TYPE = 'application/json'
export type MediaType = typeof PROTOBUF | typeof JSON_TYPE
export type Signal = 'logs' | 'traces'

/** The body of 200: empty in meaning when all was taken, else how many were not and why. */
export function partialSuccess(media: MediaType, signal: Signal, rejected: number, reason: string): Uint8Array {
  if (media === JSON_TYPE) {
    const count = signal === 'logs' ? 'rejectedLogRecords' : 'rejectedSpans'
    // 64-bit integers are text in protobuf's JSON form.
    return utf8.encode(
      JSON.stringify(rejected === 0 ? {} : { partialSuccess: { [count]: String(rejected), errorMessage: reason } }),
    )
  }
  return rejected === 0 ? new Uint8Array() : delimited(1, concat(varintField(1, rejected), textField(2, reason)))
}

/** The body of an error. A Collector logs the message of a protobuf Status; it does not read a JSON one. */
export function statusBody(media: MediaType, httpStatus: number, message: string): Uint8Array {
  const code = RPC_CODES.get(httpStatus) ?? RPC_UNKNOWN
  return media === JSON_TYPE
    ? utf8.encode(JSON.stringify({ code, message }))
    : concat(varintField(1, code), textField(2, message))
}

const RPC_UNKNOWN = 2
/** google.rpc.Code for each HTTP status that the receiver uses. */
const RPC_CODES: ReadonlyMap<number, number> = new Map([
  [400, 3], // INVALID_ARGUMENT
  [401, 16], // UNAUTHENTICATED
  [403, 7], // PERMISSION_DENIED
  [404, 5], // NOT_FOUND
  [405, 12], // UNIMPLEMENTED
  [413, 11], // OUT_OF_RANGE
  [415, 3], // INVALID_ARGUMENT
  [429, 8], // RESOURCE_EXHAUSTED
  [503, 14], // UNAVAILABLE
])

const utf8 = new TextEncoder()

function varint(value: number): Uint8Array {
  const octets: number[] = []
  let rest = value
  for (; rest >= 128; rest = Math.floor(rest / 128)) octets.push((rest % 128) | 128)
  return Uint8Array.from([...octets, rest])
}
const varintField = (field: number, value: number): Uint8Array =>
  value === 0 ? new Uint8Array() : concat(varint(field << 3), varint(value))
const textField = (field: number, text: string): Uint8Array =>
  text === '' ? new Uint8Array() : delimited(field, utf8.encode(text))
const delimited = (field: number, content: Uint8Array): Uint8Array =>
  concat(varint((field << 3) | 2), varint(content.length), content)
const concat = (...parts: readonly Uint8Array[]): Uint8Array => Buffer.concat(parts)
