/** Clients of the engine's protocol, on the embedded engine and on a server: the same answers, limits and refusals. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { faultOf } from '../../connectors/clickhouse/failure.ts'
import { READ_LIMITS } from '../../connectors/clickhouse/reader.ts'
import { createEmbeddedStore, createServerStore } from '../../connectors/clickhouse/store.ts'
import type { ClientQuestion, ClientStore } from '../../schemas/client-store.ts'
import type { EventStore } from '../../schemas/ports.ts'
import { startClickHouseHttp } from '../clickhouse-http.ts'
import { recordingTelemetry } from './samples.ts'

const path = await mkdtemp(join(tmpdir(), 'client-store-'))
afterAll(() => rm(path, { recursive: true, force: true }))
const common = {
  retentionDays: { security: 100_000, activity: 100_000 },
  readLimits: { ...READ_LIMITS, concurrent: 1, waiting: 1 },
}
interface Opened {
  readonly store: EventStore & ClientStore
  close(): Promise<void>
}
const embedded = async (): Promise<Opened> => {
  const store = createEmbeddedStore({ ...common, path, database: 'embedded_side', telemetry: recordingTelemetry() })
  await store.open()
  return { store, close: () => store.close() }
}
const server = async (): Promise<Opened> => {
  const shim = await startClickHouseHttp({ path: join(path, 'chdb'), password: 'secret' })
  const store = createServerStore({
    ...common,
    url: shim.url,
    username: 'default',
    password: 'secret',
    database: 'server_side',
    telemetry: recordingTelemetry(),
  })
  await store.open()
  return {
    store,
    close: async () => {
      await store.close()
      await shim.close()
    },
  }
}

describe.each([
  ['embedded', embedded],
  ['server (HTTP shim)', server],
] as const)('client store: %s', (_, open) => {
  let opened: Opened
  beforeAll(async () => {
    opened = await open()
  })
  afterAll(() => opened.close())
  const ask = async (sql: string, question: Partial<ClientQuestion> = {}) =>
    opened.store.ask(sql, { format: 'TabSeparated', ...question })
  const text = async (sql: string, question: Partial<ClientQuestion> = {}) =>
    Buffer.from((await ask(sql, question)).bytes).toString()
  const codeOf = (asking: Promise<unknown>) =>
    asking.then(
      () => 'answered',
      (error: unknown) => faultOf(error)?.code ?? (error as { code?: string }).code,
    )

  it('answers bytes in the format asked for, the clause of the statement first', async () => {
    expect(await text('SELECT 1')).toBe('1\n')
    expect(await ask("SELECT 'x' AS a FORMAT RowBinary")).toMatchObject({
      format: 'RowBinary',
      bytes: Buffer.from('\x01x'),
    })
    expect(Buffer.from((await ask('SELECT toUInt8(7) AS n', { format: 'Native' })).bytes).toString('latin1')).toBe(
      '\x01\x01\x01n\x05UInt8\x07',
    )
  })
  it('binds texts as HTTP carries them', async () => {
    expect(
      await text('SELECT {a:String}, {b:Array(UInt8)}', { parameterTexts: { a: "it's \\\\ x", b: '[1,2]' } }),
    ).toBe("it\\'s \\\\ x\t[1,2]\n")
    expect(await codeOf(ask('SELECT 1', { parameterTexts: { 'a b': '1' } }))).toBe(36)
  })
  it('lowers limits, raises none, and answers from another database when one is named', async () => {
    expect(await codeOf(ask('SELECT * FROM numbers(5)', { settings: { max_result_rows: '3' } }))).toBe(396)
    expect(await codeOf(ask('SELECT * FROM numbers(200000)', { settings: { max_result_rows: '900000' } }))).toBe(396)
    expect(await codeOf(ask('SELECT 1', { settings: { readonly: '0' } }))).toBe(164)
    expect(await text('SELECT currentDatabase()', { database: 'system' })).toBe('system\n')
    expect(await codeOf(ask('SELECT 1', { database: 'a; DROP' }))).not.toBe('answered')
  })
  it.each([
    ['INSERT INTO events VALUES (1)', 164],
    ['DROP TABLE events', 164],
    ["SELECT * FROM url('http://127.0.0.1/', 'CSV', 'a Int8')", 497],
    ['SELECT 1; SELECT 2', 62],
    ["SELECT 'open", 62],
    ['SELECT * FROM nothing_here', 60],
    ['SELECT 1 SETTINGS max_memory_usage = 0', 'either'],
  ])('says the code of what is wrong with %s', async (sql, code) => {
    const said = await codeOf(ask(sql))
    // Inside one statement a setting that is the same or lower is no change to some versions of the engine.
    if (code === 'either') expect(['answered', 164]).toContain(said)
    else expect(said).toBe(code)
  })
  it('gives the turn of a client that left to the next, and refuses who finds no place to wait', async () => {
    const left = new AbortController()
    const slow = codeOf(ask('SELECT count() FROM numbers(500000000000) WHERE number % 3 = 5', { signal: left.signal }))
    const alsoLeft = new AbortController()
    const waiting = codeOf(ask('SELECT 2', { signal: alsoLeft.signal }))
    expect(await codeOf(ask('SELECT 3'))).toBe('store_unavailable')
    alsoLeft.abort()
    expect(await waiting).toBe('store_unavailable')
    const next = text('SELECT 4')
    left.abort()
    expect(await next).toBe('4\n')
    expect(await slow).not.toBe('answered')
  })
})
