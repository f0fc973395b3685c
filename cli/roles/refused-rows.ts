/** Rows the store refused, as dead letters: which event it was, whose, and why. */
import { readFile } from 'node:fs/promises'
import { deadLetter } from '../../collector/dead-letter.ts'
import type { DeadLetter, RefusedRow } from '../../schemas/ports.ts'
import { eventOfRow } from '../../schemas/row.ts'
import type { PendingRows } from './row-writer.ts'

/** `line` of a refused row counts from 0 over all pending rows, in order. */
export async function refusedRowLetters(
  refused: readonly RefusedRow[],
  pending: readonly PendingRows[],
  nowMs: number,
): Promise<readonly DeadLetter[]> {
  const letters: DeadLetter[] = []
  let base = 0
  for (const rows of pending) {
    const here = refused.filter(({ line }) => line >= base && line < base + rows.count)
    if (here.length > 0) {
      const lines = await linesOf(rows)
      for (const { line, reason } of here) letters.push(letterOf(lines[line - base] ?? '', reason, nowMs))
    }
    base += rows.count
  }
  return letters
}

const linesOf = async ({ file, lines }: PendingRows): Promise<readonly string[]> =>
  file === undefined ? (lines ?? []) : (await readFile(file, 'utf8')).split('\n')

function letterOf(row: string, reason: string, nowMs: number): DeadLetter {
  try {
    const { event, position } = eventOfRow(row)
    return deadLetter('store', 'row', withoutValues(reason), event.tenant ?? '', nowMs, row, position)
  } catch {
    return deadLetter('store', 'row', withoutValues(reason), '', nowMs, row)
  }
}
/** ClickHouse quotes what it could not read. */
const withoutValues = (reason: string): string => reason.replace(/(['"`])(?:(?!\1).)*(\1|$)/gs, '…')
