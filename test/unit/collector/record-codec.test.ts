/** Records of the Kafka topic: every event comes back as it was written, with its position, and hostile bytes cost only themselves. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { recordCodec } from '../../../collector/record-codec.ts'
import type { VerifiedRecord } from '../../../connectors/kafka/event-bus.ts'
import type { AuditEvent, EventFields } from '../../../schemas/event.ts'
import { EVENT_TYPES } from '../../../schemas/event.ts'
import { positionText } from '../../../schemas/position.ts'
import { type Enrichment, eventOfRow, rowText } from '../../../schemas/row.ts'
import { sampleEvent } from '../../contract/samples.ts'
import { anyEvent } from '../schemas/arbitrary-event.ts'

const log = 'a'.repeat(32)
const receivedMs = Date.parse('2026-11-24T06:00:00Z')
const record = (value: Uint8Array, fields: Partial<VerifiedRecord> = {}): VerifiedRecord => ({
  value: Buffer.from(value),
  contentType: 'otlp_proto',
  caller: { tenant: 'acme', producer: 'key-1', claimed: false },
  collected: true,
  receivedMs,
  log,
  partition: 3,
  offset: 17,
  ...fields,
})
const enrichment: Enrichment = {
  serverOwner: '',
  serverEnv: '',
  toolRisk: '',
  inventoryHash: '',
  matchedRules: [],
  ruleSetHash: '',
}
/** As rules and rows see it: absent and empty are the same, and times have nine decimals. */
function meaning(event: AuditEvent): unknown {
  const full = (text: string): string => `${text.slice(0, 19)}.${text.slice(20, -1).padEnd(9, '0')}Z`
  const at = { log, partition: 0, offset: 0, index: 0 }
  const timed = { ...event, eventTime: full(event.eventTime) } as AuditEvent
  return eventOfRow(rowText(timed, enrichment, at)).event
}
const received = '2026-11-24T06:00:00.000Z'
/** Vantage and source are always known to the collect role. */
const collectedEvent = anyEvent.map(
  (event) =>
    ({ vantage: 'server', source: 'native', ...event, tenant: 'acme', receivedAt: received }) as unknown as AuditEvent,
)

describe('encode and decode', () => {
  it('give back every event of every type with all its fields', () => {
    const types = new Set<string>()
    fc.assert(
      fc.property(fc.array(collectedEvent, { minLength: 1, maxLength: 6 }), (events) => {
        for (const { eventType } of events) types.add(eventType)
        const { entries, refused } = recordCodec.decode(record(recordCodec.encode(events)))
        expect(refused).toEqual([])
        const back = new Map(entries.map(({ event }) => [JSON.stringify(meaning(event)), event]))
        for (const event of events) expect(back.has(JSON.stringify(meaning(event))) || meaning(event)).toBe(true)
        expect(entries).toHaveLength(events.length)
      }),
      { numRuns: 250 },
    )
    expect([...types].sort()).toEqual([...EVENT_TYPES].sort())
  })
  it('keep the order of one producer, and count positions by record', () => {
    const events = Array.from({ length: 5 }, (_, i) => sampleEvent({ producerSeq: i + 1 }))
    const { entries } = recordCodec.decode(record(recordCodec.encode(events)))
    expect(entries.map(({ event }) => event.producerSeq)).toEqual([1, 2, 3, 4, 5])
    expect(entries.map(({ position }) => positionText(position))).toEqual(
      [0, 1, 2, 3, 4].map((index) => `${log}/3/17/${index}`),
    )
  })
  it('give the same bytes for the same events', () => {
    const events = [sampleEvent(), sampleEvent({ serverId: 'srv-2' }), sampleEvent()]
    expect(recordCodec.encode(events)).toEqual(recordCodec.encode(structuredClone(events)))
  })
  it('read the same event from OTLP/JSON', () => {
    const event = { ...sampleEvent(), tenant: 'acme', receivedAt: received } as AuditEvent
    const body = { stringValue: JSON.stringify(event) }
    const logRecords = [{ timeUnixNano: '1', eventName: `mcp_audit.${event.eventType}`, body }]
    const value = Buffer.from(JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords }] }] }))
    const fromJson = recordCodec.decode(record(value, { contentType: 'otlp_json' })).entries
    expect(fromJson).toEqual(recordCodec.decode(record(recordCodec.encode([event]))).entries)
    expect(fromJson.map((entry) => entry.event.eventId)).toEqual([event.eventId])
  })
  it('never mix the producers of one message', () => {
    const events = [1, 2, 1, 2].map((n, i) =>
      sampleEvent({ serverId: `srv-${n}`, producerId: String(n).repeat(32), producerSeq: i + 1, sdk: `sdk-${n}` }),
    )
    const { entries } = recordCodec.decode(record(recordCodec.encode(events)))
    for (const { event } of entries) {
      const n = event.serverId.slice(-1)
      expect(event).toMatchObject({ producerId: n.repeat(32), sdk: `sdk-${n}` })
    }
    expect(entries.map(({ event }) => event.eventId).sort()).toEqual(events.map(({ eventId }) => eventId).sort())
  })
  it('keep from a collect role what it found out, and ignore the same words of a producer', () => {
    const said: EventFields = { receivedAt: received, tenant: 'acme', source: 'span', serverClaimed: true }
    const bytes = recordCodec.encode([sampleEvent(said)])
    expect(recordCodec.decode(record(bytes)).entries[0]!.event).toMatchObject(said)
    const straight = recordCodec.decode(record(bytes, { collected: false, receivedMs: receivedMs + 60_000 })).entries
    expect(straight[0]!.event).toMatchObject({ receivedAt: '2026-11-24T06:01:00.000Z', source: 'native' })
    expect(straight[0]!.event.serverClaimed).toBeUndefined()
  })
})

describe('what cannot be taken', () => {
  it('is refused alone, with its position, and its neighbours keep theirs', () => {
    const events = [sampleEvent(), sampleEvent({ producerSeq: -1 }), sampleEvent()]
    const { entries, refused } = recordCodec.decode(record(recordCodec.encode(events)))
    expect(entries.map(({ position }) => position.index)).toEqual([0, 2])
    expect(refused).toMatchObject([
      { component: 'kafka', field: 'producerSeq', position: { log, partition: 3, offset: 17, index: 1 } },
    ])
  })
  it('is refused with a lone surrogate that its JSON escapes, and its neighbours are taken', () => {
    const events = [sampleEvent(), sampleEvent({ clientName: 'a\ud800' }), sampleEvent()]
    const { entries, refused } = recordCodec.decode(record(recordCodec.encode(events)))
    expect(entries.map(({ position }) => position.index)).toEqual([0, 2])
    expect(refused).toMatchObject([{ field: 'clientName', reason: 'must be well-formed Unicode without NUL' }])
  })
  it('is refused when a producer speaks for another tenant', () => {
    const bytes = recordCodec.encode([sampleEvent({ tenant: 'globex' })])
    expect(recordCodec.decode(record(bytes, { collected: false })).refused).toMatchObject([{ field: 'tenant' }])
  })
  it('is refused when a producer speaks of all servers, because its record lies in one partition', () => {
    const fact = sampleEvent({ tenant: 'acme', eventType: 'identity.revoked', serverId: '*' })
    const bytes = recordCodec.encode([fact])
    expect(recordCodec.decode(record(bytes)).entries).toHaveLength(1)
    const operator = { tenant: 'acme', producer: 'key-1', claimed: false, governs: true }
    const { entries, refused } = recordCodec.decode(record(bytes, { collected: false, caller: operator }))
    expect(entries).toEqual([])
    expect(refused).toMatchObject([{ field: 'serverId', reason: expect.stringContaining('come through collect') }])
  })
  it('is refused when it is no audit event', () => {
    const json = Buffer.from(
      JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords: [{ timeUnixNano: '1', body: {} }] }] }] }),
    )
    const { refused } = recordCodec.decode(record(json, { contentType: 'otlp_json' }))
    expect(refused).toMatchObject([{ field: 'eventName', reason: 'is no audit event' }])
  })
  it('never makes it throw: any bytes give entries or letters without content', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        fc.constantFrom('otlp_proto', 'otlp_json'),
        (bytes, contentType) => {
          const { entries } = recordCodec.decode(record(bytes, { contentType }))
          expect(entries).toEqual([])
        },
      ),
      { numRuns: 300 },
    )
  })
  it('never makes it throw: a record with a changed byte keeps what can still be read', () => {
    const bytes = recordCodec.encode([sampleEvent(), sampleEvent(), sampleEvent()])
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const broken = Uint8Array.from(bytes)
        broken[at] = broken[at]! ^ change
        const { entries, refused } = recordCodec.decode(record(broken))
        for (const letter of refused) expect(letter.digest).toHaveLength(32)
        expect(entries.length).toBeLessThanOrEqual(3)
      }),
      { numRuns: 300 },
    )
  })
})
