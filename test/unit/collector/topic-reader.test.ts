/** Reading a Collector's topic over a driver that a test plays: what is taken, what becomes a letter, and when an offset may be committed. */
import { expect, it } from 'vitest'
import { silentTelemetry } from '../../../cli/wire-store.ts'
import { encodeEvents } from '../../../collector/event-records.ts'
import { createIntake } from '../../../collector/intake.ts'
import { type CollectorTopic, readTopic } from '../../../collector/topic-reader.ts'
import type { ConsumeOptions, KafkaDriver, KafkaMessage, PartitionHandler } from '../../../connectors/kafka/driver.ts'
import { AuditdError } from '../../../schemas/errors.ts'
import type { AuditEvent } from '../../../schemas/event.ts'
import type { DeadLetter } from '../../../schemas/ports.ts'

const LOG = 'ab'.repeat(16)
const span = (spanId: string, more: object = {}) => ({
  traceId: 'cd'.repeat(16),
  spanId,
  startTimeUnixNano: '1795392568712822400',
  attributes: [
    { key: 'mcp.method.name', value: { stringValue: 'tools/call' } },
    { key: 'gen_ai.tool.name', value: { stringValue: 'echo' } },
  ],
  ...more,
})
const traces = (...spans: object[]): Buffer =>
  Buffer.from(JSON.stringify({ resourceSpans: [{ scopeSpans: [{ scope: { name: 'x' }, spans }] }] }))
const message = (offset: number, value: Buffer | null, headers = {}): KafkaMessage => ({
  topic: 'otlp_spans',
  partition: 0,
  offset,
  timestampMs: 0,
  key: null,
  value,
  headers,
})

async function bed(publish: (events: readonly AuditEvent[]) => Promise<void>, more: Partial<CollectorTopic> = {}) {
  const letters: DeadLetter[] = []
  const commits: number[] = []
  let handler: PartitionHandler | undefined
  const driver = {
    topicId: async () => LOG,
    consume: async (options: ConsumeOptions) => {
      handler = options.handler
      return {
        commit: async (_: number, next: number) => commits.push(next) > 0,
        assignment: () => [0],
        close: async () => {},
      }
    },
  } as unknown as KafkaDriver
  const clock = { nowMs: () => Date.parse('2026-11-24T06:00:00Z') }
  const bus = { publish, consume: () => Promise.reject(new Error('not here')), close: async () => {} }
  const deadLetters = { add: async (added: readonly DeadLetter[]) => void letters.push(...added) }
  const intake = createIntake({ bus, deadLetters, clock, telemetry: silentTelemetry })
  const topic: CollectorTopic = {
    topic: 'otlp_spans',
    signal: 'traces',
    encoding: 'otlp_json',
    group: 'g',
    caller: { tenant: 'acme', producer: 'kafka:otlp_spans', claimed: true },
    fromBeginning: true,
    ...more,
  }
  await readTopic({ driver, intake, clock, telemetry: silentTelemetry }, topic)
  await handler!.assigned(0, 1)
  return { handler: handler!, letters, commits }
}

it('publishes what is good, letters what is not with its position, and commits behind both', async () => {
  const published: AuditEvent[] = []
  const { handler, letters, commits } = await bed(async (events) => {
    published.push(...events)
  })
  const messages = [
    message(5, traces(span('01'.repeat(8)), span(''), span('02'.repeat(8)))),
    message(6, Buffer.from('poison')),
    message(7, null),
    message(8, traces(span('03'.repeat(8), { attributes: [{ key: 'mcp.method.name', value: { intValue: 7 } }] }))),
    message(9, Buffer.from('metrics'), { 'otelcol.signal': 'metrics' }),
    message(10, traces(span('04'.repeat(8))), { 'otelcol.signal': 'traces' }),
  ]
  await handler.batch(0, messages, 11, 11)
  expect(published.map(({ spanId, tenant, serverId }) => [spanId, tenant, serverId])).toEqual(
    ['01', '02', '04'].map((byte) => [byte.repeat(8), 'acme', 'unknown']),
  )
  expect(letters.map(({ component, field, position }) => [component, field, position])).toEqual([
    ['otlp', 'spanId', { log: LOG, partition: 0, offset: 5, index: 1 }],
    ['kafka_source', '', { log: LOG, partition: 0, offset: 6, index: 0 }],
    ['otlp', 'attributes.mcp.method.name', { log: LOG, partition: 0, offset: 8, index: 0 }],
  ])
  expect(commits).toEqual([11])
})

it('takes what admission refuses apart, with its position too', async () => {
  const { handler, letters } = await bed(async () => {}, { signal: 'logs', encoding: 'otlp_proto' })
  const event = { eventType: 'tool.call', eventId: 'not an id', eventTime: '2026-11-24T05:00:00Z', serverId: 's' }
  await handler.batch(0, [message(3, Buffer.from(encodeEvents([event as AuditEvent])))], 4, 4)
  expect(letters).toMatchObject([
    { component: 'admission', field: 'eventId', position: { log: LOG, partition: 0, offset: 3, index: 0 } },
  ])
})

it('waits for a bus that takes nothing now, and commits nothing meanwhile', async () => {
  let times = 0
  const { handler, commits } = await bed(async () => {
    if (++times < 3) throw new AuditdError('spool_full', 'spool', '', 'full')
    expect(commits).toEqual([])
  })
  await handler.batch(0, [message(0, traces(span('01'.repeat(8))))], 1, 1)
  expect([times, commits]).toEqual([3, [1]])
})

it('gives up without a commit when the partition goes to another meanwhile', async () => {
  const { handler, commits } = await bed(async () => {
    handler.ending?.(0)
    throw new AuditdError('spool_full', 'spool', '', 'full')
  })
  await expect(handler.batch(0, [message(0, traces(span('01'.repeat(8))))], 1, 1)).rejects.toThrow('full')
  expect(commits).toEqual([])
})

it('an event that the bus can never take costs itself alone', async () => {
  const published: string[] = []
  const { handler, letters, commits } = await bed(async (events) => {
    if (events.some(({ spanId }) => spanId === '03'.repeat(8)))
      throw new AuditdError('event_too_large', 'kafka', 'publish', 'too large')
    published.push(...events.map(({ spanId = '' }) => spanId.slice(0, 2)))
  })
  const spans = ['01', '02', '03', '04', '05'].map((byte) => span(byte.repeat(8)))
  await handler.batch(0, [message(0, traces(...spans))], 1, 1)
  expect(published).toEqual(['01', '02', '04', '05'])
  expect(letters).toMatchObject([{ component: 'kafka_source', position: { offset: 0, index: 2 } }])
  expect(commits).toEqual([1])
})
