/** What arrived of each server in the last 24 hours, and how often each rule was evaluated there, by hour. Event time throughout. */

import { type AnyRule, handledTypes } from '../loaded-rule.ts'
import { type Arrived, type CoverageState, judgeCoverage } from './coverage-state.ts'
import type { View } from './view.ts'
import { MAPPINGS } from './vocabulary.ts'

export interface RuleCoverage {
  readonly tenant: string
  readonly server: string
  readonly rule: string
  readonly state: CoverageState
  readonly reasons: readonly string[]
}
/** A rule on a server in one hour. Counts are those of one partition so far: a later row of the same hour replaces it. */
export interface RuleHour extends RuleCoverage {
  /** Start of the hour, ms since 1970. */
  readonly hourMs: number
  readonly evaluations: number
  readonly matches: number
}
interface TypeSeen {
  lastMs: number
  /** Hours since 1970. */
  hour: number
  inHour: number
  /** Hours that are over, not yet handed out: [hour, events]. */
  past: [hour: number, events: number][]
  /** Required fields not yet seen filled in this hour. */
  missing: string[]
  /** When each required field was filled last, ms. */
  readonly filledMs: Map<string, number>
}
export interface ServerSeen {
  /** One text for all events of the server: keys of state hold it, and comparing it costs nothing. */
  readonly name: string
  readonly types: Map<string, TypeSeen>
  /** Value -> when it came last, ms. */
  readonly eras: Map<string, number>
  readonly transports: Map<string, number>
  readonly sources: Map<string, number>
  /** `rule hour` -> matches. */
  readonly matches: Map<string, number>
  touched: boolean
}
type Saved<T> = readonly (readonly [string, T])[]
interface SavedServer {
  readonly tenant: string
  readonly server: string
  readonly types: Saved<Omit<TypeSeen, 'filledMs' | 'missing'> & { readonly filledMs: Saved<number> }>
  readonly eras: Saved<number>
  readonly transports: Saved<number>
  readonly sources: Saved<number>
  readonly matches: Saved<number>
}
/** Of another format is as if nothing had arrived yet. */
interface SavedCoverage {
  readonly format: number
  readonly servers: readonly SavedServer[]
}
const FORMAT = 2

export const COVERAGE_WINDOW_MS = 86_400_000
const HOUR_MS = 3_600_000
/** Fields are looked at in each of the first events of a type and hour, later in one of so many. */
const FIRST_EVENTS = 64
const SAMPLE_MASK = 63
/** Servers told apart; more are not tracked, because a server id may be the sender’s own claim. */
const MAX_SERVERS = 10_000
/** What we write about coverage itself is not something that arrived. */
const OWN_TYPE = 'auditd.coverage'

const filled = (view: View, name: string): boolean => {
  const value = (view as unknown as Readonly<Record<string, unknown>>)[name]
  if (value === undefined || value === '' || value === 0) return false
  if (Array.isArray(value)) return value.length > 0
  // false may be said or absent: only the wire knows.
  const field = MAPPINGS.get(name)?.field
  return value !== false || (field !== undefined && view.wire[field] !== undefined)
}

const isOff = (rule: AnyRule & { readonly mode?: string }): boolean => rule.mode === 'off'

function note(seen: Map<string, number>, value: unknown, ts: number): void {
  if (typeof value === 'string' && ts > (seen.get(value) ?? 0)) seen.set(value, ts)
}
const since = (seen: ReadonlyMap<string, number>, fromMs: number): Set<string> =>
  new Set([...seen].flatMap(([value, ms]) => (ms >= fromMs ? [value] : [])))

export class Coverage {
  private readonly servers = new Map<string, Map<string, ServerSeen>>()
  private readonly fields = new Map<string, Set<string>>()
  private readonly rules: readonly AnyRule[]
  /** By rule: the types it has logic for. */
  private readonly handled: readonly (readonly string[])[]
  /** What was handed out last, by tenant, server, rule and hour. */
  private readonly told = new Map<string, string>()
  private readonly seenElsewhere: boolean
  private count = 0

  /** `seenElsewhere`: what arrives is told by another engine, and only matches by this one. */
  constructor(rules: readonly AnyRule[], seenElsewhere = false) {
    this.seenElsewhere = seenElsewhere
    this.rules = rules
    this.handled = rules.map((rule) => (isOff(rule) ? [] : handledTypes(rule)))
    for (const rule of rules)
      for (const [type, fields] of Object.entries(rule.requires)) {
        const all = this.fields.get(type) ?? new Set<string>()
        for (const field of fields ?? []) all.add(field)
        this.fields.set(type, all)
      }
  }

  saw(server: ServerSeen, view: View): void {
    const { ts } = view
    if (view.type === OWN_TYPE) return
    const hour = Math.floor(ts / HOUR_MS)
    let type = server.types.get(view.type)
    if (type === undefined) {
      type = { lastMs: 0, hour, inHour: 0, past: [], missing: this.requiredOf(view.type), filledMs: new Map() }
      server.types.set(view.type, type)
    } else if (hour > type.hour) {
      type.past.push([type.hour, type.inHour])
      type.hour = hour
      type.inHour = 0
      type.missing = this.requiredOf(view.type)
    }
    server.touched = true
    // A late event counts in the hour that is open.
    const number = type.inHour++
    if (ts > type.lastMs) type.lastMs = ts
    if (number >= FIRST_EVENTS && (number & SAMPLE_MASK) !== 0) return
    note(server.eras, view.wire['era'], ts)
    note(server.transports, view.wire['transport'], ts)
    note(server.sources, view.wire['source'], ts)
    if (!type.missing.some((name) => filled(view, name))) return
    for (const name of type.missing) if (filled(view, name)) type.filledMs.set(name, ts)
    type.missing = type.missing.filter((name) => !filled(view, name))
  }

  matched(tenant: string, name: string, rule: string, ts: number): void {
    const server = this.server(tenant, name)
    if (server === undefined) return
    const key = `${rule} ${Math.floor(ts / HOUR_MS)}`
    server.matches.set(key, (server.matches.get(key) ?? 0) + 1)
    server.touched = true
  }

  /** What was seen of the server of an event; undefined when there are too many servers to tell apart. */
  server(tenant: string, name: string): ServerSeen | undefined {
    const servers = this.servers.get(tenant) ?? new Map<string, ServerSeen>()
    if (servers.size === 0) this.servers.set(tenant, servers)
    let server = servers.get(name)
    if (server === undefined && this.count < MAX_SERVERS) {
      this.count++
      server = {
        name,
        types: new Map(),
        eras: new Map(),
        transports: new Map(),
        sources: new Map(),
        matches: new Map(),
        touched: false,
      }
      servers.set(name, server)
    }
    return server
  }

  /** By tenant, server and rule, in their order of appearance; what arrived in the 24 hours before `nowMs` counts. */
  report(nowMs: number, only?: string): readonly RuleCoverage[] {
    const all: RuleCoverage[] = []
    for (const { tenant, server, seen } of this.each()) {
      if (only !== undefined && only !== server) continue
      const arrived = arrivedSince(seen, nowMs - COVERAGE_WINDOW_MS)
      for (const rule of this.rules) all.push({ tenant, server, rule: rule.id, ...judgeCoverage(rule, arrived) })
    }
    return all
  }

  /** Rows of the hours with something new since the last call. Hours that are over are handed out for the last time. */
  hours(nowMs: number): readonly RuleHour[] {
    const rows: RuleHour[] = []
    for (const { tenant, server, seen } of this.each()) {
      if (!seen.touched) continue
      seen.touched = false
      const arrived = arrivedSince(seen, nowMs - COVERAGE_WINDOW_MS)
      const hours = new Set([...seen.types.values()].flatMap(({ hour, past }) => [hour, ...past.map(([each]) => each)]))
      for (const key of seen.matches.keys()) hours.add(Number(key.slice(key.lastIndexOf(' ') + 1)))
      const newest = Math.max(...hours)
      this.rules.forEach((rule, index) => {
        const judged = judgeCoverage(rule, arrived)
        for (const hour of hours) {
          const evaluations = this.handled[index]!.reduce((sum, type) => sum + eventsIn(seen.types.get(type), hour), 0)
          const matches = seen.matches.get(`${rule.id} ${hour}`) ?? 0
          if (this.seenElsewhere && matches === 0) continue
          const row = { tenant, server, rule: rule.id, ...judged, hourMs: hour * HOUR_MS, evaluations, matches }
          if (this.isNews(row, hour === newest)) rows.push(row)
        }
      })
      for (const [name, type] of seen.types) this.close(name, type, newest)
      for (const key of seen.matches.keys()) if (!key.endsWith(` ${newest}`)) seen.matches.delete(key)
    }
    return rows
  }

  /** What was handed out is not handed out again. */
  private close(name: string, type: TypeSeen, newest: number): void {
    type.past = []
    if (type.hour === newest) return
    type.hour = newest
    type.inHour = 0
    type.missing = this.requiredOf(name)
  }

  private isNews({ tenant, server, rule, hourMs, state, evaluations, matches }: RuleHour, isOpen: boolean): boolean {
    const key = `${tenant} ${server} ${rule}`
    const value = `${hourMs} ${state} ${evaluations} ${matches}`
    if (this.told.get(key) === value) return false
    if (isOpen) this.told.set(key, value)
    return true
  }

  private *each(): Generator<{ readonly tenant: string; readonly server: string; readonly seen: ServerSeen }> {
    for (const [tenant, servers] of this.servers) for (const [server, seen] of servers) yield { tenant, server, seen }
  }

  snapshot(): SavedCoverage {
    const servers = [...this.each()].map(({ tenant, server, seen }) => ({
      tenant,
      server,
      types: [...seen.types].map(
        ([type, { missing: _, ...rest }]) => [type, { ...rest, filledMs: [...rest.filledMs] }] as const,
      ),
      eras: [...seen.eras],
      transports: [...seen.transports],
      sources: [...seen.sources],
      matches: [...seen.matches],
    }))
    return { format: FORMAT, servers }
  }

  restore(saved: unknown): void {
    const { format, servers } = saved as SavedCoverage
    if (format !== FORMAT) return
    for (const each of servers) {
      const server = this.server(each.tenant, each.server)
      if (server === undefined) return
      for (const [type, { filledMs, ...rest }] of each.types) {
        const filledAt = new Map(filledMs)
        const isOpen = (field: string): boolean => Math.floor((filledAt.get(field) ?? -1) / HOUR_MS) !== rest.hour
        server.types.set(type, { ...rest, filledMs: filledAt, missing: this.requiredOf(type).filter(isOpen) })
      }
      for (const name of ['eras', 'transports', 'sources', 'matches'] as const)
        for (const [value, ms] of each[name]) server[name].set(value, ms)
      server.touched = true
    }
  }

  private requiredOf(type: string): string[] {
    return [...(this.fields.get(type) ?? [])]
  }
}

function arrivedSince(seen: ServerSeen, fromMs: number): Arrived {
  const types = new Map<string, { readonly missing: readonly string[] }>()
  for (const [type, { lastMs, missing, filledMs }] of seen.types)
    if (lastMs >= fromMs) types.set(type, { missing: missing.filter((field) => (filledMs.get(field) ?? 0) < fromMs) })
  return {
    types,
    eras: since(seen.eras, fromMs),
    transports: since(seen.transports, fromMs),
    sources: since(seen.sources, fromMs),
  }
}

const eventsIn = (type: TypeSeen | undefined, hour: number): number =>
  type === undefined
    ? 0
    : type.past.reduce(
        (sum, [each, events]) => sum + (each === hour ? events : 0),
        type.hour === hour ? type.inHour : 0,
      )
