/** A spool segment: a file of JSONCompactEachRow lines whose name says its number, how many rows it has and their SHA-256. */
import { createHash } from 'node:crypto'
import { failpoint } from '../failpoint.ts'
import type { Disk } from './disk.ts'

/**
 * The name is given by renaming after the fsync: a segment under its final name was whole and durable once; under any other name it
 * was never acknowledged, whatever it holds. The rows carry no trailer, so that the store reads the file as it is.
 */
export interface SegmentName {
  readonly number: number
  readonly count: number
  readonly sha256: string
}
const FINAL = /^(\d{16})-(\d+)-([0-9a-f]{64})\.rows$/
const OPEN = /^(\d{16})\.open$/

const padded = (number: number): string => String(number).padStart(16, '0')
export const segmentFile = ({ number, count, sha256 }: SegmentName): string =>
  `${padded(number)}-${count}-${sha256}.rows`

export interface SpoolFolder {
  readonly segments: readonly SegmentName[]
  /** Files of segments that were never finished. */
  readonly open: readonly string[]
}
export async function listSegments(disk: Disk, folder: string): Promise<SpoolFolder> {
  const names = await disk.list(folder)
  const segments = names.flatMap((name) => {
    const [, number, count, sha256] = FINAL.exec(name) ?? []
    return sha256 === undefined ? [] : [{ number: Number(number), count: Number(count), sha256 }]
  })
  return { segments: segments.sort((a, b) => a.number - b.number), open: names.filter((name) => OPEN.test(name)) }
}

/** Durable when it resolves. Rejects with nothing under the final name, unless removing it failed too. */
export async function writeSegment(
  disk: Disk,
  folder: string,
  number: number,
  rows: readonly string[],
): Promise<SegmentName> {
  const bytes = Buffer.from(`${rows.join('\n')}\n`)
  const name = { number, count: rows.length, sha256: createHash('sha256').update(bytes).digest('hex') }
  const open = `${folder}/${padded(number)}.open`
  const final = `${folder}/${segmentFile(name)}`
  try {
    await disk.write(open, bytes)
    failpoint('after-segment-write')
    await disk.syncFile(open)
    await disk.rename(open, final)
    await disk.syncFolder(folder)
  } catch (error) {
    await disk.remove(open).catch(() => {})
    await disk.remove(final).catch(() => {})
    throw error
  }
  failpoint('after-segment-fsync')
  return name
}

/** Its lines, or undefined when the bytes are not those that were written: then none of them is used. */
export async function readSegment(
  disk: Disk,
  folder: string,
  name: SegmentName,
): Promise<readonly string[] | undefined> {
  const bytes = await disk.read(`${folder}/${segmentFile(name)}`)
  if (createHash('sha256').update(bytes).digest('hex') !== name.sha256) return undefined
  const lines = Buffer.from(bytes).toString('utf8').split('\n')
  lines.pop()
  return lines.length === name.count ? lines : undefined
}
