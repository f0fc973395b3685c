/** The Kafka target: each alert a record, under its id, so that all of its revisions lie in one partition and in order. */
import { AuditdError } from '../../../schemas/errors.ts'
import type { AlertTarget, Delivery, TargetVerdict } from '../../../schemas/ports.ts'
import { partitionOf } from '../../../schemas/topics.ts'
import { type KafkaDriver, KafkaDriverError, type KafkaProducer, type KafkaRecord } from '../../kafka/driver.ts'
import { type BatchResult, inHalves } from '../batches.ts'
import { type AlertForm, inForm } from '../forms/alert-form.ts'
import { fitAlert } from '../forms/fit-alert.ts'
import { jsonLine } from '../forms/json-line.ts'
import { defineTarget } from '../target-factory.ts'

export interface KafkaTargetOptions {
  readonly topic: string
  readonly form: AlertForm
  /** Where the topic is, for who looks at a payload. */
  readonly brokers: readonly string[]
  /** Called when the first alert is sent; undefined: this target is only looked at. */
  readonly driver?: () => KafkaDriver
}
const TOGETHER = 100
/** Headers and key included, a record stays below what brokers take by default (1,048,588 bytes). */
const ALERT_BYTES = 900_000
/** A topic that is missing or closed to us needs a person. */
const OPERATOR_PAUSE_MS = 600_000

/** At least once: a record that was sent in doubt comes again with the same bytes and the same header `mcp-audit-uid`. */
export function kafkaTarget(name: string, { topic, form, brokers, driver }: KafkaTargetOptions): AlertTarget {
  const shape = inForm(form)
  let open: Promise<{ driver: KafkaDriver; producer: KafkaProducer }> | undefined
  const opened = async () => {
    if (driver === undefined) throw new AuditdError('target_failed', 'kafka', name, 'has no connection here')
    open ??= connected(driver())
    return open.catch((error: unknown) => {
      open = undefined
      throw error
    })
  }
  const record = ({ alert, idempotencyKey }: Delivery): KafkaRecord => ({
    key: Buffer.from(alert.alertId),
    value: Buffer.from(jsonLine(shape(fitAlert(alert, ALERT_BYTES)))),
    headers: {
      'content-type': 'application/json',
      'mcp-audit-form': form,
      'mcp-audit-uid': idempotencyKey,
      'mcp-audit-severity': alert.severity,
    },
  })
  const send = async (partition: number, some: readonly Delivery[]): Promise<BatchResult> => {
    try {
      const { producer } = await opened()
      await producer.send(topic, partition, some.map(record))
      return some.map(() => ({ kind: 'delivered' }))
    } catch (error) {
      if (!(error instanceof KafkaDriverError)) throw error
      const { code } = error
      if (code === 'record_too_large') return { refusedWhole: code }
      const pause = code === 'unknown_topic' || code === 'denied' ? { afterMs: OPERATOR_PAUSE_MS } : {}
      return some.map(() => ({ kind: 'retry', reason: code, ...pause }))
    }
  }
  return {
    name,
    together: TOGETHER,
    payloads: (deliveries) =>
      deliveries.map((delivery) => {
        const { headers, value } = record(delivery)
        return { to: `kafka://${brokers.join(',')}/${topic}`, headers, body: String(value) }
      }),
    async deliver(deliveries) {
      const verdicts = new Map<Delivery, TargetVerdict>()
      for (const [partition, some] of await byPartition(deliveries)) {
        const answers = await inHalves(some, (part) => send(partition, part))
        for (const [at, delivery] of some.entries()) verdicts.set(delivery, answers[at]!)
      }
      return deliveries.map((delivery) => verdicts.get(delivery)!)
    },
    async close() {
      const closing = open
      open = undefined
      await closing?.then(({ driver }) => driver.close()).catch(() => undefined)
    },
  }

  async function byPartition(deliveries: readonly Delivery[]): Promise<ReadonlyMap<number, readonly Delivery[]>> {
    const partitions = await opened()
      .then(({ driver }) => driver.partitions(topic))
      .catch((error: unknown) => {
        if (!(error instanceof KafkaDriverError)) throw error
        throw new AuditdError('target_failed', 'kafka', name, error.code, error)
      })
    return Map.groupBy(deliveries, ({ alert }) => partitionOf('', alert.alertId, partitions))
  }
}

async function connected(driver: KafkaDriver): Promise<{ driver: KafkaDriver; producer: KafkaProducer }> {
  try {
    return { driver, producer: await driver.producer() }
  } catch (error) {
    await driver.close().catch(() => undefined)
    throw error
  }
}

export default defineTarget({
  type: 'kafka',
  async create(name, { topic, body: form, brokers }, { kafka }) {
    if (kafka === undefined) return kafkaTarget(name, { topic, form, brokers })
    const { driver, brokers: known } = kafka(brokers)
    if (known.length === 0)
      throw new AuditdError(
        'config_invalid',
        'config',
        `targets.${name}.brokers`,
        'are named neither here nor in kafka',
      )
    return kafkaTarget(name, { topic, form, brokers: known, driver })
  },
})
