/** `jobs`: asked of the running service and of the idle folder. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import type { JobLine } from '../../cli/roles/jobs.ts'
import { run, stop, type Up, up } from '../unit/cli/command-line.ts'
import { post, sent } from './telemetry-in.ts'

const dataDir = mkdtempSync(join(tmpdir(), 'jobs-'))
let service: Up | undefined
afterAll(() => {
  if (service?.child.exitCode === null) service.child.kill('SIGKILL')
  rmSync(dataDir, { recursive: true, force: true, maxRetries: 3 })
})
const listed = async (): Promise<ReadonlyMap<string, JobLine>> => {
  const { code, stdout, stderr } = await run(['jobs', 'list', '--data', dataDir, '--json'])
  expect(code, stderr).toBe(0)
  return new Map((JSON.parse(stdout) as JobLine[]).map((line) => [line.name, line]))
}

// Each command is a process of its own, and the machine may be busy with others.
it('jobs are listed and run by the running service, and on the idle folder, which remembers', {
  timeout: 120_000,
}, async () => {
  service = await up(dataDir)
  await post(service.otlpUrl, [sent()])
  expect((await listed()).get('coverage')).toMatchObject({ schedule: '40 0 * * *', enabled: true, leads: true })
  const merged = await run(['jobs', 'run', 'merge-yesterday', '--data', dataDir, '--json'])
  expect(JSON.parse(merged.stdout)).toMatchObject({ result: 'ok', why: 'person' })
  const metrics = await (await fetch(`${service.adminUrl}/metrics`)).text()
  expect(metrics).toMatch(/mcp_auditd_job_runs_total\{job="merge-yesterday",result="ok"[^}]*\} 1/)
  expect(metrics).toMatch(/mcp_auditd_jobs_leader(\{[^}]*\})? 1/)
  await stop(service)

  const coverage = await run(['jobs', 'run', 'coverage', '--data', dataDir])
  expect([coverage.code, coverage.stdout]).toEqual([0, expect.stringMatching(/^coverage: ok in \d+ ms\n$/)])
  const idle = await listed()
  expect(idle.get('merge-yesterday')).toMatchObject({ result: 'ok', leads: false })
  expect(idle.get('coverage')).toMatchObject({ result: 'ok', why: 'person' })
  expect((await run(['jobs', 'list', '--data', join(dataDir, 'none')])).code).toBe(78)
})
