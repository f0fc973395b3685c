/** The service’s own telemetry: metrics and traces through OpenTelemetry, log lines through pino on stderr. */

import type { IncomingMessage, ServerResponse } from 'node:http'
import { metrics, trace } from '@opentelemetry/api'
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus'
import { NodeSDK } from '@opentelemetry/sdk-node'
import pino from 'pino'
import type { Telemetry } from '../schemas/ports.ts'
import { COUNTERS, type CounterName, GAUGES, type GaugeName, LOGS, type LogName } from '../schemas/telemetry.ts'

export interface ServiceTelemetry extends Telemetry {
  /** Sum of a counter over all labels since the start. */
  total(name: CounterName): number
  /** Answers a Prometheus scrape. */
  scrape(request: IncomingMessage, response: ServerResponse): void
  close(): Promise<void>
}
const WARNINGS = new Set<LogName>([
  'failed',
  'event_rejected',
  'rule_quarantined',
  'store_retry',
  'bus_retry',
  'not_accepted',
  'request_failed',
  'delivery_failed',
  'segment_quarantined',
  'topic_recreated',
  'insecure',
  'sql_off',
  'job_failed',
])

/**
 * Traces go where OTEL_EXPORTER_OTLP_ENDPOINT says and nowhere without it; OTEL_SDK_DISABLED turns off traces, never metrics or audit.
 * stdout is never written: it belongs to the commands’ answers.
 */
export function createTelemetry(level: string): ServiceTelemetry {
  const logger = pino(
    { level, base: null, redact: { paths: ['*.token', '*.secret', '*.password', '*.authorization'], remove: true } },
    pino.destination({ fd: 2, sync: true }),
  )
  const exporter = new PrometheusExporter({ preventServerStart: true })
  const exportsTraces =
    process.env['OTEL_EXPORTER_OTLP_ENDPOINT'] !== undefined ||
    process.env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'] !== undefined
  if (!exportsTraces) process.env['OTEL_TRACES_EXPORTER'] ??= 'none'
  process.env['OTEL_LOGS_EXPORTER'] ??= 'none'
  process.env['OTEL_METRICS_EXPORTER'] ??= 'none'
  const sdk = new NodeSDK({ serviceName: 'mcp-auditd', metricReaders: [exporter], instrumentations: [] })
  sdk.start()
  const meter = metrics.getMeter('mcp-auditd')
  // The exporter appends `_total` to counters by itself.
  const counters = new Map(
    Object.entries(COUNTERS).map(([name, description]) => [
      name,
      meter.createCounter(name.replace(/_total$/, ''), { description }),
    ]),
  )
  const gauges = new Map(
    Object.entries(GAUGES).map(([name, description]) => [name, meter.createGauge(name, { description })]),
  )
  const totals = new Map<string, number>()
  return {
    count(name: CounterName, by: number, labels = {}) {
      if (by === 0) return
      totals.set(name, (totals.get(name) ?? 0) + by)
      counters.get(name)?.add(by, labels)
    },
    gauge(name: GaugeName, value: number, labels = {}) {
      gauges.get(name)?.record(value, labels)
    },
    log(name: LogName, fields = {}) {
      if (WARNINGS.has(name)) logger.warn({ event: name, ...fields }, LOGS[name])
      else logger.info({ event: name, ...fields }, LOGS[name])
    },
    total: (name) => totals.get(name) ?? 0,
    scrape: (request, response) => exporter.getMetricsRequestHandler(request, response),
    async close() {
      await sdk.shutdown().catch(() => {})
    },
  }
}

/** Run one step of the service inside a span of its own. */
export function traced<T>(
  name: string,
  attributes: Readonly<Record<string, string | number>>,
  work: () => Promise<T>,
): Promise<T> {
  return trace.getTracer('mcp-auditd').startActiveSpan(name, { attributes }, async (span) => {
    try {
      return await work()
    } catch (error) {
      span.recordException(error as Error)
      span.setStatus({ code: 2 })
      throw error
    } finally {
      span.end()
    }
  })
}
