/** The SQL address of a running service, asked by clients that were made for a ClickHouse server. */
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { promisify } from 'node:util'
import { type ClickHouseClient, ClickHouseLogLevel, createClient } from '@clickhouse/client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { installPython } from '../servers/install.ts'
import { run, stop, type Up, up } from '../unit/cli/command-line.ts'
import { post, sent } from './telemetry-in.ts'

const exec = promisify(execFile)
const dataDir = mkdtempSync(join(tmpdir(), 'sql-clients-'))
/** Undefined without Python, or where its registry cannot be reached. */
const python = await installPython('clickhouse-connect', { 'clickhouse-connect': '1.12.0' }).catch(() => undefined)
const curl = await exec('curl', ['--version']).then(
  () => true,
  () => false,
)
let service: Up
let other: Up | undefined
let sqlUrl: string
let client: ClickHouseClient
beforeAll(async () => {
  service = await up(dataDir, ['--sql', '127.0.0.1:0'])
  sqlUrl = String(service.log.find(({ event }) => event === 'started')!['sql'])
  client = createClient({ url: sqlUrl, log: { level: ClickHouseLogLevel.OFF } })
  await post(service.otlpUrl, [sent({ toolName: 'a' }), sent({ toolName: "b'\t\\" }), sent({ toolName: 'a' })])
  while ((await rowsOf('SELECT count() AS n FROM events')).at(0)?.['n'] !== 3) await wait(50)
})
afterAll(async () => {
  await client?.close()
  if (other?.child.exitCode === null) other.child.kill('SIGKILL')
  if (service?.child.exitCode === null) await stop(service)
  rmSync(dataDir, { recursive: true, maxRetries: 3 })
})
const rowsOf = async (query: string, more: object = {}): Promise<readonly Record<string, unknown>[]> =>
  (await client.query({ query, format: 'JSONEachRow', ...more })).json()

describe('@clickhouse/client', () => {
  it('pings, and asks the tables of the service without naming a database', async () => {
    expect(await client.ping()).toEqual({ success: true })
    expect(await client.ping({ select: true })).toEqual({ success: true })
    expect(await rowsOf("SELECT tool_name, count() AS n FROM calls WHERE tool_name = 'a' GROUP BY tool_name")).toEqual([
      { tool_name: 'a', n: 2 },
    ])
  })
  it('binds parameters of every form as they are, also long ones in the body', async () => {
    const query = 'SELECT tool_name FROM calls WHERE tool_name = {tool:String} AND 2 IN {list:Array(UInt8)}'
    const asked = { query_params: { tool: "b'\t\\", list: [1, 2] } }
    expect(await rowsOf(query, asked)).toEqual([{ tool_name: "b'\t\\" }])
    expect(await rowsOf(query, { ...asked, use_multipart_params: true })).toEqual([{ tool_name: "b'\t\\" }])
  })
  it('streams a large answer, compressed or not', async () => {
    for (const response of [true, false]) {
      const other = createClient({ url: sqlUrl, compression: { response } })
      const answer = await other.query({ query: 'SELECT number FROM numbers(70000)', format: 'JSONCompactEachRow' })
      let rows = 0
      for await (const batch of answer.stream()) rows += (batch as unknown[]).length
      expect(rows).toBe(70_000)
      await other.close()
    }
  })
  it('gets the errors of the engine with their codes', async () => {
    await expect(rowsOf('SELECT * FROM nothing_here')).rejects.toMatchObject({ code: '60', type: 'UNKNOWN_TABLE' })
    await expect(rowsOf('SELEC 1')).rejects.toMatchObject({ code: '164' })
    await expect(rowsOf('SELECT (1')).rejects.toMatchObject({ code: '62', type: 'SYNTAX_ERROR' })
    await expect(rowsOf('SELECT {x:String}')).rejects.toMatchObject({ code: '456' })
  })
  it.each([
    ['defines', () => client.command({ query: 'CREATE TABLE t (a Int8) ENGINE = Memory' }), '164'],
    ['inserts', () => client.insert({ table: 'events', values: [{ tenant: 'x' }], format: 'JSONEachRow' }), '164'],
    ['reads a file', () => rowsOf("SELECT * FROM file('/etc/passwd', 'LineAsString')"), '497'],
    ['leaves read-only mode', () => rowsOf('SELECT 1', { clickhouse_settings: { readonly: '0' } }), '164'],
    ['sets what is no limit', () => rowsOf('SELECT 1', { clickhouse_settings: { allow_ddl: 1 } }), '164'],
  ])('is refused when it %s', async (_, act, code) => {
    await expect(act()).rejects.toMatchObject({ code })
  })
  it('may lower a limit, and not raise one', async () => {
    const limits =
      "SELECT name, value FROM system.settings WHERE name IN ('max_result_rows', 'max_execution_time') ORDER BY name"
    const asked = { clickhouse_settings: { max_result_rows: '7', max_execution_time: 900 } }
    expect(await rowsOf(limits, asked)).toEqual([
      { name: 'max_execution_time', value: '30' },
      { name: 'max_result_rows', value: '7' },
    ])
    await expect(rowsOf('SELECT * FROM numbers(8)', asked)).rejects.toMatchObject({ code: '396' })
  })
  it('stops the statement of a client that went away', async () => {
    const left = new AbortController()
    const slow = rowsOf('SELECT count() FROM numbers(900000000000) WHERE number % 7 = 9', { abort_signal: left.signal })
    slow.catch(() => undefined)
    const running = () =>
      rowsOf("SELECT query FROM system.processes WHERE query LIKE '%900000000000%' AND query NOT LIKE '%processes%'")
    while ((await running()).length === 0) await wait(20)
    left.abort()
    await expect(slow).rejects.toThrow()
    while ((await running()).length > 0) await wait(20)
  })
})

const SCRIPT = `
import clickhouse_connect, json, sys
client = clickhouse_connect.get_client(host='127.0.0.1', port=int(sys.argv[1]))
seen = {'version': client.server_version, 'protocol': client.protocol_version}
seen['tools'] = client.query('SELECT tool_name, count() FROM calls GROUP BY tool_name ORDER BY tool_name').result_rows
seen['bound'] = client.query('SELECT {a:String}, {b:Array(Int32)}', parameters={'a': "it's", 'b': [1, -2]}).result_rows
seen['many'] = len(client.query('SELECT number, toString(number) FROM numbers(60000)').result_rows)
seen['types'] = repr(client.query("SELECT toLowCardinality('x'), [1], map('k', 1), toDateTime64('2026-01-02 03:04:05.5', 3, 'UTC')").result_rows)
seen['event'] = client.query('SELECT * FROM events LIMIT 1').first_row is not None
def refused(act):
    try:
        act()
        return 'done'
    except Exception as error:
        return str(error)[:60]
seen['insert'] = refused(lambda: client.insert('events', [['x']], column_names=['tenant']))
seen['drop'] = refused(lambda: client.command('DROP TABLE events'))
print(json.dumps(seen))
`
describe.skipIf(python === undefined)('clickhouse-connect (skipped without Python 3.10 or its registry)', () => {
  it('connects, asks in Native, binds, and is refused what writes', async () => {
    const { stdout } = await exec(join(python!, 'python'), ['-c', SCRIPT, new URL(sqlUrl).port])
    const seen = JSON.parse(stdout) as Record<string, unknown>
    expect(seen).toMatchObject({
      protocol: 54_405,
      tools: [
        ['a', 2],
        ["b'\t\\", 1],
      ],
      bound: [["it's", [1, -2]]],
      many: 60_000,
      event: true,
      insert: expect.stringContaining('code: 164'),
      drop: expect.stringContaining('code: 164'),
    })
    expect(seen['version']).toMatch(/^\d+\.\d+\./)
    expect(seen['types']).toBe("[('x', [1], {'k': 1}, datetime.datetime(2026, 1, 2, 3, 4, 5, 500000))]")
  })
})
describe.skipIf(!curl)('curl (skipped where there is none)', () => {
  const ask = async (...more: readonly string[]): Promise<string> => (await exec('curl', ['-sS', ...more])).stdout
  it('gets text, by URL or by body', async () => {
    expect(await ask(`${sqlUrl}/?query=SELECT%201`)).toBe('1\n')
    expect(await ask(sqlUrl, '--compressed', '--data-binary', 'SELECT number FROM numbers(500) FORMAT CSV')).toMatch(
      /\n499\n$/,
    )
    expect(await ask(sqlUrl)).toBe('Ok.\n')
  })
})

describe('the address', () => {
  it('is left when it is taken, with a warning, and the service runs on', async () => {
    const holder: Server = createServer()
    await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve))
    const folder = mkdtempSync(join(tmpdir(), 'sql-taken-'))
    other = await up(folder, ['--sql', `127.0.0.1:${(holder.address() as AddressInfo).port}`])
    expect(other.log.find(({ event }) => event === 'sql_off')).toMatchObject({
      level: 40,
      reason: expect.stringContaining('EADDRINUSE'),
    })
    expect(other.log.find(({ event }) => event === 'started')).toMatchObject({ sql: 'off' })
    expect((await fetch(`${other.adminUrl}/livez`)).status).toBe(200)
    await stop(other)
    holder.close()
    rmSync(folder, { recursive: true, maxRetries: 3 })
  })
  it('must be loopback while no credentials are configured', async () => {
    const { code, stderr } = await run(['up', '--data', join(dataDir, 'none'), '--sql', '0.0.0.0:0'])
    expect(code).toBe(78)
    expect(stderr).toContain('0.0.0.0:0 is not a loopback address')
  })
})
