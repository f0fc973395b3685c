// The last line of .ci/run: what is counted as passed, failed and skipped over several vitest reports.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { ROOT } from '../../repo/sources.ts'

const dir = mkdtempSync(join(tmpdir(), 'mcp-auditd-count-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

type Results = Record<string, string>
/** A vitest report: file to its tests; a file without tests failed to load. */
function report(name: string, files: Record<string, Results>): string {
  const testResults = Object.entries(files).map(([file, tests]) => {
    const statuses = Object.values(tests)
    return {
      name: file,
      status: statuses.includes('failed') || statuses.length === 0 ? 'failed' : 'passed',
      assertionResults: Object.entries(tests).map(([fullName, status]) => ({ fullName, status })),
    }
  })
  const path = join(dir, `${name}.json`)
  writeFileSync(path, JSON.stringify({ testResults }))
  return path
}
function count(...steps: string[]): { readonly last: string; readonly code: number | null } {
  const { stdout, status } = spawnSync(process.execPath, [join(ROOT, '.ci/count.mjs'), ...steps], { encoding: 'utf8' })
  return { last: stdout.trimEnd().split('\n').at(-1)!, code: status }
}

describe('the sum of the steps', () => {
  it('counts tests of all reports and ends with 0 when all is well', () => {
    const a = report('a', { 'x.test.ts': { one: 'passed', two: 'skipped' } })
    const b = report('b', { 'y.test.ts': { one: 'passed' } })
    expect(count(`test:0:${a}`, `kafka:0:${b}`)).toEqual({ last: '2 passed, 0 failed, 1 skipped', code: 0 })
  })
  it('a test skipped without a broker and passed with one is one passed test', () => {
    const a = report('a', { 'x.test.ts': { 'bus (skipped: no broker) one': 'skipped', two: 'passed' } })
    const b = report('b', { 'x.test.ts': { 'bus one': 'passed', two: 'passed' } })
    expect(count(`test:0:${a}`, `kafka:0:${b}`).last).toBe('2 passed, 0 failed, 0 skipped')
  })
  it('a test that failed once has failed', () => {
    const a = report('a', { 'x.test.ts': { one: 'failed', two: 'passed' } })
    const b = report('b', { 'x.test.ts': { one: 'passed' } })
    expect(count(`test:1:${a}`, `kafka:0:${b}`)).toEqual({ last: '1 passed, 1 failed, 0 skipped', code: 1 })
  })
  it('a file that cannot be loaded is a failure', () => {
    const a = report('a', { 'x.test.ts': {}, 'y.test.ts': { one: 'passed' } })
    expect(count(`test:1:${a}`)).toEqual({ last: '1 passed, 1 failed, 0 skipped', code: 1 })
  })
  it('a step that ends badly without a failed test is a failure, with or without a report', () => {
    const a = report('a', { 'y.test.ts': { one: 'passed' } })
    expect(count(`test:1:${a}`).last).toBe('1 passed, 1 failed, 0 skipped')
    expect(count(`test:0:${a}`, `lint:1:${join(dir, 'none.json')}`).last).toBe('1 passed, 1 failed, 0 skipped')
    expect(count(`test:0:${a}`, `lint:0:${join(dir, 'none.json')}`).last).toBe('1 passed, 0 failed, 0 skipped')
  })
  it('nothing that passed is no success', () => {
    expect(count(`test:0:${join(dir, 'none.json')}`)).toEqual({ last: '0 passed, 0 failed, 0 skipped', code: 1 })
  })
})
