/** What a stock Collector and the JavaScript SDK send decodes here: the same records from protobuf and JSON. */
import { readdirSync, readFileSync } from 'node:fs'
import { gunzipSync, zstdDecompressSync } from 'node:zlib'
import {
  JsonLogsSerializer,
  JsonTraceSerializer,
  ProtobufLogsSerializer,
  ProtobufTraceSerializer,
} from '@opentelemetry/otlp-transformer'
import { InMemoryLogRecordExporter, LoggerProvider, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs'
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { describe, expect, it } from 'vitest'
import { decodeLogsJson, decodeTracesJson } from '../../../../collector/otlp/decode-json.ts'
import { decodeLogs } from '../../../../collector/otlp/decode-logs.ts'
import { decodeTraces } from '../../../../collector/otlp/decode-traces.ts'

const fixtures = new URL('../../../fixtures/', import.meta.url)
const parse = (path: string) => JSON.parse(readFileSync(new URL(path, fixtures), 'utf8'))
const plain = (value: unknown) => JSON.parse(JSON.stringify(value))
const kafka = (file: string): Buffer[] =>
  [parse(`collector-kafka/${file}`)].flat().map((record) => Buffer.from(record.valueBase64, 'base64'))
const input = (file: string) => Buffer.from(readFileSync(new URL(`collector-kafka/${file}`, fixtures)))
const flatten = (batches: readonly { records: readonly unknown[] }[]) =>
  plain(batches.flatMap((batch) => batch.records))

const files = readdirSync(new URL('collector-kafka/', fixtures)).filter((file) => /^(logs|spans)-/.test(file))
/** Inputs of a file's records: two requests were sent for the batched ones, two resources for the partitioned one. */
function expectedRecords(file: string): unknown[] {
  if (file.startsWith('spans')) {
    const spans = flatten(decodeTracesJson(input('input-spans.json')))
    return file.includes('two-requests') ? [...spans, ...spans] : spans
  }
  const [logs, two] = [input('input-logs.json'), input('input-logs-2res.json')].map((bytes) =>
    flatten(decodeLogsJson(bytes)),
  )
  return file.includes('by-resource') ? two : file.includes('two-requests') ? [...logs, ...two] : logs
}
const sorted = (records: unknown[]) => records.map((record) => JSON.stringify(record)).sort()

describe('Kafka records of a stock Collector', () => {
  it('are nineteen files', () => expect(files).toHaveLength(19))

  it.each(files)('decode whole: %s', (file) => {
    const decode = file.startsWith('logs')
      ? file.includes('_json')
        ? decodeLogsJson
        : decodeLogs
      : file.includes('_json')
        ? decodeTracesJson
        : decodeTraces
    const records = kafka(file).flatMap((value) => flatten(decode(value)))
    expect(sorted(records)).toEqual(sorted(expectedRecords(file)))
  })

  it('carry exactly one record with a value that JavaScript cannot hold, named', () => {
    const faults = flatten(decodeLogs(kafka('logs-otlp_proto-none.json')[0]!)).map(
      (record: { fault?: unknown }) => record.fault,
    )
    expect(faults).toEqual([{ field: 'attributes.a.int.max', reason: 'integer beyond 2^53 - 1' }, undefined, undefined])
  })
})

describe('HTTP requests of a stock Collector', () => {
  const bodies = readdirSync(new URL('collector-otlphttp/', fixtures)).filter((file) => /^(logs|spans)-/.test(file))
  it.each(bodies)('decode: %s', (file) => {
    const sent = parse(`collector-otlphttp/${file}`)
    const wire = Buffer.from(sent.bodyBase64, 'base64')
    const codec = sent.headers['Content-Encoding']
    const body = codec === 'gzip' ? gunzipSync(wire) : codec === 'zstd' ? zstdDecompressSync(wire) : wire
    const decode = file.startsWith('logs')
      ? file.includes('-json-')
        ? decodeLogsJson
        : decodeLogs
      : file.includes('-json-')
        ? decodeTracesJson
        : decodeTraces
    expect(flatten(decode(body))).toEqual(
      flatten(
        (file.startsWith('logs') ? decodeLogsJson : decodeTracesJson)(
          input(file.startsWith('logs') ? 'input-logs.json' : 'input-spans.json'),
        ),
      ),
    )
  })
})

describe('requests of the JavaScript SDK', () => {
  it('decode to the emitted log records, from both serialisers', () => {
    const exporter = new InMemoryLogRecordExporter()
    const provider = new LoggerProvider({ processors: [new SimpleLogRecordProcessor({ exporter })] })
    provider.getLogger('lib', '1.0').emit({
      eventName: 'mcp_audit.tool.call',
      timestamp: [1_767_225_600, 7],
      severityNumber: 9,
      body: 'ok',
      attributes: {
        text: 'naïve',
        list: ['a', 'b'],
        count: 3,
        ratio: 0.5,
        yes: true,
        map: { inner: [1, { deep: 'x' }] },
      },
    })
    const records = exporter.getFinishedLogRecords()
    const decoded = [
      decodeLogs(ProtobufLogsSerializer.serializeRequest(records)!),
      decodeLogsJson(JsonLogsSerializer.serializeRequest(records)!),
    ]
    for (const batches of decoded) {
      expect(batches[0]!.scope).toEqual({ name: 'lib', version: '1.0' })
      expect(plain(batches[0]!.records[0])).toMatchObject({
        time: '2026-01-01T00:00:00.000000007Z',
        eventName: 'mcp_audit.tool.call',
        severityNumber: 9,
        body: 'ok',
        attributes: {
          text: 'naïve',
          list: ['a', 'b'],
          count: 3,
          ratio: 0.5,
          yes: true,
          map: { inner: [1, { deep: 'x' }] },
        },
      })
    }
    expect(flatten(decoded[0]!)).toEqual(flatten(decoded[1]!))
  })

  it('decode to the ended spans, from both serialisers', () => {
    const exporter = new InMemorySpanExporter()
    const tracer = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }).getTracer('lib')
    const span = tracer.startSpan('tools/call echo', {
      kind: 1,
      startTime: [1_767_225_600, 0],
      attributes: { 'mcp.method.name': 'tools/call' },
    })
    span.setStatus({ code: 2, message: 'failed' }).end([1_767_225_600, 12_500_000])
    const spans = exporter.getFinishedSpans()
    const decoded = [
      decodeTraces(ProtobufTraceSerializer.serializeRequest(spans)!),
      decodeTracesJson(JsonTraceSerializer.serializeRequest(spans)!),
    ]
    for (const batches of decoded)
      expect(plain(batches[0]!.records[0])).toEqual({
        name: 'tools/call echo',
        kind: 2,
        traceId: span.spanContext().traceId,
        spanId: span.spanContext().spanId,
        parentSpanId: '',
        start: '2026-01-01T00:00:00.000000000Z',
        end: '2026-01-01T00:00:00.012500000Z',
        durationMs: 12.5,
        attributes: { 'mcp.method.name': 'tools/call' },
        status: { code: 2, message: 'failed' },
      })
  })
})
