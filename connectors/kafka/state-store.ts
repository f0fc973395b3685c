/** State of the detect role on Kafka: findings acknowledged first, then the snapshot, its manifest last. */
import { randomUUID } from 'node:crypto'
import type { Finding } from '../../schemas/finding.ts'
import type { Outcome, Snapshot, StateStore } from '../../schemas/ports.ts'
import { failpoint, sabotage } from '../failpoint.ts'
import { busError } from './bus-errors.ts'
import type { KafkaDriver, KafkaOptions, KafkaProducer } from './driver.ts'
import { findingPartition, findingRecord } from './finding-records.ts'
import { SnapshotView, snapshotRecords, tombstones, type Version } from './snapshot-records.ts'
import { type TopicSettings, topicName } from './topic-setup.ts'

export interface StateStoreOptions extends TopicSettings {
  readonly driver: KafkaDriver
  readonly onLog?: NonNullable<KafkaOptions['onLog']>
}

/** One tenure of a partition: begins with `restore`. */
interface Tenure {
  readonly writer: string
  /** Versions this tenure may delete once it has a later one: those found at restore, and its own. */
  known: Version[]
}

export class KafkaStateStore implements StateStore {
  readonly #options: StateStoreOptions
  readonly #stateTopic: string
  readonly #findingsTopic: string
  readonly #tenures = new Map<string, Tenure>()
  #producer: Promise<KafkaProducer> | undefined

  constructor(options: StateStoreOptions) {
    this.#options = options
    this.#stateTopic = topicName(options, 'state')
    this.#findingsTopic = topicName(options, 'findings')
  }

  async restore(
    log: string,
    partition: number,
    notAfter?: number,
    ruleSetHash?: string,
  ): Promise<Snapshot | undefined> {
    const view = new SnapshotView(log, partition)
    const at = this.#statePartition(partition)
    try {
      const { low, high } = await this.#options.driver.watermarks(this.#stateTopic, at)
      await this.#options.driver.read(this.#stateTopic, at, low, high, (messages) => {
        for (const message of messages) view.add(message)
      })
    } catch (error) {
      throw busError(error, 'restore')
    }
    this.#tenures.set(`${log}/${partition}`, { writer: newWriter(), known: view.versions() })
    return view.latest(notAfter, sabotage('any-rule-set') ? undefined : ruleSetHash)
  }

  async commit(outcome: Outcome): Promise<void> {
    try {
      await this.#publish(outcome.findings)
      failpoint('after-findings-before-commit')
      if (outcome.snapshot !== undefined) await this.#store(outcome.snapshot)
    } catch (error) {
      throw busError(error, 'commit')
    }
  }

  async close(): Promise<void> {
    await (await this.#producer?.catch(() => undefined))?.close()
  }

  /** Findings of one partition of the topic keep their order. */
  async #publish(findings: readonly Finding[]): Promise<void> {
    if (findings.length === 0) return
    const producer = await this.#producing()
    const groups = new Map<number, Finding[]>()
    for (const finding of findings) {
      const partition = findingPartition(finding, this.#options.partitions)
      const group = groups.get(partition)
      if (group === undefined) groups.set(partition, [finding])
      else group.push(finding)
    }
    const sends = [...groups].map(([partition, group]) =>
      producer.send(this.#findingsTopic, partition, group.map(findingRecord)),
    )
    const failed = (await Promise.allSettled(sends)).find((result) => result.status === 'rejected')
    if (failed !== undefined) throw failed.reason
  }

  async #store(snapshot: Snapshot): Promise<void> {
    const name = `${snapshot.log}/${snapshot.partition}`
    let tenure = this.#tenures.get(name)
    if (tenure === undefined) {
      tenure = { writer: newWriter(), known: [] }
      this.#tenures.set(name, tenure)
    }
    const producer = await this.#producing()
    const at = this.#statePartition(snapshot.partition)
    const records = snapshotRecords(snapshot, tenure.writer)
    if (records.parts.length > 0) await producer.send(this.#stateTopic, at, records.parts)
    failpoint('between-snapshot-chunks')
    await producer.send(this.#stateTopic, at, [records.manifest])
    failpoint('after-manifest-before-deletes')
    // Acknowledged: this tenure may delete versions of lower positions, and never one of an equal or higher.
    const lower = tenure.known.filter((version) => version.next < snapshot.next)
    const kept = tenure.known.filter((version) => version.next >= snapshot.next && !isSame(version, records.version))
    tenure.known = [...kept, records.version]
    if (lower.length === 0) return
    await producer.send(this.#stateTopic, at, lower.flatMap(tombstones)).catch((error) => {
      // What was not deleted stays until the next tenure; a restore takes the highest position anyway.
      this.#options.onLog?.('warn', 'deleting older snapshots failed', { partition: snapshot.partition, error })
    })
  }

  /** State of a partition lives in the partition of the same number, so a restore reads no other's. */
  #statePartition(partition: number): number {
    return partition % this.#options.partitions
  }

  #producing(): Promise<KafkaProducer> {
    this.#producer ??= this.#options.driver.producer({ compression: 'zstd' })
    return this.#producer
  }
}

const isSame = (a: Version, b: Version) => a.writer === b.writer && a.next === b.next
const newWriter = () => randomUUID().replaceAll('-', '').slice(0, 16)
