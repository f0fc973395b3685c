/** Rotation of keys: one value under two keys is one value. Events carry the pairs; rules see the hash that came first. */
import type { AuditEvent } from '../../schemas/event.ts'
import { millisecondsOf } from './event-time.ts'

/**
 * Tables are by tenant, and what one server says counts for its own events alone: a producer that lies can confuse its server, not its
 * neighbours. Times are event times, and the order is that of the log, so that a replay makes the same tables.
 */
const MAX_PER_TENANT = 50_000
/** After so long without use a value is of no interest to any rule. */
const TTL_MS = 100 * 86_400_000
/** Entries looked at to find one to forget. */
const CANDIDATES = 8
/** Chains grow by one with each rotation that is seen out of order. */
const MAX_HOPS = 16
const HASH_CHARS = 32
const PAIR = /^([0-9a-f]{32})=([0-9a-f]{1,64})$/
/** Texts of the length of a hash that are none; one is the client's own. */
const NOT_KEYED = new Set(['eventId', 'traceId', 'requestUid', 'logicalCallId'])

interface Alias {
  readonly former: string
  usedMs: number
}
type Table = Map<string, Alias>
type SavedTable = readonly [
  tenant: string,
  aliases: readonly (readonly [key: string, former: string, usedMs: number])[],
]
export type SavedAliases = readonly SavedTable[]

const keyOf = (hash: string, server: string): string => `${hash} ${server}`

export class KeyAliases {
  private readonly tables = new Map<string, Table>()
  /** Newest event time of those that asked. */
  private newestMs = 0

  /** The event as rules see it: the same object unless one of its hashes is known under a former key. */
  canonical(event: AuditEvent): AuditEvent {
    const { formerHashes, tenant = '', serverId } = event
    const hasPairs = formerHashes !== undefined && formerHashes.length > 0
    if (!hasPairs && this.tables.size === 0) return event
    let table = this.tables.get(tenant)
    if (!hasPairs && table === undefined) return event
    const ts = millisecondsOf(event.eventTime)
    if (ts > this.newestMs) this.newestMs = ts
    if (table === undefined) {
      table = new Map()
      this.tables.set(tenant, table)
    }
    if (hasPairs)
      for (const pair of formerHashes) {
        const match = PAIR.exec(pair)
        if (match !== null) this.learn(table, serverId, match[1]!, match[2]!, ts)
      }
    if (table.size === 0) this.tables.delete(tenant)
    return substituted(event, (hash) => this.firstOf(table, serverId, hash, ts))
  }

  /** The two are one value. What was told first stays the name of both, whichever pair comes when. */
  private learn(table: Table, server: string, hash: string, former: string, ts: number): void {
    const own = this.firstOf(table, server, hash, ts)
    const first = this.firstOf(table, server, former, ts)
    if (own === first) return
    if (table.size >= MAX_PER_TENANT) this.forgetOne(table)
    // A hash that has a name keeps it: its other former name gets the same.
    const [later, earlier] = own === hash ? [own, first] : [first, own]
    table.set(keyOf(later, server), { former: earlier, usedMs: ts })
    this.forgetOld(table)
  }

  private firstOf(table: Table, server: string, hash: string, ts: number): string {
    let at = hash
    for (let hop = 0; hop < MAX_HOPS; hop++) {
      const alias = table.get(keyOf(at, server))
      if (alias === undefined) return at
      if (ts > alias.usedMs) alias.usedMs = ts
      at = alias.former
    }
    return at
  }

  /** The least recently used of the first few. */
  private forgetOne(table: Table): void {
    let oldest: [string, Alias] | undefined
    let looked = 0
    for (const entry of table) {
      if (oldest === undefined || entry[1].usedMs < oldest[1].usedMs) oldest = entry
      if (++looked === CANDIDATES) break
    }
    if (oldest !== undefined) table.delete(oldest[0])
  }

  /** With each new one the two that stand first go, or go to the end because they are in use. */
  private forgetOld(table: Table): void {
    for (const [key, alias] of [...firstTwo(table)]) {
      table.delete(key)
      if (this.newestMs - alias.usedMs <= TTL_MS) table.set(key, alias)
    }
  }

  get size(): number {
    let size = 0
    for (const table of this.tables.values()) size += table.size
    return size
  }
  snapshot(): SavedAliases | undefined {
    if (this.tables.size === 0) return undefined
    return [...this.tables].map(([tenant, table]) => [
      tenant,
      [...table].map(([key, { former, usedMs }]) => [key, former, usedMs] as const),
    ])
  }
  restore(saved: SavedAliases | undefined): void {
    for (const [tenant, aliases] of saved ?? []) {
      this.tables.set(tenant, new Map(aliases.map(([key, former, usedMs]) => [key, { former, usedMs }])))
      for (const [, , usedMs] of aliases) this.newestMs = Math.max(this.newestMs, usedMs)
    }
  }
}

function* firstTwo(table: Table): Generator<[string, Alias]> {
  let taken = 0
  for (const entry of table) {
    yield entry
    if (++taken === 2) return
  }
}

type Named = (hash: string) => string
/** A copy in which hashes stand as they are named; the event itself when none changes. Rows are made from the event as it came. */
function substituted(event: AuditEvent, nameOf: Named): AuditEvent {
  const wire = event as unknown as Readonly<Record<string, unknown>>
  let changed: Record<string, unknown> | undefined
  for (const field in wire) {
    const value = wire[field]
    let named: unknown = value
    if (typeof value === 'string') {
      if (value.length === HASH_CHARS && !NOT_KEYED.has(field)) named = nameOf(value)
    } else if (Array.isArray(value) && field !== 'formerHashes') named = listNamed(value, nameOf)
    if (named === value) continue
    changed ??= { ...wire }
    changed[field] = named
  }
  return (changed ?? event) as AuditEvent
}

type Element = string | { readonly fp?: unknown } | null
/** Lists of hashes, and of handles that have one. */
function listNamed(list: readonly Element[], nameOf: Named): readonly Element[] {
  let changed: Element[] | undefined
  for (let at = 0; at < list.length; at++) {
    const element = list[at]!
    const hash = typeof element === 'object' ? element?.fp : element
    if (typeof hash !== 'string' || hash.length !== HASH_CHARS) continue
    const named = nameOf(hash)
    if (named === hash) continue
    changed ??= [...list]
    changed[at] = typeof element === 'object' ? { ...element, fp: named } : named
  }
  return changed ?? list
}
