/** The bus of the demo: nothing to prepare when embedded; on Kafka the given brokers, or one of its own. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { KafkaDriverError } from '../../connectors/kafka/driver.ts'
import { platformaticDriver } from '../../connectors/kafka/platformatic.ts'
import { topicName } from '../../connectors/kafka/topic-setup.ts'
import { AuditdError } from '../../schemas/errors.ts'
import { startBroker } from '../kafka-broker.ts'
import type { Screen } from './screen.ts'

export interface DemoBus {
  readonly brokers: readonly string[]
  /** Topic of the events. */
  readonly topic: string
  /** Settings of the service for this bus. */
  readonly flags: Readonly<Record<string, unknown>>
  close(): Promise<void>
}

export async function openDemoBus(bus: 'embedded' | 'kafka', screen: Screen): Promise<DemoBus> {
  if (bus === 'embedded') return { brokers: [], topic: '', flags: {}, close: async () => {} }
  const given = process.env['KAFKA_BROKERS']
  if (given !== undefined && given !== '') {
    const brokers = given.split(',').map((broker) => broker.trim())
    const prefix = await freshPrefix(brokers)
    if (prefix !== '') screen.say(`These brokers hold events already: the demo uses topics of its own, ${prefix}*.`)
    return {
      brokers,
      topic: topicName({ prefix }, 'events'),
      flags: { 'kafka.brokers': brokers, 'kafka.prefix': prefix },
      close: async () => {},
    }
  }
  screen.say('Starting a Kafka broker …')
  const dir = mkdtempSync(join(tmpdir(), 'mcp-auditd-kafka-'))
  const broker = await startBroker({ nodes: 1, dir })
  return {
    brokers: broker.brokers,
    topic: topicName({}, 'events'),
    flags: { 'kafka.brokers': [...broker.brokers] },
    async close() {
      await broker.stop()
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

/** '' when the usual topics are new or empty: alerts of an earlier demo must not stand for those of this one. */
async function freshPrefix(brokers: readonly string[]): Promise<string> {
  const driver = platformaticDriver({ brokers, clientId: 'mcp-auditd-demo' })
  const topic = topicName({}, 'events')
  try {
    const partitions = await driver.partitions(topic)
    for (let partition = 0; partition < partitions; partition++)
      if ((await driver.watermarks(topic, partition)).high > 0) return `demo-${Date.now().toString(36)}.`
    return ''
  } catch (error) {
    if (error instanceof KafkaDriverError && error.code === 'unknown_topic') return ''
    throw new AuditdError(
      'bus_unavailable',
      'demo',
      'KAFKA_BROKERS',
      error instanceof Error ? error.message : String(error),
      error,
    )
  } finally {
    await driver.close()
  }
}
