/** The SQL address as a server: who is let in, what is refused before the engine is asked, and how answers look. */
import { request as httpRequest } from 'node:http'
import { gunzipSync, gzipSync } from 'node:zlib'
import { afterEach, describe, expect, it } from 'vitest'
import type { KnownKey } from '../../../../cli/credentials.ts'
import { type SqlServer, startSqlServer } from '../../../../cli/sql/server.ts'
import { engineFault } from '../../../../connectors/clickhouse/failure.ts'
import type { ClientQuestion, ClientStore } from '../../../../schemas/client-store.ts'
import { AuditdError } from '../../../../schemas/errors.ts'
import { recordingTelemetry } from '../../../contract/samples.ts'

let server: SqlServer | undefined
afterEach(async () => {
  await server?.close()
  server = undefined
})
const asked: { sql: string; question: ClientQuestion }[] = []
/** Answers what it was asked, except that some statements fail. */
const store: ClientStore = {
  async ask(sql, question) {
    if (sql.includes('version()'))
      return {
        bytes: Buffer.from('{"version":"26.7.1.1","timezone":"UTC"}'),
        format: 'JSONEachRow',
        readRows: 1,
        readBytes: 1,
      }
    asked.push({ sql, question })
    if (sql === 'SELECT table') throw engineFault(60, 'UNKNOWN_TABLE', 'No such table.')
    if (sql === 'SELECT busy')
      throw new AuditdError('store_unavailable', 'query', '', 'too many queries at the same time')
    if (sql === 'SELECT defect') throw new TypeError('x is not a function')
    return { bytes: Buffer.from('0123456789'.repeat(100)), format: question.format, readRows: 5, readBytes: 40 }
  },
}
const key = (keyId: string, role: KnownKey['role']): KnownKey =>
  ({ keyId, secret: `${keyId}-`.padEnd(40, 's'), tenant: 'default', servers: [], role }) as unknown as KnownKey
async function serve(keys: readonly KnownKey[] = []): Promise<string> {
  server = await startSqlServer({
    address: '127.0.0.1:0',
    database: 'mcp_auditd',
    store,
    keys,
    telemetry: recordingTelemetry(),
  })
  return server!.url
}
const basic = (user: string, password: string) => ({
  authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
})
/** With headers that fetch sets itself. */
const statusWith = (url: string, headers: Record<string, string>, method = 'GET'): Promise<number> =>
  new Promise((resolve, reject) => {
    httpRequest(url, { headers, method, agent: false }, (answer) => {
      answer.resume()
      resolve(answer.statusCode ?? 0)
    })
      .on('error', reject)
      .end()
  })

describe('a request', () => {
  it('becomes a question: statement, database, format, settings, parameters', async () => {
    const url = await serve()
    const query =
      'query=SELECT&database=other&default_format=CSV&max_execution_time=3&param_a=x%5Cty&query_id=mine&client_protocol_version=0'
    const answer = await fetch(`${url}/?${query}`, { method: 'POST', body: ' 1' })
    expect(asked.at(-1)).toMatchObject({
      sql: 'SELECT\n 1',
      question: {
        database: 'other',
        format: 'CSV',
        settings: { max_execution_time: '3' },
        parameterTexts: { a: 'x\\ty' },
      },
    })
    expect(Object.keys(asked.at(-1)!.question.settings!)).toEqual(['max_execution_time'])
    expect(answer.headers.get('x-clickhouse-query-id')).toBe('mine')
    expect(answer.headers.get('content-type')).toBe('text/csv; charset=UTF-8; header=absent')
    expect(JSON.parse(answer.headers.get('x-clickhouse-summary')!)).toMatchObject({
      read_rows: '5',
      read_bytes: '40',
      result_bytes: '1000',
    })
  })
  it('names the format and the database in headers too, and `default` is the database of the service', async () => {
    const url = await serve()
    await fetch(url, {
      method: 'POST',
      body: 'SELECT 1',
      headers: { 'x-clickhouse-format': 'JSON', 'x-clickhouse-database': 'default' },
    })
    expect(asked.at(-1)!.question).toMatchObject({ format: 'JSON', database: '' })
  })
  it('may be gzipped, and one that grows too large is refused', async () => {
    const url = await serve()
    const headers = { 'content-encoding': 'gzip' }
    await fetch(url, { method: 'POST', headers, body: gzipSync('SELECT 2') })
    expect(asked.at(-1)!.sql).toBe('SELECT 2')
    const before = asked.length
    const bomb = await fetch(url, { method: 'POST', headers, body: gzipSync(Buffer.alloc(3_000_000, 32)) })
    expect([bomb.status, bomb.headers.get('x-clickhouse-exception-code')]).toEqual([413, '307'])
    const large = await fetch(url, { method: 'POST', body: 'x'.repeat(2_000_000) }).catch(() => undefined)
    expect(large?.status ?? 413).toBe(413)
    const broken = await fetch(url, { method: 'POST', headers, body: 'not gzip' })
    expect(await broken.text()).toContain('CANNOT_DECOMPRESS')
    expect(asked).toHaveLength(before)
  })
  it('with an external table or the own compression of the engine is refused', async () => {
    const url = await serve()
    const form = new FormData()
    form.set('query', 'SELECT 1')
    form.set('t', new Blob(['1']), 't')
    expect((await fetch(url, { method: 'POST', body: form })).headers.get('x-clickhouse-exception-code')).toBe('164')
    expect((await fetch(`${url}/?compress=1&query=SELECT`)).headers.get('x-clickhouse-exception-code')).toBe('48')
    const rows = await fetch(`${url}/?query=INSERT+INTO+t`, {
      method: 'POST',
      body: 'x',
      headers: { 'content-encoding': 'unknown' },
    })
    expect(rows.headers.get('x-clickhouse-exception-code')).toBe('164')
  })
})

describe('an answer', () => {
  it('is compressed for who takes that, and whole for who does not', async () => {
    const url = await serve()
    const raw = (encoding: string): Promise<{ encoding: string | undefined; body: Buffer }> =>
      new Promise((resolve, reject) => {
        httpRequest(`${url}/?query=SELECT`, { headers: { 'accept-encoding': encoding } }, async (answer) => {
          const body = Buffer.concat(await answer.toArray())
          resolve({ encoding: answer.headers['content-encoding'], body })
        })
          .on('error', reject)
          .end()
      })
    const packed = await raw('lz4,zstd, gzip;q=0.5')
    expect(packed.encoding).toBe('gzip')
    expect(gunzipSync(packed.body).toString()).toBe('0123456789'.repeat(100))
    for (const encoding of ['identity', 'gzip;q=0', 'zstd'])
      expect(await raw(encoding)).toEqual({ encoding: undefined, body: Buffer.from('0123456789'.repeat(100)) })
  })
  it.each([
    ['SELECT table', 404, '60', 'Code: 60. DB::Exception: No such table. (UNKNOWN_TABLE) (version 26.7.1.1)\n'],
    ['SELECT busy', 503, '202', 'too many queries'],
    ['SELECT defect', 500, '1002', 'Code: 1002.'],
  ])('to %s is an error with status %i and code %s', async (sql, status, code, text) => {
    const url = await serve()
    const answer = await fetch(`${url}/?query=${encodeURIComponent(sql)}`)
    expect([answer.status, answer.headers.get('x-clickhouse-exception-code')]).toEqual([status, code])
    expect(await answer.text()).toContain(text)
  })
})

describe('a request that cannot be read', () => {
  it.each([
    '//[',
    '/?query=SELECT&database=a%20b',
    '/?query=SELECT&database=x;y',
    '/?query=SELECT&default_format=C%20V',
  ])('such as %s is 400', async (target) => {
    const { hostname, port } = new URL(await serve())
    const before = asked.length
    const status = await new Promise((resolve, reject) => {
      httpRequest({ hostname, port, path: target, agent: false }, (answer) => {
        answer.resume()
        resolve(answer.statusCode)
      })
        .on('error', reject)
        .end()
    })
    expect([status, asked.length]).toEqual([400, before])
  })
})

describe('who may ask', () => {
  it('is everybody on loopback without credentials, as `default` without a password', async () => {
    const url = await serve()
    expect((await fetch(`${url}/?query=SELECT`)).status).toBe(200)
    expect((await fetch(`${url}/?query=SELECT`, { headers: basic('default', '') })).status).toBe(200)
    for (const headers of [basic('default', 'x'), basic('admin', ''), { 'x-clickhouse-user': 'root' }])
      expect((await fetch(`${url}/?query=SELECT`, { headers })).headers.get('x-clickhouse-exception-code')).toBe('516')
    expect((await fetch(`${url}/?query=SELECT&user=default&password=x`)).status).toBe(403)
  })
  it('is an operator by name and secret where credentials are configured', async () => {
    const operator = key('soc', 'operator')
    const url = await serve([operator, key('billing', 'producer')])
    const status = async (headers: Record<string, string>) => (await fetch(`${url}/?query=SELECT`, { headers })).status
    expect(await status(basic('soc', operator.secret))).toBe(200)
    expect(await status({ 'x-clickhouse-user': 'soc', 'x-clickhouse-key': operator.secret })).toBe(200)
    for (const headers of [
      {},
      basic('soc', 'x'),
      basic('default', ''),
      basic('default', operator.secret),
      basic('billing', key('billing', 'producer').secret),
    ])
      expect(await status(headers as Record<string, string>)).toBe(403)
    expect((await fetch(`${url}/ping`)).status).toBe(200)
  })
  it('is nobody where credentials are configured and none is an operator', async () => {
    const telemetry = recordingTelemetry()
    const parts = {
      address: '127.0.0.1:0',
      database: 'mcp_auditd',
      store,
      keys: [key('billing', 'producer')],
      telemetry,
    }
    expect(await startSqlServer(parts)).toBeUndefined()
    expect(telemetry.logs).toEqual(['sql_off'])
  })
  it('is no web page: neither with an Origin, nor by a name that only rebinding gives, nor from another site', async () => {
    const url = `${await serve()}/?query=SELECT`
    const before = asked.length
    expect(await statusWith(url, { origin: 'http://127.0.0.1:8123' })).toBe(403)
    expect(await statusWith(url, { 'sec-fetch-site': 'cross-site' })).toBe(403)
    expect(await statusWith(url, { host: 'rebound.example:8123' })).toBe(403)
    expect(await statusWith(url, {}, 'PUT')).toBe(405)
    expect(asked).toHaveLength(before)
    expect(await statusWith(url, { host: 'localhost:8123', 'sec-fetch-site': 'none' })).toBe(200)
  })
})
