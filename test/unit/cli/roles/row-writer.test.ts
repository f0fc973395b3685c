/** The row writer: what waits goes together, kinds apart, in order, and its token names exactly those rows. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type PendingRows, RowWriter } from '../../../../cli/roles/row-writer.ts'
import type { RefusedRow, RowBatch } from '../../../../schemas/ports.ts'
import { recordingTelemetry } from '../../../contract/samples.ts'

const batch = (first: number, next = first + 1) => ({ log: 'f'.repeat(32), partition: 0, first, next })
const lines = (first: number, count: number): PendingRows => ({
  batch: batch(first),
  count,
  lines: Array.from({ length: count }, (_, i) => `["${first}/${i}"]`),
})
const file = (first: number, count: number): PendingRows => ({ batch: batch(first), count, file: `/seg-${first}` })
/** A writer whose inserts wait until the gate opens. */
function gated(refuse: (insert: RowBatch) => readonly RefusedRow[] | Error = () => []) {
  const inserts: RowBatch[] = []
  const refused: [readonly RefusedRow[], readonly PendingRows[]][] = []
  const telemetry = recordingTelemetry()
  let open = () => {}
  const shut = new Promise<void>((resolve) => {
    open = resolve
  })
  const writer = new RowWriter(0, {
    async insert(insert) {
      inserts.push(insert)
      await shut
      const answer = refuse(insert)
      if (answer instanceof Error) throw answer
      return answer
    },
    refused: async (...args) => void refused.push(args),
    telemetry,
  })
  return { writer, inserts, refused, telemetry, open: () => open() }
}
async function tokensOf(rows: readonly PendingRows[]): Promise<string[]> {
  const { writer, inserts, open } = gated()
  open()
  for (const one of rows) await writer.add(one)
  await writer.flush()
  return inserts.map(({ token }) => token)
}

describe('grouping', () => {
  it('puts together what waited while an insert ran, files with files and lines with lines, in order', async () => {
    const { writer, inserts, open } = gated()
    for (const rows of [lines(0, 2), file(1, 2), file(2, 1), lines(3, 1), lines(4, 2), file(5, 1)])
      await writer.add(rows)
    open()
    await writer.flush()
    expect(inserts.map(({ source, count }) => [count, source])).toEqual([
      [2, { rows: '["0/0"]\n["0/1"]\n' }],
      [3, { files: ['/seg-1', '/seg-2'] }],
      [3, { rows: '["3/0"]\n["4/0"]\n["4/1"]\n' }],
      [1, { files: ['/seg-5'] }],
    ])
    expect(writer.storedNext).toBe(6)
  })
  it('keeps an insert below 20,000 rows and 200 files, and lets a single larger batch pass', async () => {
    const { writer, inserts, open } = gated()
    for (const rows of [file(0, 12_000), file(1, 7_000), file(2, 12_000), file(3, 25_000)]) await writer.add(rows)
    for (let i = 4; i < 260; i++) await writer.add(file(i, 1))
    open()
    await writer.flush()
    expect(inserts.map(({ count }) => count)).toEqual([12_000, 19_000, 25_000, 200, 56])
  })
  it('inserts nothing for a batch without rows, and counts it as stored', async () => {
    const { writer, inserts, open } = gated()
    await writer.add({ batch: batch(0, 7), count: 0, lines: [] })
    open()
    await writer.flush()
    expect(inserts).toEqual([])
    expect(writer.storedNext).toBe(7)
  })
})

describe('back pressure', () => {
  it('makes the caller wait while more than 60,000 rows are queued', async () => {
    const { writer, open } = gated()
    let taken = 0
    const adding = (async () => {
      for (let i = 0; i < 8; i++) {
        await writer.add(file(i, 15_000))
        taken += 1
      }
    })()
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(taken).toBe(4)
    open()
    await adding
    await writer.flush()
    expect(writer.storedNext).toBe(8)
  })
})

describe('failures', () => {
  it('reports refused rows with the batches they lie in, and does not count them as stored', async () => {
    const row = { line: 1, reason: 'bad' }
    const { writer, refused, telemetry, open } = gated(({ count }) => (count === 3 ? [row] : []))
    await writer.add(lines(0, 2))
    await writer.add(lines(1, 1))
    await writer.add(lines(2, 2))
    open()
    await writer.flush()
    expect(refused).toEqual([[[row], [lines(1, 1), lines(2, 2)]]])
    expect(telemetry.counts.get('mcp_auditd_events_stored_total')).toBe(4)
    expect(writer.storedNext).toBe(3)
  })
  it('takes nothing more after a failure, and what came before it is all that is stored', async () => {
    const { writer, inserts, open } = gated((insert) => ('files' in insert.source ? new Error('gone') : []))
    await writer.add(lines(0, 1))
    await writer.add(file(1, 1))
    await writer.add(lines(2, 1))
    open()
    await expect(writer.flush()).rejects.toThrow('gone')
    await expect(writer.add(lines(3, 1))).rejects.toThrow('gone')
    expect(inserts).toHaveLength(2)
    expect(writer.storedNext).toBe(1)
  })
})

describe('the token', () => {
  it('is the same for the same rows, in every life', async () => {
    const rows = [lines(0, 2), file(1, 3)]
    expect(await tokensOf(rows)).toEqual(await tokensOf(structuredClone(rows)))
  })
  it('differs when a batch, its cut, its count or the part of it that is inserted differs', async () => {
    const part = (...only: string[]): PendingRows => ({ ...lines(0, 2), only })
    const tokens = [
      lines(0, 2),
      lines(0, 3),
      lines(1, 2),
      { ...lines(0, 2), batch: batch(0, 2) },
      { ...lines(0, 2), batch: { ...batch(0), partition: 1 } },
      { ...lines(0, 2), batch: { ...batch(0), log: 'e'.repeat(32) } },
      part('0/0', '0/1'),
      part('0/0', '0/2'),
    ].map((rows) => tokensOf([rows]))
    const all = (await Promise.all(tokens)).flat()
    expect(new Set(all).size).toBe(all.length)
  })
})

describe('any queue', () => {
  it('is stored completely and in order, whatever was added', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ count: fc.nat(9_000), isFile: fc.boolean() }), { maxLength: 30 }),
        async (shape) => {
          const { writer, inserts, open } = gated()
          open()
          for (const [at, { count, isFile }] of shape.entries())
            await writer.add(
              isFile ? file(at, count) : { batch: batch(at), count, lines: count === 0 ? [] : [`${at}`] },
            )
          await writer.flush()
          const order = inserts.flatMap(({ source }) =>
            'files' in source
              ? source.files.map((name) => Number(name.slice(5)))
              : source.rows.trim().split('\n').map(Number),
          )
          const rows = shape.flatMap(({ count }, at) => (count > 0 ? [at] : []))
          expect(order.filter((at) => shape[at]!.count > 0)).toEqual(rows)
          expect(inserts.reduce((sum, { count }) => sum + count, 0)).toBe(
            shape.reduce((sum, { count }) => sum + count, 0),
          )
          expect(writer.storedNext).toBe(shape.length)
        },
      ),
      { numRuns: 60 },
    )
  })
})

describe('lingering', () => {
  const lingering = () => {
    const inserts: number[] = []
    const writer = new RowWriter(0, {
      insert: async ({ count }) => {
        inserts.push(count)
        return []
      },
      refused: async () => {},
      telemetry: recordingTelemetry(),
      lingerMs: 60_000,
    })
    return { writer, inserts }
  }
  it('waits for more rows, and a flush ends the wait', async () => {
    const { writer, inserts } = lingering()
    await writer.add(lines(0, 2))
    await writer.add(lines(1, 3))
    expect(inserts).toEqual([])
    await writer.flush()
    expect(inserts).toEqual([5])
    expect(writer.storedNext).toBe(2)
  })
  it('does not wait when there are rows enough', async () => {
    const { writer, inserts } = lingering()
    await writer.add(lines(0, 1))
    await writer.add({ batch: batch(1), count: 20_000, file: '/seg-1' })
    await expect.poll(() => inserts.length).toBe(2)
  })
})
