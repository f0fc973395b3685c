// Copies of bodies: whole or in events, decompressed, and never more than the budget.
import { randomBytes } from 'node:crypto'
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { MAX_MESSAGE_BYTES } from '../../../../collector/observe/line-reader.ts'
import { BodyCopy, CopyBudget } from '../../../../collector/proxy/body-copy.ts'

const done = (copy: BodyCopy): Promise<void> => new Promise((resolve) => copy.whenDone(resolve))
async function readWhole(chunks: readonly Buffer[], encoding?: string, budget = new CopyBudget(64_000_000)) {
  const bodies: string[] = []
  const unread: string[] = []
  const copy = new BodyCopy(budget, encoding, {
    whole: (body) => bodies.push(body.toString()),
    unread: (reason) => unread.push(reason),
  })
  for (const chunk of chunks) copy.write(chunk)
  copy.end()
  await done(copy)
  return { bodies, unread, used: budget.used }
}
const cut = (bytes: Buffer): Buffer[] => [bytes.subarray(0, 3), bytes.subarray(3)]

describe('BodyCopy', () => {
  it.each([
    [undefined, Buffer.from('hello')],
    ['identity', Buffer.from('hello')],
    ['gzip', gzipSync('hello')],
    ['x-gzip', gzipSync('hello')],
    [' GZIP ', gzipSync('hello')],
    ['deflate', deflateSync('hello')],
    ['br', brotliCompressSync('hello')],
    ['zstd', zstdCompressSync('hello')],
  ])('reads a body in %s', async (encoding, bytes) => {
    expect(await readWhole(cut(bytes), encoding)).toEqual({ bodies: ['hello'], unread: [], used: 0 })
  })
  it.each([
    ['gzip', Buffer.from('no gzip'), 'compression not readable'],
    ['gzip, br', Buffer.from('x'), 'compression not readable'],
    ['constructor', Buffer.from('x'), 'compression not readable'],
    ['gzip', gzipSync(Buffer.alloc(100_000_000)), 'too large'],
    [undefined, Buffer.alloc(MAX_MESSAGE_BYTES + 1), 'too large'],
    ['gzip', randomBytes(2_000_000), 'too much at once'],
  ])('%s of other bytes passes unread (%#)', async (encoding, bytes, reason) => {
    expect(await readWhole([bytes], encoding)).toEqual({ bodies: [], unread: [reason], used: 0 })
  })
  it('takes no more than the budget of all, and gives it back', async () => {
    const budget = new CopyBudget(10)
    const other = new BodyCopy(budget, undefined, { whole: () => undefined, unread: () => undefined })
    other.write(Buffer.from('12345'))
    expect(await readWhole([Buffer.from('123456')], undefined, budget)).toEqual({
      bodies: [],
      unread: ['too much at once'],
      used: 5,
    })
    other.drop()
    expect(await readWhole([Buffer.from('123456')], undefined, budget)).toMatchObject({ bodies: ['123456'], used: 0 })
    expect(budget.peak).toBeLessThanOrEqual(10)
  })
  it('a body that breaks off is none', async () => {
    const bodies: string[] = []
    const copy = new BodyCopy(new CopyBudget(100), undefined, {
      whole: (body) => bodies.push(body.toString()),
      unread: () => undefined,
    })
    copy.write(Buffer.from('half'))
    await done(copy)
    copy.end()
    expect(bodies).toEqual([])
  })
  it('gives events as they are complete, before the body is', () => {
    const events: string[] = []
    const budget = new CopyBudget(1_000)
    const copy = new BodyCopy(budget, undefined, { event: ({ data }) => events.push(data), unread: () => undefined })
    copy.write(Buffer.from('data: a\n\ndata: b'))
    expect([events, budget.used > 0]).toEqual([['a'], true])
    copy.write(Buffer.from('\n\n'))
    expect(events).toEqual(['a', 'b'])
    copy.drop()
    expect(budget.used).toBe(0)
  })
})
