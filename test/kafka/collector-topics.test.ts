/** A stock Collector's topics as a source, on a real broker: what it wrote arrives once, poison costs itself, and a kill loses nothing. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Producer } from '@platformatic/kafka'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { silentTelemetry } from '../../cli/wire-store.ts'
import type { Compression, KafkaDriver } from '../../connectors/kafka/driver.ts'
import { kafkajsDriver } from '../../connectors/kafka/kafkajs.ts'
import { openLedger } from '../../connectors/ledger/ledger.ts'
import type { DeadLetter } from '../../schemas/ports.ts'
import { TOPICS } from '../../schemas/topics.ts'
import { run, stop, type Up, up } from '../unit/cli/command-line.ts'
import { brokers, skipReason, uniqueName } from './broker.ts'

const FIXTURES = new URL('../fixtures/collector-kafka/', import.meta.url)
interface Recorded {
  readonly key: string | null
  readonly headers: Record<string, string>
  readonly valueBase64: string
}
/** Records of one file, as the Collector wrote them: keys are null or bytes, headers often none. */
const recorded = (file: string) =>
  ([JSON.parse(readFileSync(new URL(file, FIXTURES), 'utf8'))] as (Recorded | Recorded[])[]).flat().map((record) => ({
    key: record.key === null ? null : Buffer.from(record.key, 'base64'),
    value: Buffer.from(record.valueBase64, 'base64'),
    headers: record.headers,
  }))
const filesOf = (encoding: string) =>
  readdirSync(FIXTURES).filter((file) => /^(logs|spans)-/.test(file) && file.includes(encoding))
const compressionOf = (file: string): Compression =>
  file.includes('gzip') ? 'gzip' : file.includes('zstd') ? 'zstd' : 'none'

const folders: string[] = []
const services: Up[] = []
let driver: KafkaDriver
beforeAll(() => {
  if (brokers.length > 0) driver = kafkajsDriver({ brokers, clientId: 'collector-topics' })
})
afterAll(async () => {
  for (const { child } of services) if (child.exitCode === null) child.kill('SIGKILL')
  await driver?.close()
  for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
})

/** Three topics with everything that was recorded, and poison between the good. */
async function filled(): Promise<{ proto: string; json: string; spans: string }> {
  const topics = { proto: uniqueName('otlp_logs'), json: uniqueName('otlp_json'), spans: uniqueName('otlp_spans') }
  await driver.createTopics(Object.values(topics).map((topic) => ({ topic, partitions: 1 })))
  const poison = { key: Buffer.from([0xff, 0x00]), value: Buffer.from('no OTLP at all'), headers: {} }
  const produce = async (topic: string, files: readonly string[]) => {
    for (const file of files) {
      const producer = await driver.producer({ compression: compressionOf(file) })
      await producer.send(topic, 0, recorded(file))
      await producer.send(topic, 0, [poison])
      await producer.close()
    }
  }
  await produce(
    topics.proto,
    filesOf('otlp_proto').filter((file) => file.startsWith('logs')),
  )
  await produce(
    topics.spans,
    filesOf('otlp_proto').filter((file) => file.startsWith('spans')),
  )
  // Mixed: here the header alone tells logs from spans, where there is one.
  const producer = await driver.producer()
  for (const file of filesOf('otlp_json')) {
    const headers = { 'otelcol.signal': file.startsWith('logs') ? 'logs' : 'traces' }
    await producer.send(
      topics.json,
      0,
      recorded(file).map((record) => ({ ...record, headers })),
    )
  }
  await producer.send(topics.json, 0, [
    { key: null, value: Buffer.from('x'), headers: { 'otelcol.signal': 'metrics' } },
  ])
  await producer.close()
  return topics
}

function begin(
  dataDir: string,
  bus: string,
  topics: Awaited<ReturnType<typeof filled>>,
  env = {},
  sources?: readonly object[],
): Promise<Up> {
  const config = join(dataDir, 'config.yaml')
  const group = topics.proto
  const source = (topic: string, signal: string, encoding: string, more = {}) => ({
    kind: 'kafka',
    topic,
    signal,
    encoding,
    brokers,
    ...more,
  })
  const three = [
    source(topics.proto, 'logs', 'otlp_proto'),
    source(topics.spans, 'traces', 'otlp_proto', { server: 'payments' }),
    source(topics.json, 'logs', 'otlp_json'),
  ]
  const kafka = { brokers, prefix: `${group}-`, partitions: 2, group, sessionTimeoutMs: 6_000 }
  const settings = { kafka, sources: sources ?? three }
  writeFileSync(config, JSON.stringify(settings))
  return up(dataDir, ['--config', config, '--bus', bus], env).then((service) => {
    services.push(service)
    return service
  })
}

async function ask(dataDir: string, sql: string): Promise<Record<string, unknown>[]> {
  const { code, stdout, stderr } = await run(['query', sql, '--data', dataDir, '--format', 'JSONEachRow'])
  if (code !== 0) throw new Error(stderr)
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
}
/** Records not yet committed, by topic. */
const behind = async (topics: Awaited<ReturnType<typeof filled>>) =>
  Promise.all(
    Object.values(topics).map(async (topic) => {
      const { high } = await driver.watermarks(topic, 0)
      return high - ((await driver.committed(`mcp-auditd-collect-${topic}`, topic, 0)) ?? 0)
    }),
  )

/** The recordings are about one MCP call in logs, three requests in spans, and one more call of another service. */
const EXPECTED = [
  { server_id: 'mcp-gateway', source: 'otlp_log', n: 1, ids: 1, claimed: 1 },
  { server_id: 'mcp-gateway', source: 'span', n: 3, ids: 3, claimed: 3 },
  // Of the topic whose server is configured.
  { server_id: 'payments', source: 'span', n: 3, ids: 3, claimed: 0 },
  { server_id: 'svc-a', source: 'otlp_log', n: 1, ids: 1, claimed: 1 },
]
const ROWS = `SELECT server_id, source, count() AS n, uniqExact(event_id) AS ids, countIf(server_claimed) AS claimed
  FROM events_exact GROUP BY ALL ORDER BY ALL`

/** What was refused, from where the bus keeps it. */
async function letters(bus: string, dataDir: string, prefix: string): Promise<DeadLetter[]> {
  if (bus === 'embedded') {
    const ledger = openLedger(join(dataDir, 'ledger'), { nowMs: () => 0 }, silentTelemetry)
    const all = ledger.deadLetters.list(1_000)
    await ledger.close()
    return [...all]
  }
  const topic = prefix + TOPICS.deadLetters.topic
  const all: DeadLetter[] = []
  for (let partition = 0; partition < 2; partition++) {
    const { low, high } = await driver.watermarks(topic, partition)
    if (high > low)
      await driver.read(topic, partition, low, high, (messages) => {
        for (const { value } of messages) all.push(JSON.parse(String(value)) as DeadLetter)
      })
  }
  return all
}

describe.skipIf(brokers.length === 0).each(['embedded', 'kafka'])(
  `topics of a stock Collector, %s bus${skipReason}`,
  (bus) => {
    it('arrive once each, though the service dies between taking and committing', { timeout: 120_000 }, async () => {
      const dataDir = mkdtempSync(join(tmpdir(), 'collector-topics-'))
      folders.push(dataDir)
      const topics = await filled()
      // It may die before it says that it has started.
      const first = await begin(dataDir, bus, topics, { MCP_AUDITD_FAILPOINT: 'after-take-before-commit:1' }).catch(
        () => undefined,
      )
      await first?.ended
      expect(await behind(topics)).toContain((await driver.watermarks(topics.proto, 0)).high)
      const second = await begin(dataDir, bus, topics)
      await expect.poll(() => behind(topics), { timeout: 60_000, interval: 200 }).toEqual([0, 0, 0])
      await expect.poll(() => ask(dataDir, ROWS), { timeout: 60_000, interval: 500 }).toEqual(EXPECTED)
      const metrics = await (await fetch(`${second.adminUrl}/metrics`)).text()
      expect(metrics).toContain('mcp_auditd_events_dropped_total{component="kafka_source",reason="not_mcp",')
      const ready = await (await fetch(`${second.adminUrl}/readyz`)).text()
      expect(ready).toContain('"sources":true')
      expect((await stop(second)).code).toBe(0)

      const refused = await letters(bus, dataDir, `${topics.proto}-`)
      const log = await driver.topicId(topics.spans)
      // One poison message stands behind each file; the partition went on.
      const poison = refused.filter(({ component, position }) => component === 'kafka_source' && position?.log === log)
      const offsets = new Set(poison.map(({ position }) => position!.offset))
      expect(offsets.size).toBe(filesOf('otlp_proto').filter((file) => file.startsWith('spans')).length)
      expect(refused).toContainEqual(
        expect.objectContaining({
          component: 'otlp',
          field: 'attributes.a.int.max',
          position: expect.objectContaining({ log: await driver.topicId(topics.proto), offset: 0, index: 0 }),
        }),
      )
    })
  },
)

describe.skipIf(brokers.length === 0)(`a source topic${skipReason}`, () => {
  it.each(['lz4', 'snappy'])(
    'is read when its Collector compresses with %s',
    { timeout: 60_000 },
    async (compression) => {
      const topic = uniqueName('otlp_spans')
      await driver.createTopics([{ topic, partitions: 1 }])
      const producer = new Producer({ clientId: 'collector', bootstrapBrokers: [...brokers], strict: true })
      const { value } = recorded('spans-otlp_proto-none.json')[0]!
      const messages = [{ topic, partition: 0, value }]
      await producer.send({ messages, compression: compression as 'lz4', acks: -1 })
      await producer.close()
      const dataDir = mkdtempSync(join(tmpdir(), 'collector-topics-'))
      folders.push(dataDir)
      const service = await begin(dataDir, 'embedded', { proto: topic, json: topic, spans: topic }, {}, [
        { kind: 'kafka', topic, signal: 'traces', brokers },
      ])
      await expect
        .poll(() => ask(dataDir, "SELECT count() AS n FROM events_exact WHERE server_id != 'mcp-auditd'"), {
          timeout: 40_000,
          interval: 500,
        })
        .toEqual([{ n: 3 }])
      expect((await stop(service)).code).toBe(0)
    },
  )

  it('that does not exist yet is waited for, and keeps nothing else from running', { timeout: 60_000 }, async () => {
    const topic = uniqueName('otlp_spans')
    const dataDir = mkdtempSync(join(tmpdir(), 'collector-topics-'))
    folders.push(dataDir)
    const service = await begin(dataDir, 'embedded', { proto: topic, json: topic, spans: topic }, {}, [
      { kind: 'kafka', topic, signal: 'traces', brokers },
    ])
    await expect.poll(() => service.log.map(({ event }) => event), { timeout: 30_000 }).toContain('source_retry')
    await driver.createTopics([{ topic, partitions: 1 }])
    const producer = await driver.producer()
    await producer.send(topic, 0, recorded('spans-otlp_proto-none.json'))
    await producer.close()
    await expect
      .poll(() => ask(dataDir, "SELECT count() AS n FROM events_exact WHERE server_id != 'mcp-auditd'"), {
        timeout: 40_000,
        interval: 500,
      })
      .toEqual([{ n: 3 }])
    expect((await stop(service)).code).toBe(0)
  })
})
