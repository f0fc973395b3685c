/** Where `wrap` and `proxy` send their events: OTLP to a collector, or straight to Kafka. */
import { type AuditExporter, type AuditSink, createSink, OtlpAuditExporter } from '../collector/instrument/index.ts'
import { brokersOf, type GatewayAddress } from './gateway-address.ts'

/** For an address that was checked. */
export async function openGatewaySink(address: GatewayAddress): Promise<AuditSink> {
  const { spool } = address
  return createSink(await exporterFor(address), spool === undefined ? {} : { spool })
}

async function exporterFor({ otlp, kafka }: GatewayAddress): Promise<AuditExporter> {
  if (kafka === undefined) return new OtlpAuditExporter(otlp === undefined ? {} : { url: otlp })
  // Loaded only here, as in the published package: an OTLP producer never pays for kafkajs.
  const { KafkaAuditExporter } = await import('../collector/instrument/kafka.ts')
  return new KafkaAuditExporter({ brokers: brokersOf(kafka) })
}
