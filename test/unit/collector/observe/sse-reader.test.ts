// Events of a stream are read as the standard says, however it is cut, within a bound.
import { describe, expect, it } from 'vitest'
import { MAX_MESSAGE_BYTES } from '../../../../collector/observe/line-reader.ts'
import { SseReader, type StreamEvent } from '../../../../collector/observe/sse-reader.ts'

function readAll(text: string | Buffer, size = 7) {
  const events: StreamEvent[] = []
  let tooLong = 0
  const reader = new SseReader(
    (event) => events.push(event),
    () => tooLong++,
  )
  const bytes = Buffer.from(text as string)
  let most = 0
  for (let at = 0; at < bytes.length; at += size) {
    reader.write(bytes.subarray(at, at + size))
    most = Math.max(most, reader.bufferedBytes)
  }
  reader.end()
  return { events, tooLong, most, left: reader.bufferedBytes }
}

describe('SseReader', () => {
  it('joins data lines, keeps event names, and skips comments, ids and retries', () => {
    const text =
      ': ping\n\nid: 1\nevent: endpoint\ndata: /messages?a=b\n\nretry: 10\ndata:one\ndata: two\ndata\n\r\ndata: x\r\n\r\n'
    for (const size of [1, 5, 1_000])
      expect(readAll(text, size).events).toEqual([
        { event: 'endpoint', data: '/messages?a=b' },
        { event: 'message', data: 'one\ntwo\n' },
        { event: 'message', data: 'x' },
      ])
  })
  it('an event that was cut off is none', () => {
    expect(readAll('data: whole\n\ndata: half\n')).toMatchObject({ events: [{ data: 'whole' }], left: 0 })
  })
  it('an event without data is none, and its name is not that of the next', () => {
    expect(readAll('event: a\n\ndata: b\n\n').events).toEqual([{ event: 'message', data: 'b' }])
  })
  it('characters of several bytes survive a cut', () => {
    expect(readAll('data: grüße 😀\n\n', 1).events).toEqual([{ event: 'message', data: 'grüße 😀' }])
  })
  it.each([
    ['one line', `data: ${'x'.repeat(MAX_MESSAGE_BYTES)}\n\ndata: next\n\n`],
    ['many lines', `${`data: ${'x'.repeat(65_536)}\n`.repeat(70)}\ndata: next\n\n`],
  ])('an event beyond the bound in %s is said and skipped', (_, text) => {
    const { events, tooLong, most } = readAll(text, 65_536)
    expect([events, tooLong]).toEqual([[{ event: 'message', data: 'next' }], 1])
    expect(most).toBeLessThanOrEqual(2 * MAX_MESSAGE_BYTES)
  })
})
