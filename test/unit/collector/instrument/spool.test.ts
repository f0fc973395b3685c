/** The spool: what is emitted is on disk before it is sent, and every event arrives or is named as lost. */
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { AuditQueue } from '../../../../collector/instrument/delivery/audit-queue.ts'
import { pendingEvent } from '../../../../collector/instrument/delivery/pending-event.ts'
import { SpoolReader } from '../../../../collector/instrument/delivery/spool/reader.ts'
import { scanSegment } from '../../../../collector/instrument/delivery/spool/segment.ts'
import { emit, producerOf, QUICK, Receiver, SpoolBed, upTo } from './spool-bed.ts'

let bed: SpoolBed
beforeEach(() => {
  bed = new SpoolBed()
})
afterEach(() => bed.close())

describe('a spool', () => {
  it('replays what was not sent before new events, in order, with its numbers and ids', async () => {
    const before = await bed.leaveBehind(2_500)
    const { receiver, queue } = await bed.replayed()
    expect(receiver.seqs(before)).toEqual(upTo(2_500))
    expect(receiver.taken.at(-1)).toMatchObject({ eventType: 'server.started' })
    expect(queue.previousProducer('spooled')).toBe(before.producerId)
    expect(queue.stats).toMatchObject({ dropped: 0, queued: 0, spooled: 0 })
  })
  it('is bounded over all processes that a receiver is away for, and replays what they left', async () => {
    const maxBytes = 30_000
    const producers = []
    const written = () => bed.segments().reduce((sum, path) => sum + statSync(path).size, 0)
    for (let life = 0; life < 12; life++) {
      const producer = producerOf()
      producers.push(producer)
      const queue = bed.queue(new Receiver(true), { spool: { maxBytes } })
      emit(queue, producer, 30)
      await queue.shutdown(0)
    }
    expect(written()).toBeGreaterThan(4 * maxBytes - 20_000)
    expect(written()).toBeLessThan(4 * maxBytes + 20_000)
    const { receiver } = await bed.replayed()
    expect(receiver.seqs(producers[0]!)).toEqual(upTo(30))
    expect(receiver.seqs(producers.at(-1)!)).toEqual([])
    expect(written()).toBeLessThan(20_000)
  })
  it('reads its folder once, however many segments lie in it', async () => {
    const reader = new SpoolReader()
    const before = await bed.leaveBehind(12, producerOf(), 1)
    const [folder] = new Set(bed.segments().map(dirname))
    const stretch = { folder: folder!, adopted: true, from: { segment: 0, offset: 0 }, to: undefined, events: 12 }
    const first = await reader.read(stretch, stretch.from, 5)
    // Whoever adopts a folder is alone in it: what comes later is none of its segments.
    writeFileSync(join(folder!, '00000000.seg'), 'not looked at')
    const rest = await reader.read({ ...stretch, from: first.next! }, stretch.from, 100)
    expect([...first.runs, ...rest.runs].map(({ producer, count }) => [producer.producerId, count])).toEqual([
      [before.producerId, 5],
      [before.producerId, 7],
    ])
    expect((await reader.read({ ...stretch, from: rest.next! }, stretch.from, 100)).next).toBeUndefined()
  })
  it('leaves nothing behind once everything was taken', async () => {
    const receiver = new Receiver()
    const queue = bed.queue(receiver)
    const producer = producerOf()
    emit(queue, producer, 5_000)
    expect(await queue.flush()).toBe(true)
    await queue.shutdown()
    await expect.poll(() => bed.segments(), { timeout: 10_000 }).toEqual([])
    const next = await bed.replayed()
    expect(next.receiver.taken).toHaveLength(1)
    // Whose successor it is, is known all the same.
    expect(next.queue.previousProducer('spooled')).toBe(producer.producerId)
  })
  it('takes to disk what memory has no room for, and loses nothing of 50,000 events with the bus down', async () => {
    const receiver = new Receiver(true)
    const queue = bed.queue(receiver, { maxQueued: 1_000 })
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
    const receiver = new Receiver(true)
    const queue = new AuditQueue(receiver, { ...QUICK, maxQueued: 1_000, spool: false })
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
    const receiver = new Receiver(true)
    const queue = bed.queue(receiver, { maxQueued: 50, maxBatch: 20 })
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
    const receiver = new Receiver(true)
    const queue = bed.queue(receiver, { spool: { fsync: 'each' } })
    emit(queue, producerOf(), 3)
    const { frames } = scanSegment(readFileSync(bed.segments()[0]!))
    expect(frames.map(({ first, last }) => [first, last])).toEqual([
      [1, 1],
      [2, 2],
      [3, 3],
    ])
  })
  it('writes an event at the end of the turn otherwise', async () => {
    const receiver = new Receiver(true)
    const queue = bed.queue(receiver)
    emit(queue, producerOf(), 3)
    await new Promise((resolve) => setImmediate(resolve))
    expect(scanSegment(readFileSync(bed.segments()[0]!)).frames.map(({ count }) => count)).toEqual([3])
  })
  it('chains its segments, and tells a checkpoint for each thousand events', async () => {
    const receiver = new Receiver(true)
    const queue = bed.queue(receiver)
    const producer = producerOf()
    for (let i = 0; i < 8; i++) {
      emit(queue, producer, 500)
      await new Promise((resolve) => setImmediate(resolve))
    }
    await queue.shutdown(0)
    const scanned = bed.segments().map((path) => scanSegment(readFileSync(path)))
    expect(scanned.length).toBeGreaterThanOrEqual(4)
    for (const [at, { head, seal, hash }] of scanned.entries()) {
      expect(seal?.hash).toBe(hash)
      expect(head).toMatchObject({ number: at + 1, previous: at === 0 ? '0'.repeat(64) : scanned[at - 1]!.hash })
    }
    const next = await bed.replayed()
    const told = next.receiver.of('auditd.checkpoint')
    expect(told.map(({ chainHash }) => chainHash)).toEqual(scanned.slice(0, told.length).map(({ hash }) => hash))
    expect(told[0]).toMatchObject({ firstSeq: 1, lastSeq: 1_000 })
    expect(told[1]).toMatchObject({ firstSeq: 1_001 })
  })
  it('counts for heartbeats what waits on disk, with the hash of the chain', () => {
    const receiver = new Receiver(true)
    const queue = bed.queue(receiver, { maxQueued: 100 })
    const producer = producerOf()
    emit(queue, producer, 5_000)
    queue.persist()
    const counts = queue.countsOf(producer)
    expect(counts.queued).toBeLessThanOrEqual(100)
    expect(counts.spooled).toBe(queue.stats.spooled)
    expect(counts.chainHash).toMatch(/^(?!0{64})[0-9a-f]{64}$/)
  })
  it('stops at its bytes, and names what came after as lost', async () => {
    const receiver = new Receiver(true)
    const queue = bed.queue(receiver, { maxQueued: 100, spool: { maxBytes: 200_000 } })
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
    const receiver = new Receiver(true)
    const queue = bed.queue(receiver, { maxQueued: 10 })
    const producer = producerOf()
    for (let i = 0; i < 30; i++)
      queue.emit({ ...pendingEvent(producer, { eventType: 'http.request' }), expendable: i % 2 === 0 })
    expect(queue.stats.dropped).toBe(10)
    expect(queue.stats.spooled).toBe(10)
  })
  it('sends a refused batch of a dead process no more, and says what was lost with it', async () => {
    const before = await bed.leaveBehind(30)
    const receiver = new Receiver()
    receiver.refusing = true
    const queue = bed.queue(receiver)
    const producer = producerOf()
    await expect.poll(() => queue.stats.spooled, { timeout: 10_000 }).toBe(0)
    receiver.refusing = false
    emit(queue, producer, 1)
    expect(await queue.flush()).toBe(true)
    expect(receiver.of('auditd.error')).toMatchObject([
      { component: 'instrument.spool', dropped: 30, message: expect.stringContaining(before.producerId) },
    ])
    expect(receiver.seqs(before)).toEqual([])
  })
})

describe('a folder that cannot be used', () => {
  it('leaves events in memory and says so, and is used again once it can be', async () => {
    const blocked = join(bed.folder, 'blocked')
    writeFileSync(blocked, 'a file, where a folder should be')
    const receiver = new Receiver()
    const queue = new AuditQueue(receiver, { ...QUICK, spool: join(blocked, 'spool') })
    bed.queues.push(queue)
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
    await bed.leaveBehind(3)
    const [path] = bed.segments()
    expect(statSync(path!).mode & 0o077).toBe(0)
    expect(statSync(join(path!, '..')).mode & 0o077).toBe(0)
  })
})

describe('several sinks on one folder', () => {
  it('leave each other alone while they live', async () => {
    const receivers = [new Receiver(), new Receiver()]
    for (const receiver of receivers) receiver.down = true
    const queues = receivers.map((receiver) => bed.queue(receiver))
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
    const left = [await bed.leaveBehind(100), await bed.leaveBehind(100, producerOf('other'))]
    const receivers = Array.from({ length: 4 }, () => new Receiver())
    const queues = receivers.map((receiver) => bed.queue(receiver))
    for (const queue of queues) expect(await queue.flush()).toBe(true)
    for (const producer of left) {
      const times = receivers.flatMap((receiver) =>
        receiver.of('http.request').filter((e) => e['producerId'] === producer.producerId),
      )
      expect(times).toHaveLength(100)
    }
  })
  it('hand on what they took over and could not send', async () => {
    const left = await bed.leaveBehind(100)
    const receiver = new Receiver(true)
    const between = bed.queue(receiver)
    const own = producerOf()
    emit(between, own, 50)
    await between.shutdown(0)
    const last = await bed.replayed()
    expect(last.receiver.seqs(left)).toEqual(upTo(100))
    expect(last.receiver.seqs(own)).toEqual(upTo(50))
    expect(last.queue.previousProducer('spooled')).toBe(own.producerId)
  })
})
