import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { addedBy, bars, type Cell, tables } from './overhead/report.ts'

const cell = (load: 'noop' | 'content', variant: Cell['variant'], ...microsPerCall: number[]): Cell => ({
  stage: 'v1',
  load,
  variant,
  microsPerCall,
})
const CELLS = [
  cell('noop', 'plain', 20, 30, 25),
  cell('noop', 'ours', 40, 52, 45),
  cell('noop', 'sentry 100 % without Context', 80, 90, 85),
  cell('content', 'plain', 20, 20, 20),
  cell('content', 'ours', 90, 90, 90),
  cell('content', 'sentry with inputs and outputs', 80, 80, 80),
]

describe('the report of bench:overhead', () => {
  it('takes differences within a round, and their median and range', () => {
    expect(addedBy(CELLS)[0]).toEqual({ stage: 'v1', load: 'noop', variant: 'ours', median: 20, min: 20, max: 22 })
    expect(addedBy(CELLS)).toHaveLength(4)
  })
  it('says of each bar whether it is met', () => {
    expect(bars(CELLS)).toEqual([
      'B8(i): 20.0 us, target <= 25: met',
      'B8(i): 0.33 of Sentry at 100 % without Context, target < 0.5: met',
      'B8(ii): 70.0 us, 1.17 of Sentry with inputs and outputs, target < 1: MISSED',
    ])
  })
  it('has a table per stage and load, with ratios to ours', () => {
    const [noop] = tables(CELLS).split('\n\n')
    expect(noop).toContain('SDK v1, no-op tool: a plain call takes 25.0 [20.0..30.0] us of CPU; added:')
    expect(noop).toMatch(/ours +20\.0 +\[20\.0\.\.22\.0\] +1\.00\n/)
    expect(noop).toMatch(/sentry 100 % without Context +60\.0 +\[60\.0\.\.60\.0\] +3\.00$/)
  })
})

describe('a quick run', () => {
  const main = join(import.meta.dirname, 'overhead/main.ts')
  const run = (...args: string[]) => promisify(execFile)(process.execPath, [main, '--quick', '--json', ...args])
  it('measures every stage, and each variant sends what it should', async () => {
    const { stdout } = await run('--load', 'content', '--variant', 'ours', '--variant', 'otel log')
    const { cells, skipped } = JSON.parse(stdout) as { cells: Cell[]; skipped: unknown[] }
    expect(cells.map(({ stage, variant }) => `${stage} ${variant}`)).toEqual(
      ['v1', 'v2', 'handler'].flatMap((stage) => ['plain', 'ours', 'otel log'].map((variant) => `${stage} ${variant}`)),
    )
    expect(cells.every(({ microsPerCall }) => microsPerCall.length === 1 && microsPerCall[0]! > 0)).toBe(true)
    expect(skipped).toEqual([])
  })
  it('names what it does not know', async () => {
    await expect(run('--variant', 'nobody')).rejects.toThrow(/--variant: nobody is none of plain/)
  })
})
