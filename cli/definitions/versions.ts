/** The versions of tool definitions that the store knows, with what people decided of each. */

import { sqlLiteral } from '../../detectors/sql-literal.ts'
import type { Definition } from '../../schemas/events/registry.ts'
import { askStore, rowsOf } from '../store-question.ts'

export interface Which {
  readonly server?: string | undefined
  readonly tool?: string | undefined
  readonly tenant?: string | undefined
}
/** `approved` by somebody, without end or until `until`; `none`: nobody decided. Times are ISO 8601 in UTC. */
export type ApprovalState = 'none' | 'approved' | 'expired' | 'revoked'
export interface Version {
  readonly tenant: string
  readonly server: string
  readonly tool: string
  readonly hash: string
  /** When a list first and last told of it. */
  readonly firstSeen: string
  readonly lastSeen: string
  /** It stands in the newest list of an era and set of scopes. */
  readonly inForce: boolean
  readonly findings: readonly string[]
  readonly approval: ApprovalState
  readonly approver: string
  readonly until: string
}

const ask = async <Row>(sql: string, data: string): Promise<Row[]> =>
  rowsOf<Row>(await askStore(sql, data, 'JSONEachRow'))

function conditions({ server, tool, tenant }: Which, toolColumn: string): string {
  const wanted = [
    ['tenant', tenant],
    ['server_id', server],
    [toolColumn, tool],
  ].flatMap(([column, value]) => (value === undefined ? [] : [`${column} = ${sqlLiteral(value)}`]))
  return wanted.length === 0 ? '1' : wanted.join(' AND ')
}
const iso = (column: string): string => `formatDateTime(${column}, '%Y-%m-%dT%H:%i:%SZ', 'UTC')`
const NAME = `JSONExtractString(definition, 'name')`
const HASH = `JSONExtractString(definition, 'hash')`

interface SeenRow {
  readonly tenant: string
  readonly server: string
  readonly tool: string
  readonly hash: string
  readonly firstSeen: string
  readonly lastSeen: string
  readonly findings: readonly string[]
}
interface DecisionRow {
  readonly tenant: string
  readonly server: string
  readonly tool: string
  readonly type: string
  readonly atMs: string | number
  readonly hash: string
  readonly approver: string
  readonly expiresAt: string | number
  readonly all: boolean | number
}

/** Sorted by tenant, server, tool, and the time of their first sight. `nowMs`: for approvals that end. */
export async function versionsOf(which: Which, data: string, nowMs: number): Promise<readonly Version[]> {
  const seen = await ask<SeenRow>(
    `SELECT tenant, server_id AS server, tool_name AS tool, definition_hash AS hash, ${iso('first_seen')} AS firstSeen,
      ${iso('last_seen')} AS lastSeen, findings FROM definitions WHERE ${conditions(which, 'tool_name')}
      ORDER BY tenant, server, tool, first_seen, hash`,
    data,
  )
  // The newest list of each kind that callers may be shown.
  const { server, tenant } = which
  const current = await ask<Pick<SeenRow, 'tenant' | 'server' | 'tool' | 'hash'>>(
    `SELECT DISTINCT tenant, server, ${NAME} AS tool, ${HASH} AS hash FROM (
      SELECT tenant, server_id AS server, argMax(fields, event_time) AS newest FROM events
      WHERE event_type = 'tools.registry' AND ${conditions({ server, tenant }, '')}
      GROUP BY tenant, server_id, era, JSONExtractString(fields, 'scopeSetHash')
    ) ARRAY JOIN JSONExtractArrayRaw(newest, 'definitions') AS definition`,
    data,
  )
  const decisions = await ask<DecisionRow>(
    `SELECT tenant, server_id AS server, tool_name AS tool, event_type AS type, toUnixTimestamp64Milli(event_time) AS atMs,
      JSONExtractString(fields, 'approvedHash') AS hash, JSONExtractString(fields, 'approver') AS approver,
      JSONExtractInt(fields, 'expiresAt') AS expiresAt, JSONExtractBool(fields, 'all') AS all
      FROM events_exact WHERE event_type IN ('tool.approved', 'tool.approval.revoked') AND ${conditions(which, 'tool_name')}
      ORDER BY event_time, received_at`,
    data,
  )
  const inForce = new Set(current.map(keyOf))
  return seen.map((row) => ({ ...row, inForce: inForce.has(keyOf(row)), ...approvalOf(row, decisions, nowMs) }))
}
const keyOf = (row: Pick<SeenRow, 'tenant' | 'server' | 'tool' | 'hash'>): string =>
  JSON.stringify([row.tenant, row.server, row.tool, row.hash])

/** The last word on this version; one about all approvals of the tool ends each of them. */
function approvalOf(row: SeenRow, decisions: readonly DecisionRow[], nowMs: number) {
  let last: DecisionRow | undefined
  for (const decision of decisions) {
    if (decision.tenant !== row.tenant || decision.server !== row.server || decision.tool !== row.tool) continue
    const isOfAll = decision.type === 'tool.approval.revoked' && Boolean(decision.all)
    if (decision.hash === row.hash || (isOfAll && last?.type === 'tool.approved')) last = decision
  }
  if (last === undefined) return { approval: 'none' as ApprovalState, approver: '', until: '' }
  const { type, approver } = last
  const endMs = Number(last.expiresAt) * 1_000
  const until = type === 'tool.approved' && endMs > 0 ? new Date(endMs).toISOString() : ''
  const approval: ApprovalState =
    type !== 'tool.approved' ? 'revoked' : endMs > 0 && endMs <= nowMs ? 'expired' : 'approved'
  return { approval, approver, until }
}

/** A definition as its newest event tells it. */
export async function definitionOf(version: Version, data: string): Promise<Definition | undefined> {
  const { tenant, server, tool, hash } = version
  const [row] = await ask<{ definition: string }>(
    `SELECT definition FROM events ARRAY JOIN JSONExtractArrayRaw(fields, 'definitions') AS definition
      WHERE event_type = 'tools.registry' AND ${conditions({ server, tenant }, '')}
      AND ${NAME} = ${sqlLiteral(tool)} AND ${HASH} = ${sqlLiteral(hash)} ORDER BY event_time DESC LIMIT 1`,
    data,
  )
  return row === undefined ? undefined : (JSON.parse(row.definition) as Definition)
}
