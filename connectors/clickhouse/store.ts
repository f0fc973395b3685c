/** The event store on ClickHouse, embedded or a server: one port, two ways to connect, write and read. */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { ClickHouseClient } from '@clickhouse/client'
import type { Alert } from '../../schemas/alert.ts'
import type { ClientAnswer, ClientQuestion, ClientStore } from '../../schemas/client-store.ts'
import type { CoverageRow } from '../../schemas/coverage.ts'
import { AuditdError } from '../../schemas/errors.ts'
import type { Finding } from '../../schemas/finding.ts'
import type { EventStore, QueryOptions, RefusedRow, RowBatch, StoreUpkeep, Telemetry } from '../../schemas/ports.ts'
import type { ProofStore } from '../../schemas/proof.ts'
import { failpoint, sabotage } from '../failpoint.ts'
import { bisect } from './bisect.ts'
import { type Connect, embeddedConnect, firstLine, type ServerAddress, serverConnect } from './client.ts'
import { embeddedWriter } from './embedded-writer.ts'
import { isInDoubt, isRowFault, storeUnavailable } from './failure.ts'
import { migrate, plainName } from './migrate.ts'
import { proofStore } from './proof-store.ts'
import { READ_LIMITS, Reader, type ReadLimits } from './reader.ts'
import type { RetentionDays } from './retention.ts'
import { embeddedRun, type Run, serverRun } from './run.ts'
import { serverWriter } from './server-writer.ts'
import type { TableWriter } from './table-writer.ts'
import { ALERTS, alertRow, COVERAGE, coverageRow, EVENTS, FINDINGS, findingRow, type Table } from './tables.ts'

export interface StoreSettings {
  readonly database: string
  readonly retentionDays: RetentionDays
  readonly telemetry: Telemetry
  readonly readLimits?: ReadLimits
  /** Waits before an insert in doubt is repeated, milliseconds; jitter is added. */
  readonly retryWaitsMs?: readonly number[]
}
/** All that the store is asked for. */
export interface ClickHouseStores extends EventStore, StoreUpkeep, ClientStore {
  readonly proof: ProofStore
}
/** What differs between the two: opened once, in `open`. */
interface Ways {
  readonly connect: Connect
  readonly writing: ClickHouseClient
  readonly writer: TableWriter
  readonly run: Run
}
const RETRY_WAITS_MS: readonly number[] = [100, 500, 2_000]

/** In the folder `path`, which this service must own alone. */
export const createEmbeddedStore = (settings: StoreSettings & { readonly path: string }): ClickHouseStores =>
  new ClickHouseStore(settings, async () => {
    const connect = await embeddedConnect(join(settings.path, 'chdb'))
    await migrate(connect, settings.database, settings.retentionDays)
    const writing = await connect(settings.database)
    const writer = await embeddedWriter(writing, join(settings.path, 'scratch'))
    return { connect, writing, writer, run: embeddedRun(connect, settings.database) }
  })

/** On a ClickHouse server, over HTTP. */
export const createServerStore = (settings: StoreSettings & ServerAddress): ClickHouseStores =>
  new ClickHouseStore(settings, async () => {
    const connect = serverConnect(settings)
    await migrate(connect, settings.database, settings.retentionDays)
    const writing = await connect(settings.database)
    return { connect, writing, writer: serverWriter(writing), run: serverRun(writing, connect) }
  })

class ClickHouseStore implements ClickHouseStores {
  readonly proof: ProofStore = proofStore({
    writing: () => this.opened().writing,
    insert: (table, token, rows) => this.insert(table, token, { rows }),
  })
  private readonly settings: StoreSettings
  private readonly openWays: () => Promise<Ways>
  private ways: Ways | undefined
  private reader: Reader | undefined

  constructor(settings: StoreSettings, openWays: () => Promise<Ways>) {
    plainName(settings.database)
    this.settings = settings
    this.openWays = openWays
  }

  async open(): Promise<void> {
    if (this.ways !== undefined) return
    try {
      this.ways = await this.openWays()
      this.reader = new Reader(this.ways.run, this.settings.readLimits ?? READ_LIMITS)
      await this.reader.open()
    } catch (error) {
      throw storeUnavailable('open', error)
    }
  }

  async insertEvents(batch: RowBatch): Promise<readonly RefusedRow[]> {
    if (batch.count === 0) return []
    const refused = await this.insert(EVENTS, batch.token, batch.source)
    failpoint('after-insert-before-state')
    return refused
  }
  async insertFindings(findings: readonly Finding[]): Promise<void> {
    await this.insertOwn(FINDINGS, findings.map(findingRow))
  }
  async insertAlerts(alerts: readonly Alert[]): Promise<void> {
    await this.insertOwn(ALERTS, alerts.map(alertRow))
  }
  async insertCoverage(rows: readonly CoverageRow[]): Promise<void> {
    await this.insertOwn(COVERAGE, rows.map(coverageRow))
  }

  /** Asked on the writer's connection: there it comes after every insert that this service still has under way. */
  async storedPositions(log: string, partition: number, from: number, to: number): Promise<ReadonlySet<string>> {
    if (sabotage('no-ask')) return new Set()
    try {
      const answer = await this.opened().writing.query({
        query: `SELECT concat(toString(position_offset), '/', toString(position_index)) FROM events
          WHERE position_log = {log:String} AND position_partition = {partition:UInt32}
            AND position_offset >= {from:UInt64} AND position_offset < {to:UInt64}`,
        query_params: { log, partition, from, to },
        format: 'TabSeparated',
      })
      return new Set((await answer.text()).split('\n').filter((line) => line !== ''))
    } catch (error) {
      throw storeUnavailable('positions', error)
    }
  }

  async query(sql: string, options: QueryOptions): Promise<string> {
    this.opened()
    return this.reader!.query(sql, options)
  }
  async ask(sql: string, question: ClientQuestion): Promise<ClientAnswer> {
    this.opened()
    return this.reader!.ask(sql, question)
  }

  async mergeDay(day: string): Promise<void> {
    if (!/^\d{4}-\d{2}-\d{2}$/.test(day)) throw new AuditdError('usage', 'store', 'day', 'must be YYYY-MM-DD')
    try {
      await this.opened().writing.command({ query: `OPTIMIZE TABLE events PARTITION '${day}' FINAL` })
    } catch (error) {
      throw storeUnavailable('merge', error)
    }
  }

  async close(): Promise<void> {
    const ways = this.ways
    this.ways = undefined
    await ways?.writer.close()
  }

  /** Findings and alerts are ours: a refused row is a defect of ours, said loudly. Ending the service for it would stop detection for good. */
  private async insertOwn(table: Table, rows: readonly string[]): Promise<void> {
    if (rows.length === 0) return
    const text = `${rows.join('\n')}\n`
    const token = createHash('sha256').update(text).digest('hex')
    for (const { line, reason } of await this.insert(table, token, { rows: text })) {
      this.settings.telemetry.count('mcp_auditd_events_rejected_total', 1, { component: 'store', reason: table.name })
      this.settings.telemetry.log('event_rejected', { component: 'store', table: table.name, line, reason })
    }
  }

  private async insert(table: Table, token: string, source: RowBatch['source']): Promise<readonly RefusedRow[]> {
    const fault = await this.insertOrFault(table, token, source)
    if (fault === undefined) return []
    const lines = await linesOf(source)
    return bisect(lines.length, fault, (from, to) =>
      this.insertOrFault(table, `${token}#${from}-${to}`, { rows: `${lines.slice(from, to).join('\n')}\n` }),
    )
  }

  /** The reason when a row is refused. In doubt, the same bytes go again under the same token, which the table takes once. */
  private async insertOrFault(table: Table, token: string, source: RowBatch['source']): Promise<string | undefined> {
    const waits = this.settings.retryWaitsMs ?? RETRY_WAITS_MS
    for (let attempt = 0; ; attempt++) {
      try {
        await this.opened().writer.insert(table, token, source)
        this.settings.telemetry.count('mcp_auditd_store_inserts_total', 1, { result: 'ok' })
        return undefined
      } catch (error) {
        const result = isRowFault(error) ? 'row_refused' : 'failed'
        this.settings.telemetry.count('mcp_auditd_store_inserts_total', 1, { result })
        if (result === 'row_refused') return firstLine(error).slice(0, 256)
        const waitMs = waits[attempt]
        if (error instanceof AuditdError || !isInDoubt(error) || waitMs === undefined)
          throw storeUnavailable(`insert into ${table.name}`, error)
        this.settings.telemetry.log('store_retry', { table: table.name, attempt, reason: firstLine(error) })
        await wait(waitMs * (0.5 + Math.random()))
      }
    }
  }

  private opened(): Ways {
    if (this.ways === undefined) throw new AuditdError('store_unavailable', 'store', '', 'is not open')
    return this.ways
  }
}

async function linesOf(source: RowBatch['source']): Promise<readonly string[]> {
  const texts = 'rows' in source ? [source.rows] : await Promise.all(source.files.map((file) => readFile(file, 'utf8')))
  return texts.flatMap((text) => text.split('\n').filter((line) => line !== ''))
}
