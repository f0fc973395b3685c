/** `jobs`: asked of the running service and of the idle folder. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import type { JobLine } from '../../cli/roles/jobs.ts'
import { run, stop, up } from '../unit/cli/command-line.ts'
import { post, sent } from './telemetry-in.ts'

const dataDir = mkdtempSync(join(tmpdir(), 'jobs-'))
afterAll(() => rmSync(dataDir, { recursive: true, force: true, maxRetries: 3 }))
const listed = async (): Promise<ReadonlyMap<string, JobLine>> => {
  const { code, stdout, stderr } = await run(['jobs', 'list', '--data', dataDir, '--json'])
  expect(code, stderr).toBe(0)
  return new Map((JSON.parse(stdout) as JobLine[]).map((line) => [line.name, line]))
}

it('jobs are listed and run by the running service, and on the idle folder, which remembers', async () => {
  const service = await up(dataDir)
  await post(service.otlpUrl, [sent()])
  expect((await listed()).get('coverage')).toMatchObject({ schedule: '40 0 * * *', enabled: true, leads: true })
  const merged = await run(['jobs', 'run', 'merge-yesterday', '--data', dataDir, '--json'])
  expect(JSON.parse(merged.stdout)).toMatchObject({ result: 'ok', why: 'person' })
  const metrics = await (await fetch(`${service.adminUrl}/metrics`)).text()
  expect(metrics).toMatch(/mcp_auditd_job_runs_total\{job="merge-yesterday",result="ok"[^}]*\} 1/)
  expect(metrics).toMatch(/mcp_auditd_jobs_leader(\{[^}]*\})? 1/)
  const unknown = await run(['jobs', 'run', 'nothing', '--data', dataDir])
  expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringContaining('is no job')])
  await stop(service)

  const idle = await listed()
  expect(idle.get('merge-yesterday')).toMatchObject({ result: 'ok', leads: false })
  const coverage = await run(['jobs', 'run', 'coverage', '--data', dataDir])
  expect([coverage.code, coverage.stdout]).toEqual([0, expect.stringMatching(/^coverage: ok in \d+ ms\n$/)])
  expect((await listed()).get('coverage')).toMatchObject({ result: 'ok', why: 'person' })
  const told = await run([
    'query',
    "SELECT count() > 0 FROM events WHERE event_type = 'auditd.coverage'",
    '--data',
    dataDir,
    '--format',
    'TSV',
  ])
  expect(told.stdout).toBe('1\n')
  const none = await run(['jobs', 'list', '--data', join(dataDir, 'none')])
  expect(none.code).toBe(78)
})
