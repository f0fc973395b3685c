/** The proof in ClickHouse: manifests, tombstones and keys, and the deleting of rows that have a tombstone. */
import { createHash } from 'node:crypto'
import type { ClickHouseClient } from '@clickhouse/client'
import { AuditdError } from '../../schemas/errors.ts'
import type { RefusedRow } from '../../schemas/ports.ts'
import type { ProofStore, RowPlace } from '../../schemas/proof.ts'
import { lineOfStored, STORED_ROW_COLUMNS } from '../../schemas/stored-row.ts'
import { failpoint } from '../failpoint.ts'
import { storeUnavailable } from './failure.ts'
import {
  HEAD_SELECT,
  headOf,
  holdsKey,
  keyRow,
  MANIFESTS,
  manifestRow,
  PROOF_KEYS,
  REMOVALS,
  TOMBSTONES,
  tombstoneRow,
} from './proof-tables.ts'
import type { Table } from './tables.ts'

export interface ProofStoreParts {
  readonly writing: () => ClickHouseClient
  readonly insert: (table: Table, token: string, rows: string) => Promise<readonly RefusedRow[]>
}
/** Rows of one mutation: it rewrites the parts they lie in, however few they are, and holds them in memory. */
const REMOVED_TOGETHER = 250_000
/** Answered once it is done on disk. */
const SYNC = 'SETTINGS mutations_sync = 1'

export function proofStore({ writing, insert }: ProofStoreParts): ProofStore {
  const insertAll = async (table: Table, rows: readonly string[]): Promise<void> => {
    if (rows.length === 0) return
    const text = `${rows.join('\n')}\n`
    const refused = await insert(table, createHash('sha256').update(text).digest('hex'), text)
    // A proof that is not there must not be taken for one.
    if (refused.length > 0) throw new AuditdError('state_corrupt', 'proof', table.name, refused[0]!.reason)
  }
  const command = async (doing: string, query: string): Promise<void> => {
    try {
      await writing().command({ query })
    } catch (error) {
      throw storeUnavailable(doing, error)
    }
  }
  const lines = async (doing: string, query: string, parameters: Record<string, unknown>): Promise<string[]> => {
    try {
      const answer = await writing().query({ query, query_params: parameters, format: 'JSONCompactEachRow' })
      return (await answer.text()).split('\n').filter((line) => line !== '')
    } catch (error) {
      throw storeUnavailable(doing, error)
    }
  }
  const remove = async (run: string): Promise<void> => {
    const place = 'position_log, position_partition, position_offset, position_index'
    await command(
      'removal',
      `ALTER TABLE events DELETE WHERE (${place}) IN (SELECT ${place} FROM proof_removals WHERE run = '${run}') ${SYNC}`,
    )
    await command('removal', `ALTER TABLE proof_removals DROP PARTITION '${run}'`)
  }
  return {
    insertManifests: (manifests) => insertAll(MANIFESTS, manifests.map(manifestRow)),
    insertTombstones: (tombstones) => insertAll(TOMBSTONES, tombstones.map(tombstoneRow)),
    insertProofKey: (key) => insertAll(PROOF_KEYS, [keyRow(key)]),
    async manifestsAfter(log, partition, number) {
      const query = `SELECT ${HEAD_SELECT} FROM proof_manifests
        WHERE position_log = {log:String} AND position_partition = {partition:UInt32} AND number > {number:UInt64} ORDER BY number`
      const answered = await lines('manifests', query, { log, partition, number })
      return answered.map((line) => headOf(JSON.parse(line) as unknown[]))
    },
    async storedLines(log, partition, from, to) {
      const query = `SELECT ${STORED_ROW_COLUMNS} FROM events
        WHERE position_log = {log:String} AND position_partition = {partition:UInt32}
          AND position_offset >= {from:UInt64} AND position_offset < {to:UInt64} ORDER BY position_offset, position_index`
      const answered = await lines('stored rows', query, { log, partition, from, to })
      return answered.map((line) => lineOfStored(line).line)
    },
    async removeRows(rows) {
      for (let at = 0; at < rows.length; at += REMOVED_TOGETHER) {
        const values = rows.slice(at, at + REMOVED_TOGETHER).map(placeValues)
        const run = createHash('sha256').update(values.join()).digest('hex').slice(0, 32)
        await insertAll(
          REMOVALS,
          values.map((place) => `["${run}",${place}]`),
        )
        failpoint('after-tombstone-before-delete')
        await remove(run)
      }
    },
    async resumeRemovals() {
      const runs = await lines('removals', 'SELECT DISTINCT run FROM proof_removals', {})
      for (const line of runs) {
        const [run] = JSON.parse(line) as [string]
        if (/^[0-9a-f]{32}$/.test(run)) await remove(run)
      }
      return runs.length
    },
    async removeMentions(tenant, keys) {
      let removed = 0
      const whose = `tenant = ${quoted(tenant)}`
      for (const [table, columns] of MENTIONS) {
        const where = `${whose} AND (${columns.map((column) => holdsKey(column, keys)).join(' OR ')})`
        const [counted] = await lines('mentions', `SELECT toString(count()) FROM ${table} WHERE ${where}`, {})
        const count = Number((JSON.parse(counted ?? '["0"]') as [string])[0])
        if (count > 0) await command('mentions', `ALTER TABLE ${table} DELETE WHERE ${where} ${SYNC}`)
        removed += count
      }
      return removed
    },
  }
}

/** Where findings and alerts may say whom they are about. */
const MENTIONS: readonly (readonly [table: string, columns: readonly string[]])[] = [
  ['finding_rows', ['principal_key', 'client_key', 'entity', 'evidence', 'saw', 'title']],
  ['alert_rows', ['principal_key', 'client_key', 'entity', 'evidence', 'saw', 'title', 'query']],
]
const placeValues = ({ log, partition, offset, index }: RowPlace): string =>
  `${JSON.stringify(log)},${partition},${offset},${index}`
const quoted = (text: string): string => `'${text.replace(/[\\']/g, '\\$&')}'`
