// The contract of the Kafka driver port: groups, assignments, commits and back pressure.
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { PartitionHandler } from '../../connectors/kafka/driver.ts'
import { type DriverUnderTest, prepared, record, recorder, text, until } from './kafka-subject.ts'

export function consumerContract(subject: DriverUnderTest): void {
  const { withDriver, topicOf } = prepared(subject)

  test('reading starts where the handler says, else at the committed offset, else at the earliest', () =>
    withDriver(async (driver) => {
      const topic = await topicOf(driver)
      const producer = await driver.producer()
      await producer.send(topic, 0, [record('a'), record('b'), record('c')])
      const first = recorder(() => 1)
      const consumer = await driver.consume({ group: topic, topic, handler: first.handler })
      await until('two records', () => first.ends.get(0) === 3)
      expect(first.values.get(0)).toEqual(['b', 'c'])
      expect(await consumer.commit(0, 2)).toBe(true)
      expect(await driver.committed(topic, topic, 0)).toBe(2)
      await consumer.close()
      const second = recorder()
      const later = await driver.consume({ group: topic, topic, handler: second.handler })
      await until('one record', () => second.ends.get(0) === 3)
      expect(second.values.get(0)).toEqual(['c'])
      await later.close()
    }))

  test('a commit after revoke, or for an earlier assignment, is dropped', () =>
    withDriver(async (driver) => {
      const topic = await topicOf(driver)
      await (await driver.producer()).send(topic, 0, [record('a'), record('b')])
      const seen = recorder()
      let commitWhileRevoking: Promise<boolean> | undefined
      const consumer = await driver.consume({
        group: topic,
        topic,
        handler: {
          ...seen.handler,
          revoked: async (partition) => {
            commitWhileRevoking = consumer.commit(partition, 1)
            await commitWhileRevoking
            await seen.handler.revoked(partition)
          },
        },
      })
      expect(await consumer.commit(0, 2, 77)).toBe(false)
      await consumer.close()
      expect(await commitWhileRevoking).toBe(true)
      expect(await consumer.commit(0, 2)).toBe(false)
      expect(await driver.committed(topic, topic, 0)).toBe(1)
    }))

  test('a slow batch is back pressure: nothing of its partition is handled meanwhile, and the member stays in the group', () =>
    withDriver(
      async (driver) => {
        const topic = await topicOf(driver, 2)
        const producer = await driver.producer()
        await producer.send(topic, 0, [record('a')])
        let inside = 0
        let most = 0
        const seen = recorder()
        const consumer = await driver.consume({
          group: topic,
          topic,
          handler: {
            ...seen.handler,
            batch: async (partition, messages, nextOffset, highWatermark) => {
              if (partition === 0) {
                most = Math.max(most, ++inside)
                if (messages[0]?.offset === 0) await sleep(3500)
                inside--
              }
              await seen.handler.batch(partition, messages, nextOffset, highWatermark)
            },
          },
        })
        await sleep(200)
        await producer.send(topic, 0, [record('b')])
        await producer.send(topic, 1, [record('other')])
        await until('the other partition', () => seen.ends.get(1) === 1, 2000)
        await until('the slow partition', () => seen.ends.get(0) === 2)
        expect(most).toBe(1)
        expect(seen.calls.filter((call) => call.startsWith('revoked'))).toEqual([])
        await consumer.close()
      },
      { sessionTimeoutMs: 2000 },
    ))

  test('a batch that rejects ends the assignment; the partition starts anew where the handler says', () =>
    withDriver(async (driver) => {
      const topic = await topicOf(driver)
      await (await driver.producer()).send(topic, 0, [record('a'), record('b')])
      const seen = recorder(() => 0)
      let failures = 0
      const consumer = await driver.consume({
        group: topic,
        topic,
        handler: {
          ...seen.handler,
          batch: async (partition, messages, nextOffset, highWatermark) => {
            if (failures++ === 0) throw new Error('the store is away')
            await seen.handler.batch(partition, messages, nextOffset, highWatermark)
          },
        },
      })
      await until('both records', () => seen.ends.get(0) === 2)
      expect(seen.values.get(0)).toEqual(['a', 'b'])
      expect(seen.calls).toEqual(['assigned 0', 'revoked 0', 'assigned 0'])
      await consumer.close()
    }))

  test('two members under load: every partition has one owner at a time and every record is handled once', () =>
    withDriver(async (driver) => {
      const topic = await topicOf(driver, 4)
      const producer = await driver.producer()
      const owners = new Map<number, string>()
      const handled = new Map<number, string[]>()
      const positions = new Map<number, number>()
      const problems: string[] = []
      const member = (name: string): PartitionHandler => ({
        assigned: async (partition) => {
          if (owners.has(partition))
            problems.push(`${partition} given to ${name} while ${owners.get(partition)} has it`)
          owners.set(partition, name)
          return positions.get(partition) ?? 0
        },
        batch: async (partition, messages, nextOffset) => {
          if (owners.get(partition) !== name) problems.push(`${partition} handled by ${name} without owning it`)
          await sleep(5)
          handled.set(partition, [
            ...(handled.get(partition) ?? []),
            ...messages.map((message) => String(text(message))),
          ])
          positions.set(partition, nextOffset)
        },
        revoked: async (partition) => {
          await sleep(20)
          owners.delete(partition)
        },
      })
      let sent = 0
      let sending = true
      const load = (async () => {
        for (; sending; sent++) {
          await Promise.all([0, 1, 2, 3].map((partition) => producer.send(topic, partition, [record(`${sent}`)])))
          await sleep(5)
        }
      })()
      const first = await driver.consume({ group: topic, topic, handler: member('first') })
      const second = await driver.consume({ group: topic, topic, handler: member('second') })
      await until('both own partitions', () => first.assignment().length === 2 && second.assignment().length === 2)
      await sleep(300)
      await first.close()
      await until('the second owns all', () => second.assignment().length === 4)
      sending = false
      await load
      await until('everything handled', () =>
        [0, 1, 2, 3].every((partition) => (handled.get(partition)?.length ?? 0) >= sent),
      )
      await second.close()
      expect(problems).toEqual([])
      for (const partition of [0, 1, 2, 3])
        expect(handled.get(partition)).toEqual(Array.from({ length: sent }, (_, i) => `${i}`))
    }))
}
