/** Protobuf log decoding against recordings, an independent encoder, hostile bytes and random mutation. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeLogs } from '../../../../collector/instrument/delivery/otlp-encode.ts'
import { decodeLogs } from '../../../../collector/otlp/decode-logs.ts'
import { OTLP_LIMITS, OtlpUnreadable } from '../../../../collector/otlp/records.ts'
import { encodeIndependently, field, logsRequest, recordWith, varint } from './independent-codec.ts'

const good = recordWith('neighbour', field(1, 'arrives'))
/** Decode [good, bad, good] and answer the bad one after checking that both neighbours arrived whole. */
function between(bad: Uint8Array) {
  const records = decodeLogs(logsRequest(good, bad, good))[0]!.records
  expect(records).toHaveLength(3)
  for (const neighbour of [records[0]!, records[2]!]) {
    expect(neighbour.fault).toBeUndefined()
    expect({ ...neighbour.attributes }).toEqual({ neighbour: 'arrives' })
  }
  return records[1]!
}
const fault = (bad: Uint8Array) => between(bad).fault
const int64 = (value: bigint) => {
  const octets: number[] = []
  let rest = BigInt.asUintN(64, value)
  for (; rest >= 128n; rest >>= 7n) octets.push(Number(rest & 127n) | 128)
  return Buffer.from([0x18, ...octets, Number(rest)])
}
const double = (value: number) => {
  const bytes = Buffer.alloc(9)
  bytes[0] = 0x21
  bytes.writeDoubleLE(value, 1)
  return bytes
}

/** A request whose one body is an array of an array of … `levels` deep, written from the inside out. */
function nested(levels: number): Buffer {
  const buffer = Buffer.alloc(16 * levels + 64)
  let at = buffer.length
  const wrap = (tag: number) => {
    const length = varint(buffer.length - at)
    at -= length.length
    length.copy(buffer, at)
    buffer[--at] = tag
  }
  for (let level = 0; level < levels; level++) for (const tag of [0x0a, 0x2a]) wrap(tag)
  for (const tag of [0x2a, 0x12, 0x12, 0x0a]) wrap(tag)
  return buffer.subarray(at)
}

describe('decodeLogs', () => {
  it('reads every kind of value as an independent encoder wrote it', () => {
    const bytes = encodeIndependently('ExportLogsServiceRequest', {
      resourceLogs: [
        {
          resource: { attributes: [{ key: 'service.name', value: { stringValue: 'srv' } }] },
          schemaUrl: 'https://schema.example',
          scopeLogs: [
            {
              scope: { name: 'lib', version: '1.2', attributes: [{ key: 'ignored', value: { boolValue: true } }] },
              logRecords: [
                {
                  timeUnixNano: '1767225600123456789',
                  observedTimeUnixNano: '18446744073709551615',
                  severityNumber: 9,
                  severityText: 'INFO',
                  eventName: 'mcp_audit.tool.call',
                  body: {
                    kvlistValue: {
                      values: [{ key: 'k', value: { arrayValue: { values: [{ doubleValue: 1.5 }, {}] } } }],
                    },
                  },
                  attributes: [
                    { key: 'text', value: { stringValue: 'naïve \u{1F600} \u0000\u202E' } },
                    { key: 'int', value: { intValue: '-9007199254740991' } },
                    { key: 'bool', value: { boolValue: false } },
                    { key: 'bytes', value: { bytesValue: new Uint8Array([0, 255]) } },
                    { key: 'none', value: {} },
                  ],
                  droppedAttributesCount: 4,
                  flags: 257,
                  traceId: new Uint8Array(16).fill(171),
                  spanId: new Uint8Array(8).fill(1),
                },
              ],
            },
          ],
        },
      ],
    })
    const [batch] = decodeLogs(bytes)
    expect({ ...batch!.resource }).toEqual({ 'service.name': 'srv' })
    expect(batch!.scope).toEqual({ name: 'lib', version: '1.2' })
    const [record] = batch!.records
    expect(JSON.parse(JSON.stringify(record))).toEqual({
      time: '2026-01-01T00:00:00.123456789Z',
      observedTime: '2554-07-21T23:34:33.709551615Z',
      eventName: 'mcp_audit.tool.call',
      severityNumber: 9,
      body: { k: [1.5, null] },
      attributes: {
        text: 'naïve \u{1F600} \u0000\u202E',
        int: -9007199254740991,
        bool: false,
        bytes: 'AP8=',
        none: null,
      },
      traceId: 'ab'.repeat(16),
      spanId: '01'.repeat(8),
      flags: 257,
    })
  })

  it('refuses an integer beyond 2^53 - 1 by the name of its attribute and keeps its decimal text', () => {
    const record = between(recordWith('big', int64(9007199254740992n)))
    expect(record.fault).toEqual({ field: 'attributes.big', reason: 'integer beyond 2^53 - 1' })
    expect(record.attributes['big']).toBe('9007199254740992')
    expect(fault(recordWith('big', int64(-9223372036854775808n)))?.field).toBe('attributes.big')
    expect(between(recordWith('big', int64(9007199254740991n))).attributes['big']).toBe(9007199254740991)
  })

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])('refuses %s', (value) => {
    expect(fault(recordWith('score', double(value)))).toEqual({
      field: 'attributes.score',
      reason: 'not a finite number',
    })
  })

  it.each([
    ['an overlong form', [0xc0, 0x80]],
    ['a lone surrogate', [0xed, 0xa0, 0x80]],
    ['a cut character', [0x61, 0xe2, 0x82]],
    ['a byte above 0xF4', [0xf8]],
  ])('refuses text with %s', (_, octets) => {
    expect(fault(recordWith('t', field(1, Buffer.from(octets))))).toEqual({
      field: 'attributes.t',
      reason: 'not valid UTF-8',
    })
    expect(fault(field(12, Buffer.from(octets)))).toEqual({ field: 'eventName', reason: 'not valid UTF-8' })
  })

  it('accepts U+FFFD that was sent as such', () => {
    expect(between(recordWith('t', field(1, 'a\uFFFDb'))).attributes['t']).toBe('a\uFFFDb')
  })

  it('never takes cached ASCII for bytes that are not', () => {
    expect(between(recordWith('é', field(1, 'é'))).attributes['é']).toBe('é')
    expect(fault(recordWith('k', field(1, Buffer.from([0xe9, 0xe9]))))).toEqual({
      field: 'attributes.k',
      reason: 'not valid UTF-8',
    })
  })

  it.each(['__proto__', 'constructor', 'prototype'])('refuses the key %s and changes no prototype', (key) => {
    const record = between(recordWith(key, field(1, 'polluted')))
    expect(record.fault).toEqual({ field: `attributes.${key}`, reason: 'forbidden key' })
    expect(Object.keys(record.attributes)).toEqual([])
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
    const nested = field(6, field(1, Buffer.concat([field(1, key), field(2, field(1, 'x'))])))
    expect(fault(recordWith('outer', nested))).toEqual({ field: 'attributes.outer', reason: 'forbidden key' })
  })

  it('lets the last of repeated keys win', () => {
    const twice = Buffer.concat([recordWith('k', field(1, 'first')), recordWith('k', field(1, 'last'))])
    expect({ ...between(twice).attributes }).toEqual({ k: 'last' })
  })

  it.each([
    ['traceId', field(9, Buffer.alloc(15, 1)), 'must be 16 bytes'],
    ['spanId', field(10, Buffer.alloc(9, 1)), 'must be 8 bytes'],
  ])('refuses a %s of the wrong length', (name, bytes, reason) => {
    expect(fault(bytes)).toEqual({ field: name, reason })
  })

  it('reads all-zero ids as absent', () => {
    const record = between(Buffer.concat([field(9, Buffer.alloc(16)), field(10, Buffer.alloc(8))]))
    expect([record.traceId, record.spanId]).toEqual(['', ''])
  })

  it.each([
    ['a known field with another wire type', Buffer.from([0x08, 1]), 'field 1 has the wrong wire type'],
    ['a value with another wire type', recordWith('k', Buffer.from([0x08, 1])), 'field 1 has the wrong wire type'],
    ['a length that leaves the record', Buffer.from([0x32, 0x20, 0x0a]), 'malformed protobuf'],
    ['a number that leaves the record', Buffer.from([0x10, 0x80]), 'malformed protobuf'],
    ['a group', Buffer.from([0x6b]), 'malformed protobuf'],
    ['field number 0', Buffer.from([0x02, 0x00]), 'malformed protobuf'],
  ])('refuses only the record that holds %s', (_, bytes, reason) => {
    expect(fault(bytes)?.reason).toBe(reason)
  })

  it('passes over unknown fields', () => {
    expect(fault(Buffer.concat([field(99, 'new'), Buffer.from([0x98, 6, 1])]))).toBeUndefined()
  })

  it('refuses 10^5 attributes, a 1 MB key and a record over the limit alone', () => {
    const many = Buffer.concat(Array.from({ length: 100_000 }, (_, index) => recordWith(`k${index}`, field(1, ''))))
    expect(fault(many)?.reason).toMatch(/^(larger than|more than)/)
    const eightThousand = Buffer.concat(
      Array.from({ length: OTLP_LIMITS.values + 1 }, (_, index) => recordWith(`k${index}`, field(1, ''))),
    )
    expect(fault(eightThousand)).toEqual({
      field: `attributes.k${OTLP_LIMITS.values}`,
      reason: `more than ${OTLP_LIMITS.values} values`,
    })
    expect(fault(recordWith('k'.repeat(1_000_000), field(1, ''))))?.toMatchObject({
      reason: 'key longer than 1024 characters',
    })
    expect(fault(recordWith('k', field(1, 'x'.repeat(OTLP_LIMITS.recordBytes))))?.reason).toBe(
      `larger than ${OTLP_LIMITS.recordBytes} bytes`,
    )
  })

  it('refuses a value nested 10^6 deep as too large and one nested 10^4 deep as too deep, each in under 5 ms of CPU', () => {
    const [huge, deep] = [nested(1_000_000), nested(10_000)]
    const before = process.cpuUsage()
    expect(decodeLogs(huge)[0]!.records[0]!.fault?.reason).toMatch(/^larger than/)
    expect(() => decodeLogs(deep)).toThrow(new OtlpUnreadable('values nested deeper than 32'))
    const { user, system } = process.cpuUsage(before)
    expect(user + system).toBeLessThan(5_000)
  })

  it.each([
    ['JSON', Buffer.from('{"resourceLogs":[]}')],
    ['text', Buffer.from('hello world')],
    ['a cut request', logsRequest(good).subarray(0, 20)],
    ['a frame with the wrong wire type', Buffer.from([0x08, 1])],
    ['an endless number', Buffer.alloc(32, 0xff)],
  ])('throws OtlpUnreadable for %s', (_, bytes) => {
    expect(() => decodeLogs(bytes)).toThrow(OtlpUnreadable)
  })

  it('throws OtlpUnreadable with tooLarge for more records than a request may have', () => {
    const empty = Buffer.alloc(2 * (OTLP_LIMITS.records + 1))
    for (let at = 0; at < empty.length; at += 2) empty[at] = 0x12
    expect(() => decodeLogs(field(1, field(2, empty)))).toThrow(expect.objectContaining({ tooLarge: true }))
  })

  it('gives a fault of the resource to its own records only', () => {
    const bad = field(1, field(1, Buffer.concat([field(1, 'host'), field(2, field(1, Buffer.from([0xff])))])))
    const record = field(2, field(2, good))
    const [first, second] = decodeLogs(Buffer.concat([field(1, Buffer.concat([record, bad])), field(1, record)]))
    expect(first!.records[0]!.fault).toEqual({ field: 'resource.attributes.host', reason: 'not valid UTF-8' })
    expect(second!.records[0]!.fault).toBeUndefined()
  })

  it('answers or throws OtlpUnreadable for any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        for (const input of [bytes, logsRequest(bytes), logsRequest(recordWith('k', bytes))]) {
          try {
            decodeLogs(input)
          } catch (error) {
            expect(error).toBeInstanceOf(OtlpUnreadable)
          }
        }
      }),
      { numRuns: 500 },
    )
  })

  it('keeps the neighbours of a record mutated at random', () => {
    const victim = encodeIndependently('LogRecord', {
      timeUnixNano: '1',
      body: { stringValue: 'b' },
      attributes: [{ key: 'k', value: { arrayValue: { values: [{ intValue: '3' }] } } }],
      traceId: new Uint8Array(16).fill(1),
    })
    fc.assert(
      fc.property(fc.nat(victim.length - 1), fc.nat(255), (index, octet) => {
        const mutated = Buffer.from(victim)
        mutated[index] = octet
        between(mutated)
      }),
      { numRuns: 500 },
    )
  })
})

describe('encodeLogs then decodeLogs', () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 60 })
  const key = text.filter((name) => name !== '__proto__' && name !== 'constructor' && name !== 'prototype')
  const number = fc
    .oneof(fc.maxSafeInteger(), fc.double({ noNaN: true, noDefaultInfinity: true }))
    .filter((n) => Math.abs(n) <= Number.MAX_SAFE_INTEGER || !Number.isInteger(n) || Math.abs(n) > 2 ** 60)
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      text,
      number,
      fc.boolean(),
      fc.constant(null),
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(key, tie('value'), { maxKeys: 4, noNullPrototype: true }),
    ),
  }))
  const hex = (size: number) =>
    fc
      .uint8Array({ minLength: size, maxLength: size })
      .map((bytes) => Buffer.from(bytes).toString('hex'))
      .map((id) => (/[^0]/.test(id) ? id : ''))
  const time = fc.tuple(fc.integer({ min: 1, max: 4_294_967_295 }), fc.integer({ min: 0, max: 999_999_999 }))
  const instant = ([seconds, nanoseconds]: readonly [number, number]) =>
    `${new Date(seconds * 1000).toISOString().slice(0, 19)}.${String(nanoseconds).padStart(9, '0')}Z`
  const record = fc.record({
    time,
    observedTime: fc.oneof(time.map(instant), fc.constant('')),
    eventName: text,
    severityNumber: fc.integer({ min: 0, max: 24 }),
    body: value,
    attributes: fc.dictionary(key, value, { maxKeys: 12, noNullPrototype: true }),
    traceId: hex(16),
    spanId: hex(8),
    flags: fc.nat(),
  })

  it('gives back every record', () => {
    fc.assert(
      fc.property(
        fc.dictionary(key, text, { maxKeys: 4, noNullPrototype: true }),
        text,
        fc.array(record, { minLength: 1, maxLength: 5 }),
        (resource, name, records) => {
          const [batch] = decodeLogs(encodeLogs({ resource, scope: { name, version: '1' }, records: records as never }))
          const plain = JSON.parse(JSON.stringify(batch))
          expect(plain).toEqual(
            JSON.parse(
              JSON.stringify({
                resource,
                scope: { name, version: '1' },
                records: records.map((sent) => ({ ...sent, time: instant(sent.time) })),
              }),
            ),
          )
        },
      ),
      { numRuns: 200 },
    )
  })
})
