/** Migrations: numbered SQL files, each applied once and recorded with its SHA-256; then the retention of the configuration. */
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import type { ClickHouseClient } from '@clickhouse/client'
import { AuditdError } from '../../schemas/errors.ts'
import { sabotage } from '../failpoint.ts'
import type { Connect } from './client.ts'
import { inheritComments } from './comments.ts'
import { type RetentionDays, ttlOf, WITHOUT_TTL } from './retention.ts'
import { splitStatements } from './sql-text.ts'

const FOLDER = new URL('../../schemas/clickhouse/', import.meta.url)

export interface Migration {
  readonly name: string
  readonly sql: string
  readonly sha256: string
}
export async function readMigrations(folder: URL = FOLDER): Promise<readonly Migration[]> {
  const names = (await readdir(folder)).filter((name) => /^\d{6}_[a-z0-9_]+\.sql$/.test(name)).sort()
  return Promise.all(
    names.map(async (name) => {
      const sql = await readFile(new URL(name, folder), 'utf8')
      return { name, sql, sha256: createHash('sha256').update(sql).digest('hex') }
    }),
  )
}

/**
 * Creates the database and brings it up to date. Names in migrations are bare: they run in a connection that uses the database.
 * Statements are idempotent, so a crash between a statement and its record only repeats it. A file that was changed after it was
 * applied is refused: migrations are only ever appended.
 */
export async function migrate(
  connect: Connect,
  database: string,
  retention: RetentionDays,
  migrations?: readonly Migration[],
): Promise<void> {
  const wanted = migrations ?? (await readMigrations())
  const outside = await connect()
  await outside
    .command({ query: `CREATE DATABASE IF NOT EXISTS ${plainName(database)}` })
    .finally(() => outside.close())
  const client = await connect(database)
  try {
    await client.command({
      query: `CREATE TABLE IF NOT EXISTS schema_migrations (name String, sha256 String, applied_at DateTime DEFAULT now())
        ENGINE = ReplacingMergeTree ORDER BY name SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
        COMMENT 'Migrations that were applied, with the SHA-256 of their text.'`,
    })
    const applied = new Map(
      (await rows<{ name: string; sha256: string }>(client, 'SELECT name, sha256 FROM schema_migrations FINAL')).map(
        (row) => [row.name, row.sha256],
      ),
    )
    for (const { name, sql, sha256 } of wanted) {
      const before = applied.get(name)
      if (before === sha256) continue
      if (before !== undefined)
        throw new AuditdError('config_invalid', 'store', name, 'was changed after it was applied; add a new migration')
      for (const statement of splitStatements(weakened(sql))) await client.command({ query: statement })
      await client.command({ query: `INSERT INTO schema_migrations (name, sha256) VALUES ('${name}', '${sha256}')` })
    }
    await applyRetention(client, retention)
    await inheritComments(client)
  } finally {
    await client.close()
  }
}

/** TTLs that differ from the configuration are changed; old rows go when parts merge, nothing is rewritten now. */
async function applyRetention(client: ClickHouseClient, retention: RetentionDays): Promise<void> {
  const found = await rows<{ name: string; engine_full: string }>(
    client,
    `SELECT name, engine_full FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree'`,
  )
  const engines = new Map(found.map((row) => [row.name, row.engine_full]))
  for (const table of WITHOUT_TTL)
    if (engines.get(table)?.includes(' TTL ') === true)
      await client.command({ query: `ALTER TABLE ${table} REMOVE TTL` })
  for (const [table, ttl] of ttlOf(retention)) {
    if (engines.get(table)?.includes(`TTL ${ttl} `) === true) continue
    await client.command({
      query: `ALTER TABLE ${table} MODIFY TTL ${ttl} SETTINGS materialize_ttl_after_modify = 0`,
    })
  }
}

const weakened = (sql: string): string =>
  sabotage('no-final-across-partitions')
    ? sql
        .replaceAll('select_final = 0', 'select_final = 1')
        .replaceAll('FINAL;', 'FINAL SETTINGS do_not_merge_across_partitions_select_final = 1;')
    : sql

/** Database names come from the configuration and stand in SQL as they are. */
export const plainName = (name: string): string => {
  if (!/^[A-Za-z_][A-Za-z0-9_]{0,62}$/.test(name))
    throw new AuditdError('config_invalid', 'store', 'database', 'must be a plain name of letters, digits and _')
  return name
}
async function rows<Row>(client: ClickHouseClient, query: string): Promise<readonly Row[]> {
  return (await client.query({ query, format: 'JSONEachRow' })).json<Row>()
}
