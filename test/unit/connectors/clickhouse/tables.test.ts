/** The tables as the engine has them after the migrations: columns, comments, settings, retention; and the law of migrations. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ClickHouseClient } from '@clickhouse/client'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Connect, embeddedConnect } from '../../../../connectors/clickhouse/client.ts'
import { migrate, readMigrations } from '../../../../connectors/clickhouse/migrate.ts'
import { ALERTS, EVENTS, FINDINGS } from '../../../../connectors/clickhouse/tables.ts'
import { alert } from '../../../../schemas/alert.ts'
import { ENVELOPE_FIELDS, envelope } from '../../../../schemas/envelope.ts'
import { finding } from '../../../../schemas/finding.ts'
import { ROW_COLUMNS, WITHOUT_COLUMN } from '../../../../schemas/row.ts'
import { columnOf } from '../../../../schemas/wire.ts'

const DATABASE = 'tables_test'
const RETENTION = { security: 400, activity: 180 }
let path: string
let connect: Connect
let client: ClickHouseClient
beforeAll(async () => {
  path = await mkdtemp(join(tmpdir(), 'tables-'))
  connect = await embeddedConnect(join(path, 'chdb'))
  await migrate(connect, DATABASE, RETENTION)
  client = await connect(DATABASE)
})
afterAll(async () => {
  await client.close()
  await rm(path, { recursive: true, force: true })
})
const rows = async (query: string) =>
  (await client.query({ query, format: 'JSONEachRow' })).json<Record<string, string>>()
const columnsOf = (table: string) =>
  rows(`SELECT name, type, compression_codec AS codec, comment, default_kind, is_in_sorting_key FROM system.columns
    WHERE database = '${DATABASE}' AND table = '${table}' ORDER BY position`)

it('has the columns of a row, with their types and codecs, in the order of its values', async () => {
  const stored = (await columnsOf('events')).filter((column) => column['default_kind'] === '')
  expect(stored.map(({ name, type, codec }) => [name, codec === '' ? type : `${type} ${codec}`])).toEqual(
    ROW_COLUMNS.map(([name, type]) => [name, type]),
  )
})

it('takes inserts of findings and alerts in the columns of their tables, and every field has one', async () => {
  for (const [table, shape] of [
    [FINDINGS, finding.shape],
    [ALERTS, alert.shape],
  ] as const) {
    const stored = await columnsOf(table.name)
    expect(stored.map(({ name, type }) => [name, type])).toEqual(table.columns)
    expect(table.columns.map(([name]) => name)).toEqual(Object.keys(shape).map(columnOf))
  }
  expect(EVENTS.structure).not.toContain('CODEC')
})

it('says unit and origin of every column', async () => {
  for (const table of ['events', 'finding_rows', 'alert_rows'])
    for (const { name, comment } of await columnsOf(table)) expect(comment, `${table}.${name}`).toMatch(/ \[.+; .+\]$/)
  const comments = new Map((await columnsOf('events')).map(({ name, comment }) => [name, comment]))
  for (const field of ENVELOPE_FIELDS.filter((each) => !WITHOUT_COLUMN.includes(each))) {
    const meta = envelope[field].meta()
    expect(comments.get(columnOf(field))).toBe(`${meta?.description} [${meta?.['unit']}; ${meta?.['origin']}]`)
  }
})

it('identifies an event by tenant, server and event id, and lets the earliest receipt win', async () => {
  const sorting = (await columnsOf('events')).filter((column) => Number(column['is_in_sorting_key']) === 1)
  expect(sorting.map(({ name }) => name)).toEqual(['tenant', 'server_id', 'event_id'])
  const [table] = await rows(
    `SELECT engine_full, partition_key FROM system.tables WHERE database = '${DATABASE}' AND name = 'events'`,
  )
  expect(table!['engine_full']).toContain('ReplacingMergeTree(first_wins)')
  expect(table!['partition_key']).toBe("toDate(received_at, 'UTC')")
  for (const setting of [
    'fsync_after_insert = 1',
    'fsync_part_directory = 1',
    'non_replicated_deduplication_window = 1000',
  ])
    expect(table!['engine_full']).toContain(setting)
})

it('keeps findings as long as the configuration says, and follows when that changes', async () => {
  const engineOf = async (table: string) =>
    (await rows(`SELECT engine_full FROM system.tables WHERE database = '${DATABASE}' AND name = '${table}'`))[0]![
      'engine_full'
    ]!
  await migrate(connect, DATABASE, { security: 500, activity: 90 })
  expect(await engineOf('finding_rows')).toContain('toIntervalDay(500)')
  await migrate(connect, DATABASE, RETENTION)
  expect(await engineOf('finding_rows')).not.toContain('toIntervalDay(500)')
})

it('never deletes events by itself: an earlier TTL is taken off, because a job deletes what has a tombstone', async () => {
  const engine = async () =>
    (await rows(`SELECT engine_full FROM system.tables WHERE database = '${DATABASE}' AND name = 'events'`))[0]![
      'engine_full'
    ]!
  expect(await engine()).not.toContain('TTL')
  const client = await connect(DATABASE)
  await client.command({ query: 'ALTER TABLE events MODIFY TTL toDateTime(received_at) + toIntervalDay(30)' })
  await client.close()
  expect(await engine()).toContain('TTL')
  await migrate(connect, DATABASE, RETENTION)
  expect(await engine()).not.toContain('TTL')
})

it('changes nothing when it is opened again', async () => {
  const changes: string[] = []
  await migrate(
    async (database) => {
      const one = await connect(database)
      const command = one.command.bind(one)
      one.command = (options) => {
        if (!options.query.startsWith('CREATE')) changes.push(options.query)
        return command(options)
      }
      return one
    },
    DATABASE,
    RETENTION,
  )
  expect(changes.filter((query) => !query.startsWith('USE'))).toEqual([])
})

it('applies each migration once and records its SHA-256', async () => {
  const wanted = await readMigrations()
  await migrate(connect, DATABASE, RETENTION)
  const applied = await rows('SELECT name, sha256 FROM schema_migrations ORDER BY name')
  expect(applied).toEqual(wanted.map(({ name, sha256 }) => ({ name, sha256 })))
  expect(wanted.map(({ name }) => Number(name.slice(0, 6)))).toEqual(wanted.map((_, i) => i + 1))
})

it('applies a new migration, and refuses one that was changed after it was applied', async () => {
  const more = {
    name: '999999_more.sql',
    sql: 'CREATE VIEW IF NOT EXISTS more AS SELECT 1 AS one;',
    sha256: 'a'.repeat(64),
  }
  await migrate(connect, 'appended', RETENTION, [...(await readMigrations()), more])
  await expect(migrate(connect, 'appended', RETENTION, [{ ...more, sha256: 'b'.repeat(64) }])).rejects.toMatchObject({
    code: 'config_invalid',
    field: '999999_more.sql',
  })
})
