// A slow reader stops the writer: what is buffered in between is bounded, and every byte arrives.
import { createHash } from 'node:crypto'
import { PassThrough, Readable, Writable } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { relay } from '../../../../collector/wrap/relay.ts'

const CHUNK = Buffer.alloc(65_536, 'x')
const CHUNKS = 1_600

describe('relay', () => {
  it('holds at most a few chunks while the reader is slow, and loses none of 100 MB', async () => {
    let produced = 0
    const from = new Readable({
      read() {
        this.push(produced++ < CHUNKS ? CHUNK : null)
      },
    })
    let taken = 0
    let most = 0
    let watched = 0
    const to = new Writable({
      write(chunk: Buffer, _encoding, done) {
        taken += chunk.length
        most = Math.max(most, produced * CHUNK.length - taken)
        // Ten times slower than what comes.
        void (async () => {
          for (let at = 0; at < 10; at++) await turn()
          done()
        })()
      },
    })
    await relay(from, to, (chunk) => {
      watched += chunk.length
    })
    expect(taken).toBe(CHUNKS * CHUNK.length)
    expect(watched).toBe(taken)
    expect(most).toBeLessThanOrEqual(8 * CHUNK.length)
  })
  it('stops reading when the reader is gone, and resolves', async () => {
    const from = new PassThrough()
    const to = new PassThrough()
    const over = relay(from, to, () => undefined)
    from.write('a')
    to.destroy()
    await over
    await expect.poll(() => from.destroyed).toBe(true)
  })
  it('ends the reader when the writer breaks', async () => {
    const from = new PassThrough()
    const to = new PassThrough().resume()
    const over = relay(from, to, () => undefined)
    from.destroy(new Error('broken'))
    await over
    expect(to.writableEnded).toBe(true)
  })
  it('hands on bytes as they are, in whatever cuts', async () => {
    const bytes = Buffer.from(Array.from({ length: 10_000 }, (_, at) => (at * 131) % 256))
    const from = Readable.from([bytes.subarray(0, 1), bytes.subarray(1, 5_000), bytes.subarray(5_000)])
    const hash = createHash('sha256')
    const to = new PassThrough()
    to.on('data', (chunk: Buffer) => hash.update(chunk))
    await relay(from, to, () => undefined)
    expect(hash.digest('hex')).toBe(createHash('sha256').update(bytes).digest('hex'))
  })
})
