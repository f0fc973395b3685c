// The event bus on a real broker: order, positions, who is speaking, back pressure and hand-over.
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { recordCodec } from '../../collector/record-codec.ts'
import type { KafkaDriver } from '../../connectors/kafka/driver.ts'
import { KafkaEventBus } from '../../connectors/kafka/event-bus.ts'
import { kafkajsDriver } from '../../connectors/kafka/kafkajs.ts'
import { platformaticDriver } from '../../connectors/kafka/platformatic.ts'
import { recordHeaders, type VerifyingKey } from '../../connectors/kafka/record-auth.ts'
import { setUpTopics, topicName } from '../../connectors/kafka/topic-setup.ts'
import { AuditdError } from '../../schemas/errors.ts'
import type { AuditEvent } from '../../schemas/event.ts'
import type { LogBatch, LogHandler } from '../../schemas/ports.ts'
import { HEADERS, partitionOf } from '../../schemas/topics.ts'
import { sampleEvent } from '../contract/samples.ts'
import { brokers, skipReason, uniqueName } from './broker.ts'

const PARTITIONS = 3
const clock = { nowMs: () => Date.now() }
const key = (keyId: string, role: 'producer' | 'collector'): VerifyingKey => ({
  keyId,
  secret: `${keyId}-secret-of-more-than-32-characters`,
  role,
  caller: { tenant: 'acme', servers: ['srv-1'], producer: keyId, claimed: false },
})
const producerKey = key('p1', 'producer')
const collectorKey = key('c1', 'collector')

function recorder(start: (partition: number) => number | undefined = () => undefined) {
  const batches: LogBatch[] = []
  const calls: string[] = []
  const handler: LogHandler = {
    assigned: async (_, partition) => {
      calls.push(`assigned ${partition}`)
      return start(partition)
    },
    batch: async (batch) => void batches.push(batch),
    revoked: async (_, partition) => void calls.push(`revoked ${partition}`),
  }
  const entries = () => batches.flatMap((batch) => batch.entries)
  const refused = () => batches.flatMap((batch) => batch.refused)
  return { batches, calls, handler, entries, refused }
}
async function until(what: string, holds: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 20_000; !holds(); await sleep(20))
    if (Date.now() > deadline) throw new Error(`not in 20 s: ${what}`)
}

describe.skipIf(brokers.length === 0).each([
  ['kafkajs', kafkajsDriver],
  ['platformatic', platformaticDriver],
] as const)(`event bus on %s${skipReason}`, (_name, open) => {
  let driver: KafkaDriver
  let prefix: string
  const bus = (over: { keys?: VerifyingKey[]; signingKey?: VerifyingKey } = {}) =>
    new KafkaEventBus({
      driver,
      codec: recordCodec,
      clock,
      group: prefix,
      partitions: PARTITIONS,
      replicas: 1,
      prefix,
      keys: [],
      ...over,
    })
  const isolated = async () => {
    prefix = `${uniqueName('bus')}.`
    await setUpTopics(driver, { partitions: PARTITIONS, replicas: 1, prefix })
  }

  beforeAll(() => {
    driver = open({ brokers, clientId: 'bus' })
  })
  afterAll(() => driver.close())

  test('published events come back whole, in order within their server, with positions made of the topic’s id', async () => {
    await isolated()
    const events = Array.from({ length: 700 }, (_, i) => sampleEvent({ serverId: `srv-${i % 4}`, producerSeq: i + 1 }))
    const subject = bus()
    await subject.publish(events.slice(0, 650))
    await subject.publish(events.slice(650))
    const seen = recorder()
    const consumption = await subject.consume(seen.handler)
    await until('all events', () => seen.entries().length === 700)
    const log = await driver.topicId(topicName({ prefix }, 'events'))
    for (const serverId of ['srv-0', 'srv-1', 'srv-2', 'srv-3']) {
      const own = seen.entries().filter(({ event }) => event.serverId === serverId)
      expect(own.map(({ event }) => event)).toMatchObject(events.filter((event) => event.serverId === serverId))
      expect(new Set(own.map(({ position }) => position.partition))).toEqual(
        new Set([partitionOf('default', serverId, PARTITIONS)]),
      )
    }
    const positions = seen
      .entries()
      .map(({ position }) => `${position.log}/${position.partition}/${position.offset}/${position.index}`)
    expect(new Set(positions).size).toBe(700)
    expect(seen.entries().every(({ position }) => position.log === log && position.index < 256)).toBe(true)
    const ends = seen.batches.filter((batch) => batch.next === batch.high)
    expect(ends.length).toBeGreaterThan(0)
    await consumption.close()
    await subject.close()
  })

  test('a producer’s record gets tenant and time of receipt from key and broker; forged ones are refused beside it', async () => {
    await isolated()
    const subject = bus({ keys: [producerKey, collectorKey], signingKey: collectorKey })
    const event = (overrides: Partial<AuditEvent> = {}) => sampleEvent({ serverId: 'srv-1', ...overrides } as never)
    const own = Buffer.from(recordCodec.encode([event({ tenant: 'acme', receivedAt: '2020-01-01T00:00:00.000Z' })]))
    const other = Buffer.from(recordCodec.encode([event({ tenant: 'other' })]))
    const traits = { contentType: 'otlp_proto', writer: '' } as const
    const partition = partitionOf('acme', 'srv-1', PARTITIONS)
    const forged = recordHeaders(own, { ...traits, writer: 'collect' }, { ...collectorKey, secret: 'guessed' })
    const flipped = { ...recordHeaders(own, traits, producerKey), [HEADERS.digest]: '0'.repeat(64) }
    const records = [
      { key: null, value: own, headers: recordHeaders(own, traits, producerKey) },
      { key: null, value: own, headers: {} },
      { key: null, value: own, headers: forged },
      { key: null, value: own, headers: flipped },
      { key: null, value: other, headers: recordHeaders(other, traits, producerKey) },
      { key: null, value: Buffer.from('rubbish'), headers: recordHeaders(Buffer.from('rubbish'), traits, producerKey) },
    ]
    const sentAt = Date.now()
    await (await driver.producer()).send(topicName({ prefix }, 'events'), partition, records)
    await subject.publish([event({ tenant: 'acme', receivedAt: '2026-11-24T01:02:04.000Z' })])
    const seen = recorder()
    const consumption = await subject.consume(seen.handler)
    await until('two events and five refusals', () => seen.entries().length === 2 && seen.refused().length === 5)
    const [direct, collected] = seen.entries()
    expect(direct!.event).toMatchObject({ tenant: 'acme', serverId: 'srv-1' })
    expect(Date.parse(direct!.event.receivedAt!)).toBeGreaterThanOrEqual(sentAt)
    expect(collected!.event.receivedAt).toBe('2026-11-24T01:02:04.000Z')
    expect(seen.refused().map(({ field, position }) => [position?.offset, field])).toEqual([
      [1, HEADERS.keyId],
      [2, HEADERS.mac],
      [3, HEADERS.digest],
      [4, 'tenant'],
      [5, ''],
    ])
    await consumption.close()
    await subject.close()
  })

  test('a batch whose handling fails for a passing reason is offered again, the same, until it is taken', async () => {
    await isolated()
    const subject = bus()
    await subject.publish([sampleEvent(), sampleEvent()])
    const seen = recorder()
    let attempts = 0
    const consumption = await subject.consume({
      ...seen.handler,
      batch: async (batch) => {
        if (batch.entries.length > 0 && attempts++ < 2) throw new AuditdError('store_unavailable', 'store', '', 'away')
        await seen.handler.batch(batch)
      },
    })
    await until('both events', () => seen.entries().length === 2)
    expect(attempts).toBe(3)
    expect(seen.calls.filter((call) => call.startsWith('revoked'))).toEqual([])
    await consumption.close()
    await subject.close()
  })

  test('commits rewind a successor to where the work was done; after revoke a commit is not taken', async () => {
    await isolated()
    const first = bus()
    const partition = partitionOf('default', 'srv-1', PARTITIONS)
    await first.publish([sampleEvent({ producerSeq: 1 })])
    await first.publish([sampleEvent({ producerSeq: 2 })])
    const seen = recorder()
    const consumption = await first.consume(seen.handler)
    await until('both', () => seen.entries().length === 2)
    expect(await consumption.commit(partition, 1)).toBe(true)
    await consumption.close()
    expect(await consumption.commit(partition, 2)).toBe(false)
    const second = bus()
    const later = recorder()
    const continued = await second.consume(later.handler)
    await until('the second event', () => later.entries().length === 1)
    expect(later.entries()[0]!.event.producerSeq).toBe(2)
    await continued.close()
    await Promise.all([first.close(), second.close()])
  })

  test('a partition whose batches keep failing is still given up at close', async () => {
    await isolated()
    const subject = bus()
    await subject.publish([sampleEvent()])
    const seen = recorder()
    let attempts = 0
    const consumption = await subject.consume({
      ...seen.handler,
      batch: async (batch) => {
        if (batch.entries.length === 0) return
        attempts++
        throw new AuditdError('store_unavailable', 'store', '', 'away')
      },
    })
    await until('an attempt', () => attempts > 0)
    await consumption.close()
    expect(seen.calls.filter((call) => call.startsWith('revoked')).sort()).toEqual([
      'revoked 0',
      'revoked 1',
      'revoked 2',
    ])
    await subject.close()
  })

  test('a fact about all servers reaches every partition, once each', async () => {
    await isolated()
    const subject = bus()
    const fact = sampleEvent({ eventType: 'identity.revoked', serverId: '*' })
    await subject.publish([sampleEvent({ serverId: 'srv-1' }), fact])
    const seen = recorder()
    const consumption = await subject.consume(seen.handler)
    await until('all', () => seen.entries().length === 1 + PARTITIONS)
    const of = seen.entries().filter(({ event }) => event.eventId === fact.eventId)
    expect(of.map(({ position }) => position.partition).sort()).toEqual([0, 1, 2])
    await consumption.close()
    await subject.close()
  })

  test('topics with another number of partitions are refused at start', async () => {
    await isolated()
    await expect(setUpTopics(driver, { partitions: PARTITIONS + 1, replicas: 1, prefix })).rejects.toMatchObject({
      code: 'config_invalid',
      field: 'partitions',
    })
  })

  test('a broker that is not there makes publish fail for a passing reason', async () => {
    const lost = open({ brokers: ['127.0.0.1:1'], clientId: 'lost', deliveryTimeoutMs: 500 })
    const subject = new KafkaEventBus({
      driver: lost,
      codec: recordCodec,
      clock,
      group: 'g',
      partitions: 1,
      replicas: 1,
      keys: [],
    })
    await expect(subject.publish([sampleEvent()])).rejects.toMatchObject({ code: 'bus_unavailable', kind: 'transient' })
    await subject.close()
    await lost.close()
  })
})
