/** Protobuf span decoding against an independent encoder, and spans that are refused alone. */
import { describe, expect, it } from 'vitest'
import { decodeTraces } from '../../../../collector/otlp/decode-traces.ts'
import { encodeIndependently, field } from './independent-codec.ts'

const plain = (value: unknown) => JSON.parse(JSON.stringify(value))
const good = encodeIndependently('Span', { name: 'neighbour', kind: 2 })
function between(bad: Uint8Array) {
  const spans = decodeTraces(field(1, field(2, Buffer.concat([good, bad, good].map((span) => field(2, span))))))[0]!
    .records
  expect(spans.map((span) => span.name)).toEqual(['neighbour', spans[1]!.name, 'neighbour'])
  expect([spans[0]!.fault, spans[2]!.fault]).toEqual([undefined, undefined])
  return spans[1]!
}

describe('decodeTraces', () => {
  it('reads a span as an independent encoder wrote it, with the texts of its events and without links', () => {
    const bytes = encodeIndependently('ExportTraceServiceRequest', {
      resourceSpans: [
        {
          resource: { attributes: [{ key: 'service.name', value: { stringValue: 'srv' } }], droppedAttributesCount: 1 },
          scopeSpans: [
            {
              scope: { name: 'lib' },
              spans: [
                {
                  traceId: new Uint8Array(16).fill(1),
                  spanId: new Uint8Array(8).fill(2),
                  parentSpanId: new Uint8Array(8).fill(3),
                  traceState: 'a=b',
                  name: 'tools/call echo',
                  kind: 2,
                  startTimeUnixNano: '1767225600000000001',
                  endTimeUnixNano: '1767225600250000001',
                  attributes: [{ key: 'mcp.method.name', value: { stringValue: 'tools/call' } }],
                  droppedAttributesCount: 1,
                  events: [
                    {
                      name: 'exception',
                      timeUnixNano: '5',
                      attributes: [{ key: 'exception.message', value: { stringValue: 'boom' } }],
                    },
                  ],
                  droppedEventsCount: 2,
                  links: [{ traceId: new Uint8Array(16), spanId: new Uint8Array(8) }],
                  droppedLinksCount: 3,
                  status: { code: 2, message: 'failed' },
                  flags: 257,
                },
              ],
            },
          ],
        },
      ],
    })
    expect(plain(decodeTraces(bytes))).toEqual([
      {
        resource: { 'service.name': 'srv' },
        scope: { name: 'lib', version: '' },
        records: [
          {
            name: 'tools/call echo',
            kind: 2,
            traceId: '01'.repeat(16),
            spanId: '02'.repeat(8),
            parentSpanId: '03'.repeat(8),
            start: '2026-01-01T00:00:00.000000001Z',
            end: '2026-01-01T00:00:00.250000001Z',
            durationMs: 250,
            attributes: { 'mcp.method.name': 'tools/call' },
            status: { code: 2, message: 'failed' },
            exceptions: ['boom'],
          },
        ],
      },
    ])
  })

  it.each([
    ['an id of the wrong length', field(2, Buffer.alloc(7, 1)), { field: 'spanId', reason: 'must be 8 bytes' }],
    ['a name that is not UTF-8', field(5, Buffer.from([0xff])), { field: 'name', reason: 'not valid UTF-8' }],
    ['a broken status', field(15, Buffer.from([0x18, 0x80])), { field: 'record', reason: 'malformed protobuf' }],
    [
      'a status code of another wire type',
      field(15, Buffer.from([0x1a, 0x00])),
      { field: 'record', reason: 'field 3 has the wrong wire type' },
    ],
    [
      'a time of another wire type',
      Buffer.from([0x38, 0x01]),
      { field: 'record', reason: 'field 7 has the wrong wire type' },
    ],
  ])('refuses only the span with %s', (_, bytes, fault) => {
    expect(between(bytes).fault).toEqual(fault)
  })
})
