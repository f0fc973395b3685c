/** `up` with nothing else installed: OTLP in, rows and alerts out, stopped cleanly, and going on where it was. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { run, stop, type Up, up } from '../unit/cli/command-line.ts'
import { post, sent, wrongAudience } from './telemetry-in.ts'

let dataDir: string
const running: Up[] = []
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'up-'))
})
afterEach(async () => {
  for (const { child } of running.splice(0)) if (child.exitCode === null) child.kill('SIGKILL')
  rmSync(dataDir, { recursive: true, maxRetries: 3 })
})
async function begin(more: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Promise<Up> {
  const service = await up(dataDir, more, env)
  running.push(service)
  return service
}
async function rows(sql: string): Promise<unknown[][]> {
  const { code, stdout, stderr } = await run(['query', sql, '--data', dataDir, '--format', 'JSONCompactEachRow'])
  if (code !== 0) throw new Error(stderr)
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as unknown[])
}
/** Polls a query until it answers so. */
const eventually = (sql: string, answer: unknown) =>
  expect.poll(() => rows(sql), { timeout: 20_000, interval: 200 }).toEqual(answer)

describe('up', () => {
  it('takes OTLP, stores rows, raises an alert, and says on its admin address that it is well', async () => {
    const service = await begin()
    expect(service.otlpUrl).toMatch(/^http:\/\/127\.0\.0\.1:[1-9]\d*$/)
    const answer = await post(service.otlpUrl, [
      ...Array.from({ length: 20 }, () => sent()),
      wrongAudience('abcd'),
      sent({ eventType: 'tool.call', tenant: 'globex' }),
    ])
    expect(answer.status).toBe(200)
    await eventually("SELECT count() > 0 FROM alerts WHERE rule = 'tok-001-audience-mismatch'", [[1]])
    await eventually(
      "SELECT count(), uniqExact(event_id), any(tenant), any(server_claimed) FROM events WHERE server_id = 'hr'",
      [[21, 21, 'default', true]],
    )
    expect(await rows("SELECT rule, principal_key FROM findings WHERE rule = 'tok-001-audience-mismatch'")).toEqual([
      ['tok-001-audience-mismatch', 'abcd'],
    ])
    const ready = await fetch(`${service.adminUrl}/readyz`)
    expect([ready.status, await ready.json()]).toMatchObject([
      200,
      { status: 'ready', checks: { collect: true, store: true, detect: true } },
    ])
    const metrics = await (await fetch(`${service.adminUrl}/metrics`)).text()
    expect(metrics).toMatch(/^mcp_auditd_events_accepted_total\{[^}]*edge="collect"[^}]*\} 21/m)
    expect(metrics).toMatch(/^mcp_auditd_events_rejected_total\{[^}]*component="collect"[^}]*\} 1/m)
    // One more where the service has told of its alert by now.
    expect(metrics).toMatch(/^mcp_auditd_events_detected_total(\{[^}]*\})? 2[12]/m)
    expect(metrics).toMatch(/^mcp_auditd_events_stored_total(\{[^}]*\})? 2[12]/m)
    expect(metrics).toMatch(/^mcp_auditd_alerts_total\{[^}]*rule="tok-001-audience-mismatch"[^}]*\} 1/m)
    const ended = await stop(service)
    expect(ended.code).toBe(0)
    expect(ended.tookMs).toBeLessThan(10_000)
    expect(ended.stderr).toContain('"event":"stopped"')
    expect(existsSync(join(dataDir, 'admin.json'))).toBe(false)
  })
  it('takes a folder relative to where it was started, as does query', async () => {
    dataDir = relative(process.cwd(), dataDir)
    const service = await begin()
    expect((await post(service.otlpUrl, [sent()])).status).toBe(200)
    await eventually('SELECT count() FROM events', [[1]])
    expect((await stop(service)).code).toBe(0)
    expect(await rows('SELECT count() FROM events')).toEqual([[1]])
  })
  it('goes on in the same folder: rows stay, retries are known, alerts are not raised again', async () => {
    const events = [sent(), sent(), wrongAudience('abcd')]
    const first = await begin()
    expect((await post(first.otlpUrl, events)).status).toBe(200)
    await eventually('SELECT count() FROM alerts', [[1]])
    expect((await stop(first)).code).toBe(0)

    const second = await begin()
    expect((await post(second.otlpUrl, [...events, sent({ toolName: 'later' })])).status).toBe(200)
    await eventually("SELECT count() FROM events WHERE tool_name = 'later'", [[1]])
    expect(await rows("SELECT count(), uniqExact(event_id) FROM events WHERE server_id = 'hr'")).toEqual([[4, 4]])
    expect(await rows('SELECT count(), uniqExact(alert_id), max(count) FROM alerts')).toEqual([[1, 1, 1]])
    expect((await stop(second)).code).toBe(0)
    expect(await rows("SELECT count(), uniqExact(event_id) FROM events_exact WHERE server_id = 'hr'")).toEqual([[4, 4]])
  })
  it('loses nothing that it acknowledged when it is killed', async () => {
    const first = await begin()
    const answers = await Promise.all(Array.from({ length: 10 }, () => post(first.otlpUrl, [sent(), sent()])))
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200))
    first.child.kill('SIGKILL')
    await first.ended
    await begin()
    await eventually('SELECT count(), uniqExact(event_id) FROM events_exact', [[20, 20]])
  })
  it('takes a second signal as an order to end at once, and a folder in use is refused with 78', async () => {
    const service = await begin()
    const other = await run(['up', '--data', dataDir, '--otlp', '127.0.0.1:0', '--admin', '127.0.0.1:0'])
    expect([other.code, other.stdout]).toEqual([78, ''])
    expect((await fetch(`${service.adminUrl}/readyz`)).status).toBe(200)
    expect((await stop(service)).code).toBe(0)
  })
  it('asks for the key once one is configured, and takes tenant and server from it', async () => {
    const env = {
      HR_KEY: 'k'.repeat(40),
      MCP_AUDITD_CONFIG: join(import.meta.dirname, 'keys.yaml'),
    }
    const service = await begin([], env)
    expect((await post(service.otlpUrl, [sent()])).status).toBe(401)
    const bearer = { authorization: `Bearer ${env.HR_KEY}` }
    expect((await post(service.otlpUrl, [sent(), sent({ serverId: 'payroll' })], bearer)).status).toBe(200)
    await eventually('SELECT tenant, server_id, server_claimed FROM events', [['acme', 'hr', false]])
    expect((await stop(service)).code).toBe(0)
  })
})
