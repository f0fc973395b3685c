/** Setting up topics: a broker that has not heard of a new topic yet is asked again; other counts are refused. */
import { expect, it } from 'vitest'
import { type KafkaDriver, KafkaDriverError } from '../../../../connectors/kafka/driver.ts'
import { setUpTopics } from '../../../../connectors/kafka/topic-setup.ts'

/** A driver that answers `partitions` from a list, the last answer for ever. */
function driverSaying(...answers: (number | KafkaDriverError)[]): { driver: KafkaDriver; asked: () => number } {
  let asked = 0
  const driver = {
    createTopics: async () => {},
    partitions: async (topic: string) => {
      // It has a count of its own.
      if (topic === 'mcp.audit.jobs') return 1
      const answer = answers[Math.min(asked++, answers.length - 1)]!
      if (answer instanceof KafkaDriverError) throw answer
      return answer
    },
  } as unknown as KafkaDriver
  return { driver, asked: () => asked }
}
const settings = { partitions: 3, replicas: 1 }
const unknownTopic = new KafkaDriverError('unknown_topic', 'This server does not host this topic-partition')

it('asks again while a broker does not know the topic that was just made', async () => {
  const { driver, asked } = driverSaying(unknownTopic, unknownTopic, 3)
  await setUpTopics(driver, settings)
  expect(asked()).toBeGreaterThan(2)
})
it('refuses another number of partitions', async () => {
  await expect(setUpTopics(driverSaying(6).driver, settings)).rejects.toMatchObject({
    code: 'config_invalid',
    field: 'partitions',
  })
})
it('does not wait for what will not pass', async () => {
  const denied = new KafkaDriverError('denied', 'not authorized')
  await expect(setUpTopics(driverSaying(denied).driver, settings)).rejects.toThrow(/not authorized/)
})
