/** Erasure of one subject: every row that names it goes, with tombstones first; the proof stays green before, between and after. */
import { createHash } from 'node:crypto'
import { holdsKey } from '../../connectors/clickhouse/proof-tables.ts'
import { sqlLiteral } from '../../detectors/sql-literal.ts'
import { AuditdError } from '../../schemas/errors.ts'
import type { AuditEvent } from '../../schemas/event.ts'
import type { EventBus, EventStore } from '../../schemas/ports.ts'
import { accessEvent } from '../access-event.ts'
import { rowsOf } from '../store-question.ts'
import type { Proof } from './proof.ts'
import { removeWhere } from './removal.ts'

export interface ErasureParts {
  readonly store: EventStore
  readonly bus: EventBus
  readonly proof: Proof
  readonly nowMs: number
}
export interface Erasure {
  /** Keyed hash of the person or workload, as events name it. */
  readonly subject: string
  readonly tenant: string
  readonly reason: string
  readonly by: string
  /** Only count. */
  readonly isTrial: boolean
}
export interface ErasureAnswer {
  /** The key asked for, and those that a rotation of keys says are the same subject’s. */
  readonly keys: readonly string[]
  readonly events: number
  /** Findings and alerts that mention it. */
  readonly mentions: number
  readonly erased: boolean
}
/** A subject has one key for each rotation. */
const MOST_KEYS = 16
const KEY = /^[0-9a-f-]{16,64}$/

/**
 * Every event in which the key stands in any place: its own calls, those made on its behalf (actor chain), and fields of others that name it.
 * What remains is named in SECURITY.md: the Kafka log until its retention, the state of rules until it expires, what was delivered to targets, WORM copies.
 */
export async function eraseSubject(parts: ErasureParts, erasure: Erasure): Promise<ErasureAnswer> {
  const { store, bus, proof, nowMs } = parts
  const { subject, tenant, reason, by, isTrial } = erasure
  if (!KEY.test(subject))
    throw new AuditdError('usage', 'erase', 'subject', 'must be a principal key: 16 to 64 lower-case hex digits')
  const keys = await sameSubject(store, tenant, subject)
  const where = `tenant = ${sqlLiteral(tenant)} AND (${namesOne(keys)})`
  const [counted] = rowsOf<[string]>(await ask(store, `SELECT toString(count()) FROM events WHERE ${where}`))
  const events = Number(counted![0])
  if (isTrial) return { keys, events, mentions: 0, erased: false }
  // What an erasure that died halfway has begun is counted here too.
  await proof.store.resumeRemovals()
  await removeWhere({ store, proof }, where, { reason: 'erase', by, note: reason, atMs: nowMs })
  const mentions = await proof.store.removeMentions(tenant, keys)
  await bus.publish([recordOf(erasure, events, nowMs)])
  return { keys, events, mentions, erased: true }
}

/** Keys that events of the subject call the former or the new form of one of its keys. */
async function sameSubject(store: EventStore, tenant: string, subject: string): Promise<readonly string[]> {
  const keys = new Set([subject])
  for (let known = 0; known < keys.size && keys.size < MOST_KEYS; ) {
    known = keys.size
    const answer = await ask(
      store,
      `SELECT DISTINCT arrayJoin(JSONExtract(fields, 'formerHashes', 'Array(String)')) AS pair FROM events
       WHERE tenant = ${sqlLiteral(tenant)} AND multiSearchAny(fields, [${[...keys].map(sqlLiteral).join(', ')}])
         AND multiSearchAny(pair, [${[...keys].map(sqlLiteral).join(', ')}]) LIMIT 1000`,
    )
    for (const [pair] of rowsOf<[string]>(answer)) {
      const both = pair.split('=')
      if (both.length === 2 && both.some((key) => keys.has(key)))
        for (const key of both) if (KEY.test(key)) keys.add(key)
    }
  }
  return [...keys]
}

const namesOne = (keys: readonly string[]): string => {
  const listed = keys.map(sqlLiteral).join(', ')
  return `principal_key IN (${listed}) OR hasAny(actor_keys, [${listed}]) OR ${holdsKey('fields', keys)}`
}
const ask = (store: EventStore, sql: string): Promise<string> =>
  store.query(sql, { format: 'JSONCompactEachRow', own: true })

/** The record of it names the subject by a hash: whoever knows the key can tell, and the key itself is gone. */
function recordOf({ subject, tenant, reason, by }: Erasure, rows: number, nowMs: number): AuditEvent {
  const subjectHash = createHash('sha256').update(subject).digest('hex').slice(0, 32)
  const named = `erased subject sha256:${subjectHash}`
  return accessEvent({ operation: 'delete', actor: by, subject: named, rows, reason, tenant }, nowMs)
}
