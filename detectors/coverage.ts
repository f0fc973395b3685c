/** Coverage: from what really arrived, whether a rule can see on a server, sees with gaps, or is blind. "No alert" never means both. */
import type { AnyRule } from './loaded-rule.ts'
import { SCOPES } from './scope.ts'
import type { View } from './view.ts'
import { DERIVED_FROM, isDerived, MAPPINGS } from './vocabulary.ts'

/**
 * ACTIVE: every required type and field has been seen. DEGRADED: some are missing. INACTIVE: none of its types has been seen.
 * NOT_APPLICABLE: the server’s era or transport is not what the rule is about. NOT_OBSERVABLE: the telemetry of this server
 * (spans, adapters) cannot carry what the rule needs.
 */
export type CoverageState = 'ACTIVE' | 'DEGRADED' | 'INACTIVE' | 'NOT_APPLICABLE' | 'NOT_OBSERVABLE'
export interface RuleCoverage {
  readonly tenant: string
  readonly server: string
  readonly rule: string
  readonly state: CoverageState
  readonly reasons: readonly string[]
}
interface TypeSeen {
  events: number
  /** Required fields not yet seen filled. */
  missing: string[]
}
export interface ServerSeen {
  /** One text for all events of the server: keys of state hold it, and comparing it costs nothing. */
  readonly name: string
  readonly types: Map<string, TypeSeen>
  readonly eras: Set<string>
  readonly transports: Set<string>
  readonly sources: Set<string>
}

interface SavedServer {
  readonly tenant: string
  readonly server: string
  /** Type, events, fields seen filled. */
  readonly types: readonly (readonly [type: string, events: number, present: readonly string[]])[]
  readonly eras: readonly string[]
  readonly transports: readonly string[]
  readonly sources: readonly string[]
}

/** Fields are looked at in each of the first events of a type, later in one of so many. */
const FIRST_EVENTS = 64
const SAMPLE_MASK = 63
/** Servers told apart; more are not tracked, because a server id may be the sender’s own claim. */
const MAX_SERVERS = 10_000
/** Sources that are made from other people’s telemetry: they carry calls, not audit events. */
const FOREIGN_SOURCES = new Set(['span', 'adapter', 'otlp_log'])

const filled = (view: View, name: string): boolean => {
  const value = (view as unknown as Readonly<Record<string, unknown>>)[name]
  if (value === undefined || value === '' || value === 0) return false
  if (Array.isArray(value)) return value.length > 0
  // false may be said or absent: only the wire knows.
  const field = MAPPINGS.get(name)?.field
  return value !== false || (field !== undefined && view.wire[field] !== undefined)
}

function note(set: Set<string>, value: unknown): void {
  if (typeof value === 'string') set.add(value)
}

export class Coverage {
  private readonly servers = new Map<string, Map<string, ServerSeen>>()
  private readonly fields = new Map<string, Set<string>>()
  private readonly rules: readonly AnyRule[]
  private count = 0

  constructor(rules: readonly AnyRule[]) {
    this.rules = rules
    for (const rule of rules)
      for (const [type, fields] of Object.entries(rule.requires)) {
        const all = this.fields.get(type) ?? new Set<string>()
        for (const field of fields ?? []) all.add(field)
        this.fields.set(type, all)
      }
  }

  saw(server: ServerSeen, view: View): void {
    let type = server.types.get(view.type)
    if (type === undefined) {
      type = { events: 0, missing: [...(this.fields.get(view.type) ?? [])] }
      server.types.set(view.type, type)
    }
    const number = type.events++
    if (number >= FIRST_EVENTS && (number & SAMPLE_MASK) !== 0) return
    note(server.eras, view.wire['era'])
    note(server.transports, view.wire['transport'])
    note(server.sources, view.wire['source'])
    if (type.missing.some((name) => filled(view, name)))
      type.missing = type.missing.filter((name) => !filled(view, name))
  }

  /** What was seen of the server of an event; undefined when there are too many servers to tell apart. */
  server(tenant: string, name: string): ServerSeen | undefined {
    const servers = this.servers.get(tenant) ?? new Map<string, ServerSeen>()
    if (servers.size === 0) this.servers.set(tenant, servers)
    let server = servers.get(name)
    if (server === undefined && this.count < MAX_SERVERS) {
      this.count++
      server = { name, types: new Map(), eras: new Set(), transports: new Set(), sources: new Set() }
      servers.set(name, server)
    }
    return server
  }

  /** By tenant, server and rule, in their order of appearance. */
  report(only?: string): readonly RuleCoverage[] {
    const all: RuleCoverage[] = []
    for (const [tenant, servers] of this.servers)
      for (const [server, seen] of servers) {
        if (only !== undefined && only !== server) continue
        for (const rule of this.rules) all.push({ tenant, server, rule: rule.id, ...judge(rule, seen) })
      }
    return all
  }

  snapshot(): readonly SavedServer[] {
    return [...this.servers].flatMap(([tenant, servers]) =>
      [...servers].map(([server, { types, eras, transports, sources }]) => ({
        tenant,
        server,
        types: [...types].map(([type, { events, missing }]) => [type, events, this.required(type, missing)] as const),
        eras: [...eras],
        transports: [...transports],
        sources: [...sources],
      })),
    )
  }

  restore(saved: unknown): void {
    for (const each of saved as SavedServer[]) {
      const server = this.server(each.tenant, each.server)
      if (server === undefined) return
      for (const [type, events, present] of each.types)
        server.types.set(type, { events, missing: this.required(type, present) })
      for (const name of ['eras', 'transports', 'sources'] as const)
        for (const value of each[name]) server[name].add(value)
    }
  }

  /** Fields the rules require of a type, but these. */
  private required(type: string, without: readonly string[]): string[] {
    return [...(this.fields.get(type) ?? [])].filter((field) => !without.includes(field))
  }
}

const outside = (allowed: readonly string[] | undefined, seen: ReadonlySet<string>): boolean =>
  allowed !== undefined && seen.size > 0 && ![...seen].some((value) => allowed.includes(value))

function judge(rule: AnyRule, seen: ServerSeen): Pick<RuleCoverage, 'state' | 'reasons'> {
  if (outside(rule.applies?.eras, seen.eras))
    return { state: 'NOT_APPLICABLE', reasons: [`era is ${[...seen.eras].join(', ')}`] }
  if (outside(rule.applies?.transports, seen.transports))
    return { state: 'NOT_APPLICABLE', reasons: [`transport is ${[...seen.transports].join(', ')}`] }
  const types = Object.keys(rule.requires)
  const main = types.filter((type) => !rule.occasional?.includes(type))
  const foreign = seen.sources.size > 0 && [...seen.sources].every((source) => FOREIGN_SOURCES.has(source))
  if (!main.some((type) => seen.types.has(type))) {
    const reason = foreign ? `comes only as ${[...seen.sources].join(', ')}, without` : 'not seen:'
    return { state: foreign ? 'NOT_OBSERVABLE' : 'INACTIVE', reasons: [`${reason} ${main.join(', ')}`] }
  }
  const reasons = types.flatMap((type) => gaps(rule, type, seen))
  // Without its key the rule keeps nothing, whatever else comes; a producer of ours may still fill it, another's telemetry does not.
  if (foreign && main.every((type) => lacksKey(rule, type, seen))) return { state: 'NOT_OBSERVABLE', reasons }
  return { state: reasons.length === 0 ? 'ACTIVE' : 'DEGRADED', reasons }
}

function lacksKey(rule: AnyRule, type: string, seen: ServerSeen): boolean {
  const at = seen.types.get(type)
  if (at === undefined) return true
  const keys: readonly string[] = rule.per === undefined ? [] : SCOPES[rule.per]
  return at.missing.some((field) => keys.includes(field) && (rule.requires[type] ?? []).includes(field))
}

function gaps(rule: AnyRule, type: string, seen: ServerSeen): string[] {
  const at = seen.types.get(type)
  if (at === undefined) {
    const gap = rule.producerGaps?.[type]
    if (gap !== undefined) return [`${type}: ${gap}`]
    const from = isDerived(type) ? ` (made from ${DERIVED_FROM[type].join(', ')})` : ''
    return rule.occasional?.includes(type) ? [] : [`${type}${from}: not seen`]
  }
  const required = rule.requires[type] ?? []
  const keys: readonly string[] = rule.per === undefined ? [] : SCOPES[rule.per]
  return at.missing
    .filter((field) => required.includes(field) && !rule.occasional?.includes(field))
    .map((field) => `${type}.${field}: never filled${keys.includes(field) ? ', and it is part of the key' : ''}`)
}
