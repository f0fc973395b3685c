/** A test bed: the receiver with the real intake over a bus that is an array, and requests sent by hand. */
import { request as httpRequest } from 'node:http'
import { createIntake } from '../../../../collector/intake.ts'
import { claimedCaller } from '../../../../collector/otlp/credentials.ts'
import { createReceiver, type Receiver, type ReceiverParts } from '../../../../collector/otlp/receiver.ts'
import type { AuditEvent } from '../../../../schemas/event.ts'
import type { DeadLetter, Telemetry } from '../../../../schemas/ports.ts'

export const JSON_TYPE = 'application/json'
export const PROTOBUF = 'application/x-protobuf'
export const atMs = Date.parse('2026-11-24T06:00:00Z')
export const limits = { requestBytes: 1024 * 1024, inFlightBytes: 4 * 1024 * 1024 }

/** What arrived, and how the bus behaves; forget() starts anew. */
export const seen = {
  events: [] as AuditEvent[],
  letters: [] as DeadLetter[],
  counts: [] as string[],
  logs: [] as string[],
  publish: async (): Promise<void> => undefined,
}
export function forget(): void {
  seen.events = []
  seen.letters = []
  seen.counts = []
  seen.logs = []
  seen.publish = async () => undefined
}
const telemetry: Telemetry = {
  count: (name, by, labels) => void seen.counts.push(`${name} ${by} ${JSON.stringify(labels ?? {})}`),
  gauge: () => undefined,
  log: (name, fields) => void seen.logs.push(`${name} ${JSON.stringify(fields ?? {})}`),
}
const clock = { nowMs: () => atMs }
const intake = createIntake({
  bus: {
    async publish(batch) {
      await seen.publish()
      seen.events.push(...batch)
    },
    consume: () => Promise.reject(new Error('not consumed here')),
    close: async () => undefined,
  },
  deadLetters: { add: async (refused) => void seen.letters.push(...refused) },
  clock,
  telemetry,
})
const open: Receiver[] = []
export const closeAll = () => Promise.all(open.splice(0).map((receiver) => receiver.close()))
export async function start(parts: Partial<ReceiverParts> = {}): Promise<number> {
  const receiver = createReceiver({ intake, authenticate: claimedCaller, clock, telemetry, limits, ...parts })
  open.push(receiver)
  return receiver.listen('127.0.0.1', 0)
}
export interface Answer {
  readonly status: number
  readonly headers: { readonly [name: string]: string | string[] | undefined }
  readonly body: Buffer
}
/** One request, by hand: fetch would add and hide headers. */
export function send(
  to: number,
  body: Uint8Array | string,
  headers: { readonly [name: string]: string } = {},
  path = '/v1/logs',
  method = 'POST',
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(
      { host: '127.0.0.1', port: to, path, method, headers: { 'content-type': JSON_TYPE, ...headers } },
      async (response) => {
        const pieces: Buffer[] = []
        for await (const piece of response) pieces.push(piece as Buffer)
        resolve({ status: response.statusCode!, headers: response.headers, body: Buffer.concat(pieces) })
      },
    )
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}
export const json = (answer: Answer) => JSON.parse(answer.body.toString())

let sequence = 0
/** One of our own events, valid as it stands; `fields` replace its own. */
export const valid = (fields: object = {}) => ({
  eventId: `019aa5f0-0000-7000-8000-${String(++sequence).padStart(12, '0')}`,
  eventType: 'tool.call',
  eventTime: '2026-11-24T06:00:00Z',
  serverId: 'srv',
  method: 'tools/call',
  toolName: 'add',
  ...fields,
})
export const time = `${BigInt(atMs) * 1_000_000n}`
export const pairs = (attributes: object) =>
  Object.entries(attributes).map(([key, value]) => ({
    key,
    value: typeof value === 'number' ? { intValue: value } : { stringValue: value },
  }))
/** One native record as OTLP/JSON text, its body as it is given; `extra` is put before its end, as raw text. */
export const bodied = (body: string, extra = '') =>
  `${JSON.stringify({ timeUnixNano: time, eventName: 'mcp_audit.tool.call', body: { stringValue: body } }).slice(0, -1)}${extra}}`
export const record = (fields: object = {}, extra = '') => bodied(JSON.stringify(valid(fields)), extra)
/** A record with one more field in its event, as raw JSON text: for values that JSON.stringify would not write. */
export const raw = (field: string, value: string) =>
  bodied(`${JSON.stringify(valid()).slice(0, -1)},${JSON.stringify(field)}:${value}}`)
/** A record with one attribute, likewise. */
export const attributed = (key: string, value: string) =>
  record({}, `,"attributes":[{"key":${JSON.stringify(key)},"value":${value}}]`)
export const request = (...records: readonly string[]) =>
  `{"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"srv"}}]},"scopeLogs":[{"logRecords":[${records.join()}]}]}]}`
export const nested = (levels: number) => `${'{"arrayValue":{"values":['.repeat(levels)}{}${']}}'.repeat(levels)}`
