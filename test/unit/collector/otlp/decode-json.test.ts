/** OTLP/JSON decoding: the rules of its mapping, hostile bodies, and neighbours that survive. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeLogsJson, decodeTracesJson } from '../../../../collector/otlp/decode-json.ts'
import { OTLP_LIMITS, OtlpUnreadable } from '../../../../collector/otlp/records.ts'

const plain = (value: unknown) => JSON.parse(JSON.stringify(value))
const request = (records: string) => Buffer.from(`{"resourceLogs":[{"scopeLogs":[{"logRecords":[${records}]}]}]}`)
const spans = (records: string) => Buffer.from(`{"resourceSpans":[{"scopeSpans":[{"spans":[${records}]}]}]}`)
const good = '{"attributes":[{"key":"neighbour","value":{"stringValue":"arrives"}}]}'
/** Decode [good, bad, good] and answer the bad one after checking that both neighbours arrived whole. */
function between(bad: string | Buffer) {
  const body = Buffer.concat(
    [request(`${good},|,${good}`)].flatMap((whole) => {
      const cut = whole.indexOf('|')
      return [whole.subarray(0, cut), Buffer.from(bad as Buffer), whole.subarray(cut + 1)]
    }),
  )
  const records = decodeLogsJson(body)[0]!.records
  expect(records).toHaveLength(3)
  for (const neighbour of [records[0]!, records[2]!]) {
    expect(neighbour.fault).toBeUndefined()
    expect({ ...neighbour.attributes }).toEqual({ neighbour: 'arrives' })
  }
  return records[1]!
}
const attribute = (value: string, key = 'k') => `{"attributes":[{"key":${JSON.stringify(key)},"value":${value}}]}`

describe('decodeLogsJson', () => {
  it.each([
    ['text', '{"stringValue":"a\\u0000b"}', 'a\u0000b'],
    ['an empty text', '{"stringValue":""}', ''],
    ['an integer as text', '{"intValue":"-9007199254740991"}', -9007199254740991],
    ['an integer as a number', '{"intValue":42}', 42],
    ['a double', '{"doubleValue":0.1}', 0.1],
    ['a double as text', '{"doubleValue":"-1.5e3"}', -1500],
    ['false', '{"boolValue":false}', false],
    ['bytes', '{"bytesValue":"AAEC/f7/"}', 'AAEC/f7/'],
    ['bytes in the URL alphabet without padding', '{"bytesValue":"_w"}', '/w=='],
    ['an array without values', '{"arrayValue":{}}', []],
    ['an array', '{"arrayValue":{"values":[{"intValue":"1"},{}]}}', [1, null]],
    ['a map', '{"kvlistValue":{"values":[{"key":"a","value":{"boolValue":true}}]}}', { a: true }],
    ['no value', '{}', null],
    ['null fields', '{"stringValue":null,"intValue":"7"}', 7],
  ])('reads %s', (_, value, expected) => {
    const record = between(attribute(value))
    expect(record.fault).toBeUndefined()
    expect(plain(record.attributes)).toEqual({ k: expected })
  })

  it('reads ids of either case, enums by number or name, times as text or numbers, and ignores unknown fields', () => {
    const record = between(
      `{"timeUnixNano":"1767225600123456789","observedTimeUnixNano":1767225600000000000,"severityNumber":"SEVERITY_NUMBER_INFO2","eventName":"e","traceId":"${'AB'.repeat(16)}","spanId":"${'cd'.repeat(8)}","flags":4294967295,"future":{"x":[1]}}`,
    )
    expect(plain(record)).toEqual({
      time: '2026-01-01T00:00:00.123456789Z',
      observedTime: '2026-01-01T00:00:00.000000000Z',
      eventName: 'e',
      severityNumber: 10,
      body: null,
      attributes: {},
      traceId: 'ab'.repeat(16),
      spanId: 'cd'.repeat(8),
      flags: 4294967295,
    })
    expect(between('{"severityNumber":17}').severityNumber).toBe(17)
  })

  it.each([
    ['a record that is no object', '7', 'record'],
    ['attributes that are no list', '{"attributes":{"k":1}}', 'attributes'],
    ['an attribute without key', '{"attributes":[{"value":{}}]}', 'attributes.'],
    ['a bare value', attribute('"x"'), 'attributes.k'],
    ['a number as text value', attribute('{"stringValue":7}'), 'attributes.k'],
    ['a fraction as integer', attribute('{"intValue":1.5}'), 'attributes.k'],
    ['an integer of 2^53', attribute('{"intValue":9007199254740993}'), 'attributes.k'],
    ['an integer of 2^53 as text', attribute('{"intValue":"9007199254740993"}'), 'attributes.k'],
    ['NaN', attribute('{"doubleValue":"NaN"}'), 'attributes.k'],
    ['Infinity by overflow', attribute('{"doubleValue":1e999}'), 'attributes.k'],
    ['bytes that are not base64', attribute('{"bytesValue":"%%%"}'), 'attributes.k'],
    ['a list of values that is none', attribute('{"arrayValue":{"values":7}}'), 'attributes.k'],
    ['a lone surrogate', attribute('{"stringValue":"\\ud800"}'), 'attributes.k'],
    ['the key __proto__', attribute('{"stringValue":"polluted"}', '__proto__'), 'attributes.__proto__'],
    [
      'the key constructor inside a map',
      attribute('{"kvlistValue":{"values":[{"key":"constructor"}]}}'),
      'attributes.k',
    ],
    ['a key of 1 MB', attribute('{}', 'x'.repeat(1_000_000)), `attributes.${'x'.repeat(128)}`],
    ['a trace id of 15 bytes', `{"traceId":"${'ab'.repeat(15)}"}`, 'traceId'],
    ['a trace id in base64', '{"traceId":"q83vASNFZ4mrze8BI0VniQ=="}', 'traceId'],
    ['a negative time', '{"timeUnixNano":"-1"}', 'timeUnixNano'],
    ['a time beyond 64 bits', '{"timeUnixNano":"18446744073709551616"}', 'timeUnixNano'],
    ['an unknown enum name', '{"severityNumber":"LOUD"}', 'severityNumber'],
    ['flags beyond 32 bits', '{"flags":4294967296}', 'flags'],
    ['an event name that is no text', '{"eventName":{}}', 'eventName'],
    [
      'more text than one record may have',
      attribute(`{"stringValue":"${'x'.repeat(OTLP_LIMITS.recordBytes)}"}`),
      'attributes.k',
    ],
  ])('refuses only the record with %s', (_, bad, field) => {
    expect(between(bad).fault?.field).toBe(field)
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
  })

  it('reads __proto__ as an ordinary unknown field', () => {
    expect(between('{"__proto__":{"eventName":"forged"}}').eventName).toBe('')
  })

  it('refuses only the record whose bytes are not UTF-8', () => {
    for (const octets of [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xe2, 0x82], [0xf5, 0x80, 0x80, 0x80]]) {
      const bad = Buffer.concat([
        Buffer.from('{"body":{"stringValue":"naïve \u{1F600}'),
        Buffer.from(octets),
        Buffer.from('"}}'),
      ])
      expect(between(bad).fault).toEqual({ field: 'body', reason: 'not valid UTF-8' })
    }
  })

  it('refuses 10^5 attributes alone', () => {
    const many = Array.from({ length: 100_000 }, (_, index) => `{"key":"k${index}","value":{}}`).join()
    expect(between(`{"attributes":[${many}]}`).fault?.reason).toBe(`more than ${OTLP_LIMITS.values} values`)
  })

  it.each([
    ['a bomb of 10^6 lists', Buffer.alloc(1_000_000, '[')],
    ['a bomb of 10^6 objects', Buffer.from('{"a":'.repeat(1_000_000))],
    [
      'a bomb behind quotes and escapes',
      Buffer.concat([Buffer.from('{"a":"\\"[[[","b":'), Buffer.alloc(1_000_000, '[')]),
    ],
  ])('refuses %s in under 5 ms of CPU', (_, bytes) => {
    const before = process.cpuUsage()
    expect(() => decodeLogsJson(bytes)).toThrow(new OtlpUnreadable('values nested deeper than 32'))
    const { user, system } = process.cpuUsage(before)
    expect(user + system).toBeLessThan(5_000)
  })

  it('accepts a value 32 deep and refuses one 33 deep', () => {
    const list = (levels: number) =>
      `{"body":${'{"arrayValue":{"values":['.repeat(levels - 1)}{"intValue":"1"}${']}}'.repeat(levels - 1)}}`
    expect(between(list(32)).fault).toBeUndefined()
    expect(() => decodeLogsJson(request(list(33)))).toThrow(OtlpUnreadable)
    const map = (levels: number) =>
      `{"body":${'{"kvlistValue":{"values":[{"key":"k","value":'.repeat(levels - 1)}{"intValue":"1"}${'}]}}'.repeat(levels - 1)}}`
    expect(between(map(32)).fault).toBeUndefined()
    expect(() => decodeLogsJson(request(map(33)))).toThrow(OtlpUnreadable)
  })

  it('does not count brackets inside text', () => {
    expect(between(attribute(`{"stringValue":"${'['.repeat(5_000)}\\""}`)).fault).toBeUndefined()
  })

  it.each([
    '',
    '{',
    'null',
    '[]',
    '7',
    '{"resourceLogs":{}}',
    '{"resourceLogs":[7]}',
    '{"resourceLogs":[{"scopeLogs":"x"}]}',
    '{"resourceLogs":[{"scopeLogs":[{"logRecords":{}}]}]}',
  ])('throws OtlpUnreadable for %s', (body) => {
    expect(() => decodeLogsJson(Buffer.from(body))).toThrow(OtlpUnreadable)
  })

  it('throws OtlpUnreadable with tooLarge for more records than a request may have', () => {
    expect(() =>
      decodeLogsJson(
        request(
          Array(OTLP_LIMITS.records + 1)
            .fill('{}')
            .join(),
        ),
      ),
    ).toThrow(expect.objectContaining({ tooLarge: true }))
  })

  it('answers or throws OtlpUnreadable for any bytes and any JSON', () => {
    const tryDecode = (bytes: Uint8Array) => {
      try {
        decodeLogsJson(bytes)
        decodeTracesJson(bytes)
      } catch (error) {
        expect(error).toBeInstanceOf(OtlpUnreadable)
      }
    }
    fc.assert(fc.property(fc.uint8Array(), tryDecode), { numRuns: 200 })
    const names = fc.constantFrom(
      'attributes',
      'key',
      'value',
      'body',
      'stringValue',
      'intValue',
      'arrayValue',
      'kvlistValue',
      'values',
      'traceId',
      'timeUnixNano',
    )
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 5 },
        fc.jsonValue({ maxDepth: 0 }),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(names, tie('value'), { maxKeys: 3 }),
      ),
    }))
    fc.assert(
      fc.property(value, (json) => tryDecode(request(JSON.stringify(json)))),
      { numRuns: 300 },
    )
  })
})

describe('decodeTracesJson', () => {
  it('reads kind and status by name, and a duration in milliseconds', () => {
    const [batch] = decodeTracesJson(
      spans(
        '{"name":"n","kind":"SPAN_KIND_SERVER","startTimeUnixNano":"1000000000","endTimeUnixNano":"1001500000","status":{"code":"STATUS_CODE_ERROR","message":"m"}}',
      ),
    )
    expect(plain(batch!.records[0])).toMatchObject({ kind: 2, durationMs: 1.5, status: { code: 2, message: 'm' } })
  })

  it('reads a span that ends before it starts as lasting 0 ms', () => {
    const [batch] = decodeTracesJson(spans('{"startTimeUnixNano":"2","endTimeUnixNano":"1"}'))
    expect(batch!.records[0]!.durationMs).toBe(0)
  })
})
