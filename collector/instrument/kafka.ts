/** @mcp-auditd/instrument/kafka: audit events straight to Kafka, in the wire format of the OpenTelemetry Collector. */

import {
  type KafkaDriver,
  KafkaDriverError,
  type KafkaOptions,
  type KafkaProducer,
} from '../../connectors/kafka/driver.ts'
import { kafkajsDriver } from '../../connectors/kafka/kafkajs.ts'
import { recordHeaders, type SigningKey } from '../../connectors/kafka/record-auth.ts'
import { DEFAULT_PARTITIONS, partitionOf, TOPICS } from '../../schemas/topics.ts'
import type { AuditExporter, BatchPart, EncodedBatch, ExportOutcome } from './delivery/audit-sink.ts'
import { resolveSecretSync, type SecretReference } from './keys/secret.ts'

export interface KafkaExporterOptions extends Partial<Omit<KafkaOptions, 'brokers'>> {
  readonly brokers: readonly string[]
  /**
   * Signs every record; tenant and servers are what the service knows of this key. Without it the identity is a claim. The secret as it
   * is, or by reference: `env:NAME`, `file:PATH`, `cmd:PROGRAM`.
   */
  readonly key?: Omit<SigningKey, 'secret'> & { readonly secret: SecretReference }
  /** Tenant of the key: only for the choice of the partition. */
  readonly tenant?: string
  readonly topic?: string
  /** gzip is what every Node can; `none` saves the CPU of it. */
  readonly compression?: 'none' | 'gzip'
  /** Another driver behind the same port. */
  readonly driver?: KafkaDriver
}

/** Throws AuditdError('config_invalid') at set-up for a secret that is not there. */
const secretOf = (reference: SecretReference, field: string): string =>
  resolveSecretSync(reference, { component: 'instrument.kafka', field }, { literal: true })

/** One record per server and batch, to the partition of (tenant, server): order within a server is kept. */
export class KafkaAuditExporter implements AuditExporter {
  private readonly options: KafkaExporterOptions
  private readonly key: SigningKey | undefined
  private readonly driver: KafkaDriver
  private readonly topic: string
  private producer: Promise<KafkaProducer> | undefined
  private partitions: number | undefined
  /** Parts the broker has acknowledged: when a batch comes again they are not sent again. */
  private readonly acknowledged = new WeakSet<BatchPart>()

  constructor(options: KafkaExporterOptions) {
    this.options = options
    const { key, tenant: _tenant, topic, compression: _compression, driver, ...connection } = options
    this.key = key && { keyId: key.keyId, secret: secretOf(key.secret, 'key') }
    this.topic = topic ?? TOPICS.events.topic
    const sasl = connection.sasl && {
      ...connection.sasl,
      password: secretOf(connection.sasl.password, 'sasl.password'),
    }
    this.driver = driver ?? kafkajsDriver({ clientId: 'mcp-auditd-instrument', ...connection, ...(sasl && { sasl }) })
  }

  async export(batch: EncodedBatch): Promise<ExportOutcome> {
    let rejected = 0
    try {
      const producer = await this.connected()
      for (const part of batch.parts) {
        if (this.acknowledged.has(part)) continue
        try {
          await this.send(producer, part)
          this.acknowledged.add(part)
        } catch (error) {
          if (!(error instanceof KafkaDriverError) || error.code !== 'record_too_large') throw error
          rejected += part.count
        }
      }
      return { kind: 'sent', rejected }
    } catch (error) {
      // A missing topic or a refused credential is mended by people, while the events wait.
      return { kind: 'retry', reason: error instanceof KafkaDriverError ? `kafka ${error.code}` : 'kafka' }
    }
  }

  private async send(producer: KafkaProducer, part: BatchPart): Promise<void> {
    const { tenant } = this.options
    const partition = partitionOf(tenant ?? 'default', part.serverId, this.partitions ?? DEFAULT_PARTITIONS)
    const value = Buffer.from(part.bytes.buffer, part.bytes.byteOffset, part.bytes.byteLength)
    const headers = recordHeaders(value, { contentType: 'otlp_proto', writer: '' }, this.key)
    await producer.send(this.topic, partition, [{ key: null, value, headers }])
  }

  /** Made at the first batch and kept; a failed attempt is forgotten, so that the next one starts anew. */
  private async connected(): Promise<KafkaProducer> {
    try {
      this.partitions ??= await this.driver.partitions(this.topic)
      this.producer ??= this.driver.producer({ compression: this.options.compression ?? 'gzip' })
      return await this.producer
    } catch (error) {
      this.producer = undefined
      throw error
    }
  }

  async shutdown(): Promise<void> {
    const producer = await this.producer?.catch(() => undefined)
    await producer?.close().catch(() => undefined)
    await this.driver.close().catch(() => undefined)
  }
}
