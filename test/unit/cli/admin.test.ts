/** The admin address: open health and metrics, guarded SQL, and a token that only the owner of the data folder can read. */
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadRoutes } from '../../../cli/admin/routes/load.ts'
import { runningService } from '../../../cli/admin/running-service.ts'
import { type Admin, startAdmin } from '../../../cli/admin/server.ts'
import { createTelemetry, type ServiceTelemetry } from '../../../cli/telemetry.ts'
import { memoryEventStore } from '../../../connectors/memory/event-store.ts'
import { AuditdError } from '../../../schemas/errors.ts'
import { COUNTERS, type CounterName } from '../../../schemas/telemetry.ts'
import { adminContext } from '../../fakes/admin-context.ts'

const dataDir = mkdtempSync(join(tmpdir(), 'admin-'))
const file = join(dataDir, 'admin.json')
const asked: { sql: string; format: string }[] = []
const checks: Record<string, true | string> = { store: true, detect: true }
const FAILING = {
  ...{ lastDelivered: '', failingSince: '2026-10-01T10:00:00.000Z', reason: 'status 503' },
  ...{ waiting: 3, pausedUntil: '', dead: 0 },
}
let telemetry: ServiceTelemetry
let admin: Admin
let token: string

beforeAll(async () => {
  telemetry = createTelemetry('silent')
  writeFileSync(file, 'of an earlier life')
  chmodSync(file, 0o644)
  admin = await startAdmin({
    address: '127.0.0.1:0',
    context: adminContext({
      dataDir,
      store: {
        ...memoryEventStore(),
        async mergeDay() {},
        async query(sql, { format }) {
          asked.push({ sql, format })
          if (sql === 'DROP') throw new AuditdError('query_refused', 'query', '', 'only reading')
          if (sql === 'DOWN') throw new AuditdError('store_unavailable', 'store', 'query', 'down')
          return 'answer\n'
        },
      },
      telemetry,
    }),
    ready: async () => ({ ...checks }),
    targets: async () => ({ soc: FAILING }),
  })
  token = (JSON.parse(readFileSync(file, 'utf8')) as { token: string }).token
})
afterAll(async () => {
  await admin.close()
  await telemetry.close()
  rmSync(dataDir, { recursive: true })
})
const query = (body: unknown, authorization: string | undefined = `Bearer ${token}`) =>
  fetch(`${admin.url}/v1/query`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(authorization === undefined ? {} : { authorization }) },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })

describe('the data folder', () => {
  it('says where the service listens, to its owner alone', () => {
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(existsSync(`${file}.new`)).toBe(false)
    expect(runningService(dataDir)).toEqual({ url: admin.url, token })
    expect(admin.url).toMatch(/^http:\/\/127\.0\.0\.1:[1-9]\d*$/)
  })
  it('names no service when the file is missing, torn, or of a process that is gone', () => {
    const other = mkdtempSync(join(tmpdir(), 'admin-'))
    expect(runningService(other)).toBeUndefined()
    writeFileSync(join(other, 'admin.json'), '{"url":')
    expect(runningService(other)).toBeUndefined()
    writeFileSync(
      join(other, 'admin.json'),
      JSON.stringify({ url: 'http://127.0.0.1:1', token: 't', pid: 2 ** 22 + 1 }),
    )
    expect(runningService(other)).toBeUndefined()
    rmSync(other, { recursive: true })
  })
})

describe('health', () => {
  it('is alive whatever the checks say', async () => {
    checks['store'] = 'down'
    expect((await fetch(`${admin.url}/livez`)).status).toBe(200)
    checks['store'] = true
  })
  it.each(['/readyz', '/healthz'])(
    '%s is 200 when every check passes, and 503 with the failing one and its reason; targets are shown and never count',
    async (path) => {
      const good = await fetch(admin.url + path)
      expect([good.status, await good.json()]).toEqual([
        200,
        { status: 'ready', checks: { store: true, detect: true }, targets: { soc: FAILING } },
      ])
      checks['detect'] = 'state: torn'
      const bad = await fetch(admin.url + path)
      expect([bad.status, await bad.json()]).toEqual([
        503,
        { status: 'not ready', checks: { store: true, detect: 'state: torn' }, targets: { soc: FAILING } },
      ])
      checks['detect'] = true
    },
  )
})

describe('metrics', () => {
  it('hold every counter that has counted, with help, labels and no doubled ending', async () => {
    for (const name of Object.keys(COUNTERS) as CounterName[]) telemetry.count(name, 2, { reason: 'test' })
    telemetry.gauge('mcp_auditd_spool_bytes', 7)
    const text = await (await fetch(`${admin.url}/metrics`)).text()
    for (const [name, help] of Object.entries(COUNTERS)) {
      expect(text).toContain(`# HELP ${name} ${help}`)
      expect(text).toMatch(new RegExp(`^${name}\\{[^}]*reason="test"[^}]*\\} 2`, 'm'))
    }
    expect(text).toMatch(/^mcp_auditd_spool_bytes(\{[^}]*\})? 7/m)
    expect(text).not.toContain('_total_total')
  })
})

describe('SQL', () => {
  it('is refused without the token of the data folder, and never reaches the store', async () => {
    const before = asked.length
    for (const authorization of ['', 'Bearer', 'Bearer x', `Bearer ${token}x`, `bearer ${token}`, token]) {
      const response = await query({ sql: 'SELECT 1' }, authorization)
      expect(response.status).toBe(401)
      expect(await response.text()).not.toContain(token)
    }
    expect(asked.length).toBe(before)
  })
  it('is answered as text in the format that was asked for', async () => {
    const response = await query({ sql: 'SELECT 1', format: 'TSV' })
    expect([response.status, await response.text()]).toEqual([200, 'answer\n'])
    expect(response.headers.get('content-type')).toContain('text/plain')
    await query({ sql: 'SELECT 2' })
    expect(asked.slice(-2)).toEqual([
      { sql: 'SELECT 1', format: 'TSV' },
      { sql: 'SELECT 2', format: 'PrettyCompactMonoBlock' },
    ])
  })
  it('that is refused is 422, a store in trouble 503, each with its reason', async () => {
    const refused = await query({ sql: 'DROP' })
    expect([refused.status, await refused.json()]).toEqual([422, { error: 'query: only reading' }])
    const down = await query({ sql: 'DOWN' })
    expect([down.status, await down.json()]).toEqual([503, { error: 'store: query: down' }])
  })
  it('in a body that is wrong is 400 with the field, and too large a body 413', async () => {
    const wrong = await query({ sql: '' })
    expect([wrong.status, (await wrong.json()) as unknown]).toEqual([
      400,
      { error: expect.stringContaining('admin: sql: ') },
    ])
    expect((await query({ sql: 'SELECT 1', settings: { readonly: 0 } })).status).toBe(400)
    const broken = await query('{')
    expect([broken.status, (await broken.json()) as unknown]).toEqual([
      400,
      { error: expect.stringMatching(/^admin: body: /) },
    ])
    expect((await query({ sql: 'x'.repeat(2 * 1024 * 1024) })).status).toBe(413)
  })
})

describe('a web page whose name was given this address', () => {
  it.each(['/livez', '/readyz', '/metrics', '/v1/query'])('gets nothing from %s', async (path) => {
    const { port } = new URL(admin.url)
    const ask = (host: string) =>
      new Promise<number>((resolve, reject) => {
        const options = { host: '127.0.0.1', port, path, method: path === '/v1/query' ? 'POST' : 'GET' }
        const question = request({ ...options, headers: { host } }, (response) => {
          response.resume().on('end', () => resolve(response.statusCode ?? 0))
        })
        question.on('error', reject).end()
      })
    for (const host of [`rebound.example:${port}`, '127.0.0.1.example', '10.0.0.1']) expect(await ask(host)).toBe(403)
    for (const host of [`localhost:${port}`, `127.0.0.1:${port}`, `[::1]:${port}`])
      expect(await ask(host)).not.toBe(403)
  })
})

describe('the socket of the data folder', () => {
  const ask = (path: string) =>
    new Promise<{ status: number; body: string }>((resolve, reject) => {
      const question = request({ socketPath: admin.socketPath, path }, (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }))
      })
      question.on('error', reject).end()
    })
  it('is for its owner alone, who needs no token there', async () => {
    expect(statSync(admin.socketPath).mode & 0o777).toBe(0o600)
    expect((await ask('/v1/openapi.json')).status).toBe(200)
  })
  it('answers OpenAPI with every route, what it asks and who may', async () => {
    const described = JSON.parse((await ask('/v1/openapi.json')).body) as { paths: Record<string, unknown> }
    for (const { path, method, summary } of await loadRoutes()) {
      const operation = described.paths[path.replace(/:([a-zA-Z]+)/g, '{$1}')]
      expect(operation).toMatchObject({ [method.toLowerCase()]: { summary, security: [{ bearer: [] }] } })
    }
  })
})

describe('closing', () => {
  it('takes the file away and frees the address', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'admin-'))
    const parts = { context: adminContext({ dataDir: folder, telemetry }), ready: async () => ({}) }
    const first = await startAdmin({ ...parts, address: '127.0.0.1:0' })
    await first.close()
    expect(existsSync(join(folder, 'admin.json'))).toBe(false)
    const second = await startAdmin({ ...parts, address: first.url.replace('http://', '') })
    expect(second.url).toBe(first.url)
    await second.close()
    rmSync(folder, { recursive: true })
  })
})
