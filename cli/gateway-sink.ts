/** Where `wrap` and `proxy` send their events: OTLP to a collector, or straight to Kafka. */
import { type AuditExporter, type AuditSink, createSink, OtlpAuditExporter } from '../collector/instrument/index.ts'
import { AuditdError } from '../schemas/errors.ts'

export interface GatewaySinkOptions {
  /** Default: MCP_AUDIT_OTLP_ENDPOINT and the like, else http://127.0.0.1:4318. */
  readonly otlp?: string
  /** Brokers, separated by commas; instead of OTLP. */
  readonly kafka?: string
  /** Folder of the spool (default: MCP_AUDIT_SPOOL, else none). */
  readonly spool?: string
}

/** Throws AuditdError('usage') for an address that is none. */
export async function openGatewaySink(command: string, options: GatewaySinkOptions): Promise<AuditSink> {
  const exporter = await exporterFor(command, options)
  return createSink(exporter, options.spool === undefined ? {} : { spool: options.spool })
}

async function exporterFor(command: string, { otlp, kafka }: GatewaySinkOptions): Promise<AuditExporter> {
  if (otlp !== undefined && kafka !== undefined)
    throw new AuditdError('usage', command, '--kafka', 'events go to one place: not with --otlp')
  if (kafka !== undefined) {
    // Loaded only here, as in the published package: an OTLP producer never pays for kafkajs.
    const { KafkaAuditExporter } = await import('../collector/instrument/kafka.ts')
    const brokers = kafka.split(',').map((broker) => broker.trim())
    const bad = brokers.find((broker) => !/^[^\s:]+:\d+$|^\[[0-9a-f:]+\]:\d+$/i.test(broker))
    if (bad !== undefined) throw new AuditdError('usage', command, '--kafka', `${bad}: must be HOST:PORT`)
    return new KafkaAuditExporter({ brokers })
  }
  try {
    return new OtlpAuditExporter(otlp === undefined ? {} : { url: otlp })
  } catch (error) {
    throw new AuditdError('usage', command, '--otlp', 'must be an http or https URL', error)
  }
}
