/** An embedded store with rows made by the real encoders, everything twice: for the tenant `acme` and, under other ids, for its neighbour. */
import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { namedQuery } from '../cli/queries/catalogue.ts'
import { parametersOf } from '../cli/queries/parameters.ts'
import { createEmbeddedStore } from '../connectors/clickhouse/store.ts'
import type { Alert } from '../schemas/alert.ts'
import type { CoverageRow } from '../schemas/coverage.ts'
import type { EventFields } from '../schemas/event.ts'
import type { Finding } from '../schemas/finding.ts'
import type { EventStore } from '../schemas/ports.ts'
import { type Enrichment, rowText } from '../schemas/row.ts'
import { ENRICHMENT, recordingTelemetry, sampleAlert, sampleEvent, sampleFinding } from './contract/samples.ts'

export const TENANT = 'acme'
const NEIGHBOUR = 'globex'

export interface Seed {
  readonly events?: readonly EventFields[]
  /** By server and tool: risk class. */
  readonly risks?: Readonly<Record<string, string>>
  readonly findings?: readonly Partial<Finding>[]
  readonly alerts?: readonly Partial<Alert>[]
  readonly coverage?: readonly Omit<CoverageRow, 'tenant'>[]
}
export type Row = Readonly<Record<string, unknown>>
export interface SeededStore {
  readonly store: EventStore
  /** A named query about the tenant, since 2020 unless told otherwise. */
  ask(name: string, given?: Readonly<Record<string, string>>): Promise<Row[]>
  sql(text: string, parameters?: Readonly<Record<string, string>>): Promise<Row[]>
  close(): Promise<void>
}

/** 128 bits in hex that a name stands for: a key, a fingerprint, an id. */
export const hex = (name: string): string => createHash('sha256').update(name).digest('hex').slice(0, 32)
/** 256 bits, such as the hash of a definition. */
export const hash = (name: string): string => createHash('sha256').update(name).digest('hex')
/** Minutes after Monday 2026-03-02 10:00 UTC. */
export const at = (minutes: number): string => new Date(Date.UTC(2026, 2, 2, 10) + minutes * 60_000).toISOString()
/** The columns asked for, of each row. */
export const only = (rows: readonly Row[], ...columns: string[]): unknown[][] =>
  rows.map((row) => columns.map((column) => row[column]))

const BLANK: EventFields = {
  toolName: '',
  definitionHash: '',
  principalKey: '',
  clientKey: '',
  sessionFp: '',
  method: '',
  requestUid: '',
  producerSeq: 0,
  decision: '',
}
/** The two events of a call. */
export const callOf = (fields: EventFields, result: EventFields = {}): EventFields[] => [
  { eventType: 'tool.call', method: 'tools/call', producerSeq: 1, ...fields },
  {
    eventType: 'tool.result',
    method: 'tools/call',
    producerSeq: 2,
    decision: 'allow',
    outcome: 'ok',
    ...fields,
    ...result,
  },
]

export async function seededStore(seed: Seed): Promise<SeededStore> {
  const path = await mkdtemp(join(tmpdir(), 'seeded-'))
  const store = createEmbeddedStore({
    path,
    database: 'mcp_auditd',
    retentionDays: { security: 100_000, activity: 100_000 },
    telemetry: recordingTelemetry(),
  })
  await store.open()
  for (const tenant of [TENANT, NEIGHBOUR]) await insert(store, seed, tenant)
  const sql = async (text: string, parameters: Readonly<Record<string, string>> = {}): Promise<Row[]> =>
    (await store.query(text, { format: 'JSONEachRow', parameters }))
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Row)
  return {
    store,
    sql,
    ask(name, given = {}) {
      const query = namedQuery(name)
      const since = query.parameters.some((one) => one.name === 'from') ? { from: '2020-01-01' } : {}
      const tenant = query.parameters.some((one) => one.name === 'tenant') ? { tenant: TENANT } : {}
      return sql(query.sql, parametersOf(query, { ...since, ...tenant, ...given }, Date.now()))
    },
    async close() {
      await store.close()
      await rm(path, { recursive: true, force: true })
    },
  }
}

/** Ids of the neighbour are its own, everything else is the same. */
async function insert(store: EventStore, seed: Seed, tenant: string): Promise<void> {
  const own = (id: string): string => (tenant === TENANT ? id : hex(`${tenant}/${id}`))
  const rows = (seed.events ?? []).map((fields, offset) => {
    const event = sampleEvent({ ...BLANK, eventId: hex(`event-${offset}`), ...fields, tenant })
    event.eventId = own(event.eventId)
    if (fields.receivedAt === undefined) event.receivedAt = new Date(Date.parse(event.eventTime) + 10).toISOString()
    const toolRisk = seed.risks?.[event.toolName ?? ''] ?? 'read'
    const enrichment: Enrichment = { ...ENRICHMENT, toolRisk }
    return rowText(event, enrichment, { log: tenant, partition: 0, offset, index: 0 })
  })
  const refused = await store.insertEvents({
    token: tenant,
    count: rows.length,
    source: { rows: rows.map((row) => `${row}\n`).join('') },
  })
  if (refused.length > 0) throw new Error(refused.map(({ line, reason }) => `${line}: ${reason}`).join('\n'))
  const ids = (list: readonly string[] = []): string[] => list.map(own)
  await store.insertFindings(
    (seed.findings ?? []).map((finding, i) =>
      sampleFinding({
        ...finding,
        tenant,
        findingId: own(finding.findingId ?? hex(`finding-${i}`)),
        eventId: own(finding.eventId ?? ''),
      }),
    ),
  )
  await store.insertAlerts(
    (seed.alerts ?? []).map((alert, i) =>
      sampleAlert({
        ...alert,
        tenant,
        alertId: own(alert.alertId ?? hex(`alert-${i}`)),
        evidenceEventIds: ids(alert.evidenceEventIds),
      }),
    ),
  )
  await store.insertCoverage((seed.coverage ?? []).map((row) => ({ ...row, tenant })))
}
