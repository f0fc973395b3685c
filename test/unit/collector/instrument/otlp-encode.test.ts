/** The hand encoder against an independent decoder: what others read of what we write. */
import { describe, expect, it } from 'vitest'
import { encodeLogs } from '../../../../collector/instrument/delivery/otlp-encode.ts'
import { decodeIndependently } from '../otlp/independent-codec.ts'

type Decoded = {
  resourceLogs: {
    resource: { attributes: unknown[] }
    scopeLogs: { scope: unknown; logRecords: { [field: string]: unknown }[] }[]
  }[]
}
const read = (bytes: Uint8Array) => decodeIndependently('ExportLogsServiceRequest', bytes) as Decoded
const one = (record: object) =>
  read(encodeLogs({ resource: {}, scope: { name: '', version: '' }, records: [record] })).resourceLogs[0]!.scopeLogs[0]!
    .logRecords[0]!

describe('encodeLogs', () => {
  it('writes a whole request that an independent decoder reads', () => {
    const bytes = encodeLogs({
      resource: { 'service.name': 'srv' },
      scope: { name: 'lib', version: '1' },
      records: [
        {
          time: '2026-01-01T00:00:00.123456789Z',
          observedTime: [1_767_225_600, 5],
          eventName: 'mcp_audit.tool.call',
          severityNumber: 9,
          body: { k: [1, null] },
          attributes: {
            text: 'naïve',
            empty: '',
            int: -1,
            least: -9007199254740991,
            most: 9007199254740991,
            ratio: 0.5,
            yes: true,
            no: false,
            none: null,
            left: undefined,
          },
          traceId: 'ab'.repeat(16),
          spanId: 'CD'.repeat(8),
          flags: 1,
        },
        {},
      ],
    })
    const { resourceLogs } = read(bytes)
    expect(resourceLogs[0]!.resource.attributes).toEqual([{ key: 'service.name', value: { stringValue: 'srv' } }])
    expect(resourceLogs[0]!.scopeLogs[0]!.scope).toEqual({ name: 'lib', version: '1' })
    expect(resourceLogs[0]!.scopeLogs[0]!.logRecords).toEqual([
      {
        timeUnixNano: '1767225600123456789',
        observedTimeUnixNano: '1767225600000000005',
        eventName: 'mcp_audit.tool.call',
        severityNumber: 9,
        body: { kvlistValue: { values: [{ key: 'k', value: { arrayValue: { values: [{ intValue: '1' }, {}] } } }] } },
        attributes: [
          { key: 'text', value: { stringValue: 'naïve' } },
          { key: 'empty', value: { stringValue: '' } },
          { key: 'int', value: { intValue: '-1' } },
          { key: 'least', value: { intValue: '-9007199254740991' } },
          { key: 'most', value: { intValue: '9007199254740991' } },
          { key: 'ratio', value: { doubleValue: 0.5 } },
          { key: 'yes', value: { boolValue: true } },
          { key: 'no', value: { boolValue: false } },
          { key: 'none', value: {} },
        ],
        traceId: Buffer.alloc(16, 0xab).toString('base64'),
        spanId: Buffer.alloc(8, 0xcd).toString('base64'),
        flags: 1,
      },
      {},
    ])
  })

  it.each([
    ['2026-01-01T00:00:00Z', '1767225600000000000'],
    ['2026-01-01T00:00:00.5Z', '1767225600500000000'],
    ['2106-02-07T06:28:15.999999999Z', '4294967295999999999'],
    ['1970-01-01T00:00:00.000000001Z', '1'],
  ])('writes the time %s as %s nanoseconds', (time, nanoseconds) => {
    expect(one({ time })['timeUnixNano']).toBe(nanoseconds)
  })

  it('leaves out what cannot be written: unreadable times, ids that are none', () => {
    expect(one({ time: 'yesterday', observedTime: '', traceId: 'xy'.repeat(16), spanId: 'ab' })).toEqual({})
  })

  it('replaces a lone surrogate by U+FFFD, as every UTF-8 encoder must', () => {
    expect(one({ eventName: 'a\ud800b' })['eventName']).toBe('a\uFFFDb')
  })

  it('writes texts of every length around the border between its two ways of writing them', () => {
    for (const unit of ['x', 'é', '\u{1F600}'])
      for (const length of [0, 1, 47, 48, 49, 127, 128, 20_000])
        expect(one({ body: unit.repeat(length) })['body']).toEqual({ stringValue: unit.repeat(length) })
  })

  it('gives requests that can be concatenated into one', () => {
    const request = (name: string) =>
      encodeLogs({ resource: { name }, scope: { name, version: '' }, records: [{ eventName: name }] })
    expect(
      read(Buffer.concat([request('a'), request('b')])).resourceLogs.map(
        (entry) => entry.scopeLogs[0]!.logRecords[0]!['eventName'],
      ),
    ).toEqual(['a', 'b'])
  })

  it('gives memory of its own: a later call does not change it', () => {
    const first = encodeLogs({ resource: {}, scope: { name: '', version: '' }, records: [{ eventName: 'first' }] })
    const copy = Buffer.from(first)
    encodeLogs({ resource: {}, scope: { name: '', version: '' }, records: [{ eventName: 'other' }] })
    expect(Buffer.from(first).equals(copy)).toBe(true)
  })
})
