/** A stock @opentelemetry/sdk-node application carries audit events through AuditLogRecordProcessor, with its own spans and metrics beside. */
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { logs, metrics, trace } from '@opentelemetry/api'
import { LoggerProvider } from '@opentelemetry/sdk-logs'
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { NodeSDK } from '@opentelemetry/sdk-node'
import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace'
import { afterEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import {
  type AuditExporter,
  AuditLogRecordProcessor,
  instrumentMcpServer,
  memorySink,
  shutdownAudit,
} from '../../collector/instrument/index.ts'
import { decodeLogs } from '../../collector/otlp/decode-logs.ts'
import type { OtlpBatch, OtlpLogRecord } from '../../collector/otlp/records.ts'

function collecting(): { exporter: AuditExporter; batches: OtlpBatch<OtlpLogRecord>[] } {
  const batches: OtlpBatch<OtlpLogRecord>[] = []
  return {
    batches,
    exporter: {
      async export(batch) {
        for (const { bytes } of batch.parts) batches.push(...decodeLogs(bytes))
        return { kind: 'sent' }
      },
      shutdown: async () => undefined,
    },
  }
}
let next = 0
async function callOnce(options: Parameters<typeof instrumentMcpServer>[1]) {
  const server = new McpServer({ name: 'app', version: '3.2.1' })
  server.registerTool('add', { description: 'Adds', inputSchema: { a: z.number() } }, ({ a }) => {
    trace.getTracer('app').startSpan('work of the handler').end()
    return { content: [{ type: 'text', text: String(a) }] }
  })
  server.registerTool('fail', {}, () => ({ content: [], isError: true }))
  instrumentMcpServer(server, { serverId: `sdk-${next++}`, ...options })
  const [clientSide, serverSide] = InMemoryTransport.createLinkedPair()
  await server.connect(serverSide)
  const client = new Client({ name: 'c', version: '1' })
  await client.connect(clientSide)
  await client.callTool({
    name: 'add',
    arguments: { a: 1 },
    _meta: { traceparent: `00-${'1'.repeat(32)}-${'2'.repeat(16)}-01` },
  })
  await client.callTool({ name: 'fail' })
  await client.callTool({ name: 'nobody' })
  await client.close()
}
afterEach(() => shutdownAudit())

describe('NodeSDK({ logRecordProcessors: [new AuditLogRecordProcessor({ exporter })] })', () => {
  it('numbers, carries and resources every event; traces and metrics follow the conventions', async () => {
    const { exporter, batches } = collecting()
    const spans = new InMemorySpanExporter()
    const metricExporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
    const reader = new PeriodicExportingMetricReader({ exporter: metricExporter, exportIntervalMillis: 60_000 })
    const processor = new AuditLogRecordProcessor({ exporter, delayMs: 1 })
    const sdk = new NodeSDK({
      serviceName: 'my-application',
      logRecordProcessors: [processor],
      spanProcessors: [new SimpleSpanProcessor({ exporter: spans })],
      metricReaders: [reader],
      autoDetectResources: false,
    })
    sdk.start()
    await callOnce({ loggerProvider: logs.getLoggerProvider() })
    logs.getLogger('app').emit({ eventName: 'something.else', body: 'not ours' })
    await reader.forceFlush()
    // Exporters in memory forget at shutdown.
    const finished = [...spans.getFinishedSpans()]
    const measured = [...metricExporter.getMetrics()]
    await sdk.shutdown()
    metrics.disable()
    trace.disable()
    logs.disable()

    const records = batches.flatMap(({ records: all, resource }) =>
      all.map((record) => ({ record, resource, event: JSON.parse(String(record.body)) })),
    )
    const names = records.map(({ record }) => record.eventName.slice('mcp_audit.'.length))
    expect(names.filter((name) => name === 'tool.call')).toHaveLength(3)
    expect(names.filter((name) => name === 'tool.result')).toHaveLength(3)
    expect(names).not.toContain('else')
    expect(records.map(({ event }) => event.producerSeq)).toEqual(records.map((_, index) => index + 1))
    expect(new Set(records.map(({ event }) => event.eventId)).size).toBe(records.length)
    for (const { resource, record, event } of records) {
      expect(resource).toEqual({ 'service.name': 'my-application', 'mcp_audit.server.id': event.serverId })
      expect(record).toMatchObject({ time: event.eventTime, eventName: `mcp_audit.${event.eventType}` })
      expect(event.serverId).toMatch(/^sdk-/)
      expect(event.producerId).toMatch(/^[0-9a-f-]{36}$/)
    }
    const call = records.find(({ record }) => record.eventName.endsWith('tool.call'))!
    expect(call.record.attributes).toEqual({
      'log.record.uid': call.event.eventId,
      'mcp.method.name': 'tools/call',
      'gen_ai.tool.name': 'add',
    })
    const context = { traceId: '1'.repeat(32), spanId: '2'.repeat(16) }
    expect(call.record).toMatchObject(context)
    expect(call.event).toMatchObject({
      ...context,
      traceClientSupplied: true,
      serverName: 'app',
      args: [{ path: 'a', type: 'number' }],
    })
    expect(processor.stats).toMatchObject({ sent: records.length, dropped: 0, queued: 0 })

    const own = finished.find(({ name }) => name === 'tools/call add')!
    expect(own.attributes).toMatchObject({
      'mcp.method.name': 'tools/call',
      'gen_ai.tool.name': 'add',
      'gen_ai.operation.name': 'execute_tool',
      'network.transport': 'pipe',
    })
    expect(own.spanContext().traceId).toBe('1'.repeat(32))
    const inner = finished.find(({ name }) => name === 'work of the handler')!
    expect(inner.parentSpanContext?.spanId).toBe(own.spanContext().spanId)
    expect(finished.find(({ name }) => name === 'tools/call fail')!.attributes['error.type']).toBe('tool_error')
    const histogram = measured[0]!.scopeMetrics
      .flatMap((scope) => scope.metrics)
      .find(({ descriptor }) => descriptor.name === 'mcp.server.operation.duration')!
    expect(histogram.descriptor.unit).toBe('s')
    expect(
      histogram.dataPoints.reduce((sum, point) => sum + (point.value as { count: number }).count, 0),
    ).toBeGreaterThanOrEqual(4)
  })
  it('works with a LoggerProvider that nobody registered, and without any OpenTelemetry set-up', async () => {
    const { exporter, batches } = collecting()
    const provider = new LoggerProvider({ processors: [new AuditLogRecordProcessor({ exporter, delayMs: 1 })] })
    await callOnce({ loggerProvider: provider })
    await provider.forceFlush()
    await provider.shutdown()
    expect(
      batches.flatMap(({ records }) => records).filter(({ eventName }) => eventName === 'mcp_audit.tool.result'),
    ).toHaveLength(3)
    const sink = memorySink()
    await callOnce({ sink })
    expect(sink.events.filter(({ eventType }) => eventType === 'tool.result')).toHaveLength(3)
  })
})
