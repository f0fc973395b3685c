/** The Kafka target over a driver in memory: keys, headers, order, and brokers that fail. test/kafka has it on a real broker. */
import { describe, expect, it } from 'vitest'
import kafka, { kafkaTarget } from '../../../../../connectors/webhook/targets/kafka.ts'
import type { Exchange } from '../../../../../schemas/ports.ts'
import { targetConfig } from '../../../../../schemas/target-config.ts'
import { sampleAlert, sampleDelivery } from '../../../../fakes/alerts.ts'
import { FakeKafkaDriver } from '../../../../fakes/kafka-driver.ts'

const exchange = {} as Exchange
const TOPIC = 'security.alerts'
function started(topics: Readonly<Record<string, number>> = { [TOPIC]: 4 }, form: 'alert' | 'ocsf' = 'alert') {
  const driver = new FakeKafkaDriver(topics)
  return { driver, target: kafkaTarget('k', { topic: TOPIC, form, brokers: ['k:9092'], driver: () => driver }) }
}
const id = (at: number) => at.toString(16).padStart(32, '0')
const deliveries = (count: number, revision = 1) =>
  Array.from({ length: count }, (_, at) => sampleDelivery('k', sampleAlert({ alertId: id(at), revision })))
const kinds = (verdicts: readonly { kind: string }[]) => verdicts.map(({ kind }) => kind)

describe('the Kafka target', () => {
  it('revisions of an alert lie in one partition under its id, in order, with a uid', async () => {
    const { driver, target } = started()
    expect(kinds(await target.deliver([...deliveries(8), ...deliveries(8, 2)], exchange))).toEqual(
      Array(16).fill('delivered'),
    )
    const records = driver.records(TOPIC)
    expect(new Set(records.map(({ partition }) => partition)).size).toBeGreaterThan(1)
    for (let at = 0; at < 8; at++) {
      const own = records.filter(({ key }) => String(key) === id(at))
      expect(own.map(({ headers }) => headers['mcp-audit-uid'])).toEqual([`${id(at)}-1`, `${id(at)}-2`])
      expect(new Set(own.map(({ partition }) => partition)).size).toBe(1)
    }
    expect(records[0]!.headers).toMatchObject({ 'content-type': 'application/json', 'mcp-audit-severity': 'critical' })
    expect(JSON.parse(String(records[0]!.value))).toMatchObject({ rule: 'tok-001-audience-mismatch' })
  })
  it('the other form is an OCSF Detection Finding', async () => {
    const { driver, target } = started(undefined, 'ocsf')
    await target.deliver(deliveries(1), exchange)
    expect(JSON.parse(String(driver.records(TOPIC)[0]!.value))).toMatchObject({ class_uid: 2004 })
  })
  it('brokers that fail are tried again, and a topic that is missing or closed pauses for a person', async () => {
    const { driver, target } = started()
    for (const fault of ['unavailable', 'timeout'] as const) {
      driver.fault = fault
      await expect(target.deliver(deliveries(1), exchange)).rejects.toMatchObject({ code: 'target_failed' })
    }
    driver.fault = 'lost'
    expect(await target.deliver(deliveries(1), exchange)).toEqual([{ kind: 'retry', reason: 'timeout' }])
    driver.fault = undefined
    expect(kinds(await target.deliver(deliveries(1), exchange))).toEqual(['delivered'])
    const missing = started({})
    await expect(missing.target.deliver(deliveries(1), exchange)).rejects.toThrow('unknown_topic')
  })
  it('connects when the first alert is sent, and ends what it opened', async () => {
    const { driver, target } = started()
    expect(target.payloads(deliveries(1), 0)[0]).toMatchObject({ to: `kafka://k:9092/${TOPIC}` })
    await target.close!()
    expect(driver.closed).toBe(0)
    await target.deliver(deliveries(1), exchange)
    await target.close!()
    expect(driver.closed).toBe(1)
  })
  it('needs brokers, of its own or of the configuration', async () => {
    const config = targetConfig.parse({ type: 'kafka', topic: TOPIC }) as Parameters<typeof kafka.create>[1]
    const settings = { secret: async () => '', allowPrivate: false }
    const driver = () => new FakeKafkaDriver({})
    await expect(kafka.create('k', config, { ...settings, kafka: (brokers) => ({ brokers, driver }) })).rejects.toThrow(
      'targets.k.brokers',
    )
    const looked = await kafka.create('k', config, settings)
    await expect(looked.deliver(deliveries(1), exchange)).rejects.toThrow('no connection')
  })
})
