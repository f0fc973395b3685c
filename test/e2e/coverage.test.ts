/** `coverage`: the command, the admin address and the view tell the same, and a blind rule is never told as a clean one. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { run, type Up, up } from '../unit/cli/command-line.ts'
import { post, sent } from './telemetry-in.ts'

const dataDir = mkdtempSync(join(tmpdir(), 'coverage-'))
let service: Up | undefined
beforeAll(async () => {
  const config = join(dataDir, 'auditd.yaml')
  writeFileSync(config, 'limits: { coverageEveryMs: 100, snapshotEveryMs: 400 }\n')
  service = await up(dataDir, ['--config', config])
  const token = sent({
    eventType: 'auth.token.validated',
    eventTime: new Date().toISOString(),
    decision: 'allow',
    tokenKind: 'jwt',
    aud: ['https://other.example.com'],
    expectedAud: ['https://mcp.example.com'],
  })
  expect((await post(service.otlpUrl, [token])).status).toBe(200)
  while (!(await report()).stdout.includes('tok-001')) await wait(200)
}, 60_000)
afterAll(() => {
  if (service?.child.exitCode === null) service.child.kill('SIGKILL')
  rmSync(dataDir, { recursive: true, maxRetries: 3 })
})
const report = (...more: string[]) => run(['coverage', '--data', dataDir, ...more])

it('says how often a rule looked and what it found, and of the others that they were not evaluated', async () => {
  const { stdout } = await report()
  expect(stdout).toMatch(/degraded {7}tok-001-audience-mismatch +1 looked at, 1 found; .*never filled/)
  expect(stdout).toMatch(/inactive {7}scp-002-scope-creep|degraded {7}scp-002-scope-creep/)
  expect(stdout).toMatch(/inactive {7}tdf-001\S+ +not evaluated; not seen/)
  expect(stdout).toContain('Model confusion')
})
it('answers programs, with filters, the same over the admin address', async () => {
  const { stdout } = await report('--format', 'json', '--rule', 'tok-001-audience-mismatch', '--state', 'degraded')
  const { coverage, blindSpots } = JSON.parse(stdout) as { coverage: object[]; blindSpots: object[] }
  expect(coverage).toMatchObject([{ rule: 'tok-001-audience-mismatch', state: 'degraded' }])
  expect(blindSpots).toHaveLength(24)
  const { url, token } = JSON.parse(readFileSync(join(dataDir, 'admin.json'), 'utf8')) as Record<string, string>
  const asked = (path: string, headers = {}) => fetch(`${url}${path}`, { headers })
  const answer = await asked('/v1/coverage?rule=tok-001-audience-mismatch', { authorization: `Bearer ${token}` })
  expect(await answer.json()).toEqual({ coverage, blindSpots })
  expect((await asked('/v1/coverage')).status).toBe(401)
  expect((await asked('/v1/coverage?sql=1', { authorization: `Bearer ${token}` })).status).toBe(400)
})
it('a filter is a text, not SQL', async () => {
  const { stdout, code } = await report('--server', "x' OR 1=1 --")
  expect(code).toBe(0)
  expect(stdout).toContain('no rule was evaluated anywhere')
})
