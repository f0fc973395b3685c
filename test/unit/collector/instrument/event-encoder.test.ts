/** Events encoded in place decode, by our receiver and by an independent library, to what was recorded. */
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import protobuf from 'protobufjs'
import { describe, expect, it } from 'vitest'
import { instantNow, rfc3339 } from '../../../../collector/instrument/clock.ts'
import { closeSlab, encodeInto, openSlab } from '../../../../collector/instrument/delivery/event-encoder.ts'
import {
  auditEventOf,
  type Fields,
  type PendingEvent,
  pendingEvent,
} from '../../../../collector/instrument/delivery/pending-event.ts'
import { decodeLogs } from '../../../../collector/otlp/decode-logs.ts'
import { anyEvent } from '../../schemas/arbitrary-event.ts'

const producer = { serverId: 'server-ø', producerId: '0193c0de-0000-7000-8000-000000000001', serverName: 'n' }
const LogsRequest = protobuf
  .parse(readFileSync('test/fixtures/otlp/otlp.proto', 'utf8'), { keepCase: false })
  .root.lookupType('ExportLogsServiceRequest')

function encode(events: readonly PendingEvent[]): Uint8Array {
  const slab = openSlab(events[0]!, 1)
  events.forEach((event, index) => {
    encodeInto(slab, event, index + 1)
  })
  return closeSlab(slab)
}
const bodiesOf = (bytes: Uint8Array): Record<string, unknown>[] =>
  decodeLogs(bytes).flatMap(({ records }) => records.map(({ body }) => JSON.parse(String(body))))
const decodeOne = (fields: Record<string, unknown>, common?: Record<string, unknown>) => {
  const event = pendingEvent(producer, { eventType: 'tool.call', ...fields } as Fields, instantNow(), common)
  const bytes = encode([event])
  // A second opinion that the bytes are well-formed OTLP.
  expect(() => LogsRequest.decode(bytes)).not.toThrow()
  const [batch] = decodeLogs(bytes)
  return { event, batch: batch!, record: batch!.records[0]!, body: bodiesOf(bytes)[0]! }
}

describe('event encoder', () => {
  it('writes what a stock Collector filters by around the event', () => {
    const context = { traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8) }
    const { event, batch, record } = decodeOne({ ...context, toolName: 'é' }, { method: 'tools/call' })
    expect({ ...batch.resource }).toEqual({ 'service.name': 'server-ø', 'mcp_audit.server.id': 'server-ø' })
    expect(batch.scope.name).toBe('@mcp-auditd/instrument')
    expect(record).toMatchObject({
      ...context,
      eventName: 'mcp_audit.tool.call',
      time: rfc3339(event.time),
      severityNumber: 9,
    })
    expect({ ...record.attributes }).toEqual({
      'log.record.uid': event.eventId,
      'mcp.method.name': 'tools/call',
      'gen_ai.tool.name': 'é',
    })
    expect({ ...decodeOne({}).record.attributes }).not.toHaveProperty('mcp.method.name')
  })
  it('writes the event itself as its body, every type with all its fields', () => {
    fc.assert(
      fc.property(anyEvent, fc.nat(), (any, seq) => {
        const event = pendingEvent(producer, any as unknown as Fields, instantNow(), { clientName: 'shared', era: 'x' })
        const slab = openSlab(event, seq)
        encodeInto(slab, { ...event, eventId: any.eventId }, seq)
        const expected = { ...auditEventOf(event, seq), ...any }
        // Time and number are the record's, whatever the fields say: JSON keeps the last of two.
        expect(bodiesOf(closeSlab(slab))).toEqual([JSON.parse(JSON.stringify(expected))])
      }),
      { numRuns: 150 },
    )
  })
  it('keeps any text, number, flag, list and map', () => {
    const any = fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        fc.string({ unit: 'binary', maxLength: 300 }),
        fc.integer(),
        fc.double({ noNaN: true, noDefaultInfinity: true }).filter((value) => !Object.is(value, -0)),
        fc.boolean(),
        fc.array(tie('value'), { maxLength: 5 }),
        fc.dictionary(fc.stringMatching(/^k[a-z]{0,139}$/), tie('value'), { maxKeys: 4, noNullPrototype: true }),
      ),
    })).value
    fc.assert(
      fc.property(any, fc.string({ unit: 'binary', maxLength: 200 }), (reason, clientName) => {
        expect(decodeOne({ reason }, { clientName }).body).toMatchObject({ reason, clientName })
      }),
      { numRuns: 150 },
    )
  })
  it('repairs lone surrogates, in the body and in attributes, and nothing that only looks like one', () => {
    const { body, record } = decodeOne({ toolName: 'a\ud800', reason: '\\ud800 \u{1f600}' }, { clientName: '\udc00b' })
    expect(body).toMatchObject({ toolName: 'a\ufffd', reason: '\\ud800 \u{1f600}', clientName: '\ufffdb' })
    expect(record.attributes['gen_ai.tool.name']).toBe('a\ufffd')
  })
  it('keeps records of every length class, and common fields written once and copied', () => {
    const common = { toolName: 'shared' }
    const sizes = [0, 10, 60, 79, 80, 81, 127, 128, 129, 9_000, 15_900, 16_000, 16_100, 16_383, 20_000, 100_000]
    const events = sizes.map((size) =>
      pendingEvent(
        producer,
        { eventType: 'tool.call', reason: 'é'.repeat(size % 7) + 'x'.repeat(size) },
        instantNow(),
        common,
      ),
    )
    const bodies = bodiesOf(encode(events))
    expect(bodies.map(({ reason }) => String(reason).length)).toEqual(sizes.map((size) => size + (size % 7)))
    expect(bodies.every(({ toolName }) => toolName === 'shared')).toBe(true)
    expect(LogsRequest.toObject(LogsRequest.decode(encode(events)))).toHaveProperty('resourceLogs')
  })
  it('leaves a slab as it was when a value has no JSON form', () => {
    const good = pendingEvent(producer, { eventType: 'tool.call' })
    const slab = openSlab(good, 1)
    encodeInto(slab, good, 1)
    const cycle: unknown[] = []
    cycle.push(cycle)
    for (const reason of [1n, [1n], cycle])
      expect(() => encodeInto(slab, pendingEvent(producer, { eventType: 'tool.call', reason }), 2)).toThrow()
    encodeInto(slab, good, 3)
    expect(bodiesOf(closeSlab(slab)).map(({ producerSeq }) => producerSeq)).toEqual([1, 3])
  })
})
