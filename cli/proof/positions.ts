/** Sets of positions of one partition, as runs: packed for manifests and tombstones, and looked up. */

/** `count` rows of one offset from `index` on. */
export interface Run {
  readonly offset: number
  readonly index: number
  readonly count: number
}

/** Runs of positions that are given in rising order. */
export class RunBuilder {
  readonly runs: { offset: number; index: number; count: number }[] = []
  count = 0

  add(offset: number, index: number): void {
    const last = this.runs.at(-1)
    this.count += 1
    if (last !== undefined && last.offset === offset && last.index + last.count === index) last.count += 1
    else this.runs.push({ offset, index, count: 1 })
  }
}

/** Three variable-length numbers (seven bits a byte, lowest first) a run: the step from the offset before, first index, rows. Base64. */
export function packRuns(runs: readonly Run[]): string {
  const bytes: number[] = []
  const put = (value: number): void => {
    let left = value
    while (left >= 128) {
      bytes.push((left % 128) + 128)
      left = Math.floor(left / 128)
    }
    bytes.push(left)
  }
  let before = 0
  for (const { offset, index, count } of runs) {
    put(offset - before)
    put(index)
    put(count)
    before = offset
  }
  return Buffer.from(bytes).toString('base64')
}

/** Undefined when it is not what `packRuns` makes. */
export function unpackRuns(packed: string): Run[] | undefined {
  const bytes = Buffer.from(packed, 'base64')
  const numbers: number[] = []
  let value = 0
  let scale = 1
  for (const byte of bytes) {
    value += (byte & 127) * scale
    if (!Number.isSafeInteger(value)) return undefined
    if (byte >= 128) scale *= 128
    else {
      numbers.push(value)
      value = 0
      scale = 1
    }
  }
  if (scale !== 1 || numbers.length % 3 !== 0) return undefined
  const runs: Run[] = []
  let offset = 0
  for (let at = 0; at < numbers.length; at += 3) {
    offset += numbers[at]!
    const [index, count] = [numbers[at + 1]!, numbers[at + 2]!]
    const last = runs.at(-1)
    const isAfter = last === undefined || offset > last.offset || index >= last.index + last.count
    if (count === 0 || !isAfter || !Number.isSafeInteger(offset)) return undefined
    runs.push({ offset, index, count })
  }
  return runs
}

export const countOf = (runs: readonly Run[]): number => runs.reduce((sum, { count }) => sum + count, 0)

/** Which of the rows of these runs, counted through, stands at a position; runs are in rising order. */
export class RunIndex {
  readonly count: number
  private readonly runs: readonly Run[]
  private readonly starts: Float64Array
  private last = 0

  constructor(runs: readonly Run[]) {
    this.runs = runs
    this.starts = new Float64Array(runs.length)
    let sum = 0
    for (const [at, { count }] of runs.entries()) {
      this.starts[at] = sum
      sum += count
    }
    this.count = sum
  }

  /** -1 when it is none of them. */
  indexOf(offset: number, index: number): number {
    const at = this.holds(this.last, offset, index) ? this.last : this.find(offset, index)
    if (at < 0 || !this.holds(at, offset, index)) return -1
    this.last = at
    return this.starts[at]! + index - this.runs[at]!.index
  }

  *positions(): Generator<readonly [offset: number, index: number]> {
    for (const { offset, index, count } of this.runs) for (let i = 0; i < count; i++) yield [offset, index + i]
  }

  private holds(at: number, offset: number, index: number): boolean {
    const run = this.runs[at]
    return run !== undefined && run.offset === offset && index >= run.index && index < run.index + run.count
  }

  /** The last run that begins at or before the position. */
  private find(offset: number, index: number): number {
    let low = 0
    let high = this.runs.length
    while (low < high) {
      const middle = (low + high) >> 1
      const run = this.runs[middle]!
      if (run.offset < offset || (run.offset === offset && run.index <= index)) low = middle + 1
      else high = middle
    }
    return low - 1
  }
}
