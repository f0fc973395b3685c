/** The contracts of event bus, state store and outbox on Kafka, with both drivers. */

import { describe } from 'vitest'
import { recordCodec } from '../../collector/record-codec.ts'
import type { KafkaDriver, KafkaOptions } from '../../connectors/kafka/driver.ts'
import { KafkaEventBus } from '../../connectors/kafka/event-bus.ts'
import { KafkaJobState } from '../../connectors/kafka/job-state.ts'
import { kafkajsDriver } from '../../connectors/kafka/kafkajs.ts'
import { KafkaOutbox } from '../../connectors/kafka/outbox.ts'
import { platformaticDriver } from '../../connectors/kafka/platformatic.ts'
import { KafkaStateStore } from '../../connectors/kafka/state-store.ts'
import { setUpTopics } from '../../connectors/kafka/topic-setup.ts'
import { brokers, skipReason, uniqueName } from '../kafka/broker.ts'
import { describeEventBus } from './event-bus.ts'
import { describeElection, describeJobState } from './job-state.ts'
import { describeOutbox } from './outbox.ts'
import { describeStateStore } from './state-store.ts'

const drivers: readonly (readonly [string, (options: KafkaOptions) => KafkaDriver])[] = [
  ['kafkajs', kafkajsDriver],
  ['platformatic', platformaticDriver],
]

/** Topics of its own for every test. */
async function isolated(open: (options: KafkaOptions) => KafkaDriver, partitions: number) {
  const driver = open({ brokers, clientId: 'contract' })
  const prefix = `${uniqueName('ports')}.`
  await setUpTopics(driver, { partitions, replicas: 1, prefix })
  const settings = { driver, prefix, partitions, replicas: 1, clock: { nowMs: () => 0 } }
  return {
    driver,
    bus: () => new KafkaEventBus({ ...settings, codec: recordCodec, group: `${prefix}detect`, keys: [] }),
    state: () => new KafkaStateStore(settings),
    jobs: () => new KafkaJobState({ ...settings, group: `${prefix}jobs` }),
    outbox: () => new KafkaOutbox({ ...settings, group: `${prefix}alert` }),
  }
}

describe.skipIf(brokers.length === 0)(`on Kafka${skipReason}`, { timeout: 60_000 }, () => {
  for (const [name, open] of drivers) {
    describeEventBus(`kafka with ${name}`, async () => {
      const { driver, bus } = await isolated(open, 3)
      const buses = [bus()]
      return {
        bus: buses[0]!,
        reopen: async () => {
          const again = bus()
          buses.push(again)
          return again
        },
        close: async () => {
          for (const one of buses) await one.close()
          await driver.close()
        },
      }
    })

    describeStateStore(`kafka with ${name}`, async () => {
      const { driver, state } = await isolated(open, 1)
      return { state: state(), reopen: async () => state(), close: () => driver.close() }
    })

    const jobState = async () => {
      const { driver, jobs } = await isolated(open, 1)
      return { state: jobs(), reopen: async () => jobs(), close: () => driver.close() }
    }
    describeJobState(`kafka with ${name}`, jobState)
    describeElection(`kafka with ${name}`, jobState)

    describeOutbox(`kafka with ${name}`, async () => {
      const { driver, state, outbox } = await isolated(open, 1)
      const first = { state: state(), outbox: outbox() }
      return {
        ...first,
        // Both in one process share a consumer group, so the first leaves it; kill -9 is test/kafka/hand-over.test.ts.
        reopen: async () => {
          await first.outbox.close()
          return { state: state(), outbox: outbox() }
        },
        close: () => driver.close(),
      }
    })
  }
})
