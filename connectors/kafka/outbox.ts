/** The outbox on Kafka: findings by consumer group, alerts and deliveries in the compacted alerts topic beside them. */
import { randomUUID } from 'node:crypto'
import type { Alert } from '../../schemas/alert.ts'
import type { AlertChange, AlertGroup } from '../../schemas/alert-change.ts'
import { AuditdError } from '../../schemas/errors.ts'
import type { Finding } from '../../schemas/finding.ts'
import type { AlertUpdate, Clock, Delivery, Outbox, Settlement, Taken } from '../../schemas/ports.ts'
import { failpoint } from '../failpoint.ts'
import { busError } from './bus-errors.ts'
import type { KafkaConsumer, KafkaDriver, KafkaMessage, KafkaProducer, KafkaRecord } from './driver.ts'
import { changeRecord, findingPartition, findingRecord, readLogged } from './finding-records.ts'
import { alertRecord, decisionRecord, deliveryRecord, seenRecord, settledRecord } from './outbox-records.ts'
import { OutboxView } from './outbox-view.ts'
import { type TopicSettings, topicName } from './topic-setup.ts'

export interface OutboxOptions extends TopicSettings {
  readonly driver: KafkaDriver
  readonly clock: Clock
  /** Consumer group of the alert role. */
  readonly group: string
  /** How long grouped findings are remembered; longer than the replay horizon, 31 days when absent. */
  readonly rememberMs?: number
}

/** Findings of one `take`: their alerts and deliveries fit one produce request, which the broker appends whole or not. A change comes alone. */
const MOST_FINDINGS = 32
const REMEMBER_MS = 31 * 86_400_000
/** Updates between two sweeps of what has expired. */
const SWEEP_EVERY = 1000

type Logged = NonNullable<ReturnType<typeof readLogged>> & {
  /** Offset after it. */
  readonly next: number
}
interface Offered {
  /** Findings and changes not yet recorded. */
  logged: readonly Logged[]
  readonly next: number
  readonly recorded: () => void
}

/** A findings partition and the alerts partition of the same number: this process owns both. */
interface Owned {
  readonly partition: number
  readonly assignment: number
  /** Names our records apart from those of an owner before or after us. */
  readonly tenure: string
  readonly view: OutboxView
  offered: Offered | undefined
  updates: number
}

export class KafkaOutbox implements Outbox {
  readonly #options: OutboxOptions
  readonly #alertsTopic: string
  readonly #owned = new Map<number, Owned>()
  #consumer: Promise<KafkaConsumer> | undefined
  #producer: Promise<KafkaProducer> | undefined
  #wake: () => void = () => undefined
  #turn = 0

  constructor(options: OutboxOptions) {
    this.#options = options
    this.#alertsTopic = topicName(options, 'alerts')
  }

  async take(limit: number, signal: AbortSignal): Promise<Taken> {
    await this.#start()
    while (!signal.aborted) {
      const waiting = [...this.#owned.values()].filter((owned) => (owned.offered?.logged.length ?? 0) > 0)
      // Partitions take turns, so a busy one does not starve the others.
      const owned = waiting[this.#turn++ % Math.max(1, waiting.length)]
      if (owned?.offered !== undefined) {
        const { findings, changes, next } = firstOf(owned.offered.logged, Math.min(limit, MOST_FINDINGS))
        return { findings, changes, cursor: `${owned.partition}/${owned.assignment}/${next}` }
      }
      await this.#sleepUntilOffered(signal)
    }
    return { findings: [], changes: [], cursor: '' }
  }

  /** Any process may: nothing is read for it, and the partition is that of the group. */
  async offer(findings: readonly Finding[], changes: readonly AlertChange[]): Promise<void> {
    const records = Map.groupBy(
      [
        ...findings.map((finding) => ({ at: this.#partitionOf(finding), record: findingRecord(finding) })),
        ...changes.map((change) => ({ at: this.#partitionOf(change), record: changeRecord(change) })),
      ],
      ({ at }) => at,
    )
    for (const [partition, group] of records)
      await this.#append(
        'findings',
        partition,
        group.map(({ record }) => record),
      )
  }

  async decisions(groups: readonly AlertGroup[]): Promise<readonly AlertChange[]> {
    await this.#start()
    return groups.flatMap((group) => this.#owned.get(this.#partitionOf(group))?.view.decision(group) ?? [])
  }

  async alerts(alertIds: readonly string[]): Promise<ReadonlyMap<string, Alert>> {
    await this.#start()
    const found = new Map<string, Alert>()
    for (const id of alertIds) {
      for (const { view } of this.#owned.values()) {
        const alert = view.alert(id)
        if (alert !== undefined) found.set(id, alert)
      }
    }
    return found
  }

  async remembered(findingIds: readonly string[]): Promise<ReadonlySet<string>> {
    await this.#start()
    const views = [...this.#owned.values()].map(({ view }) => view)
    return new Set(findingIds.filter((id) => views.some((view) => view.remembers(id))))
  }

  /** Alerts, deliveries and finding ids in one request; the findings' offset only after it is acknowledged. */
  async record(update: AlertUpdate): Promise<void> {
    await this.#start()
    const cursor = readCursor(update.cursor)
    // An update that came from no finding has no partition of its own: each alert stands in its own partition.
    const partitions = cursor === undefined ? this.#partitionsOf(update.alerts) : [cursor.partition]
    for (const partition of partitions) {
      const owned = this.#ownedBy(partition, cursor?.assignment)
      const records = this.#recordsOf(update, owned, cursor?.next)
      await this.#append('alerts', partition, records)
      failpoint('after-outbox-before-commit')
      for (const record of records) owned.view.apply(record)
      if (cursor !== undefined) await this.#advance(owned, cursor.next)
    }
  }

  async due(target: string, nowMs: number, limit: number): Promise<readonly Delivery[]> {
    await this.#start()
    const due: Delivery[] = []
    for (const { view } of this.#owned.values()) due.push(...view.due(target, nowMs, limit - due.length))
    return due
  }

  /** In the partitions that are ours. */
  async waiting(target: string): Promise<number> {
    await this.#start()
    return [...this.#owned.values()].reduce((sum, { view }) => sum + view.waiting(target), 0)
  }

  /** Written whether or not the partition is still ours: that a target took it is true for the next owner too. */
  async settle(delivery: Delivery, settlement: Settlement): Promise<void> {
    failpoint('after-delivery-before-settle')
    const partition = this.#partitionOf(delivery.alert)
    // Partitions may part ways, so a bundle of several becomes one of each.
    const settled =
      settlement.kind === 'bundled' && settlement.bundle !== delivery.idempotencyKey
        ? { ...settlement, bundle: `${settlement.bundle}-${partition}` }
        : settlement
    const record = settledRecord(delivery, settled, this.#options.clock.nowMs())
    await this.#append('alerts', partition, [record])
    this.#owned.get(partition)?.view.apply(record)
  }

  async close(): Promise<void> {
    await (await this.#consumer?.catch(() => undefined))?.close()
    await (await this.#producer?.catch(() => undefined))?.close()
  }

  #start(): Promise<KafkaConsumer> {
    this.#consumer ??= this.#options.driver
      .consume({
        group: this.#options.group,
        topic: topicName(this.#options, 'findings'),
        handler: {
          assigned: async (partition, assignment) => void (await this.#assigned(partition, assignment)),
          batch: (partition, messages, next) => this.#offer(partition, messages, next),
          ending: (partition) => this.#owned.get(partition)?.offered?.recorded(),
          revoked: async (partition) => void this.#owned.delete(partition),
        },
      })
      .catch((error) => {
        this.#consumer = undefined
        throw busError(error, 'findings')
      })
    return this.#consumer
  }

  async #assigned(partition: number, assignment: number): Promise<void> {
    const view = new OutboxView()
    const { low, high } = await this.#options.driver.watermarks(this.#alertsTopic, partition)
    await this.#options.driver.read(this.#alertsTopic, partition, low, high, (messages) => {
      for (const message of messages) view.apply(message)
    })
    const tenure = randomUUID().replaceAll('-', '').slice(0, 16)
    this.#owned.set(partition, { partition, assignment, tenure, view, offered: undefined, updates: 0 })
  }

  /** Resolves when every finding of the batch is recorded, or the partition is to be given up. */
  async #offer(partition: number, messages: readonly KafkaMessage[], next: number): Promise<void> {
    const owned = this.#owned.get(partition)
    if (owned === undefined) return
    const logged = messages.flatMap((message) => {
      const read = readLogged(message)
      return read === undefined ? [] : [{ ...read, next: message.offset + 1 }]
    })
    if (logged.length === 0) {
      await (await this.#start()).commit(partition, next, owned.assignment)
      return
    }
    await new Promise<void>((recorded) => {
      owned.offered = { logged, next, recorded }
      this.#wake()
    })
    owned.offered = undefined
  }

  async #advance(owned: Owned, next: number): Promise<void> {
    const offered = owned.offered
    const rest = offered?.logged.filter((one) => one.next > next) ?? []
    // The whole batch is done: what follows the last finding (markers, foreign records) is covered too.
    const commitTo = offered !== undefined && rest.length === 0 ? Math.max(next, offered.next) : next
    try {
      await (await this.#start()).commit(owned.partition, commitTo, owned.assignment)
    } catch (error) {
      throw busError(error, 'commit')
    }
    if (offered === undefined) return
    offered.logged = rest
    if (rest.length === 0) offered.recorded()
  }

  #recordsOf(update: AlertUpdate, owned: Owned, next: number | undefined): KafkaRecord[] {
    const nowMs = this.#options.clock.nowMs()
    const records: KafkaRecord[] = []
    for (const alert of update.alerts) {
      if (this.#partitionOf(alert) !== owned.partition) continue
      if ((owned.view.alert(alert.alertId)?.revision ?? 0) > alert.revision) continue
      records.push(alertRecord(alert, owned.tenure), ...owned.view.superseded(alert, owned.tenure))
    }
    for (const { alertId, target, revision } of update.deliveries) {
      const recorded = update.alerts.find((alert) => alert.alertId === alertId && alert.revision === revision)
      const alert = recorded ?? owned.view.alert(alertId)
      if (alert === undefined || this.#partitionOf(alert) !== owned.partition) continue
      if (!owned.view.hasDelivery(target, alertId, alert.revision)) records.push(deliveryRecord(target, alert, nowMs))
    }
    for (const change of update.decisions ?? [])
      if (next !== undefined && this.#partitionOf(change) === owned.partition)
        records.push(decisionRecord(change, owned.tenure, next), ...owned.view.overruled(change, owned.tenure, next))
    if (next !== undefined && update.findingIds.length > 0)
      records.push(seenRecord(owned.tenure, next, { atMs: nowMs, findingIds: update.findingIds }))
    if (++owned.updates % SWEEP_EVERY === 0)
      records.push(...owned.view.expired(nowMs - (this.#options.rememberMs ?? REMEMBER_MS)))
    return records
  }

  #ownedBy(partition: number, assignment?: number): Owned {
    const owned = this.#owned.get(partition)
    if (owned === undefined || (assignment !== undefined && owned.assignment !== assignment))
      throw new AuditdError('ownership_lost', 'outbox', 'cursor', `partition ${partition} has been given up`)
    return owned
  }

  /** Where the findings of an alert are: the partition of its group. */
  #partitionOf(group: AlertGroup): number {
    return findingPartition(group, this.#options.partitions)
  }

  #partitionsOf(alerts: readonly Alert[]): number[] {
    return [...new Set(alerts.map((alert) => this.#partitionOf(alert)))]
  }

  async #append(topic: 'alerts' | 'findings', partition: number, records: readonly KafkaRecord[]): Promise<void> {
    if (records.length === 0) return
    try {
      this.#producer ??= this.#options.driver.producer({ compression: 'zstd' })
      await (await this.#producer).send(topicName(this.#options, topic), partition, records)
    } catch (error) {
      throw busError(error, topic)
    }
  }

  async #sleepUntilOffered(signal: AbortSignal): Promise<void> {
    let listener: () => void = () => undefined
    await new Promise<void>((done) => {
      listener = done
      this.#wake = done
      signal.addEventListener('abort', listener, { once: true })
    })
    signal.removeEventListener('abort', listener)
  }
}

/** Findings up to the first change, or that change alone: what comes before it is grouped without it. */
function firstOf(logged: readonly Logged[], limit: number): Omit<Taken, 'cursor'> & { readonly next: number } {
  const [first] = logged
  if (first !== undefined && 'change' in first) return { findings: [], changes: [first.change], next: first.next }
  const change = logged.findIndex((one) => 'change' in one)
  const some = logged.slice(0, change === -1 ? limit : Math.min(change, limit))
  const findings = some.flatMap((one) => ('finding' in one ? [one.finding] : []))
  return { findings, changes: [], next: some.at(-1)!.next }
}

/** `partition/assignment/offset after the last finding`; undefined for a cursor that came from no `take`. */
function readCursor(cursor: string): { partition: number; assignment: number; next: number } | undefined {
  const [partition, assignment, next] = cursor.split('/').map(Number)
  if (partition === undefined || assignment === undefined || next === undefined) return undefined
  return { partition, assignment, next }
}
