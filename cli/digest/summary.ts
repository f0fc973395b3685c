/** What happened in a time, in figures: alerts, what is still open, what could not be seen, what was lost. */
import { sqlLiteral } from '../../detectors/sql-literal.ts'
import type { EventStore } from '../../schemas/ports.ts'
import { rowsOf } from '../store-question.ts'

export interface Period {
  readonly fromMs: number
  readonly toMs: number
  /** '' : all tenants. */
  readonly tenant: string
}
/** Names with their number, the most first. */
export type Counts = readonly (readonly [name: string, count: number])[]
export interface Summary {
  readonly bySeverity: Counts
  readonly byRule: Counts
  readonly byServer: Counts
  /** Open and acknowledged alerts, by how long ago they were first seen. */
  readonly openByAge: Counts
  readonly suppressed: number
  /** Rules that saw too little of their server, by how many servers. */
  readonly blindRules: Counts
  readonly servers: number
  readonly events: number
  /** Events that the service says were lost. */
  readonly dropped: number
}
const TOP = 10

const at = (ms: number): string =>
  `toDateTime64('${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')}', 3, 'UTC')`

export async function summarize(store: Pick<EventStore, 'query'>, period: Period): Promise<Summary> {
  const { fromMs, toMs, tenant } = period
  const ours = tenant === '' ? '' : ` AND tenant = ${sqlLiteral(tenant)}`
  const [from, to] = [at(fromMs), at(toMs)]
  const isNew = `first_seen >= ${from} AND first_seen < ${to}${ours}`
  const stands = `status IN ('open', 'acknowledged') AND first_seen < ${to}${ours}`
  const received = `received_at >= ${from} AND received_at < ${to}${ours}`
  const ask = async <Row>(sql: string): Promise<readonly Row[]> =>
    rowsOf<Row>(await store.query(sql, { format: 'JSONCompactEachRow', own: true }))
  const counts = async (sql: string): Promise<Counts> =>
    (await ask<[string, string | number]>(sql)).map(([name, count]) => [name, Number(count)])
  const top = (column: string, where: string): Promise<Counts> =>
    counts(`SELECT ${column}, count() FROM alerts WHERE ${where} GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT ${TOP}`)
  const age = `dateDiff('hour', first_seen, ${to})`
  const [[suppressed] = [0]] = await ask<[number]>(`SELECT count() FROM alerts WHERE status = 'suppressed'${ours}`)
  const [[events, servers, dropped] = [0, 0, 0]] = await ask<[number, number, number]>(
    `SELECT count(), uniqExact(tenant, server_id), sumIf(JSONExtractUInt(fields, 'dropped'), event_type = 'auditd.error') FROM events WHERE ${received}`,
  )
  return {
    bySeverity: await counts(
      `SELECT severity, count() FROM alerts WHERE ${isNew} GROUP BY 1 ORDER BY indexOf(['critical', 'high', 'medium', 'low', 'info'], severity)`,
    ),
    byRule: await top('rule', isNew),
    byServer: await top('server_id', isNew),
    openByAge: await counts(
      `SELECT multiIf(${age} < 24, 'under a day', ${age} < 168, 'under a week', ${age} < 720, 'under a month', 'older') AS since, count()
        FROM alerts WHERE ${stands} GROUP BY 1 ORDER BY min(${age})`,
    ),
    suppressed: Number(suppressed),
    blindRules: await counts(
      `SELECT rule, uniqExact(tenant, server_id) FROM coverage_now WHERE state IN ('inactive', 'degraded')${ours} GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT ${TOP}`,
    ),
    servers: Number(servers),
    events: Number(events),
    dropped: Number(dropped),
  }
}
