/** The configured source topics: each is read for as long as the service runs, and tried again while its brokers or topic are not there. */
import type { Fingerprint } from '../collector/foreign.ts'
import { type CollectorTopic, readTopic } from '../collector/topic-reader.ts'
import type { KafkaConsumer, KafkaDriver } from '../connectors/kafka/driver.ts'
import type { Config, SourceConfig } from '../schemas/config.ts'
import { AuditdError } from '../schemas/errors.ts'
import type { Clock, Intake, Telemetry } from '../schemas/ports.ts'
import { openDriver } from './wire-kafka.ts'

export interface SourceTopicsParts {
  readonly settings: Config
  readonly intake: Intake
  readonly clock: Clock
  readonly telemetry: Telemetry
  readonly fingerprint?: Fingerprint
}
export interface SourceTopics {
  /** True when every topic is being read, else why not. */
  state(): true | string
  close(): Promise<void>
}

const RETRY_MS = 5_000

/** Returns at once: a source that is not there keeps nothing else from running. Throws on a source without brokers. */
export function startSourceTopics(parts: SourceTopicsParts): SourceTopics {
  const groups = new Set<string>()
  for (const source of parts.settings.sources) {
    const { topic, brokers } = source
    // Members of one group share what it reads: each would be given partitions of the other's topic.
    const group = groupOf(source)
    if (groups.has(group))
      throw new AuditdError('config_invalid', 'configuration', 'sources', `${group} is the group of two topics`)
    groups.add(group)
    if (brokers.length === 0 && parts.settings.kafka.brokers.length === 0)
      throw new AuditdError(
        'config_invalid',
        'configuration',
        'sources',
        `${topic} has no brokers, and neither has kafka`,
      )
  }
  const sources = parts.settings.sources.map((source) => new RunningTopic(parts, source))
  return {
    state: () => sources.map(({ trouble }) => trouble).find((trouble) => trouble !== undefined) ?? true,
    async close() {
      await Promise.all(sources.map((source) => source.close()))
    },
  }
}

class RunningTopic {
  /** Undefined while the topic is being read. */
  trouble: string | undefined
  private readonly parts: SourceTopicsParts
  private readonly source: SourceConfig
  private readonly starting: Promise<void>
  private driver: KafkaDriver | undefined
  private consumer: KafkaConsumer | undefined
  private readonly stop = new AbortController()

  constructor(parts: SourceTopicsParts, source: SourceConfig) {
    this.parts = parts
    this.source = source
    this.trouble = `${source.topic}: not joined yet`
    this.starting = this.start()
  }

  private async start(): Promise<void> {
    const { settings, telemetry } = this.parts
    const { topic, brokers } = this.source
    while (!this.stop.signal.aborted) {
      const driver = openDriver(settings, telemetry, brokers.length === 0 ? settings.kafka.brokers : brokers)
      try {
        // Asked first: a client may otherwise wait for a topic that is not there, or make it.
        await driver.partitions(topic)
        this.driver = driver
        this.consumer = await readTopic({ ...this.parts, driver }, topicOf(this.source))
        this.trouble = undefined
        return
      } catch (error) {
        this.trouble = `${topic}: ${error instanceof Error ? error.message : String(error)}`
        telemetry.log('source_retry', { topic, reason: this.trouble })
        this.driver = undefined
        await driver.close().catch(() => {})
        await pause(RETRY_MS, this.stop.signal)
      }
    }
  }

  async close(): Promise<void> {
    this.stop.abort()
    // A join in progress ends by itself; what it opened is closed behind it.
    await this.starting
    await this.consumer?.close()
    await this.driver?.close()
  }
}

const groupOf = ({ topic, group }: SourceConfig): string => (group === '' ? `mcp-auditd-collect-${topic}` : group)

function topicOf(source: SourceConfig): CollectorTopic {
  const { topic, signal, encoding, from, tenant, server } = source
  const isNamed = server !== ''
  const caller = { tenant, producer: `kafka:${topic}`, claimed: !isNamed, ...(isNamed ? { servers: [server] } : {}) }
  return { topic, signal, encoding, group: groupOf(source), caller, fromBeginning: from === 'earliest' }
}

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })
