/** Plumbing on Kafka: log, state, findings, alerts and dead letters are topics; the data folder holds nothing that matters. */
import { recordCodec } from '../collector/record-codec.ts'
import { KafkaDeadLetters } from '../connectors/kafka/dead-letters.ts'
import type { KafkaDriver } from '../connectors/kafka/driver.ts'
import { KafkaEventBus } from '../connectors/kafka/event-bus.ts'
import { KafkaJobState } from '../connectors/kafka/job-state.ts'
import { kafkajsDriver } from '../connectors/kafka/kafkajs.ts'
import { KafkaOutbox } from '../connectors/kafka/outbox.ts'
import { platformaticDriver } from '../connectors/kafka/platformatic.ts'
import { KafkaSignalBus } from '../connectors/kafka/signal-bus.ts'
import { KafkaStateStore } from '../connectors/kafka/state-store.ts'
import { setUpTopics, topicName } from '../connectors/kafka/topic-setup.ts'
import type { Config } from '../schemas/config.ts'
import { AuditdError } from '../schemas/errors.ts'
import type { Telemetry } from '../schemas/ports.ts'
import type { KnownKey } from './credentials.ts'
import type { LogEnd, Plumbing, PlumbingParts } from './plumbing.ts'

export async function openKafka({ settings, keys, clock, telemetry }: PlumbingParts): Promise<Plumbing> {
  const driver = openDriver(settings, telemetry)
  const { partitions, replicas, prefix, group } = settings.kafka
  const topics = { partitions, replicas, prefix }
  await setUpTopics(driver, topics).catch(async (error: unknown) => {
    await driver.close()
    throw error
  })
  const signingKey = collectorKey(settings, keys)
  const signed = { driver, clock, keys, ...topics, ...(signingKey === undefined ? {} : { signingKey }) }
  const bus = new KafkaEventBus({ ...signed, codec: recordCodec, group: prefix + group })
  const signals = new KafkaSignalBus({ ...signed, group: `${prefix}${group}-signals` })
  const state = new KafkaStateStore({ driver, ...topics })
  const outbox = new KafkaOutbox({ driver, clock, group: `${prefix}${group}-alerts`, ...topics })
  const deadLetters = new KafkaDeadLetters(driver, topics)
  const jobs = new KafkaJobState({ driver, group: `${prefix}${group}-jobs`, ...topics })
  const endOf = (topic: 'events' | 'signals'): Promise<readonly LogEnd[]> =>
    Promise.all(
      Array.from({ length: partitions }, async (_, partition) => ({
        partition,
        next: (await driver.watermarks(topicName(topics, topic), partition)).high,
      })),
    )
  return {
    bus,
    signals,
    partitions,
    state,
    outbox,
    deadLetters,
    jobs,
    end: () => endOf('events'),
    signalsEnd: () => endOf('signals'),
    async close() {
      for (const part of [bus, signals, state, outbox, deadLetters, jobs, driver]) await part.close()
    },
  }
}

export function openDriver(settings: Config, telemetry: Telemetry, brokers = settings.kafka.brokers): KafkaDriver {
  const options = {
    brokers,
    clientId: 'mcp-auditd',
    sessionTimeoutMs: settings.kafka.sessionTimeoutMs,
    onLog: (level: string, message: string, fields: Record<string, unknown>) => {
      if (level !== 'debug') telemetry.log('bus_retry', { level, message, ...fields })
    },
  }
  return settings.kafka.driver === 'platformatic' ? platformaticDriver(options) : kafkajsDriver(options)
}

/** With keys configured, what our own collect role writes must be signed too, or our own detect role would refuse it. */
function collectorKey(settings: Config, keys: readonly KnownKey[]): KnownKey | undefined {
  if (keys.length === 0) return undefined
  const key = keys.find(({ keyId, role }) => keyId === settings.collectorKeyId && role === 'collector')
  if (key === undefined)
    throw new AuditdError(
      'config_invalid',
      'configuration',
      'collectorKeyId',
      'must name a credential with role collector when credentials are configured',
    )
  return key
}
