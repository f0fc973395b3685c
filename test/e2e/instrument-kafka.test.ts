/** Events of an instrumented server on a real broker: signed records that our own reader verifies, to the partition of the server. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { afterEach, describe, expect, it } from 'vitest'
import type { AuditExporter, EncodedBatch } from '../../collector/instrument/delivery/audit-sink.ts'
import { pendingEvent } from '../../collector/instrument/delivery/pending-event.ts'
import { createSink, instrumentMcpServer, shutdownAudit } from '../../collector/instrument/index.ts'
import { KafkaAuditExporter } from '../../collector/instrument/kafka.ts'
import { decodeLogs } from '../../collector/otlp/decode-logs.ts'
import { kafkajsDriver } from '../../connectors/kafka/kafkajs.ts'
import { recordVerifier } from '../../connectors/kafka/record-auth.ts'
import { partitionOf } from '../../schemas/topics.ts'
import { brokers, skipReason, uniqueName } from '../kafka/broker.ts'

afterEach(() => shutdownAudit())

/** A cluster that is down until it is up. */
class HeldBack implements AuditExporter {
  static isUp = false
  private readonly inner: AuditExporter
  constructor(inner: AuditExporter) {
    this.inner = inner
  }
  export(batch: EncodedBatch) {
    return HeldBack.isUp ? this.inner.export(batch) : Promise.resolve({ kind: 'retry', reason: 'down' } as const)
  }
  shutdown() {
    return this.inner.shutdown()
  }
}

describe.skipIf(brokers.length === 0)(`KafkaAuditExporter${skipReason}`, () => {
  it('delivers each event once, signed, in order, to one partition', async () => {
    const topic = uniqueName('instrument')
    const driver = kafkajsDriver({ brokers, clientId: 'instrument-test' })
    await driver.createTopics([{ topic, partitions: 3 }])
    const key = { keyId: 'k1', secret: 'a secret of the producer' }
    const sink = createSink(new KafkaAuditExporter({ brokers, topic, key, tenant: 'acme' }), {
      delayMs: 5,
      maxBatch: 16,
    })
    const server = new McpServer({ name: 'k', version: '1' })
    server.registerTool('t', {}, () => ({ content: [] }))
    instrumentMcpServer(server, { sink, serverId: 'kafka-server' })
    const [clientSide, serverSide] = InMemoryTransport.createLinkedPair()
    await server.connect(serverSide)
    const client = new Client({ name: 'c', version: '1' })
    await client.connect(clientSide)
    for (let i = 0; i < 50; i++) await client.callTool({ name: 't' })
    await client.close()
    expect(await sink.flush()).toBe(true)
    const caller = { tenant: 'acme', producer: 'p', claimed: false }
    const verify = recordVerifier([{ ...key, caller, role: 'producer' }])
    const partition = partitionOf('acme', 'kafka-server', 3)
    const { high } = await driver.watermarks(topic, partition)
    const seqs: unknown[] = []
    await driver.read(topic, partition, 0, high, (messages) => {
      for (const { value, headers } of messages) {
        expect(verify(value!, headers)).toMatchObject({ caller, contentType: 'otlp_proto', collected: false })
        for (const { records } of decodeLogs(value!))
          seqs.push(...records.map(({ body }) => JSON.parse(String(body)).producerSeq))
      }
    })
    expect(seqs.length).toBeGreaterThan(100)
    expect(seqs).toEqual(seqs.map((_, index) => index + 1))
    await sink.shutdown()
    await driver.close()
  })
  it.each([true, false])(
    'loses nothing of 50,000 events while it cannot deliver, or says what (spool: %s)',
    async (isSpooled) => {
      const folder = mkdtempSync(join(tmpdir(), 'kafka-spool-'))
      const topic = uniqueName('instrument-flood')
      const exporter = new KafkaAuditExporter({ brokers, topic })
      const sink = createSink(new HeldBack(exporter), {
        ...{ delayMs: 5, retryBaseMs: 20, retryMaxMs: 200, maxQueued: 2_000, spool: isSpooled && folder },
      })
      const producer = { serverId: 'flood', producerId: '0193c0de-0000-7000-8000-000000000009' }
      for (let round = 0; round < 100; round++) {
        for (let i = 0; i < 500; i++) sink.emit(pendingEvent(producer, { eventType: 'http.request' }))
        await new Promise((resolve) => setImmediate(resolve))
      }
      const driver = kafkajsDriver({ brokers, clientId: 'instrument-test' })
      await driver.createTopics([{ topic, partitions: 1 }])
      HeldBack.isUp = true
      expect(await sink.flush(60_000)).toBe(true)
      const { high } = await driver.watermarks(topic, 0)
      const events: Readonly<Record<string, unknown>>[] = []
      await driver.read(topic, 0, 0, high, (messages) => {
        for (const { value } of messages)
          for (const { records } of decodeLogs(value!))
            events.push(...records.map(({ body }) => JSON.parse(String(body))))
      })
      const dropped = events.reduce((sum, event) => sum + Number(event['dropped'] ?? 0), 0)
      const arrived = events.filter(({ eventType }) => eventType === 'http.request')
      expect(new Set(arrived.map(({ eventId }) => eventId)).size + dropped).toBe(50_000)
      expect(dropped > 0).toBe(!isSpooled)
      if (isSpooled) expect(events.map(({ producerSeq }) => producerSeq)).toEqual(events.map((_, at) => at + 1))
      HeldBack.isUp = false
      await sink.shutdown()
      await driver.close()
      rmSync(folder, { recursive: true, force: true })
    },
    120_000,
  )
  it('keeps events while there is no broker, and says so', async () => {
    const sink = createSink(new KafkaAuditExporter({ brokers: ['127.0.0.1:1'], deliveryTimeoutMs: 300 }), {
      delayMs: 1,
    })
    const server = new McpServer({ name: 'k', version: '1' })
    instrumentMcpServer(server, { sink, serverId: 'nowhere' })
    const [, serverSide] = InMemoryTransport.createLinkedPair()
    await server.connect(serverSide)
    expect(await sink.flush(500)).toBe(false)
    expect(sink.stats).toMatchObject({ sent: 0, dropped: 0 })
    expect(sink.stats.queued).toBeGreaterThan(0)
    await sink.shutdown(10)
  })
})
