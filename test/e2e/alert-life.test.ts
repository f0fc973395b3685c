/** The life of an alert through the running service: decided on the command line and over the socket, told to the audit, kept across a kill. */
import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Alert } from '../../schemas/alert.ts'
import { run, type Up, up } from '../unit/cli/command-line.ts'
import { post, sent, wrongAudience } from './telemetry-in.ts'

const dataDir = mkdtempSync(join(tmpdir(), 'alert-life-'))
const settings = join(dataDir, 'settings.yaml')
let service: Up
beforeAll(async () => {
  writeFileSync(settings, 'risk: { enabled: false }\n')
  service = await up(dataDir, ['--config', settings])
}, 120_000)
afterAll(() => {
  if (service?.child.exitCode === null) service.child.kill('SIGKILL')
  rmSync(dataDir, { recursive: true, maxRetries: 3 })
})

const alerts = (...args: string[]) => run(['alerts', ...args, '--data', dataDir])
/** Over the socket of the running service: a child for each look would take most of the time. */
async function list(principal: string): Promise<readonly Alert[]> {
  const { status, body } = await overSocket('GET', `/v1/alerts?principal=${principal}`)
  if (status !== 200) throw new Error(body)
  return (JSON.parse(body) as { alerts: Alert[] }).alerts
}
const rows = async (sql: string): Promise<unknown[]> => {
  const { status, body } = await overSocket('POST', '/v1/query', { sql, format: 'JSONCompactEachRow' })
  if (status !== 200) throw new Error(body)
  return body
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as unknown)
}
/** Polls until the one alert of a principal is so. */
const becomes = (principal: string, expected: Partial<Alert>) =>
  expect.poll(async () => (await list(principal))[0], { timeout: 20_000, interval: 100 }).toMatchObject(expected)
/** All findings of this test lie in one window, whenever it runs. */
const AT = new Date().toISOString()
/** A token that lives too long: of medium severity. */
const longLived = (principalKey: string) =>
  sent({
    eventType: 'auth.token.validated',
    eventTime: AT,
    principalKey,
    principalKind: 'user',
    clientKey: 'ide',
    tokenKind: 'jwt',
    tokenFp: randomUUID(),
    idtyp: 'user',
    issuedAt: Math.floor(Date.now() / 1_000),
    notBefore: Math.floor(Date.now() / 1_000) - 60,
    expAt: Math.floor(Date.now() / 1_000) + 30 * 86_400,
    clientCapabilities: [],
    scopes: ['files:read'],
    roles: [],
    hop: 'direct',
    aud: ['https://hr.example'],
    expectedAud: ['https://hr.example'],
  })
const seen = async (principal: string) => {
  expect((await post(service.otlpUrl, [longLived(principal)])).status).toBe(200)
}
/** Over the socket that only the owner of the folder may open: no token. */
const overSocket = (method: 'GET' | 'POST', path: string, body?: unknown): Promise<{ status: number; body: string }> =>
  new Promise((resolve, reject) => {
    const call = request(
      { socketPath: join(dataDir, 'admin.sock'), method, path, headers: { 'content-type': 'application/json' } },
      (response) => {
        let text = ''
        response.on('data', (bytes) => {
          text += bytes
        })
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text }))
      },
    )
    call.on('error', reject)
    call.end(body === undefined ? undefined : JSON.stringify(body))
  })

describe('an alert', { timeout: 60_000 }, () => {
  it('is acknowledged on the command line, stays so when it is seen again, and says so to the audit', async () => {
    await seen('aaaa1111')
    await becomes('aaaa1111', { status: 'open', severity: 'medium', count: 1 })
    const [alert] = await list('aaaa1111')
    const short = alert!.alertId.slice(0, 10)
    const acked = await alerts('ack', short, '--by', 'kim', '--reason', 'on it')
    expect(acked).toMatchObject({ code: 0, stderr: '' })
    expect(acked.stdout).toBe(`${short.slice(0, 8)} acknowledged: ${alert!.title}\n`)
    await becomes('aaaa1111', { status: 'acknowledged', owner: 'kim', statusReason: 'on it' })
    await seen('aaaa1111')
    await becomes('aaaa1111', { status: 'acknowledged', count: 2 })
    await expect
      .poll(
        () =>
          rows(
            `SELECT kind, actor, status, reason FROM alert_changes WHERE alert_id = '${alert!.alertId}' ORDER BY revision, event_time`,
          ),
        { timeout: 20_000 },
      )
      .toEqual([
        ['decision', 'kim', '', 'acknowledge: on it'],
        ['revision', '', 'open', alert!.severityReason],
        ['revision', 'kim', 'acknowledged', 'on it'],
      ])
    expect(
      await rows(
        `SELECT event_type, server_id, JSONExtractString(fields, 'operation') FROM events_exact WHERE event_type IN ('audit.access', 'detection.alert') ORDER BY 1`,
      ),
    ).toEqual([
      ['audit.access', 'mcp-auditd', 'alert'],
      ['detection.alert', 'mcp-auditd', ''],
      ['detection.alert', 'mcp-auditd', ''],
    ])
    const shown = await alerts('show', short)
    expect(shown.stdout).toMatch(/status {5}acknowledged\n {2}by {9}kim\n {2}reason {5}on it\n/)
    expect(shown.stdout).toContain('decided by kim: acknowledge: on it')
  })

  it('is resolved over the socket, and open again with the next finding', async () => {
    const [alert] = await list('aaaa1111')
    const path = `/v1/alerts/${alert!.alertId}`
    const changeId = 'd'.repeat(32)
    const change = { action: 'resolve', by: 'robin', reason: 'rotated', verdict: 'true_positive', changeId }
    const resolved = await overSocket('POST', `${path}/changes`, change)
    expect([resolved.status, JSON.parse(resolved.body)]).toMatchObject([
      200,
      { changeId, applied: true, alert: { status: 'resolved', owner: 'robin', verdict: 'true_positive' } },
    ])
    // An answer that was lost is asked for again: it is the same decision.
    const again = await overSocket('POST', `${path}/changes`, change)
    expect([again.status, JSON.parse(again.body)]).toMatchObject([200, { changeId, applied: true }])
    await seen('aaaa1111')
    await becomes('aaaa1111', { status: 'open', count: 3, statusReason: 'seen again after robin resolved it' })
    const got = JSON.parse((await overSocket('GET', path)).body) as { alert: Alert; history: unknown[] }
    expect(got.alert.status).toBe('open')
    const decisions = `SELECT count() FROM alert_changes WHERE kind = 'decision' AND actor = 'robin'`
    await expect.poll(() => rows(decisions), { timeout: 20_000 }).toEqual([[1]])
    const listed = JSON.parse((await overSocket('GET', '/v1/alerts?status=open&severity=medium')).body) as {
      alerts: Alert[]
    }
    expect(listed.alerts.map(({ alertId }) => alertId)).toContain(alert!.alertId)
  })

  it('is suppressed until a time: counted in silence, and told with the first finding after it', async () => {
    await seen('bbbb2222')
    await becomes('bbbb2222', { status: 'open' })
    const [alert] = await list('bbbb2222')
    const suppressed = await alerts('suppress', alert!.alertId, '--for', '1h', '--reason', 'a pen test', '--by', 'kim')
    expect(suppressed).toMatchObject({ code: 0, stderr: '' })
    await seen('bbbb2222')
    await becomes('bbbb2222', { status: 'suppressed', owner: 'kim', count: 2 })
    // A later decision replaces the one before.
    const until = new Date(Date.now() + 2_000).toISOString()
    const shorter = { action: 'suppress', by: 'kim', reason: 'nearly over', until }
    expect((await overSocket('POST', `/v1/alerts/${alert!.alertId}/changes`, shorter)).status).toBe(200)
    await becomes('bbbb2222', { status: 'suppressed', statusUntil: until })
    while (Date.now() < Date.parse(until)) await new Promise((resolve) => setTimeout(resolve, 50))
    await seen('bbbb2222')
    await becomes('bbbb2222', { status: 'open', count: 3, statusReason: 'the suppression ended' })
  })

  it('of a suppressed group is born silent, and unsuppress ends it', async () => {
    const [alert] = await list('bbbb2222')
    expect(await alerts('suppress', alert!.alertId, '--for', '7d', '--reason', 'known')).toMatchObject({ code: 0 })
    expect(await alerts('unsuppress', alert!.alertId, '--reason', 'over')).toMatchObject({ code: 0 })
    await becomes('bbbb2222', { status: 'open', statusUntil: '' })
  })

  it('takes a verdict without moving, and the rule answers for it', async () => {
    const [alert] = await list('bbbb2222')
    expect(await alerts('feedback', alert!.alertId, '--verdict', 'false_positive')).toMatchObject({ code: 0 })
    await becomes('bbbb2222', { status: 'open', verdict: 'false_positive' })
    const stats = await run(['rules', 'stats', '--data', dataDir, '--json'])
    const rule = stats.stdout.split('\n').find((line) => line.includes('"tok-007-long-lived-token"'))
    expect(JSON.parse(rule!)).toMatchObject({ judged: 2, false_positives: 1, false_share: '50' })
  })
})

describe('what cannot be', { timeout: 60_000 }, () => {
  it('an id that is none, a time that is none and a number that is none are refused with their reason', async () => {
    const wrong = [
      [['ack', 'ffffffff'], /no alert has this id/],
      [['ack', 'not-an-id'], /is no id: 4 to 32 hexadecimal digits/],
      [['list', '--since', 'tomorrow'], /--since: must be a time, or a number with m, h or d/],
      [['list', '--limit', '0'], /--limit: must be from 1 to 10000/],
    ] as const
    const answers = await Promise.all(wrong.map(([args]) => alerts(...args)))
    for (const [at, { code, stderr }] of answers.entries())
      expect([code, wrong[at]![1].test(stderr), stderr]).toEqual([2, true, stderr])
  })
  it('a critical alert is not suppressed, nor anything without an end or a reason, and nothing of it stands in the audit', async () => {
    expect((await post(service.otlpUrl, [wrongAudience('cccc3333')])).status).toBe(200)
    await becomes('cccc3333', { severity: 'critical' })
    const [alert] = await list('cccc3333')
    const tried = await Promise.all([
      alerts('suppress', alert!.alertId, '--for', '7d', '--reason', 'noise'),
      alerts('suppress', alert!.alertId, '--for', '7d'),
      alerts('suppress', alert!.alertId, '--reason', 'x'),
      alerts('suppress', alert!.alertId, '--reason', 'x', '--until', '2020-01-01'),
    ])
    expect(tried.map(({ code }) => code)).toEqual([2, 2, 2, 2])
    expect(tried[0]!.stderr).toContain('is critical, and critical alerts are never suppressed')
    expect(
      await rows(`SELECT count() FROM alert_changes WHERE alert_id = '${alert!.alertId}' AND kind = 'decision'`),
    ).toEqual([[0]])
  })
  it('the address answers no to what is no id, no decision or no alert', async () => {
    const change = { action: 'acknowledge', by: 'kim' }
    const answers = await Promise.all([
      overSocket('GET', '/v1/alerts/zz'),
      overSocket('GET', '/v1/alerts/ffffffff'),
      overSocket('POST', '/v1/alerts/ffffffff/changes', change),
      overSocket('POST', '/v1/alerts/ffffffff/changes', { ...change, action: 'delete' }),
      overSocket('POST', '/v1/alerts/ffffffff/changes', { ...change, extra: 1 }),
      overSocket('GET', '/v1/alerts?status=gone'),
    ])
    expect(answers.map(({ status }) => status)).toEqual([422, 404, 404, 400, 400, 400])
  })
})

describe('a kill', { timeout: 120_000 }, () => {
  it('between the decision and its record: the next life takes it in, once', async () => {
    await seen('dddd4444')
    await becomes('dddd4444', { status: 'open' })
    const [alert] = await list('dddd4444')
    service.child.kill('SIGKILL')
    await service.ended
    const point = { MCP_AUDITD_FAILPOINT: 'after-outbox-before-commit' }
    service = await up(dataDir, ['--config', settings], point)
    const asked = alerts('ack', alert!.alertId, '--by', 'kim')
    await service.ended
    expect((await asked).code).not.toBe(0)
    expect((await alerts('list', '--principal', 'dddd4444')).stdout).toContain('  open  ')
    service = await up(dataDir, ['--config', settings])
    await becomes('dddd4444', { status: 'acknowledged', owner: 'kim', revision: 2 })
    const counts = `SELECT count(), countIf(kind = 'decision') FROM alert_changes WHERE alert_id = '${alert!.alertId}'`
    await expect.poll(() => rows(counts), { timeout: 20_000 }).toEqual([[3, 1]])
  })
  it('an idle folder lists and shows, and says that decisions need the service', async () => {
    service.child.kill('SIGTERM')
    await service.ended
    const listed = await alerts('list', '--principal', 'dddd4444', '--status', 'acknowledged', '--since', '1h')
    expect(listed.stdout).toMatch(/^[0-9a-f]{8} {2}medium {2}acknowledged \(kim\) {2}1x /)
    const short = listed.stdout.slice(0, 8)
    expect((await alerts('show', short)).stdout).toContain('status     acknowledged')
    const { code, stderr } = await alerts('resolve', short, '--verdict', 'benign')
    expect([code, stderr]).toEqual([
      2,
      `alerts: --data: no service runs on ${dataDir}, and decisions go through the running service\n`,
    ])
  })
})
