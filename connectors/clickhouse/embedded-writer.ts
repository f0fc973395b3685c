/** Writes into the embedded engine by letting it read a file: the spool segment itself, so the fast path is the durable path. */
import { randomUUID } from 'node:crypto'
import { access, mkdir, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { ClickHouseClient } from '@clickhouse/client'
import { AuditdError } from '../../schemas/errors.ts'
import { sabotage } from '../failpoint.ts'
import { insertSettings, plainToken, type TableWriter } from './table-writer.ts'
import type { Table } from './tables.ts'

/** Characters that file() takes for a pattern, or that end the text it stands in. */
const PATTERN = /[*?{}[\],'"\\\n]/

/** The engine reads any absolute path. Lines that are in no file yet go through one in `scratch`. */
export async function embeddedWriter(client: ClickHouseClient, scratch: string): Promise<TableWriter> {
  plainPath(scratch)
  await rm(scratch, { recursive: true, force: true })
  await mkdir(scratch, { recursive: true })
  return {
    async insert(table, token, source) {
      if ('files' in source) return insertFiles(client, table, token, source.files)
      const file = join(scratch, `${randomUUID()}.rows`)
      try {
        await writeFile(file, source.rows)
        await insertFiles(client, table, token, [file])
      } finally {
        await rm(file, { force: true })
      }
    },
    close: () => client.close(),
  }
}

/** Settings stand in the statement: passed beside it they would stay with the connection. */
async function insertFiles(
  client: ClickHouseClient,
  table: Table,
  token: string,
  files: readonly string[],
): Promise<void> {
  const path = await readable(files)
  const settings = Object.entries(insertSettings(sabotage('no-token') ? undefined : plainToken(token)))
    .map(
      ([name, value]) =>
        `${name} = ${/^\d+$/.test(value) && name !== 'insert_deduplication_token' ? value : `'${value}'`}`,
    )
    .join(', ')
  await client.command({
    query: `INSERT INTO ${table.name} (${table.columnList}) SETTINGS ${settings} SELECT * FROM file('${path}', 'JSONCompactEachRow', '${table.structure}')`,
  })
}

/** One path for file(): several files of one folder as a list. A missing one would silently be left out, so each is looked at first. */
async function readable(files: readonly string[]): Promise<string> {
  await Promise.all(
    files.map(async (file) => {
      plainPath(file)
      await access(file).catch((error: unknown) => {
        throw new AuditdError('spool_corrupt', 'store', basename(file), 'the file of the rows is gone', error)
      })
    }),
  )
  const [first] = files
  if (first === undefined) throw new AuditdError('row_refused', 'store', 'files', 'no file was named')
  if (files.length === 1) return first
  const folder = dirname(first)
  if (files.some((file) => dirname(file) !== folder))
    throw new AuditdError('row_refused', 'store', 'files', 'all files of an insert must be in one folder')
  return `${folder}/{${files.map((file) => basename(file)).join(',')}}`
}

function plainPath(path: string): void {
  if (!path.startsWith('/') || PATTERN.test(path))
    throw new AuditdError(
      'config_invalid',
      'store',
      'data',
      `the folder must be absolute and without any of * ? { } [ ] , ' " \\`,
    )
}
