/** Creates the service's topics and refuses to run on other partition counts than the configured one. */
import { AuditdError } from '../../schemas/errors.ts'
import { TOPICS } from '../../schemas/topics.ts'
import { busError } from './bus-errors.ts'
import { type KafkaDriver, KafkaDriverError, type TopicSpec } from './driver.ts'
import { retrying } from './retrying.ts'

export type TopicName = keyof typeof TOPICS

export interface TopicSettings {
  /** Partitions of every topic: (tenant, server) maps to one, and state, findings and alerts follow by number. */
  readonly partitions: number
  readonly replicas: number
  /** Put before each name; tests and shared clusters. '' when absent. */
  readonly prefix?: string
}

export const topicName = (settings: Pick<TopicSettings, 'prefix'>, name: TopicName): string =>
  (settings.prefix ?? '') + TOPICS[name].topic

/** Most follow the events; some have a count of their own. */
const partitionsOf = (name: TopicName, settings: TopicSettings): number => {
  const topic = TOPICS[name]
  return 'partitions' in topic ? topic.partitions : settings.partitions
}

/** Compacted topics are cleaned often, so that a restore reads little more than the live state. */
const COMPACTION = {
  'min.cleanable.dirty.ratio': '0.1',
  'segment.bytes': String(32 * 1024 * 1024),
  'segment.ms': '600000',
  // A reader that takes longer than this may miss a tombstone and keep what was deleted.
  'delete.retention.ms': '3600000',
}

/** By then every broker knows of a topic that was made. */
const HEARD_OF_MS = 20_000
const driverError = (error: unknown): KafkaDriverError =>
  error instanceof KafkaDriverError ? error : new KafkaDriverError('protocol', String(error))

/**
 * Idempotent. Throws `config_invalid` when a topic has another number of partitions: changing it moves servers between
 * partitions, so it needs a new topic and a rebuild.
 */
export async function setUpTopics(driver: KafkaDriver, settings: TopicSettings): Promise<void> {
  const names = Object.keys(TOPICS) as TopicName[]
  const specs = names.map((name): TopicSpec => {
    const config: Record<string, string> = { ...TOPICS[name].config }
    const compacted = config['cleanup.policy'] === 'compact' ? COMPACTION : {}
    const durable = settings.replicas >= 3 ? { 'min.insync.replicas': '2' } : {}
    return {
      topic: topicName(settings, name),
      partitions: partitionsOf(name, settings),
      replicas: settings.replicas,
      config: { ...compacted, ...durable, ...config },
    }
  })
  try {
    await driver.createTopics(specs)
  } catch (error) {
    throw busError(error, 'topics')
  }
  for (const { topic, partitions } of specs) {
    // A broker that has not heard of a topic made a moment ago says that it does not exist.
    const found = await retrying(HEARD_OF_MS, driverError, () => driver.partitions(topic), 'unknown_topic').catch(
      (error) => {
        throw busError(error, 'topics')
      },
    )
    if (found !== partitions) {
      const reason = `topic ${topic} has ${found} partitions, configured are ${partitions}; another count needs a new topic and a rebuild`
      throw new AuditdError('config_invalid', 'kafka', 'partitions', reason)
    }
  }
}
