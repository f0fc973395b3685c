/** Refused rows as dead letters: found again among all pending rows, with position and tenant, without their content. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { refusedRowLetters } from '../../../../cli/roles/refused-rows.ts'
import type { PendingRows } from '../../../../cli/roles/row-writer.ts'
import { sampleRow } from '../../../contract/samples.ts'
import { batchOf, event, position } from './detect-bed.ts'

const row = (seq: number, offset: number, index: number) =>
  sampleRow(event(seq, { tenant: `tenant-${seq}`, toolName: 'hunter2' }), position(offset, index))
const rows = (first: number, lines: readonly string[]): PendingRows => ({
  batch: batchOf([], first, first + 1),
  count: lines.length,
  lines,
})

it('names tenant and position of a row in the second batch', async () => {
  const pending = [rows(0, [row(1, 0, 0), row(2, 0, 1)]), rows(1, [row(3, 1, 0), row(4, 1, 1)])]
  const letters = await refusedRowLetters(
    [
      { line: 1, reason: 'a' },
      { line: 3, reason: 'b' },
    ],
    pending,
    0,
  )
  expect(letters).toMatchObject([
    { component: 'store', field: 'row', reason: 'a', tenant: 'tenant-2', position: position(0, 1) },
    { component: 'store', field: 'row', reason: 'b', tenant: 'tenant-4', position: position(1, 1) },
  ])
  expect(JSON.stringify(letters)).not.toContain('hunter2')
})
it('finds a row in the file of the bus', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'refused-'))
  const file = join(folder, 'rows')
  await writeFile(file, `${row(1, 5, 0)}\n${row(2, 5, 1)}\n`)
  const pending = [{ batch: batchOf([], 5, 6), count: 2, file }]
  expect(await refusedRowLetters([{ line: 1, reason: 'a' }], pending, 0)).toMatchObject([{ position: position(5, 1) }])
  await rm(folder, { recursive: true })
})
it('leaves out of the reason what the store quotes of a row', async () => {
  const reason = `Cannot parse input: expected ',' before: 'hunter2"]': (at row 1)`
  const [letter] = await refusedRowLetters([{ line: 0, reason }], [rows(0, [row(1, 0, 0)])], 0)
  expect(letter!.reason).toBe('Cannot parse input: expected … before: …: (at row 1)')
})
it('reports a row that cannot be read at all, and a line that is not there', async () => {
  const letters = await refusedRowLetters(
    [
      { line: 0, reason: 'a' },
      { line: 1, reason: 'b' },
    ],
    [{ ...rows(0, ['[]']), count: 2 }],
    0,
  )
  expect(letters.map(({ reason, tenant }) => [reason, tenant])).toEqual([
    ['a', ''],
    ['b', ''],
  ])
})
