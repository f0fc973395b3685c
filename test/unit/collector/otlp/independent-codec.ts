/** An OTLP codec that shares nothing with ours: protobufjs over the specification's messages (test/fixtures/otlp/otlp.proto). */
import { readFileSync } from 'node:fs'
import protobuf from 'protobufjs'

const schema = readFileSync(new URL('../../../fixtures/otlp/otlp.proto', import.meta.url), 'utf8')
const root = protobuf.parse(schema).root.resolveAll()

/** Bytes of a message written as OTLP/JSON-like plain fields (camelCase, Uint8Array for bytes, text for 64-bit numbers). */
export function encodeIndependently(message: string, fields: object): Uint8Array {
  const type = root.lookupType(`otlp.${message}`)
  return type.encode(type.fromObject(fields as { [key: string]: unknown })).finish()
}

/** The message as plain fields: 64-bit numbers as text, bytes as base64. */
export function decodeIndependently(message: string, bytes: Uint8Array): unknown {
  const type = root.lookupType(`otlp.${message}`)
  return type.toObject(type.decode(bytes), { longs: String, bytes: String })
}

/** A length-delimited field, for bytes that no codec would write. */
export function field(number: number, content: Uint8Array | string): Buffer {
  const body = Buffer.from(content as Uint8Array)
  return Buffer.concat([varint((number << 3) | 2), varint(body.length), body])
}

export function varint(value: number): Buffer {
  const octets: number[] = []
  let rest = value
  for (; rest >= 128; rest = Math.floor(rest / 128)) octets.push((rest % 128) | 128)
  return Buffer.from([...octets, rest])
}

/** A logs request whose records are given as raw bytes, in one resource and scope. */
export const logsRequest = (...records: readonly Uint8Array[]): Buffer =>
  field(1, field(2, Buffer.concat(records.map((record) => field(2, record)))))
/** A log record whose only content is one attribute, its AnyValue given as raw bytes. */
export const recordWith = (key: string, value: Uint8Array): Buffer =>
  field(6, Buffer.concat([field(1, key), field(2, value)]))
