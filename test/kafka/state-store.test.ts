// The state store on a real broker: torn snapshots, zombies, deletes, and findings before the snapshot.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { KafkaDriver, KafkaMessage } from '../../connectors/kafka/driver.ts'
import { kafkajsDriver } from '../../connectors/kafka/kafkajs.ts'
import { platformaticDriver } from '../../connectors/kafka/platformatic.ts'
import { snapshotRecords, tombstones } from '../../connectors/kafka/snapshot-records.ts'
import { KafkaStateStore } from '../../connectors/kafka/state-store.ts'
import { setUpTopics, topicName } from '../../connectors/kafka/topic-setup.ts'
import type { Snapshot } from '../../schemas/ports.ts'
import { sampleFinding } from '../contract/samples.ts'
import { brokers, skipReason, uniqueName } from './broker.ts'

const LOG = 'a'.repeat(32)
const snapshot = (next: number, text = `state at ${next}`): Snapshot => ({
  log: LOG,
  partition: 1,
  next,
  ruleSetHash: 'rules',
  watermarkMs: next,
  chunks: new Map([
    ['cells', new Uint8Array(Buffer.from(text))],
    ['retries', new Uint8Array(Buffer.from('[1,2]'))],
  ]),
})
const text = (found: Snapshot | undefined) => found && String(Buffer.from(found.chunks.get('cells')!))

describe.skipIf(brokers.length === 0).each([
  ['kafkajs', kafkajsDriver],
  ['platformatic', platformaticDriver],
] as const)(`state store on %s${skipReason}`, (_name, open) => {
  let driver: KafkaDriver
  let prefix: string
  const store = () => new KafkaStateStore({ driver, partitions: 2, replicas: 1, prefix })
  const commit = (to: KafkaStateStore, of: Snapshot) =>
    to.commit({ log: LOG, partition: 1, next: of.next, findings: [], snapshot: of })
  /** Writes records as a writer that died or was paused would have. */
  const write = async (
    records: readonly { key: Buffer | null; value: Buffer | null; headers: Record<string, string> }[],
  ) => {
    const producer = await driver.producer()
    await producer.send(topicName({ prefix }, 'state'), 1, records as never)
    await producer.close()
  }

  beforeAll(() => {
    driver = open({ brokers, clientId: 'state' })
  })
  afterAll(() => driver.close())
  beforeEach(async () => {
    prefix = `${uniqueName('state')}.`
    await setUpTopics(driver, { partitions: 2, replicas: 1, prefix })
  })

  test('the latest snapshot is restored by another process, an earlier one on request, none from another log', async () => {
    const writer = store()
    expect(await writer.restore(LOG, 1)).toBeUndefined()
    await commit(writer, snapshot(10))
    await commit(writer, { ...snapshot(20), chunks: new Map([['cells', new Uint8Array(1_400_000).fill(7)]]) })
    const reader = store()
    const found = await reader.restore(LOG, 1)
    expect(found).toMatchObject({ log: LOG, partition: 1, next: 20, ruleSetHash: 'rules', watermarkMs: 20 })
    expect(found!.chunks.get('cells')!.length).toBe(1_400_000)
    expect(await reader.restore('b'.repeat(32), 1)).toBeUndefined()
    expect(await reader.restore(LOG, 0)).toBeUndefined()
    await Promise.all([writer.close(), reader.close()])
  })

  test('killed between two chunks, or before the manifest: the snapshot before it is restored', async () => {
    const writer = store()
    await writer.restore(LOG, 1)
    await commit(writer, snapshot(10))
    const torn = snapshotRecords(snapshot(20), 'died')
    await write(torn.parts.slice(0, 1))
    expect((await store().restore(LOG, 1))?.next).toBe(10)
    await write(torn.parts.slice(1))
    expect((await store().restore(LOG, 1))?.next).toBe(10)
    await write([torn.manifest])
    expect((await store().restore(LOG, 1))?.next).toBe(20)
    await writer.close()
  })

  test('a zombie whose chunks, manifest and deletes land late leaves one complete snapshot, the highest', async () => {
    const zombie = store()
    await zombie.restore(LOG, 1)
    await commit(zombie, snapshot(10, 'zombie'))
    const late = snapshotRecords(snapshot(15, 'zombie'), 'zombie-late')
    const owner = store()
    expect((await owner.restore(LOG, 1))?.next).toBe(10)
    await write(late.parts)
    await commit(owner, snapshot(20, 'owner'))
    await write([late.manifest])
    await write(tombstones(snapshotRecords(snapshot(10, 'zombie'), 'zombie-late').version))
    await commit(zombie, snapshot(17, 'zombie'))
    const third = store()
    const found = await third.restore(LOG, 1)
    expect([found?.next, text(found)]).toEqual([20, 'owner'])
    await commit(third, snapshot(21, 'third'))
    const fourth = store()
    expect(text(await fourth.restore(LOG, 1))).toBe('third')
    await Promise.all([zombie, owner, third, fourth].map((one) => one.close()))
  })

  test('a snapshot of the same rules comes before a later one of the version before, and that before none', async () => {
    const former = store()
    await former.restore(LOG, 1)
    const owner = store()
    await owner.restore(LOG, 1)
    await commit(owner, { ...snapshot(10, 'new rules'), ruleSetHash: 'new' })
    await commit(former, { ...snapshot(12, 'old rules'), ruleSetHash: 'old' })
    const restored = async (hash?: string) => text(await store().restore(LOG, 1, undefined, hash))
    expect(await restored('new')).toBe('new rules')
    expect(await restored('newer still')).toBe('old rules')
    expect(await restored()).toBe('old rules')
    const third = store()
    expect((await third.restore(LOG, 1, undefined, 'new'))?.next).toBe(10)
    await commit(third, { ...snapshot(14, 'third'), ruleSetHash: 'new' })
    expect(await restored('old')).toBe('third')
    await Promise.all([former, owner, third].map((one) => one.close()))
  })

  test('a later snapshot deletes earlier ones, its own and those of former owners, and nothing at or above it', async () => {
    const former = store()
    await former.restore(LOG, 1)
    await commit(former, snapshot(10))
    await write(snapshotRecords(snapshot(11), 'torn').parts)
    await write(
      Object.values(snapshotRecords(snapshot(30), 'ahead')).flatMap((of) =>
        Array.isArray(of) ? of : 'key' in of ? [of] : [],
      ),
    )
    const owner = store()
    expect((await owner.restore(LOG, 1))?.next).toBe(30)
    await commit(owner, snapshot(12))
    await commit(owner, snapshot(13))
    const live = new Map<string, boolean>()
    const topic = topicName({ prefix }, 'state')
    const { high } = await driver.watermarks(topic, 1)
    await driver.read(topic, 1, 0, high, (messages: readonly KafkaMessage[]) => {
      for (const message of messages) live.set(String(message.key), message.value !== null)
    })
    const positions = [...live].filter(([, alive]) => alive).map(([key]) => Number(key.split('/')[4]))
    expect([...new Set(positions)].sort()).toEqual([13, 30])
    await Promise.all([former.close(), owner.close()])
  })

  test('findings are acknowledged before the snapshot, and findings of one alert group share a partition', async () => {
    const writer = store()
    await writer.restore(LOG, 1)
    const findings = Array.from({ length: 20 }, (_, i) =>
      sampleFinding({ entity: `server_id=srv-${i % 5}`, evidence: { i } }),
    )
    await writer.commit({ log: LOG, partition: 1, next: 9, findings, snapshot: snapshot(9) })
    const topic = topicName({ prefix }, 'findings')
    const byEntity = new Map<string, Set<number>>()
    const read: unknown[] = []
    for (const partition of [0, 1]) {
      const { high } = await driver.watermarks(topic, partition)
      await driver.read(topic, partition, 0, high, (messages) => {
        for (const message of messages) {
          const finding = JSON.parse(String(message.value))
          read.push(finding)
          byEntity.set(finding.entity, (byEntity.get(finding.entity) ?? new Set()).add(partition))
        }
      })
    }
    expect(read).toHaveLength(20)
    expect([...byEntity.values()].every((partitions) => partitions.size === 1)).toBe(true)
    await writer.close()
  })
})
