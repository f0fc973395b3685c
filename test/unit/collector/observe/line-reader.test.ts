// Lines are cut from chunks of any size, within a bound.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LineReader } from '../../../../collector/observe/line-reader.ts'

function readAll(chunks: readonly Buffer[], maxBytes?: number) {
  const lines: string[] = []
  let tooLong = 0
  let most = 0
  const reader = new LineReader(
    (line) => lines.push(line.toString('latin1')),
    () => tooLong++,
    maxBytes,
  )
  for (const chunk of chunks) {
    reader.write(chunk)
    most = Math.max(most, reader.bufferedBytes)
  }
  reader.end()
  return { lines, tooLong, most, left: reader.bufferedBytes }
}
const cutAt = (bytes: Buffer, size: number): Buffer[] =>
  Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) => bytes.subarray(at * size, (at + 1) * size))

describe('LineReader', () => {
  it('gives the same lines however the stream is cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: fc.constantFrom('a', 'b', '\r', '\n') })),
        fc.integer({ min: 1, max: 7 }),
        (texts, size) => {
          const bytes = Buffer.from(texts.join('\n'))
          const whole = bytes.toString().split('\n')
          // Behind the last line break there is nothing.
          if (whole.at(-1) === '') whole.pop()
          expect(readAll(cutAt(bytes, size)).lines).toEqual(whole)
        },
      ),
    )
  })
  it('skips a line beyond the bound, says so, and reads the next one', () => {
    for (const size of [1, 3, 1000]) {
      const { lines, tooLong, most } = readAll(
        cutAt(Buffer.from(`ok\n${'x'.repeat(50)}\nfine\n${'y'.repeat(10)}`), size),
        10,
      )
      expect([lines, tooLong]).toEqual([['ok', 'fine', 'yyyyyyyyyy'], 1])
      expect(most).toBeLessThanOrEqual(10)
    }
  })
  it('says a skipped line that the end of the stream cut off', () => {
    expect(readAll(cutAt(Buffer.from('x'.repeat(50)), 8), 10)).toEqual({ lines: [], tooLong: 1, most: 8, left: 0 })
  })
  it('takes a line without a break at the end', () => {
    expect(readAll([Buffer.from('\n\na\r\n\nb')]).lines).toEqual(['', '', 'a\r', '', 'b'])
  })
  it('puts a line together from many single bytes', () => {
    const one = Buffer.from('z')
    const { lines } = readAll(Array.from({ length: 200_000 }, () => one))
    expect(lines.map((line) => line.length)).toEqual([200_000])
  })
})
