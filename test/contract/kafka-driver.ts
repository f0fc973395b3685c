// The contract of the Kafka driver port: records, topics, reads and failures. Groups: kafka-consumer.ts.
import { setTimeout as sleep } from 'node:timers/promises'
import kafkajs from 'kafkajs'
import { expect, test } from 'vitest'
import { KafkaDriverError, type KafkaMessage, type KafkaRecord } from '../../connectors/kafka/driver.ts'
import { brokers, uniqueName } from '../kafka/broker.ts'
import { type DriverUnderTest, prepared, record, recorder, text, until } from './kafka-subject.ts'

/** One record in a transaction of a foreign producer. */
async function transaction(topic: string, value: string, commit: boolean): Promise<void> {
  const client = new kafkajs.Kafka({
    brokers: [...brokers],
    clientId: 'transactions',
    logLevel: kafkajs.logLevel.NOTHING,
  })
  const producer = client.producer({ transactionalId: `${topic}-${value}`, maxInFlightRequests: 1, idempotent: true })
  await producer.connect()
  const open = await producer.transaction()
  await open.send({ topic, messages: [{ value, partition: 0 }] })
  await (commit ? open.commit() : open.abort())
  await producer.disconnect()
}

export function driverContract(subject: DriverUnderTest): void {
  const { withDriver, topicOf } = prepared(subject)

  test('records of one partition come back in the order they were sent, each with its offset', () =>
    withDriver(async (driver) => {
      const topic = await topicOf(driver, 2)
      const producer = await driver.producer()
      const sent = await Promise.all(
        Array.from({ length: 200 }, (_, i) => producer.send(topic, 1, [record(`a${i}`), record(`b${i}`)])),
      )
      expect(sent.map((result) => result.baseOffset)).toEqual(sent.map((_, i) => 2 * i))
      const seen = recorder()
      const consumer = await driver.consume({ group: topic, topic, handler: seen.handler })
      await until('400 records', () => seen.ends.get(1) === 400)
      expect(seen.values.get(1)).toEqual(sent.flatMap((_, i) => [`a${i}`, `b${i}`]))
      expect(seen.values.get(0)).toBeUndefined()
      expect(consumer.assignment()).toEqual([0, 1])
      await consumer.close()
      expect(seen.owned.size).toBe(0)
    }))

  test('an empty topic has equal watermarks, no committed offset, and a read of it ends at once', () =>
    withDriver(async (driver) => {
      const topic = await topicOf(driver, 3)
      expect(await driver.partitions(topic)).toBe(3)
      expect(await driver.watermarks(topic, 2)).toEqual({ low: 0, high: 0 })
      expect(await driver.committed(topic, topic, 0)).toBeUndefined()
      const read: KafkaMessage[] = []
      await driver.read(topic, 0, 0, 0, (messages) => void read.push(...messages))
      expect(read).toEqual([])
    }))

  test('creating topics twice changes nothing; a topic that is created anew has another id', () =>
    withDriver(async (driver) => {
      const topic = await topicOf(driver)
      await driver.createTopics([{ topic, partitions: 1 }])
      const first = await driver.topicId(topic)
      expect(first).toMatch(/^[0-9a-f]{32}$/)
      expect(await driver.topicId(topic)).toBe(first)
      await driver.deleteTopics([topic])
      await driver.createTopics([{ topic, partitions: 1 }])
      expect(await driver.topicId(topic)).not.toBe(first)
    }))

  test('an unknown topic is said to be unknown', () =>
    withDriver(
      async (driver) => {
        const failure = await driver.topicId(uniqueName('absent')).catch((error) => error)
        expect(failure).toBeInstanceOf(KafkaDriverError)
        expect(failure).toMatchObject({ code: 'unknown_topic', transient: false })
      },
      { deliveryTimeoutMs: 2000 },
    ))

  test('headers, null keys, null values and empty values survive', () =>
    withDriver(async (driver) => {
      const topic = await topicOf(driver)
      const producer = await driver.producer()
      const records: KafkaRecord[] = [
        { key: Buffer.from([0, 255]), value: Buffer.from([1, 2]), headers: { 'mcp-audit': 'ü', second: '2' } },
        { key: null, value: null, headers: {} },
        { key: Buffer.from('k'), value: Buffer.alloc(0), headers: {} },
      ]
      const before = Date.now()
      await producer.send(topic, 0, records)
      const read: KafkaMessage[] = []
      await driver.read(topic, 0, 0, 3, (messages) => void read.push(...messages))
      expect(read.map(({ key, value, headers }) => ({ key, value, headers }))).toEqual(records)
      expect(read[0]!.timestampMs).toBeGreaterThan(before - 60_000)
    }))

  for (const compression of ['gzip', 'zstd'] as const)
    test(`records compressed with ${compression} are read by this and by a plain consumer`, () =>
      withDriver(async (driver) => {
        const topic = await topicOf(driver)
        const producer = await driver.producer({ compression })
        const value = 'abcdefgh'.repeat(4000)
        await producer.send(topic, 0, [record(value), record('last')])
        const read: KafkaMessage[] = []
        await driver.read(topic, 0, 0, 2, (messages) => void read.push(...messages))
        expect(read.map(text)).toEqual([value, 'last'])
      }))

  test('on a LogAppendTime topic the time of a record is the broker’s', () =>
    withDriver(async (driver) => {
      const topic = await topicOf(driver, 1, { 'message.timestamp.type': 'LogAppendTime' })
      const producer = await driver.producer()
      const before = Date.now()
      await producer.send(topic, 0, [record('a')])
      await sleep(30)
      await producer.send(topic, 0, [record('b')])
      const read: KafkaMessage[] = []
      await driver.read(topic, 0, 0, 2, (messages) => void read.push(...messages))
      expect(read[0]!.timestampMs).toBeGreaterThanOrEqual(before)
      expect(read[1]!.timestampMs).toBeGreaterThanOrEqual(read[0]!.timestampMs + 25)
    }))

  test('a record over 1 MB is refused with its size, and its neighbours are stored', () =>
    withDriver(async (driver) => {
      const topic = await topicOf(driver)
      const producer = await driver.producer()
      const large = producer.send(topic, 0, [{ key: null, value: Buffer.alloc(1_100_000), headers: {} }])
      const neighbour = producer.send(topic, 0, [record('small')])
      await expect(large).rejects.toMatchObject({
        code: 'record_too_large',
        transient: false,
        message: expect.stringContaining('1100032 bytes'),
      })
      expect(await neighbour).toEqual({ baseOffset: 0 })
    }))

  test('a record over the topic’s own limit is refused alone although it travelled with others', () =>
    withDriver(async (driver) => {
      const topic = await topicOf(driver, 1, { 'max.message.bytes': '20000' })
      const producer = await driver.producer()
      const results = await Promise.allSettled([
        producer.send(topic, 0, [record('one')]),
        producer.send(topic, 0, [record('x'.repeat(30_000))]),
        producer.send(topic, 0, [record('two')]),
      ])
      expect(results.map((result) => result.status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
      expect((results[1] as PromiseRejectedResult).reason).toMatchObject({ code: 'record_too_large' })
      expect(await driver.watermarks(topic, 0)).toEqual({ low: 0, high: 2 })
    }))

  test('a large send is cut into requests that the broker takes, in order', () =>
    withDriver(async (driver) => {
      const topic = await topicOf(driver)
      const producer = await driver.producer()
      const records = Array.from({ length: 40 }, (_, i) => record(String(i).padEnd(100_000, '.')))
      await producer.send(topic, 0, records)
      const read: KafkaMessage[] = []
      await driver.read(topic, 0, 0, 40, (messages) => void read.push(...messages))
      expect(read.map((message) => Number.parseInt(text(message)!, 10))).toEqual(records.map((_, i) => i))
    }))

  test('a log that ends in transaction markers is read to its end, without what was aborted', () =>
    withDriver(async (driver) => {
      const topic = await topicOf(driver)
      await transaction(topic, 'kept', true)
      await transaction(topic, 'aborted', false)
      // The coordinator answers before the partition's leader has its marker.
      const high = 4 // two records, two markers
      for (let seen = 0; seen !== high; await sleep(20)) seen = (await driver.watermarks(topic, 0)).high
      const read: KafkaMessage[] = []
      for (const from of [0, 1, 3]) await driver.read(topic, 0, from, high, (messages) => void read.push(...messages))
      expect(read.map((message) => [message.offset, text(message)])).toEqual([[0, 'kept']])
      const seen = recorder()
      const consumer = await driver.consume({ group: topic, topic, handler: seen.handler })
      await until('the position behind the markers', () => seen.ends.get(0) === high)
      expect(seen.values.get(0)).toEqual(['kept'])
      await consumer.close()
    }))

  test('a compacted topic is restored to its high watermark, tombstones included', () =>
    withDriver(async (driver) => {
      const topic = await topicOf(driver, 1, {
        'cleanup.policy': 'compact',
        'segment.ms': '100',
        'min.cleanable.dirty.ratio': '0.01',
        'delete.retention.ms': '100',
      })
      const producer = await driver.producer()
      const state = (key: string, value: string | null): KafkaRecord => ({
        key: Buffer.from(key),
        value: value === null ? null : Buffer.from(value),
        headers: {},
      })
      for (let round = 0; round < 5; round++) {
        await producer.send(topic, 0, [state('a', `a${round}`), state('b', `b${round}`), state(`gone${round}`, 'x')])
        await sleep(120)
      }
      await producer.send(
        topic,
        0,
        Array.from({ length: 5 }, (_, round) => state(`gone${round}`, null)),
      )
      const { high } = await driver.watermarks(topic, 0)
      expect(high).toBe(20)
      let kept = 20
      const count = async () => {
        kept = 0
        await driver.read(topic, 0, 0, high, (messages) => {
          kept += messages.length
        })
      }
      // Until the broker has really compacted: then the offsets have gaps, and the tail of a segment may be gone.
      for (const deadline = Date.now() + 30_000; kept === 20 && Date.now() < deadline; await sleep(200)) await count()
      expect(kept).toBeLessThan(20)
      const restored = new Map<string, string | null>()
      await driver.read(topic, 0, 0, high, (messages) => {
        for (const message of messages) {
          if (message.value === null) restored.delete(String(message.key))
          else restored.set(String(message.key), text(message))
        }
      })
      expect([...restored]).toEqual([
        ['a', 'a4'],
        ['b', 'b4'],
      ])
    }))

  test('a broker that is not there is a transient error within the deadline, never a hang', async () => {
    const driver = subject.open({ brokers: ['127.0.0.1:1'], deliveryTimeoutMs: 1500 })
    const before = Date.now()
    const attempts = {
      topicId: driver.topicId('t'),
      create: driver.createTopics([{ topic: 't', partitions: 1 }]),
      read: driver.read('t', 0, 0, 1, () => undefined),
      consume: driver.consume({ group: 'g', topic: 't', handler: recorder().handler }),
      send: driver.producer().then((producer) => producer.send('t', 0, [record('x')])),
    }
    const results = await Promise.allSettled(Object.values(attempts))
    for (const [index, name] of Object.keys(attempts).entries()) {
      expect(results[index], name).toMatchObject({
        status: 'rejected',
        reason: { name: 'KafkaDriverError', transient: true },
      })
    }
    expect(Date.now() - before).toBeLessThan(15_000)
    await driver.close()
  })
}
