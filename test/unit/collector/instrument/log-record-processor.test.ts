/** Records of any LoggerProvider at our processor: numbered inside the body, what is no event counted, all others left alone. */
import { describe, expect, it } from 'vitest'
import type { AuditExporter } from '../../../../collector/instrument/delivery/audit-sink.ts'
import { AuditLogRecordProcessor } from '../../../../collector/instrument/delivery/log-record-processor.ts'
import { decodeLogs } from '../../../../collector/otlp/decode-logs.ts'
import { sampleEvent } from '../../../contract/samples.ts'

function processing() {
  const records: { resource: object; event: Record<string, unknown> }[] = []
  const exporter: AuditExporter = {
    async export({ parts }) {
      for (const { bytes } of parts)
        for (const batch of decodeLogs(bytes))
          for (const { body } of batch.records)
            records.push({ resource: { ...batch.resource }, event: JSON.parse(String(body)) })
      return { kind: 'sent' }
    },
    shutdown: async () => undefined,
  }
  return { records, processor: new AuditLogRecordProcessor({ exporter, delayMs: 1 }) }
}
const eventName = 'mcp_audit.tool.call'
const resource = { attributes: { 'service.name': 'app' } }

describe('AuditLogRecordProcessor', () => {
  it('sends the event as its body said, with a number of its own', async () => {
    const { records, processor } = processing()
    const { producerSeq: _theirs, ...event } = sampleEvent()
    const said = { ...event, source: 'native', vantage: 'server', schemaVersion: 1 }
    for (const producerSeq of [undefined, 70, 5])
      processor.onEmit({ eventName, body: JSON.stringify({ ...said, producerSeq }), hrTime: [1, 2], resource })
    await processor.forceFlush()
    const eventTime = `${event.eventTime.slice(0, 19)}.${event.eventTime.slice(20, -1).padEnd(9, '0')}Z`
    expect(records.map((record) => record.event)).toEqual(
      [1, 2, 3].map((producerSeq) => ({ ...said, eventTime, producerSeq })),
    )
    expect(records[0]!.resource).toEqual({ 'service.name': 'app', 'mcp_audit.server.id': event.serverId })
  })
  it('numbers each server by itself, though all share the resource of the application', async () => {
    const { records, processor } = processing()
    for (const serverId of ['a', 'b', 'a', 'b', 'a'])
      processor.onEmit({ eventName, body: JSON.stringify({ eventType: 'tool.call', serverId }), resource })
    await processor.forceFlush()
    const numbers = (server: string) =>
      records.filter(({ event }) => event['serverId'] === server).map(({ event }) => event['producerSeq'])
    expect([numbers('a'), numbers('b')]).toEqual([
      [1, 2, 3],
      [1, 2],
    ])
    expect(new Set(records.map(({ event }) => event['eventId'])).size).toBe(5)
    for (const { event, resource: own } of records)
      expect(own).toEqual({ 'service.name': 'app', 'mcp_audit.server.id': event['serverId'] })
  })
  it('takes the context of the record when the event names no trace', async () => {
    const { records, processor } = processing()
    const spanContext = { traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8) }
    const claimed = { traceId: 'ef'.repeat(16), spanId: '01'.repeat(8) }
    for (const said of [{}, claimed])
      processor.onEmit({
        eventName,
        body: JSON.stringify({ eventType: 'tool.call', serverId: 's', ...said }),
        spanContext,
      })
    await processor.forceFlush()
    expect(records.map(({ event }) => event)).toMatchObject([spanContext, claimed])
  })
  it('counts records of our name that are no event as lost, and leaves other records alone', async () => {
    const { records, processor } = processing()
    for (const body of [undefined, { eventType: 'tool.call' }, '{', 'null', '[]', '{"eventType":"tool.call"}'])
      processor.onEmit({ eventName, body })
    processor.onEmit({ eventName: 'other', body: 'x' })
    processor.onEmit({ body: 'x' })
    await processor.forceFlush()
    expect(records).toEqual([])
    expect(processor.stats).toMatchObject({ numbered: 0, dropped: 6, errors: 6 })
  })
})
