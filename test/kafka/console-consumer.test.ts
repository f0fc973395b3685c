/** Our topic, read by the broker's own console consumer and decoded by an OTLP codec that shares nothing with ours. */
import { execFile } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { recordCodec } from '../../collector/record-codec.ts'
import { KafkaEventBus } from '../../connectors/kafka/event-bus.ts'
import { kafkajsDriver } from '../../connectors/kafka/kafkajs.ts'
import { platformaticDriver } from '../../connectors/kafka/platformatic.ts'
import { setUpTopics, topicName } from '../../connectors/kafka/topic-setup.ts'
import { EVENT_NAME_PREFIX } from '../../schemas/wire.ts'
import { sampleEvent } from '../contract/samples.ts'
import { decodeIndependently } from '../unit/collector/otlp/independent-codec.ts'
import { brokers, skipReason, uniqueName } from './broker.ts'

const run = promisify(execFile)
const repository = new URL('../../', import.meta.url).pathname
const tools = `${repository}.kafka/tools`
const BETWEEN_MESSAGES = '--next-message--'

async function consoleConsumer(topic: string, messages: number): Promise<Buffer[]> {
  if (!existsSync(tools)) {
    await run('mvn', [
      '-B',
      '-q',
      '-f',
      `${repository}test/kafka/tools-pom.xml`,
      'dependency:copy-dependencies',
      `-DoutputDirectory=${tools}`,
      '-DincludeScope=runtime',
    ])
  }
  const jars = readdirSync(tools)
    .filter((file) => file.endsWith('.jar'))
    .map((file) => `${tools}/${file}`)
  const words = [
    'org.apache.kafka.tools.consumer.ConsoleConsumer',
    '--bootstrap-server',
    brokers.join(','),
    '--topic',
    topic,
    '--from-beginning',
    '--max-messages',
    String(messages),
    '--timeout-ms',
    '20000',
    '--formatter-property',
    `line.separator=${BETWEEN_MESSAGES}`,
  ]
  const { stdout } = await run('java', ['-Xmx128m', '-cp', jars.join(':'), ...words], {
    encoding: 'buffer',
    maxBuffer: 1 << 24,
  })
  const values: Buffer[] = []
  for (let at = 0; at < stdout.length; ) {
    const end = stdout.indexOf(BETWEEN_MESSAGES, at)
    if (end < 0) break
    values.push(stdout.subarray(at, end))
    at = end + BETWEEN_MESSAGES.length
  }
  return values
}

interface Request {
  readonly resourceLogs: readonly {
    readonly scopeLogs: readonly {
      readonly logRecords: readonly { readonly eventName: string; readonly body: { readonly stringValue: string } }[]
    }[]
  }[]
}

test.skipIf(brokers.length === 0).each([
  ['kafkajs', kafkajsDriver],
  ['platformatic', platformaticDriver],
] as const)(
  `the console consumer reads what %s wrote, and an independent codec finds every event${skipReason}`,
  async (_, open) => {
    const driver = open({ brokers, clientId: 'console-consumer-test' })
    const topics = { partitions: 1, replicas: 1, prefix: `${uniqueName('console')}.` }
    await setUpTopics(driver, topics)
    const bus = new KafkaEventBus({
      driver,
      codec: recordCodec,
      clock: { nowMs: () => Date.now() },
      group: topics.prefix,
      keys: [],
      ...topics,
    })
    try {
      const events = [sampleEvent(), sampleEvent(), sampleEvent()].map((event) => ({
        ...event,
        tenant: 'default',
        receivedAt: '2026-11-24T12:00:00.000Z',
      }))
      await bus.publish(events.slice(0, 2))
      await bus.publish(events.slice(2))
      const values = await consoleConsumer(topicName(topics, 'events'), 2)
      const records = values.flatMap((value) =>
        (decodeIndependently('ExportLogsServiceRequest', value) as Request).resourceLogs.flatMap(({ scopeLogs }) =>
          scopeLogs.flatMap(({ logRecords }) => logRecords),
        ),
      )
      expect(records.map(({ eventName }) => eventName)).toEqual(
        events.map(({ eventType }) => EVENT_NAME_PREFIX + eventType),
      )
      expect(records.map(({ body }) => JSON.parse(body.stringValue))).toEqual(events)
    } finally {
      await bus.close()
      await driver.deleteTopics?.([topicName(topics, 'events')])
      await driver.close()
    }
  },
  90_000,
)
