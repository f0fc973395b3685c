/** The Kafka target on a real broker, with both drivers: what it sends is read back, keyed and in order. */
import { describe, expect, it } from 'vitest'
import type { KafkaMessage } from '../../connectors/kafka/driver.ts'
import { kafkajsDriver } from '../../connectors/kafka/kafkajs.ts'
import { platformaticDriver } from '../../connectors/kafka/platformatic.ts'
import { kafkaTarget } from '../../connectors/webhook/targets/kafka.ts'
import type { Exchange } from '../../schemas/ports.ts'
import { sampleAlert, sampleDelivery } from '../fakes/alerts.ts'
import { brokers, skipReason, uniqueName } from './broker.ts'

describe.skipIf(brokers.length === 0).each([
  ['kafkajs', kafkajsDriver],
  ['platformatic', platformaticDriver],
])(`the Kafka target with %s${skipReason}`, (_, open) => {
  it('puts each alert into the partition of its id, with its headers', async () => {
    const topic = uniqueName('alert-target')
    const reader = open({ brokers, clientId: 'reader' })
    const driver = () => open({ brokers, clientId: 'target' })
    const target = kafkaTarget('k', { topic, form: 'alert', brokers, driver })
    try {
      await reader.createTopics([{ topic, partitions: 3 }])
      const alerts = Array.from({ length: 12 }, (_, at) =>
        sampleAlert({ alertId: (at >> 1).toString(16).padStart(32, '0'), revision: 1 + (at % 2) }),
      )
      const sent = alerts.map((alert) => sampleDelivery('k', alert))
      expect(await target.deliver(sent, {} as Exchange)).toEqual(sent.map(() => ({ kind: 'delivered' })))
      const read: KafkaMessage[] = []
      for (let partition = 0; partition < 3; partition++) {
        const { high } = await reader.watermarks(topic, partition)
        await reader.read(topic, partition, 0, high, (messages) => void read.push(...messages))
      }
      expect(read.map(({ headers }) => headers['mcp-audit-uid']).sort()).toEqual(
        sent.map(({ idempotencyKey }) => idempotencyKey).sort(),
      )
      for (const { key, headers } of read) expect(headers['mcp-audit-uid']!.startsWith(String(key))).toBe(true)
    } finally {
      await target.close!()
      await reader.deleteTopics([topic]).catch(() => undefined)
      await reader.close()
    }
  })
})
