/** What is wrong with a spool costs as little as it can, and is told. */
import { existsSync, mkdirSync, readFileSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { scanSegment } from '../../../../collector/instrument/delivery/spool/segment.ts'
import { emit, producerOf, Receiver, SpoolBed, upTo } from './spool-bed.ts'

let bed: SpoolBed
beforeEach(() => {
  bed = new SpoolBed()
})
afterEach(() => bed.close())

describe('a damaged spool', () => {
  const damage = (path: string, at: number, byte = 0xff): void => {
    const bytes = readFileSync(path)
    bytes[at] = bytes[at]! ^ byte
    writeFileSync(path, bytes)
  }
  it('costs the damaged frame alone, whose segment and count are told', async () => {
    const producer = await bed.leaveBehind(100, producerOf(), 5)
    const path = bed.segments()[0]!
    const hit = scanSegment(readFileSync(path)).frames[7]!
    damage(path, hit.offset + 60)
    const next = await bed.replayed()
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
    const producer = await bed.leaveBehind(10, producerOf(), 1)
    const path = bed.segments()[0]!
    damage(path, scanSegment(readFileSync(path)).frames[3]!.offset + 9)
    const next = await bed.replayed()
    expect(next.receiver.seqs(producer)).toEqual([1, 2, 3, 5, 6, 7, 8, 9, 10])
    expect(next.receiver.of('auditd.error')).toMatchObject([{ dropped: 1 }])
  })
  it('replays a segment that was replaced, and says that it breaks the chain', async () => {
    const producer = await bed.leaveBehind(3_000, producerOf(), 300)
    const [first, second] = bed.segments()
    writeFileSync(second!, readFileSync(first!))
    const next = await bed.replayed()
    const [error] = next.receiver.of('auditd.error')
    expect(error).toMatchObject({
      code: 'spool_corrupt',
      message: expect.stringMatching(/00000002\.seg breaks the chain/),
    })
    expect(next.receiver.seqs(producer).length).toBeGreaterThan(1_000)
  })
  it('names the events of a segment that is missing', async () => {
    const producer = await bed.leaveBehind(4_000, producerOf(), 400)
    const gone = bed.segments()[1]!
    const { seal } = scanSegment(readFileSync(gone))
    rmSync(gone)
    const next = await bed.replayed()
    const [error] = next.receiver.of('auditd.error')
    expect(error).toMatchObject({ message: expect.stringContaining('00000002.seg'), dropped: seal!.events })
    expect(next.receiver.taken.length).toBeGreaterThan(4_000 - seal!.events)
    expect(next.receiver.seqs(producer)[0]).toBe(1)
  })
  it('cuts the tail of a write that was not finished, at every length', async () => {
    for (const cut of [1, 20, 40, 90, 300]) {
      const producer = await bed.leaveBehind(6, producerOf(), 1)
      const path = bed.segments()[0]!
      const { frames } = scanSegment(readFileSync(path))
      truncateSync(path, frames.at(-1)!.end - cut)
      const next = await bed.replayed()
      const lost = next.receiver.seqs(producer)
      expect(lost).toEqual(upTo(lost.length))
      expect(lost.length).toBeGreaterThanOrEqual(cut > 90 ? 4 : 5)
      await next.queue.shutdown()
    }
  })
  it.each(['null', '{', '[]', '{"pid":"x","host":{}}'])('is not held by a lock that says %s', async (lock) => {
    const left = await bed.leaveBehind(5)
    const folder = join(bed.segments()[0]!, '..')
    writeFileSync(join(folder, 'lock'), lock)
    // Of a stranger one cannot tell: it may live, until its lock grows old.
    utimesSync(join(folder, 'lock'), new Date(0), new Date(0))
    expect((await bed.replayed()).receiver.taken.length).toBeGreaterThan(0)
    expect(left.serverId).toBe('spooled')
  })
  it('survives a folder full of nonsense', async () => {
    await bed.leaveBehind(10)
    const [path] = bed.segments()
    writeFileSync(path!, Buffer.alloc(100_000, 7))
    writeFileSync(join(path!, '..', 'mark'), 'x')
    writeFileSync(join(path!, '..', 'producers'), '{"a":')
    writeFileSync(join(path!, '..', '00000009.seg'), '')
    writeFileSync(join(bed.folder, 'file'), '')
    const { receiver } = await bed.replayed()
    expect(receiver.of('server.started')).toHaveLength(1)
    expect(receiver.of('auditd.error').length).toBeGreaterThan(0)
  })
})

describe('a spool in a folder of other things', () => {
  it('moves and removes nothing that it did not make, old and hidden folders included', async () => {
    const producer = await bed.leaveBehind(10)
    const others = ['.ssh', 'src', 'src/deep', '.cache', '0001', '001795517862528-37f78db4x'].map((name) => {
      const folder = join(bed.folder, name)
      mkdirSync(folder)
      writeFileSync(join(folder, 'mine'), name)
      return folder
    })
    for (const folder of others) utimesSync(folder, 0, 0)
    const next = await bed.replayed()
    await next.queue.shutdown()
    expect(next.receiver.seqs(producer)).toEqual(upTo(10))
    expect(others.filter((folder) => !existsSync(join(folder, 'mine')))).toEqual([])
  })
  it.runIf(process.platform === 'linux')(
    'is none where no folder can ever be made, and its events go out all the same',
    async () => {
      const receiver = new Receiver()
      const queue = bed.queue(receiver, { spool: { folder: '/proc/nobody/makes/folders' } })
      emit(queue, producerOf(), 3)
      expect(await queue.flush()).toBe(true)
      expect(receiver.of('auditd.error')).toMatchObject([{ code: 'spool_unavailable' }])
      expect(receiver.of('http.request')).toHaveLength(3)
    },
  )
})
