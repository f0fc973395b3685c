/** The spool: what is emitted is on disk before it is sent, and every event arrives or is named as lost. */
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { AuditQueue } from '../../../../collector/instrument/audit-queue.ts'
import type {
  AuditExporter,
  EncodedBatch,
  QueueOptions,
  SpoolOptions,
} from '../../../../collector/instrument/audit-sink.ts'
import { type ProducerFacts, pendingEvent } from '../../../../collector/instrument/pending-event.ts'
import { scanSegment } from '../../../../collector/instrument/spool/segment.ts'
import { decodeLogs } from '../../../../collector/otlp/decode-logs.ts'

type Told = Readonly<Record<string, unknown>>
const eventsOf = (batch: EncodedBatch): Told[] =>
  batch.parts.flatMap(({ bytes }) =>
    decodeLogs(bytes).flatMap(({ records }) => records.map(({ body }) => JSON.parse(String(body)) as Told)),
  )
/** A receiver that can be down; it keeps what it takes in the order of arrival. */
class Receiver implements AuditExporter {
  down = false
  refusing = false
  readonly taken: Told[] = []
  async export(batch: EncodedBatch) {
    if (this.down) return { kind: 'retry', reason: 'down' } as const
    if (this.refusing) return { kind: 'refused', reason: 'never' } as const
    this.taken.push(...eventsOf(batch))
    return { kind: 'sent' } as const
  }
  async shutdown() {}
  of(type: string): Told[] {
    return this.taken.filter(({ eventType }) => eventType === type)
  }
  /** Numbers of the ordinary events of one instance, once each. */
  seqs(producer: ProducerFacts): number[] {
    const own = this.of('http.request').filter(({ producerId }) => producerId === producer.producerId)
    return [...new Set(own.map(({ producerSeq }) => producerSeq as number))]
  }
}

let folder: string
let open: AuditQueue[] = []
let instance = 0
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'spool-'))
})
afterEach(async () => {
  for (const queue of open) await queue.shutdown(0)
  open = []
  rmSync(folder, { recursive: true, force: true })
})
const quick = { delayMs: 1, retryBaseMs: 1, retryMaxMs: 5 }
function queueOf(receiver: AuditExporter, options: Omit<QueueOptions, 'spool'> & { readonly spool?: Partial<SpoolOptions> } = {}): AuditQueue {
  const queue = new AuditQueue(receiver, { ...quick, ...options, spool: { folder, ...options.spool } })
  open.push(queue)
  return queue
}
const producerOf = (serverId = 'spooled'): ProducerFacts => ({
  serverId,
  producerId: `0193c0de-0000-7000-8000-${String(++instance).padStart(12, '0')}`,
})
function emit(queue: AuditQueue, producer: ProducerFacts, count: number, reason = 'x'): void {
  for (let i = 0; i < count; i++) queue.emit(pendingEvent(producer, { eventType: 'http.request', reason }))
}
const upTo = (last: number): number[] => Array.from({ length: last }, (_, i) => i + 1)
const segments = (at = folder): string[] =>
  readdirSync(at, { recursive: true, withFileTypes: true })
    .filter(({ name }) => name.endsWith('.seg'))
    .map(({ parentPath, name }) => join(parentPath, name))
    .sort()
/** A process whose receiver was down all its life, and which is over. */
async function leaveBehind(count: number, producer = producerOf(), reason = 'x'): Promise<ProducerFacts> {
  const receiver = new Receiver()
  receiver.down = true
  const queue = queueOf(receiver)
  emit(queue, producer, count, reason)
  await queue.shutdown(0)
  return producer
}
async function replayed() {
  const receiver = new Receiver()
  const queue = queueOf(receiver)
  const producer = producerOf()
  queue.emit(pendingEvent(producer, { eventType: 'server.started' }))
  expect(await queue.flush()).toBe(true)
  return { receiver, queue, producer }
}

describe('a spool', () => {
  it('replays what was not sent before new events, in order, with its numbers and ids', async () => {
    const before = await leaveBehind(2_500)
    const { receiver, queue } = await replayed()
    expect(receiver.seqs(before)).toEqual(upTo(2_500))
    expect(receiver.taken.at(-1)).toMatchObject({ eventType: 'server.started' })
    expect(queue.previousProducer('spooled')).toBe(before.producerId)
    expect(queue.stats).toMatchObject({ dropped: 0, queued: 0, spooled: 0 })
  })
  it('leaves nothing behind once everything was taken', async () => {
    const receiver = new Receiver()
    const queue = queueOf(receiver)
    const producer = producerOf()
    emit(queue, producer, 5_000)
    expect(await queue.flush()).toBe(true)
    await queue.shutdown()
    expect(segments()).toEqual([])
    const next = await replayed()
    expect(next.receiver.taken).toHaveLength(1)
    // Whose successor it is, is known all the same.
    expect(next.queue.previousProducer('spooled')).toBe(producer.producerId)
  })
  it('takes to disk what memory has no room for, and loses nothing of 50,000 events with the bus down', async () => {
    const receiver = new Receiver()
    receiver.down = true
    const queue = queueOf(receiver, { maxQueued: 1_000 })
    const producer = producerOf()
    emit(queue, producer, 50_000)
    expect(queue.stats.queued).toBeLessThanOrEqual(1_000)
    expect(queue.stats.spooled).toBeGreaterThan(48_000)
    receiver.down = false
    emit(queue, producer, 10)
    expect(await queue.flush(30_000)).toBe(true)
    const numbers = receiver.taken.map(({ producerSeq }) => producerSeq as number)
    expect(numbers).toEqual(upTo(queue.stats.numbered))
    expect(receiver.of('http.request')).toHaveLength(50_010)
    expect(receiver.of('auditd.error')).toEqual([])
    expect(queue.stats).toMatchObject({ dropped: 0, queued: 0, spooled: 0 })
  })
  it('names the exact count of what was lost where there is none', async () => {
    const receiver = new Receiver()
    receiver.down = true
    const queue = new AuditQueue(receiver, { ...quick, maxQueued: 1_000, spool: false })
    const producer = producerOf()
    emit(queue, producer, 50_000)
    receiver.down = false
    expect(await queue.flush(30_000)).toBe(true)
    const lost = receiver.of('auditd.error')
    const dropped = lost.reduce((sum, gap) => sum + (gap['dropped'] as number), 0)
    expect(receiver.of('http.request').length + dropped).toBe(50_000)
    expect(dropped).toBe(queue.stats.dropped)
    expect(lost.map(({ firstSeq, lastSeq }) => [firstSeq, lastSeq])).toEqual([[1_001, 50_000]])
    await queue.shutdown()
  })
  it('keeps the order of events that go to disk, to memory and to disk again', async () => {
    const receiver = new Receiver()
    receiver.down = true
    const queue = queueOf(receiver, { maxQueued: 50, maxBatch: 20 })
    const producers = [producerOf(), producerOf('other')]
    for (let round = 0; round < 30; round++) {
      receiver.down = round % 3 !== 0
      for (const producer of producers) emit(queue, producer, 17)
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
    receiver.down = false
    expect(await queue.flush()).toBe(true)
    for (const { producerId } of producers) {
      const own = receiver.taken.filter((event) => event['producerId'] === producerId)
      expect(own.map(({ producerSeq }) => producerSeq)).toEqual(upTo(own.length))
    }
    expect(receiver.of('http.request')).toHaveLength(30 * 2 * 17)
  })
  it('has an event on disk before emit returns when each is forced', () => {
    const receiver = new Receiver()
    receiver.down = true
    const queue = queueOf(receiver, { spool: { fsync: 'each' } })
    emit(queue, producerOf(), 3)
    const { frames } = scanSegment(readFileSync(segments()[0]!))
    expect(frames.map(({ first, last }) => [first, last])).toEqual([
      [1, 1],
      [2, 2],
      [3, 3],
    ])
  })
  it('writes an event at the end of the turn otherwise', async () => {
    const receiver = new Receiver()
    receiver.down = true
    const queue = queueOf(receiver)
    emit(queue, producerOf(), 3)
    await new Promise((resolve) => setImmediate(resolve))
    expect(scanSegment(readFileSync(segments()[0]!)).frames.map(({ count }) => count)).toEqual([3])
  })
  it('chains its segments, and tells a checkpoint for each thousand events', async () => {
    const receiver = new Receiver()
    receiver.down = true
    const queue = queueOf(receiver)
    const producer = producerOf()
    for (let i = 0; i < 8; i++) {
      emit(queue, producer, 500)
      await new Promise((resolve) => setImmediate(resolve))
    }
    await queue.shutdown(0)
    const scanned = segments().map((path) => scanSegment(readFileSync(path)))
    expect(scanned.length).toBeGreaterThanOrEqual(4)
    for (const [at, { head, seal, hash }] of scanned.entries()) {
      expect(seal?.hash).toBe(hash)
      expect(head).toMatchObject({ number: at + 1, previous: at === 0 ? '0'.repeat(64) : scanned[at - 1]!.hash })
    }
    const next = await replayed()
    const told = next.receiver.of('auditd.checkpoint')
    expect(told.map(({ chainHash }) => chainHash)).toEqual(scanned.slice(0, told.length).map(({ hash }) => hash))
    expect(told[0]).toMatchObject({ firstSeq: 1, lastSeq: 1_000 })
    expect(told[1]).toMatchObject({ firstSeq: 1_001 })
  })
  it('counts for heartbeats what waits on disk, with the hash of the chain', () => {
    const receiver = new Receiver()
    receiver.down = true
    const queue = queueOf(receiver, { maxQueued: 100 })
    const producer = producerOf()
    emit(queue, producer, 5_000)
    queue.persist()
    const counts = queue.countsOf(producer)
    expect(counts.queued).toBeLessThanOrEqual(100)
    expect(counts.spooled).toBe(queue.stats.spooled)
    expect(counts.chainHash).toMatch(/^(?!0{64})[0-9a-f]{64}$/)
  })
  it('stops at its bytes, and names what came after as lost', async () => {
    const receiver = new Receiver()
    receiver.down = true
    const queue = queueOf(receiver, { maxQueued: 100, spool: { maxBytes: 200_000 } })
    const producer = producerOf()
    emit(queue, producer, 5_000)
    expect(queue.stats.dropped).toBeGreaterThan(1_000)
    receiver.down = false
    expect(await queue.flush()).toBe(true)
    const { dropped, numbered } = queue.stats
    const gaps = receiver.of('auditd.error')
    expect(gaps.reduce((sum, gap) => sum + (gap['dropped'] as number), 0)).toBe(dropped)
    expect(receiver.taken).toHaveLength(numbered - dropped)
    // Room again: nothing is refused any more.
    emit(queue, producer, 50)
    expect(await queue.flush()).toBe(true)
    expect(queue.stats.dropped).toBe(dropped)
  })
  it('drops an expendable event rather than write it to disk', () => {
    const receiver = new Receiver()
    receiver.down = true
    const queue = queueOf(receiver, { maxQueued: 10 })
    const producer = producerOf()
    for (let i = 0; i < 30; i++)
      queue.emit({ ...pendingEvent(producer, { eventType: 'http.request' }), expendable: i % 2 === 0 })
    expect(queue.stats.dropped).toBe(10)
    expect(queue.stats.spooled).toBe(10)
  })
  it('sends a refused batch of a dead process no more, and says what was lost with it', async () => {
    const before = await leaveBehind(30)
    const receiver = new Receiver()
    receiver.refusing = true
    const queue = queueOf(receiver)
    const producer = producerOf()
    await expect.poll(() => queue.stats.spooled).toBe(0)
    receiver.refusing = false
    emit(queue, producer, 1)
    expect(await queue.flush()).toBe(true)
    expect(receiver.of('auditd.error')).toMatchObject([
      { component: 'instrument.spool', dropped: 30, message: expect.stringContaining(before.producerId) },
    ])
    expect(receiver.seqs(before)).toEqual([])
  })
})

describe('a damaged spool', () => {
  const damage = (path: string, at: number, byte = 0xff): void => {
    const bytes = readFileSync(path)
    bytes[at] = bytes[at]! ^ byte
    writeFileSync(path, bytes)
  }
  it('costs the damaged frame alone, whose segment and count are told', async () => {
    const producer = producerOf()
    const receiver = new Receiver()
    receiver.down = true
    const queue = queueOf(receiver)
    for (let i = 0; i < 20; i++) {
      emit(queue, producer, 5)
      queue.persist()
    }
    await queue.shutdown(0)
    const path = segments()[0]!
    const hit = scanSegment(readFileSync(path)).frames[7]!
    damage(path, hit.offset + 60)
    const next = await replayed()
    expect(next.receiver.seqs(producer)).toEqual(upTo(100).filter((seq) => seq < hit.first || seq > hit.last))
    expect(next.receiver.of('auditd.error')).toMatchObject([
      {
        component: 'instrument.spool',
        code: 'spool_corrupt',
        dropped: 5,
        message: expect.stringContaining('00000001.seg'),
      },
    ])
  })
  it('finds the next frame behind a header that is destroyed', async () => {
    const producer = producerOf()
    const receiver = new Receiver()
    receiver.down = true
    const queue = queueOf(receiver)
    for (let i = 0; i < 10; i++) {
      emit(queue, producer, 1)
      queue.persist()
    }
    await queue.shutdown(0)
    const path = segments()[0]!
    damage(path, scanSegment(readFileSync(path)).frames[3]!.offset + 9)
    const next = await replayed()
    expect(next.receiver.seqs(producer)).toEqual([1, 2, 3, 5, 6, 7, 8, 9, 10])
    expect(next.receiver.of('auditd.error')).toMatchObject([{ dropped: 1 }])
  })
  it('replays a segment that was replaced, and says that it breaks the chain', async () => {
    const producer = await leaveBehind(3_000)
    const [first, second] = segments()
    writeFileSync(second!, readFileSync(first!))
    const next = await replayed()
    const [error] = next.receiver.of('auditd.error')
    expect(error).toMatchObject({
      code: 'spool_corrupt',
      message: expect.stringMatching(/00000002\.seg breaks the chain/),
    })
    expect(next.receiver.seqs(producer).length).toBeGreaterThan(1_000)
  })
  it('names the events of a segment that is missing', async () => {
    const producer = await leaveBehind(4_000)
    const gone = segments()[1]!
    const { seal } = scanSegment(readFileSync(gone))
    rmSync(gone)
    const next = await replayed()
    const [error] = next.receiver.of('auditd.error')
    expect(error).toMatchObject({ message: expect.stringContaining('00000002.seg'), dropped: seal!.events })
    expect(next.receiver.taken.length).toBeGreaterThan(4_000 - seal!.events)
    expect(next.receiver.seqs(producer)[0]).toBe(1)
  })
  it('cuts the tail of a write that was not finished, at every length', async () => {
    for (const cut of [1, 20, 40, 90, 300]) {
      const producer = producerOf()
      const receiver = new Receiver()
      receiver.down = true
      const queue = queueOf(receiver)
      for (let i = 0; i < 6; i++) {
        emit(queue, producer, 1)
        queue.persist()
      }
      await queue.shutdown(0)
      const path = segments()[0]!
      const { frames } = scanSegment(readFileSync(path))
      truncateSync(path, frames.at(-1)!.end - cut)
      const next = await replayed()
      const lost = next.receiver.seqs(producer)
      expect(lost).toEqual(upTo(lost.length))
      expect(lost.length).toBeGreaterThanOrEqual(cut > 90 ? 4 : 5)
      await next.queue.shutdown()
    }
  })
  it('survives a folder full of nonsense', async () => {
    await leaveBehind(10)
    const [path] = segments()
    writeFileSync(path!, Buffer.alloc(100_000, 7))
    writeFileSync(join(path!, '..', 'mark'), 'x')
    writeFileSync(join(path!, '..', 'producers'), '{"a":')
    writeFileSync(join(path!, '..', '00000009.seg'), '')
    writeFileSync(join(folder, 'file'), '')
    const { receiver } = await replayed()
    expect(receiver.of('server.started')).toHaveLength(1)
    expect(receiver.of('auditd.error').length).toBeGreaterThan(0)
  })
})

describe('a folder that cannot be used', () => {
  it('leaves events in memory and says so, and is used again once it can be', async () => {
    const blocked = join(folder, 'blocked')
    writeFileSync(blocked, 'a file, where a folder should be')
    const receiver = new Receiver()
    const queue = new AuditQueue(receiver, { ...quick, spool: join(blocked, 'spool') })
    open.push(queue)
    const producer = producerOf()
    expect(queue.unavailable(1_000)).toMatch(/the spool cannot be written \(ENOTDIR|EEXIST/)
    emit(queue, producer, 20)
    expect(await queue.flush()).toBe(true)
    expect(receiver.seqs(producer)).toEqual(upTo(20))
    expect(receiver.of('auditd.error')).toMatchObject([
      { code: 'spool_unavailable', message: expect.stringContaining('memory only') },
    ])
    rmSync(blocked)
    await expect
      .poll(
        () => {
          emit(queue, producer, 1)
          return queue.unavailable(1_000)
        },
        { timeout: 5_000 },
      )
      .toBeUndefined()
    expect(existsSync(join(blocked, 'spool'))).toBe(true)
  })
  it('is readable by its owner alone', async () => {
    await leaveBehind(3)
    const [path] = segments()
    expect(statSync(path!).mode & 0o077).toBe(0)
    expect(statSync(join(path!, '..')).mode & 0o077).toBe(0)
  })
})

describe('several sinks on one folder', () => {
  it('leave each other alone while they live', async () => {
    const receivers = [new Receiver(), new Receiver()]
    for (const receiver of receivers) receiver.down = true
    const queues = receivers.map((receiver) => queueOf(receiver))
    const producers = queues.map(() => producerOf())
    queues.forEach((queue, at) => {
      emit(queue, producers[at]!, 300)
    })
    for (const receiver of receivers) receiver.down = false
    for (const queue of queues) expect(await queue.flush()).toBe(true)
    receivers.forEach((receiver, at) => {
      expect(receiver.seqs(producers[at]!)).toEqual(upTo(300))
      expect(receiver.taken).toHaveLength(300)
    })
  })
  it('take over what is orphaned once, however many try', async () => {
    const left = [await leaveBehind(100), await leaveBehind(100, producerOf('other'))]
    const receivers = Array.from({ length: 4 }, () => new Receiver())
    const queues = receivers.map((receiver) => queueOf(receiver))
    for (const queue of queues) expect(await queue.flush()).toBe(true)
    for (const producer of left) {
      const times = receivers.flatMap((receiver) =>
        receiver.of('http.request').filter((e) => e['producerId'] === producer.producerId),
      )
      expect(times).toHaveLength(100)
    }
  })
  it('hand on what they took over and could not send', async () => {
    const left = await leaveBehind(100)
    const receiver = new Receiver()
    receiver.down = true
    const between = queueOf(receiver)
    const own = producerOf()
    emit(between, own, 50)
    await between.shutdown(0)
    const last = await replayed()
    expect(last.receiver.seqs(left)).toEqual(upTo(100))
    expect(last.receiver.seqs(own)).toEqual(upTo(50))
    expect(last.queue.previousProducer('spooled')).toBe(own.producerId)
  })
})
