/** `query`: read-only SQL against the running service and against the idle folder, with the same answers and the same refusals. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { run, stop, type Up, up } from '../unit/cli/command-line.ts'
import { post, sent } from './telemetry-in.ts'

const dataDir = mkdtempSync(join(tmpdir(), 'query-'))
const stolen = join(dataDir, 'stolen')
let service: Up | undefined
beforeAll(async () => {
  service = await up(dataDir)
  const answer = await post(service.otlpUrl, [
    sent({ toolName: 'a' }),
    sent({ toolName: 'b' }),
    sent({ eventType: 'auth.token.validated', decision: 'deny' }),
  ])
  expect(answer.status).toBe(200)
  while ((await ask('SELECT count() FROM events')).stdout !== '3\n') await wait(100)
})
afterAll(() => {
  if (service?.child.exitCode === null) service.child.kill('SIGKILL')
  rmSync(dataDir, { recursive: true, maxRetries: 3 })
})
const ask = (sql: string, format = 'TSV') => run(['query', sql, '--data', dataDir, '--format', format])

const VIEWS = ['events', 'events_exact', 'calls', 'auth', 'definitions', 'findings', 'alerts']
const COLUMNS = [
  ...['event_id', 'event_type', 'event_time', 'received_at', 'tenant', 'server_id', 'principal_key', 'client_key'],
  ...['session_fp', 'tool_name', 'definition_hash', 'decision', 'trace_id', 'span_id', 'vantage', 'source'],
]

function answers(): void {
  it('answers from every view, in the format asked for', async () => {
    const counts = await Promise.all(VIEWS.map((view) => ask(`SELECT count() FROM ${view}`)))
    expect(counts.map(({ code }) => code)).toEqual(VIEWS.map(() => 0))
    expect(counts.map(({ stdout }) => stdout)).toEqual(['3\n', '3\n', '2\n', '1\n', '0\n', '0\n', '0\n'])
    const json = await ask('SELECT tool_name FROM calls ORDER BY tool_name', 'JSONEachRow')
    expect(json.stdout).toBe('{"tool_name":"a"}\n{"tool_name":"b"}\n')
    const pretty = await run(['query', 'SELECT 1 AS one', '--data', dataDir])
    expect(pretty.stdout).toContain('one')
  })
  it('shows a person nothing that a terminal would act on, and a program the bytes', async () => {
    const hostile = "SELECT '\\x1b[31mred\u202e' AS tool_name"
    for (const format of ['PrettyCompactMonoBlock', 'Vertical', 'PrettySpace'])
      expect((await ask(hostile, format)).stdout).toContain('\\u{1b}[31mred\\u{202e}')
    expect((await ask(hostile, 'TSV')).stdout).toBe('\u001b[31mred\u202e\n')
  })
  it('has the promised columns on every event', async () => {
    const { code, stdout } = await ask(`SELECT ${COLUMNS.join()} FROM events LIMIT 1`, 'JSONEachRow')
    expect(code).toBe(0)
    expect(Object.keys(JSON.parse(stdout) as object)).toEqual(COLUMNS)
  })
  it.each([
    ['writes', 'INSERT INTO events SELECT * FROM events'],
    ['defines', 'DROP TABLE events'],
    ['changes settings', 'SET readonly = 0'],
    ['reads a file', "SELECT * FROM file('/etc/passwd', 'LineAsString')"],
    ['reads a file by a scalar', "SELECT file('/etc/passwd')"],
    ['writes a file', `SELECT 1 INTO OUTFILE '${stolen}'`],
    ['calls out', "SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString')"],
    ['is two statements', 'SELECT 1; SELECT 2'],
    ['is no SQL', 'hello'],
    ['names what is not there', 'SELECT nothing FROM events'],
  ])('refuses with exit 2 and a reason what %s', async (_, sql) => {
    const { code, stdout, stderr } = await ask(sql)
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(/^query: .+/)
    expect(stderr).not.toMatch(/^\s+at /m)
    expect(existsSync(stolen)).toBe(false)
  })
}

describe('against the running service', () => {
  answers()
  it('answers a named query with its parameters, and names one that is wrong', async () => {
    const named = (...args: string[]) => run(['query', ...args, '--data', dataDir, '--format', 'TSV'])
    const calls = await named('@blast-radius', '--param', 'tool=b', '--param', 'from=3650d')
    expect([calls.code, calls.stdout.split('\t')[3], calls.stdout.split('\n').length]).toEqual([0, 'b', 2])
    const plain = await named('SELECT {name:String}', '--param', "name=it's")
    expect([plain.code, plain.stdout]).toEqual([0, "it\\'s\n"])
    for (const [args, reason] of [
      [['@blast-radius'], 'query: --param definition or tool: @blast-radius needs one of them\n'],
      [['@tool-usage', '--param', 'limit=all'], 'query: --param limit: must be a whole number below 2^32\n'],
      [['@nothing'], 'query: @nothing: no such query; `query --list` shows them\n'],
    ] as const) {
      const { code, stderr } = await named(...args)
      expect([code, stderr]).toEqual([2, reason])
    }
    expect(await named('SELECT {name:String}')).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^query: .*name/),
    })
  })
  it('describes its views and the columns of a named query', async () => {
    const notes = await run(['query', '@blast-radius', '--list', '--data', dataDir])
    expect(notes.stdout).toMatch(/\n {2}tool_name +String +Tool, as called\.\n/)
    const { code, stdout } = await run(['query', '--tables', 'calls', '--data', dataDir])
    expect(code).toBe(0)
    expect(stdout).toMatch(
      /^calls \(view\) {2}Tool calls with their results[\s\S]*\n {2}tool_name +String +Tool, as called\./,
    )
  })
  it('does not stop the service from storing', async () => {
    await post(service!.otlpUrl, [sent({ eventType: 'http.request', toolName: 'after-refusals' })])
    await expect
      .poll(async () => (await ask("SELECT count() FROM events WHERE tool_name = 'after-refusals'")).stdout, {
        timeout: 20_000,
      })
      .toBe('1\n')
  })
})

describe('against the idle folder', () => {
  beforeAll(async () => {
    expect((await stop(service!)).code).toBe(0)
  })
  it('answers what the service stored', async () => {
    const { code, stdout } = await ask('SELECT count(), uniqExact(event_id) FROM events')
    expect([code, stdout]).toEqual([0, '4\t4\n'])
  })
  it('answers a named query with its parameters', async () => {
    const asked = ['@blast-radius', '--param', 'tool=b', '--param', 'from=3650d', '--data', dataDir]
    const { code, stdout } = await run(['query', ...asked, '--format', 'TSV'])
    expect([code, stdout.split('\t')[3], stdout.split('\n').length]).toEqual([0, 'b', 2])
  })
  it('refuses what writes with exit 2', async () => {
    expect((await ask('DROP TABLE events')).code).toBe(2)
    expect((await ask('SELECT count() FROM events')).stdout).toBe('4\n')
  })
  it('is not misled by the file of a service that was killed', async () => {
    const gone = { url: service!.adminUrl, token: 't', pid: process.pid }
    writeFileSync(join(dataDir, 'admin.json'), JSON.stringify(gone))
    expect((await ask('SELECT count() FROM events')).stdout).toBe('4\n')
  })
})
