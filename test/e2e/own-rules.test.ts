/** Rules of an operator: tried, loaded beside ours, counted, and run over stored history, where nobody is alerted. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { run, type Up, up } from '../unit/cli/command-line.ts'
import { post, sent, wrongAudience } from './telemetry-in.ts'

const dataDir = mkdtempSync(join(tmpdir(), 'own-rules-'))
const folder = join(dataDir, 'our-rules')
const RULE = `
import { defineRule } from 'mcp-auditd/rule'
import { example, sample } from 'mcp-auditd/sample'
import { z } from 'zod'
import { FORBIDDEN } from './words.ts'

export default defineRule({
  id: 'our-001-payroll',
  version: 1,
  title: 'Payroll is called',
  severity: 'medium',
  why: 'In this company nobody calls payroll through a tool.',
  falsePositives: ['None known.'],
  blindSpots: ['Tools of another name.'],
  triage: ['Ask who it was.'],
  refs: ['MCP02:2025'],
  requires: { 'tool.call': ['tool'] },
  config: z.object({ word: z.string().default(FORBIDDEN).describe('Name of the tool.') }),
  check: { 'tool.call': (e, { word }) => (e.tool === word ? { saw: e.tool } : undefined) },
  examples: {
    match: [example('payroll', sample('tool.call', { tool: 'payroll' }))],
    noMatch: [example('another tool', sample('tool.call', { tool: 'read' }))],
  },
})
`
let service: Up | undefined
beforeAll(async () => {
  mkdirSync(join(folder, 'our'), { recursive: true })
  writeFileSync(join(folder, 'our', 'our-001-payroll.ts'), RULE)
  writeFileSync(join(folder, 'our', 'words.ts'), "export const FORBIDDEN: string = 'payroll'\n")
  const config = join(dataDir, 'auditd.yaml')
  writeFileSync(config, 'limits: { coverageEveryMs: 100, snapshotEveryMs: 400 }\n')
  service = await up(dataDir, ['--config', config])
  const events = [sent({ toolName: 'payroll' }), sent({ toolName: 'read' }), wrongAudience('a11ce1')]
  expect((await post(service.otlpUrl, events)).status).toBe(200)
  while (!(await query('SELECT rule FROM findings')).includes('tok-001')) await wait(200)
}, 60_000)
afterAll(() => {
  if (service?.child.exitCode === null) service.child.kill('SIGKILL')
  rmSync(dataDir, { recursive: true, maxRetries: 3 })
})
const query = async (sql: string) => (await run(['query', sql, '--data', dataDir, '--format', 'TSV'])).stdout
const lastHour = () => [
  ...['--data', dataDir, '--from', new Date(Date.now() - 3_600_000).toISOString()],
  ...['--to', new Date(Date.now() + 60_000).toISOString()],
]

it('a sound rule passes, a faulty one is named with its fault, and a folder without rules is said to be one', async () => {
  expect(await run(['rules', 'test', folder])).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^ok +our-001-payroll \(2 examples, \d+ properties\)\n$/),
  })
  const faulty = join(dataDir, 'faulty')
  mkdirSync(faulty)
  writeFileSync(
    join(faulty, 'our-002-blind.ts'),
    RULE.replace('our-001-payroll', 'our-002-blind')
      .replace("./words.ts'", "../our-rules/our/words.ts'")
      .replace('{ saw: e.tool }', 'undefined'),
  )
  const { code, stdout, stderr } = await run(['rules', 'test', faulty])
  expect(code).toBe(1)
  expect(stdout).toContain('matches the examples that must match: payroll: is silent')
  expect(stderr).toContain('1 of 1 are faulty')
  const broken = join(dataDir, 'broken')
  mkdirSync(broken)
  writeFileSync(join(broken, 'our-003-broken.ts'), 'export default {')
  expect(await run(['rules', 'test', broken])).toMatchObject({
    code: 78,
    stderr: expect.stringContaining('rules: our-003-broken.ts: cannot be loaded'),
  })
  rmSync(join(broken, 'our-003-broken.ts'))
  expect(await run(['rules', 'test', broken])).toMatchObject({ code: 2 })
})
it('stands in the catalogue beside ours', async () => {
  const { stdout } = await run(['rules', '--format', 'json'], { MCP_AUDITD_RULES_FOLDER: folder })
  const ids = (JSON.parse(stdout) as { id: string }[]).map(({ id }) => id)
  expect(ids).toContain('our-001-payroll')
  expect(ids).toContain('tok-001-audience-mismatch')
  const layer = JSON.parse((await run(['rules', '--format', 'attack-navigator'])).stdout) as { techniques: object[] }
  expect(layer.techniques).toContainEqual(expect.objectContaining({ techniqueID: 'T1550.001' }))
})
it('backtest says what it would have found, and alerts nobody', async () => {
  const before = await query('SELECT count() FROM findings')
  const { code, stdout } = await run(['backtest', ...lastHour(), '--rules', folder])
  expect(code).toBe(0)
  // And what the service has told of its alert.
  expect(stdout).toMatch(/^[34] events/)
  expect(stdout).toContain('our-001-payroll: 1 found (1 medium), 1 of them not found then, 0 found then and not now')
  expect(await query('SELECT count() FROM findings')).toBe(before)
})
it('backtest of the rules in force finds what was found, by the same ids', async () => {
  const { stdout } = await run(['backtest', ...lastHour(), '--rules', 'tok-00*', '--json'])
  const { rules } = JSON.parse(stdout) as { rules: { rule: string; found: number; fresh: number; gone: number }[] }
  expect(rules.find(({ rule }) => rule === 'tok-001-audience-mismatch')).toMatchObject({ found: 1, fresh: 0, gone: 0 })
  expect(await run(['backtest', ...lastHour(), '--rules', 'nope-*'])).toMatchObject({ code: 2 })
  expect(await run(['backtest', '--data', dataDir, '--from', 'now', '--to', 'x'])).toMatchObject({ code: 2 })
})
it('stats count evaluations, findings and alerts, and say of a blind rule that it looked at none', async () => {
  let stdout = ''
  while (!/tok-001-audience-mismatch +1 +1 +1 +0 +1000000 /.test(stdout)) {
    stdout = (await run(['rules', 'stats', '--data', dataDir])).stdout
    await wait(100)
  }
  expect(stdout).toMatch(/ses-001-session-reuse +3 +0 /)
  expect(stdout).toMatch(/tdf-001\S+ +none +0 /)
  expect(await run(['rules', 'stats', '--data', dataDir, '--hours', '-1'])).toMatchObject({ code: 2 })
})
