/** No secret of client or server is in any of our topics: events, findings, signals, state, alerts, dead letters; nor in the folder. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { createSink } from '../../collector/instrument/index.ts'
import { KafkaAuditExporter } from '../../collector/instrument/kafka.ts'
import { kafkajsDriver } from '../../connectors/kafka/kafkajs.ts'
import { TOPICS } from '../../schemas/topics.ts'
import { asLogs, KEY, overHttp, overStdio, send } from '../e2e/leaky-clients.ts'
import { plantedBodies } from '../e2e/planted-records.ts'
import { careless, foreignLogs, foreignSpans, unreadable } from '../e2e/planted-telemetry.ts'
import { wrongAudience } from '../e2e/telemetry-in.ts'
import { CanarySearch, plant } from '../fakes/canaries.ts'
import { stop, type Up, up } from '../unit/cli/command-line.ts'
import { brokers, skipReason, uniqueName } from './broker.ts'

const PARTITIONS = 2
const canaries = plant()
const dataDir = mkdtempSync(join(tmpdir(), 'secrecy-kafka-'))
const prefix = `${uniqueName('secrecy')}-`
let service: Up | undefined
afterAll(async () => {
  if (service?.child.exitCode === null) service.child.kill('SIGKILL')
  rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 })
})

describe.skipIf(brokers.length === 0)(`topics${skipReason}`, () => {
  it('hold no secret, whoever wrote the events, also after a kill', { timeout: 180_000 }, async () => {
    const config = join(dataDir, 'config.yaml')
    writeFileSync(config, JSON.stringify({ kafka: { brokers, prefix, partitions: PARTITIONS } }))
    const begin = () =>
      up(dataDir, ['--config', config, '--bus', 'kafka'], { MCP_AUDIT_KEY: KEY, MCP_AUDITD_LOG_LEVEL: 'debug' })
    const search = new CanarySearch(canaries)
    const first = await begin()
    service = first
    const topic = prefix + TOPICS.events.topic
    const sink = createSink(new KafkaAuditExporter({ brokers, topic }))
    await overHttp(canaries, sink)
    expect(sink.stats.sent).toBeGreaterThan(100)
    await sink.shutdown()
    await overStdio(canaries, first.otlpUrl)
    expect(await send(first.otlpUrl, 'logs', asLogs(careless(canaries)))).toBe(200)
    for (const spans of foreignSpans(canaries)) expect(await send(first.otlpUrl, 'traces', spans)).toBe(200)
    expect(await send(first.otlpUrl, 'logs', unreadable(canaries))).toBe(200)
    for (const { path, body } of plantedBodies(canaries))
      expect((await fetch(first.otlpUrl + path, { method: 'POST', body })).status, path).toBe(200)
    first.child.kill('SIGKILL')
    search.look('log of the first life', (await first.ended).stderr)

    const second = await begin()
    service = second
    const alarming = { ...wrongAudience('abcd'), reason: `it was ${canaries.accessToken}` }
    expect(await send(second.otlpUrl, 'logs', asLogs([alarming]))).toBe(200)
    expect(await send(second.otlpUrl, 'logs', foreignLogs(canaries))).toBe(200)
    const driver = kafkajsDriver({ brokers, clientId: 'secrecy-test' })
    /** Every record as it was written, and how many there are. */
    const records = async (name: keyof typeof TOPICS): Promise<Buffer[]> => {
      const all: Buffer[] = []
      for (let partition = 0; partition < (name === 'jobs' ? 1 : PARTITIONS); partition++) {
        const { low, high } = await driver.watermarks(prefix + TOPICS[name].topic, partition)
        if (high <= low) continue
        await driver.read(prefix + TOPICS[name].topic, partition, low, high, (messages) => {
          for (const { key, value, headers } of messages)
            all.push(Buffer.concat([key, value, ...Object.values(headers ?? {})].filter(Buffer.isBuffer)))
        })
      }
      return all
    }
    await expect
      .poll(async () => (await records('alerts')).length, { timeout: 90_000, interval: 1_000 })
      .toBeGreaterThan(0)
    expect((await stop(second)).code).toBe(0)
    for (const name of Object.keys(TOPICS) as (keyof typeof TOPICS)[]) {
      const found = await records(name)
      if (name !== 'signals') expect(found.length, name).toBeGreaterThan(0)
      for (const record of found) search.look(`topic ${name}`, record)
    }
    await driver.close()
    const ended = await second.ended
    search.look('log of the second life', ended.stderr + ended.stdout)
    search.folder(dataDir)
    expect([...new Set(search.found)]).toEqual([])
  })
})
