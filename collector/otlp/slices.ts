/** Reading a large request without holding up everybody else: other work gets its turn between slices of records. */
import { setImmediate } from 'node:timers/promises'
import type { DeadLetter } from '../../schemas/ports.ts'
import type { Readings } from '../normalize.ts'
import type { OtlpBatch } from './records.ts'

/** Content is classified here, which hostile text makes slow: a record of it takes tens of milliseconds. */
const SLICE_RECORDS = 64
const TURN_MS = 20

export async function readInTurns<S>(slices: Iterable<S>, read: (slice: S) => Readings): Promise<Readings> {
  const candidates: unknown[] = []
  const refused: DeadLetter[] = []
  let ignored = 0
  let startMs = performance.now()
  for (const slice of slices) {
    const readings = read(slice)
    for (const candidate of readings.candidates) candidates.push(candidate)
    for (const letter of readings.refused) refused.push(letter)
    ignored += readings.ignored
    if (performance.now() - startMs < TURN_MS) continue
    await setImmediate()
    startMs = performance.now()
  }
  return { candidates, refused, ignored }
}

/** Batches with at most so many records, each with its resource and scope. */
export function* batchSlices<R>(batches: readonly OtlpBatch<R>[]): Generator<readonly OtlpBatch<R>[]> {
  for (const { resource, scope, records } of batches)
    for (const slice of slicesOf(records)) yield [{ resource, scope, records: slice }]
}

export function* slicesOf<R>(records: readonly R[], size = SLICE_RECORDS): Generator<R[]> {
  for (let from = 0; from < records.length; from += size) yield records.slice(from, from + size)
}
