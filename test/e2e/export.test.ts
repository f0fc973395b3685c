/** `export`: from the running service and from the idle folder, the same lines; told to the audit; a file whole or not at all. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Ended, run, stop, type Up, up } from '../unit/cli/command-line.ts'
import { faultsOf } from '../unit/connectors/ocsf/checks.ts'
import { hasFixtures, schemaFaults } from '../unit/connectors/ocsf/fixtures.ts'
import { post, sent, wrongAudience } from './telemetry-in.ts'

type Fields = Readonly<Record<string, unknown>>
const dataDir = mkdtempSync(join(tmpdir(), 'export-'))
const outDir = mkdtempSync(join(tmpdir(), 'export-out-'))
const WINDOW = ['--from', '2026-01-01T00:00:00Z', '--to', '2200-01-01T00:00:00Z']
const exported = (...args: string[]): Promise<Ended> => run(['export', '--data', dataDir, ...WINDOW, ...args])
const linesOf = ({ stdout }: Ended): Fields[] =>
  stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Fields)
const count = async (sql: string): Promise<number> =>
  Number((await run(['query', sql, '--data', dataDir, '--format', 'TSV'])).stdout)
async function until(sql: string, wanted: number): Promise<void> {
  const deadlineMs = Date.now() + 60_000
  for (let seen = -1; seen < wanted; ) {
    seen = await count(sql)
    if (Date.now() > deadlineMs) throw new Error(`${sql}: ${seen}, not ${wanted}`)
    if (seen < wanted) await wait(100)
  }
}

let service: Up | undefined
beforeAll(async () => {
  service = await up(dataDir)
  const answer = await post(service.otlpUrl, [
    sent({ toolName: '=cmd|"x"', outcome: 'ok' }),
    sent({ toolName: 'b', serverId: 'other', transport: 'stdio' }),
    sent({ eventType: 'server.heartbeat', method: '', toolName: '' }),
    wrongAudience('0123456789abcdef'),
  ])
  expect(answer.status).toBe(200)
  await until('SELECT count() FROM events', 4)
  await until('SELECT count() FROM alerts', 1)
}, 120_000)
afterAll(() => {
  if (service?.child.exitCode === null) service.child.kill('SIGKILL')
  for (const dir of [dataDir, outDir]) rmSync(dir, { recursive: true, force: true, maxRetries: 3 })
})

function expectOcsf(events: readonly Fields[]): void {
  for (const event of events) {
    expect(faultsOf(event)).toEqual([])
    expect(hasFixtures ? schemaFaults('1.8.0', event) : []).toEqual([])
  }
}

describe('while the service runs', () => {
  it('writes events of the types that OCSF has a class for, and says which it has none for', async () => {
    const done = await exported('--server', 'hr')
    expect(done.code).toBe(0)
    const events = linesOf(done)
    expectOcsf(events)
    expect(events.map(({ class_uid }) => class_uid).sort()).toEqual([3002, 6003])
    expect(done.stderr).toContain('1 server.heartbeat (tells of the audit itself')
  })
  it('writes every event as JSON, in the order of receipt, with what was sent', async () => {
    const events = linesOf(await exported('--format', 'jsonl', '--server', 'hr'))
    expect(events.map(({ eventType }) => eventType).sort()).toEqual([
      'auth.token.validated',
      'server.heartbeat',
      'tool.call',
    ])
    expect(events.find(({ eventType }) => eventType === 'tool.call')).toMatchObject({
      toolName: '=cmd|"x"',
      serverId: 'hr',
    })
    const received = events.map(({ receivedAt }) => String(receivedAt))
    expect(received).toEqual([...received].sort())
  })
  it('writes CSV that no spreadsheet runs', async () => {
    const { stdout } = await exported('--format', 'csv', '--type', 'tool.call', '--server', 'hr')
    const [head, row] = stdout.split('\n')
    expect(head).toMatch(/^eventType,eventId,eventTime,serverId,/)
    expect(row).toContain(`,"'=cmd|""x""",`)
  })
  it('writes alerts and findings as Detection Findings', async () => {
    const alerts = linesOf(await exported('--what', 'alerts'))
    expectOcsf(alerts)
    expect(alerts).toMatchObject([
      {
        class_uid: 2004,
        is_alert: true,
        finding_info: { analytic: { uid: 'tok-001-audience-mismatch' } },
        unmapped: {
          owasp_mcp: ['MCP07:2025', 'MCP01:2025'],
          saw: 'https://graph.example',
          expected: 'https://hr.example',
        },
      },
    ])
    const findings = linesOf(await exported('--what', 'findings', '--type', 'tok-001-audience-mismatch'))
    expectOcsf(findings)
    expect(findings).toMatchObject([
      { is_alert: false, finding_info: { attacks: [{ technique: { uid: 'T1550' } }, {}] } },
    ])
    expect(linesOf(await exported('--what', 'findings', '--format', 'jsonl'))).toMatchObject([
      { rule: 'tok-001-audience-mismatch' },
    ])
  })
  it('says 1.9.0 when that is asked for', async () => {
    expect(linesOf(await exported('--ocsf-version', '1.9.0', '--server', 'other'))).toMatchObject([
      { metadata: { version: '1.9.0' }, src_endpoint: { name: 'stdio' } },
    ])
  })
  it('is told to the audit before and after, with who, what, how many and why', async () => {
    await exported('--format', 'jsonl', '--type', 'server.heartbeat', '--actor', 'ana', '--reason', 'case 7\n\u202e')
    const told =
      "SELECT count() FROM events WHERE event_type = 'audit.access' AND JSONExtractString(fields, 'actor') = 'ana'"
    await until(told, 2)
    const events = linesOf(await exported('--format', 'jsonl', '--type', 'audit.access')).filter(
      ({ actor }) => actor === 'ana',
    )
    expect(events).toMatchObject([
      { operation: 'export', reason: 'case 7\n\u202e', serverId: 'mcp-auditd' },
      { operation: 'export', rows: 1 },
    ])
    expect(events[0]).not.toHaveProperty('rows')
    expect(events[0]!['subject']).toMatch(/^events 2026-01-01T00:00:00.000Z\/2200.* type=server.heartbeat$/)
  })
  it('is refused without the token', async () => {
    const answer = await fetch(`${service!.adminUrl}/v1/audit-access`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ operation: 'export', actor: 'mallory' }),
    })
    expect(answer.status).toBe(401)
  })
})

describe('a file', () => {
  it('is there whole, and is not replaced unasked', async () => {
    const out = join(outDir, 'alerts.jsonl')
    const args = ['--what', 'alerts', '--format', 'jsonl', '--out', out]
    expect(await exported(...args)).toMatchObject({ code: 0, stdout: '' })
    expect(readFileSync(out, 'utf8').trim().split('\n')).toHaveLength(1)
    writeFileSync(out, 'mine')
    const refused = await exported(...args)
    expect([refused.code, refused.stderr]).toEqual([2, `export: --out: ${out} is there already; --force replaces it\n`])
    expect(readFileSync(out, 'utf8')).toBe('mine')
  })
})

it('what is asked wrongly is refused with what would be right', async () => {
  const wrong: readonly (readonly [readonly string[], string])[] = [
    [['--format', 'xml'], '--format: must be one of ocsf, jsonl, csv'],
    [['--ocsf-version', '2'], '--ocsf-version: must be one of 1.8.0, 1.9.0'],
    [['--type', 'tool.cal'], '--type: no such event type: tool.cal'],
  ]
  const answers = await Promise.all(wrong.map(([args]) => exported(...args)))
  for (const [at, { code, stderr }] of answers.entries())
    expect([code, stderr]).toEqual([2, expect.stringContaining(`export: ${wrong[at]![1]}`)])
})

describe('from the idle folder', () => {
  it('comes the same as while the service ran, and it says that nobody took it down', async () => {
    const asked = [
      ['--server', 'hr'],
      ['--what', 'alerts', '--format', 'jsonl'],
    ]
    const running = await Promise.all(asked.map((args) => exported(...args)))
    await stop(service!)
    for (const [at, args] of asked.entries()) {
      const { code, stdout, stderr } = await exported(...args)
      expect([code, stdout]).toEqual([0, running[at]!.stdout])
      expect(stderr).toContain('no service is running that could take it down')
    }
  })
  it('of another folder comes nothing', async () => {
    const { code, stderr } = await run(['export', '--data', outDir, ...WINDOW])
    expect([code, stderr]).toEqual([78, expect.stringContaining('holds no store')])
    expect(existsSync(join(outDir, 'store'))).toBe(false)
  })
})
