/** Where the demo servers send their audit events: an address that a child process can be told too. */
import { type AuditExporter, type AuditSink, createSink, OtlpAuditExporter } from '../../collector/instrument/index.ts'

export type SinkAddress =
  | { readonly kind: 'otlp'; readonly url: string }
  | { readonly kind: 'kafka'; readonly brokers: readonly string[]; readonly topic: string }

/** A producer of its own each time: its numbering starts at 1, as in a new process. Batches wait at most 20 ms. */
export async function openSink(address: SinkAddress): Promise<AuditSink> {
  return createSink(await exporterFor(address), { delayMs: 20 })
}
async function exporterFor(address: SinkAddress): Promise<AuditExporter> {
  if (address.kind === 'otlp') return new OtlpAuditExporter({ url: address.url })
  // Loaded only here, as in the published package: an OTLP producer never pays for kafkajs.
  const { KafkaAuditExporter } = await import('../../collector/instrument/kafka.ts')
  return new KafkaAuditExporter({ brokers: [...address.brokers], topic: address.topic })
}
