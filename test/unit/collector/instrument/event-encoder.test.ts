/** Events encoded in place decode, by our receiver and by an independent library, to what was recorded. */
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import protobuf from 'protobufjs'
import { describe, expect, it } from 'vitest'
import { instantNow } from '../../../../collector/instrument/clock.ts'
import { closeSlab, encodeInto, openSlab } from '../../../../collector/instrument/event-encoder.ts'
import { type Fields, type PendingEvent, pendingEvent } from '../../../../collector/instrument/pending-event.ts'
import { decodeLogs } from '../../../../collector/otlp/decode-logs.ts'

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
const decodeOne = (fields: Record<string, unknown>, common?: Record<string, unknown>) => {
  const event = pendingEvent(producer, { eventType: 'tool.call', ...fields } as Fields, instantNow(), common)
  const bytes = encode([event])
  // A second opinion that the bytes are well-formed OTLP.
  expect(() => LogsRequest.decode(bytes)).not.toThrow()
  const [batch] = decodeLogs(bytes)
  return { event, batch: batch!, record: batch!.records[0]! }
}

describe('event encoder', () => {
  it('keeps resource, scope, name, time, number and trace', () => {
    const { event, batch, record } = decodeOne({ traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8) })
    expect(batch.resource).toMatchObject({
      'service.name': 'server-ø',
      'mcp_audit.server.id': 'server-ø',
      'mcp_audit.producer_id': producer.producerId,
    })
    expect(batch.scope.name).toBe('@mcp-auditd/instrument')
    expect(record).toMatchObject({
      eventName: 'mcp_audit.tool.call',
      traceId: 'ab'.repeat(16),
      spanId: 'cd'.repeat(8),
      severityNumber: 9,
    })
    expect(record.attributes).toMatchObject({
      'log.record.uid': event.eventId,
      'mcp_audit.producer_seq': 1,
      'mcp_audit.vantage': 'server',
    })
    expect(record.attributes).not.toHaveProperty('mcp_audit.trace_id')
    expect(record.time).toMatch(new RegExp(`\\.${String(event.time[1]).padStart(9, '0')}Z$`))
  })
  it('keeps any text, number, flag, list and map', () => {
    const leaf = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 300 }),
      fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
      fc.integer({ min: -(2 ** 40), max: 2 ** 40 }),
      fc.double({ noNaN: true, noDefaultInfinity: true }).filter((value) => !Number.isInteger(value)),
      fc.boolean(),
    )
    const any = fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        leaf,
        fc.array(tie('value'), { maxLength: 5 }),
        fc.dictionary(fc.stringMatching(/^k[a-z]{0,139}$/), tie('value'), { maxKeys: 4, noNullPrototype: true }),
      ),
    })).value
    fc.assert(
      fc.property(any, fc.string({ maxLength: 200 }), (value, shared) => {
        const { record } = decodeOne({ reason: value }, { clientName: shared })
        expect(JSON.parse(JSON.stringify(record.attributes['mcp_audit.reason']))).toEqual(value)
        expect(record.attributes['mcp_audit.client_name']).toBe(shared.toWellFormed())
      }),
      { numRuns: 150 },
    )
  })
  it('keeps records of every length class, and common fields written once and copied', () => {
    const common = { toolName: 'shared' }
    const sizes = [0, 10, 60, 79, 80, 81, 127, 128, 129, 9_000, 16_000, 16_383, 20_000, 100_000]
    const events = sizes.map((size) =>
      pendingEvent(
        producer,
        { eventType: 'tool.call', reason: 'é'.repeat(size % 7) + 'x'.repeat(size) },
        instantNow(),
        common,
      ),
    )
    const [batch] = decodeLogs(encode(events))
    expect(batch!.records.map(({ attributes }) => String(attributes['mcp_audit.reason']).length)).toEqual(
      sizes.map((size) => size + (size % 7)),
    )
    expect(batch!.records.every(({ attributes }) => attributes['gen_ai.tool.name'] === 'shared')).toBe(true)
    expect(LogsRequest.toObject(LogsRequest.decode(encode(events)))).toHaveProperty('resourceLogs')
  })
  it('leaves a slab as it was when a value has no OTLP form', () => {
    const good = pendingEvent(producer, { eventType: 'tool.call' })
    const slab = openSlab(good, 1)
    encodeInto(slab, good, 1)
    const cycle: unknown[] = []
    cycle.push(cycle)
    for (const reason of [1n, [1n], cycle])
      expect(() => encodeInto(slab, pendingEvent(producer, { eventType: 'tool.call', reason }), 2)).toThrow()
    encodeInto(slab, good, 3)
    const [batch] = decodeLogs(closeSlab(slab))
    expect(batch!.records.map(({ attributes }) => attributes['mcp_audit.producer_seq'])).toEqual([1, 3])
  })
})
