/** Responses through the running service: proposed from an alert, confirmed by a person, sent once, on record. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { askService, runningService } from '../../cli/admin/running-service.ts'
import type { Standing } from '../../cli/responses/standing.ts'
import { StandardWebhooksReceiver } from '../fakes/standard-webhooks-receiver.ts'
import { run, type Up, up } from '../unit/cli/command-line.ts'
import { post, wrongAudience } from './telemetry-in.ts'

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
const dataDir = mkdtempSync(join(tmpdir(), 'responses-'))
const config = join(dataDir, 'auditd.yaml')
let iam: StandardWebhooksReceiver
let service: Up

beforeAll(async () => {
  iam = await StandardWebhooksReceiver.start({ secret: SECRET })
  const response = { url: iam.url, secret: 'env:IAM_SECRET', actions: ['disable_client', 'quarantine_server'] }
  writeFileSync(
    config,
    JSON.stringify({ responses: { iam: response }, allowPrivateTargets: true, risk: { enabled: false } }),
  )
  service = await up(dataDir, ['--config', config], { IAM_SECRET: SECRET })
  expect((await post(service.otlpUrl, [wrongAudience('aaaa1111')])).status).toBe(200)
}, 60_000)
afterAll(async () => {
  if (service?.child.exitCode === null) service.child.kill('SIGKILL')
  await iam?.close()
  rmSync(dataDir, { recursive: true, maxRetries: 3 })
})

const responses = (...args: string[]) => run(['responses', ...args, '--data', dataDir])
/** As `responses list` asks it, without a process for each look. */
async function list(): Promise<readonly Standing[]> {
  const answer = await askService(runningService(dataDir)!, '/v1/responses')
  return ((await answer!.json()) as { responses: readonly Standing[] }).responses
}
const found = async (action: string): Promise<Standing> => {
  await expect.poll(async () => (await list()).map((one) => one.action), { timeout: 20_000 }).toContain(action)
  return (await list()).find((one) => one.action === action)!
}
const by = ['--by', 'maria', '--reason', 'stolen laptop']

it('nothing is sent for a proposal, nor without being asked, nor for an id that says something else', async () => {
  const { id, state } = await found('disable_client')
  expect(state).toBe('proposed')
  expect(await responses('confirm', id, ...by)).toMatchObject({
    code: 2,
    stdout: expect.stringMatching(/^disable_client: client \S+ of tenant default, asked of iam at http:\/\/127/),
    stderr: expect.stringContaining('--yes: is required where nobody can be asked'),
  })
  expect(await responses('confirm', 'f'.repeat(32), ...by, '--yes')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('no such proposal'),
  })
  expect(await responses('confirm', id, '--by', 'maria', '--yes')).toMatchObject({ code: 2 })
  expect(iam.server.received).toEqual([])
  const blank = await responses('confirm', id, '--by', ' ', '--reason', 'x', '--yes')
  expect([blank.code, blank.stderr]).toEqual([2, expect.stringContaining('by')])
})

it('what a person confirms is sent once, and what became of it is on record', async () => {
  const { id, subject, alertId } = await found('disable_client')
  const confirmed = await responses('confirm', id, ...by, '--yes')
  expect([confirmed.code, confirmed.stdout]).toEqual([0, expect.stringContaining(`confirmed ${id} by maria`)])
  expect(await responses('confirm', id, ...by, '--yes')).toMatchObject({ code: 2 })
  await expect.poll(async () => (await found('disable_client')).state, { timeout: 20_000 }).toBe('delivered')
  expect(iam.taken).toMatchObject([
    {
      id,
      payload: {
        type: 'response.disable_client',
        data: { subject, alert: { alertId }, confirmedBy: 'maria', reason: 'stolen laptop' },
      },
    },
  ])
  expect(iam.repeats).toEqual([])
  const sql = `SELECT JSONExtractString(fields, 'actor'), JSONExtractString(fields, 'subject'), JSONExtractString(fields, 'reason')
    FROM events_exact WHERE event_type = 'audit.access' AND JSONExtractString(fields, 'operation') = 'response' ORDER BY event_time`
  const events = await run(['query', sql, '--data', dataDir, '--format', 'TSV'])
  expect(events.stdout.trim().split('\n')).toEqual([
    `maria\t${id} disable_client ${subject.id}\tconfirmed: stolen laptop`,
    `mcp-auditd\t${id}\tdelivered`,
  ])
})

it('what was rejected cannot be confirmed any more and is not sent', async () => {
  const before = iam.server.received.length
  const { id } = await found('quarantine_server')
  expect(await responses('reject', id.slice(0, 10), '--by', 'kim', '--reason', 'it is ours\u001b[2J')).toMatchObject({
    code: 0,
    stdout: `rejected ${id} by kim\n`,
  })
  expect((await responses('confirm', id, ...by, '--yes')).code).toBe(2)
  await expect.poll(async () => (await found('quarantine_server')).state, { timeout: 20_000 }).toBe('rejected')
  expect(iam.server.received.length).toBe(before)
  const shown = await responses('list')
  expect(shown.stdout).toContain(`${id}  rejected  quarantine_server server`)
  expect(shown.stdout).toMatch(/ {2}kim at 20\S+: it is ours\\u\{1b\}\[2J/)
})

it('the state of its way is shown with those of the targets', async () => {
  const { targets } = (await (await fetch(`${service.adminUrl}/readyz`)).json()) as { targets: Record<string, object> }
  const listed = await run(['targets', 'list', '--config', config, '--data', dataDir])
  expect(listed.stdout).toMatch(
    /^console {2}console {2}standard output\n {2}from info\n {2}well, last delivered 20\S+, 0 waiting\n$/,
  )
  expect(targets).toMatchObject({
    console: { failingSince: '' },
    'response:iam': { failingSince: '', waiting: 0, dead: 0 },
  })
})
