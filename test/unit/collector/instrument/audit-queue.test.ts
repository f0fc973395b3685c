/** The queue numbers everything, repeats the same bytes, and tells of every loss. */
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { AuditQueue } from '../../../../collector/instrument/delivery/audit-queue.ts'
import type {
  AuditExporter,
  EncodedBatch,
  ExportOutcome,
} from '../../../../collector/instrument/delivery/audit-sink.ts'
import { pendingEvent } from '../../../../collector/instrument/delivery/pending-event.ts'
import { decodeLogs } from '../../../../collector/otlp/decode-logs.ts'

const producer = { serverId: 'queue', producerId: '0193c0de-0000-7000-8000-000000000002' }
const other = { serverId: 'other', producerId: '0193c0de-0000-7000-8000-000000000003' }
const event = (of = producer, reason = 'x') => pendingEvent(of, { eventType: 'http.request', reason })

interface Sent {
  readonly name: string
  readonly seq: number
  readonly uid: string
  readonly server: string
  readonly event: Readonly<Record<string, unknown>>
}
const recordsOf = (batch: EncodedBatch): Sent[] =>
  batch.parts.flatMap(({ bytes }) =>
    decodeLogs(bytes).flatMap(({ records, resource }) =>
      records.map(({ eventName, body }) => {
        const event = JSON.parse(String(body)) as Record<string, unknown>
        return {
          name: eventName,
          seq: event['producerSeq'] as number,
          uid: event['eventId'] as string,
          server: String(resource['mcp_audit.server.id']),
          event,
        }
      }),
    ),
  )
/** Answers as told, then takes everything. */
function exporter(...answers: (ExportOutcome | Error)[]) {
  const attempts: { raw: string; records: Sent[]; outcome: string }[] = []
  const fake: AuditExporter = {
    async export(batch) {
      const answer = answers.shift() ?? { kind: 'sent' as const }
      const raw = batch.parts.map(({ bytes }) => Buffer.from(bytes).toString('hex')).join()
      attempts.push({ raw, records: recordsOf(batch), outcome: answer instanceof Error ? 'threw' : answer.kind })
      if (answer instanceof Error) throw answer
      return answer
    },
    shutdown: async () => undefined,
  }
  return {
    fake,
    attempts,
    taken: () => attempts.filter(({ outcome }) => outcome === 'sent').flatMap(({ records }) => records),
  }
}
const quick = { delayMs: 1, retryBaseMs: 1, retryMaxMs: 5 }

describe('AuditQueue', () => {
  it('numbers events from 1 without holes, each producer by itself', async () => {
    const { fake, taken } = exporter()
    const queue = new AuditQueue(fake, { ...quick, maxBatch: 7 })
    for (let i = 0; i < 50; i++) {
      queue.emit(event())
      if (i % 2 === 0) queue.emit(event(other))
    }
    expect(await queue.flush()).toBe(true)
    const seqs = (server: string) =>
      taken()
        .filter((sent) => sent.server === server)
        .map(({ seq }) => seq)
    expect(seqs('queue')).toEqual(Array.from({ length: 50 }, (_, i) => i + 1))
    expect(seqs('other')).toEqual(Array.from({ length: 25 }, (_, i) => i + 1))
    expect(new Set(taken().map(({ uid }) => uid)).size).toBe(75)
    expect(queue.stats).toEqual({ numbered: 75, sent: 75, dropped: 0, queued: 0, retries: 0, errors: 0 })
    expect(queue.countsOf(producer)).toEqual({ numbered: 50, dropped: 0, queued: 0 })
  })
  it('that delivers nothing for a while is a warning of the process, once', async () => {
    const warnings: string[] = []
    const hear = (warning: Error): void => void warnings.push(`${warning.name}: ${warning.message}`)
    process.on('warning', hear)
    const failures = Array.from(
      { length: 6 },
      (): ExportOutcome => ({ kind: 'retry', reason: 'no one at 127.0.0.1:9' }),
    )
    const { fake } = exporter(...failures)
    const queue = new AuditQueue(fake, quick)
    queue.emit(event())
    expect(await queue.flush()).toBe(true)
    await sleep(0)
    process.off('warning', hear)
    expect(warnings).toEqual([
      'McpAuditWarning: instrument: events are not delivered (no one at 127.0.0.1:9); they wait in memory, and what does not fit is lost',
    ])
  })
  it('repeats a failed request with the very same bytes, after failures of any kind', async () => {
    const { fake, attempts, taken } = exporter({ kind: 'retry', reason: '503' }, new Error('socket'), {
      kind: 'retry',
      reason: '429',
      afterMs: 3,
    })
    const queue = new AuditQueue(fake, quick)
    for (let i = 0; i < 10; i++) queue.emit(event())
    expect(await queue.flush()).toBe(true)
    expect(attempts).toHaveLength(4)
    expect(new Set(attempts.map(({ raw }) => raw)).size).toBe(1)
    expect(taken().map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    expect(queue.stats).toMatchObject({ sent: 10, retries: 3, errors: 1, dropped: 0 })
  })
  it('refuses the newest when it is full, and reports the hole in the same series', async () => {
    const { fake, taken } = exporter()
    const queue = new AuditQueue(fake, { ...quick, maxQueued: 20, delayMs: 10_000, maxBatch: 1_000 })
    for (let i = 0; i < 50; i++) queue.emit(event())
    expect(queue.stats).toMatchObject({ numbered: 50, dropped: 30, queued: 20 })
    expect(await queue.flush()).toBe(true)
    queue.emit(event())
    expect(await queue.flush()).toBe(true)
    const seqs = taken().map(({ seq }) => seq)
    expect(seqs).toEqual([...Array.from({ length: 20 }, (_, i) => i + 1), 51, 52])
    const gap = taken().find(({ name }) => name === 'mcp_audit.auditd.error')!
    expect(gap.event).toMatchObject({
      component: 'instrument.queue',
      code: 'bus_overloaded',
      dropped: 30,
      firstSeq: 21,
      lastSeq: 50,
    })
    // Every number is either sent or named by a gap.
    expect(queue.countsOf(producer)).toEqual({ numbered: 52, dropped: 30, queued: 0 })
  })
  it('reports a request that the receiver refuses for good, and goes on', async () => {
    const { fake, taken } = exporter({ kind: 'refused', reason: '400' })
    const queue = new AuditQueue(fake, quick)
    for (let i = 0; i < 3; i++) queue.emit(event())
    expect(await queue.flush()).toBe(true)
    queue.emit(event())
    expect(await queue.flush()).toBe(true)
    expect(taken().map(({ name, seq }) => [name, seq])).toEqual([
      ['mcp_audit.auditd.error', 4],
      ['mcp_audit.http.request', 5],
    ])
    expect(taken()[0]!.event).toMatchObject({
      dropped: 3,
      firstSeq: 1,
      lastSeq: 3,
    })
    expect(queue.stats).toMatchObject({ dropped: 3, sent: 2 })
  })
  it('does not turn in circles when even the report of a loss is refused', async () => {
    let requests = 0
    const never: AuditExporter = {
      export: async () => ({ kind: 'refused', reason: String(requests++) }),
      shutdown: async () => undefined,
    }
    const queue = new AuditQueue(never, { delayMs: 1, retryBaseMs: 20, retryMaxMs: 20 })
    queue.emit(event())
    await sleep(110)
    expect(requests).toBeGreaterThan(1)
    expect(requests).toBeLessThan(8)
    await queue.shutdown(10)
  })
  it('loses only the event that cannot be encoded', async () => {
    const { fake, taken } = exporter()
    const queue = new AuditQueue(fake, quick)
    queue.emit(event())
    queue.emit(pendingEvent(producer, { eventType: 'tool.call', args: [1n] }))
    queue.emit(event())
    await queue.flush()
    expect(taken().map(({ seq, name }) => [seq, name.slice(10)])).toEqual([
      [1, 'http.request'],
      [3, 'http.request'],
      [4, 'auditd.error'],
    ])
    expect(queue.stats).toMatchObject({ errors: 1, dropped: 1 })
  })
  it('sends by itself, without a flush, and keeps nothing waiting', async () => {
    const { fake, taken } = exporter()
    const queue = new AuditQueue(fake, quick)
    queue.emit(event())
    await expect.poll(() => taken().length).toBe(1)
  })
  it('says when a flush was in vain, and still ends', async () => {
    const queue = new AuditQueue(
      { export: async () => ({ kind: 'retry', reason: 'down' }), shutdown: async () => undefined },
      quick,
    )
    queue.emit(event())
    expect(await queue.flush(30)).toBe(false)
    await queue.shutdown(30)
    queue.emit(event())
    expect(queue.stats.queued + queue.stats.dropped).toBeGreaterThanOrEqual(1)
    await sleep(5)
  })
  it('cuts requests so that no part is too large for a broker', async () => {
    const { fake, attempts } = exporter()
    const queue = new AuditQueue(fake, { ...quick, delayMs: 10_000 })
    for (let i = 0; i < 100; i++) queue.emit(event(producer, 'y'.repeat(50_000)))
    await queue.flush()
    expect(Math.max(...attempts.map(({ raw }) => raw.length / 2))).toBeLessThan(4_000_000)
    expect(attempts.flatMap(({ records }) => records)).toHaveLength(100)
  })
  it('tells a loss again when the report of it is refused too', async () => {
    const refused = { kind: 'refused', reason: 'no' } as const
    const { fake, taken } = exporter(refused, refused, refused)
    const queue = new AuditQueue(fake, quick)
    for (let i = 0; i < 5; i++) queue.emit(event())
    expect(await queue.flush()).toBe(true)
    const gap = taken().find(({ name }) => name === 'mcp_audit.auditd.error')!
    expect(gap.event).toMatchObject({ dropped: 7, firstSeq: 1, lastSeq: 7 })
    expect(queue.stats.dropped).toBe(7)
    await queue.shutdown()
  })
})
