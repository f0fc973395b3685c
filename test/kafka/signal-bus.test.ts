// The log of signals on a real broker: the contract with both drivers, and who may write it.
import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { kafkajsDriver } from '../../connectors/kafka/kafkajs.ts'
import { platformaticDriver } from '../../connectors/kafka/platformatic.ts'
import { recordHeaders, type VerifyingKey } from '../../connectors/kafka/record-auth.ts'
import { KafkaSignalBus } from '../../connectors/kafka/signal-bus.ts'
import { setUpTopics, topicName } from '../../connectors/kafka/topic-setup.ts'
import type { SignalBatch } from '../../schemas/ports.ts'
import { describeSignalBus, sampleSignal } from '../contract/signal-bus.ts'
import { brokers, skipReason, uniqueName } from './broker.ts'

const PARTITIONS = 3
const clock = { nowMs: () => Date.now() }
const drivers = { kafkajs: kafkajsDriver, platformatic: platformaticDriver } as const
const key = (keyId: string, role: 'producer' | 'collector'): VerifyingKey => ({
  keyId,
  secret: `${keyId}-secret-of-more-than-32-characters`,
  role,
  caller: { tenant: 'acme', producer: keyId, claimed: false },
})

async function opened(name: keyof typeof drivers, keys: readonly VerifyingKey[] = [], signingKey?: VerifyingKey) {
  const driver = drivers[name]({ brokers, clientId: 'signals' })
  const topics = { partitions: PARTITIONS, replicas: 1, prefix: `${uniqueName('signals')}.` }
  await setUpTopics(driver, topics)
  const bus = new KafkaSignalBus({
    ...{ driver, clock, keys, group: `${topics.prefix}${randomUUID()}`, ...topics },
    ...(signingKey && { signingKey }),
  })
  return { bus, driver, topic: topicName(topics, 'signals') }
}

describe.skipIf(brokers.length === 0)(`on a broker${skipReason}`, { timeout: 60_000 }, () => {
  for (const name of Object.keys(drivers) as (keyof typeof drivers)[])
    describeSignalBus(`kafka, ${name}`, async () => {
      const { bus, driver } = await opened(name)
      return {
        bus,
        partitions: PARTITIONS,
        async close() {
          await bus.close()
          await driver.close()
        },
      }
    })

  test('with keys only a collector’s signature counts; what else lies in the topic is refused beside it', async () => {
    const [collector, producer] = [key('c1', 'collector'), key('p1', 'producer')]
    const { bus, driver, topic } = await opened('platformatic', [collector, producer], collector)
    await bus.publish([sampleSignal(1)])
    const value = Buffer.from(JSON.stringify([sampleSignal(2)]))
    const traits = { contentType: 'json', writer: 'collect' } as const
    const sender = await driver.producer()
    const odd = Buffer.from('[{"scope":7}]')
    const records = [
      { key: null, value, headers: {} },
      { key: null, value, headers: recordHeaders(value, traits, producer) },
      { key: null, value, headers: recordHeaders(value, { ...traits, contentType: 'otlp_json' }, collector) },
      { key: null, value: odd, headers: recordHeaders(odd, traits, collector) },
    ]
    for (let partition = 0; partition < PARTITIONS; partition++) await sender.send(topic, partition, records)
    const batches: SignalBatch[] = []
    await bus.consume({
      assigned: async () => 0,
      batch: async (batch) => void batches.push(batch),
      revoked: async () => {},
    })
    const refused = () => batches.flatMap((batch) => batch.refused.map(({ reason }) => reason))
    await expect.poll(() => refused().length, { timeout: 20_000 }).toBe(4 * PARTITIONS)
    expect(batches.flatMap(({ entries }) => entries.map(({ signal }) => signal))).toEqual([sampleSignal(1)])
    expect(new Set(refused().map((reason) => reason.split(':')[0]))).toEqual(
      new Set(['unreadable', 'credential_invalid']),
    )
    await sender.close()
    await bus.close()
    await driver.close()
  })
})
