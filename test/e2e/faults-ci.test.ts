// The fault suite guards itself in every build: two seeds of kill -9, one named point, and one sabotage that must turn a row red.
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'

const run = promisify(execFile)
const MAIN = join(import.meta.dirname, '../faults/main.ts')
const faults = (...args: string[]) =>
  run(process.execPath, [MAIN, ...args]).catch((error: { code: number; stdout: string; stderr: string }) => error)

describe('faults', { timeout: 120_000 }, () => {
  test.each(['1', '2'])(
    'kill -9 under load, seed %s: nothing lost, nothing twice, findings and alerts as undisturbed',
    async (seed) => {
      const { stdout } = await faults('--row', '20', '--bus', 'embedded', '--seed', seed)
      expect(stdout).toMatch(/^ok {6}20 .*duplicates in events 0, events_exact 0/m)
      expect(stdout.trimEnd().split('\n').at(-1)).toBe('1 passed, 0 failed, 0 skipped')
    },
  )

  test('killed after the insert and before the state, everything is detected once', async () => {
    const args = ['--row', '21', '--bus', 'embedded', '--seed', '1', '--variant', 'after-insert-before-state']
    const { stdout } = await faults(...args)
    expect(stdout.trimEnd().split('\n').at(-1)).toBe('1 passed, 0 failed, 0 skipped')
  })

  test('without a look across partitions the same event stands twice, and the suite says so', async () => {
    const { stdout } = await faults('--sabotage', 'no-final-across-partitions')
    expect(stdout).toMatch(/^ok .*turns red: events_exact says 40/m)
  })

  test('an unknown sabotage is a usage error', async () => {
    const { code, stderr } = (await faults('--sabotage', 'no-such')) as { code: number; stderr: string }
    expect(code).toBe(2)
    expect(stderr).toContain('usage:')
  })
})
