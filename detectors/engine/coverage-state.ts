/** The state of one rule on one server, from what arrived there: a pure judgement. "No alert" never means both checked and blind. */
import type { RuleMode } from '../disposition.ts'
import type { AnyRule } from '../loaded-rule.ts'
import { SCOPES } from './scope.ts'
import { DERIVED_FROM, isDerived } from './vocabulary.ts'

/**
 * ACTIVE: every required type and field has been seen. DEGRADED: some are missing. INACTIVE: none of its types has been seen.
 * NOT_APPLICABLE: the server’s era or transport is not what the rule is about. NOT_OBSERVABLE: the telemetry of this server
 * (spans, adapters) cannot carry what the rule needs.
 */
export const COVERAGE_STATES = ['ACTIVE', 'DEGRADED', 'INACTIVE', 'NOT_APPLICABLE', 'NOT_OBSERVABLE'] as const
export type CoverageState = (typeof COVERAGE_STATES)[number]
/** What arrived of a server within the window: types, and of each the required fields that were never filled. */
export interface Arrived {
  readonly types: ReadonlyMap<string, { readonly missing: readonly string[] }>
  readonly eras: ReadonlySet<string>
  readonly transports: ReadonlySet<string>
  readonly sources: ReadonlySet<string>
}
export interface Judged {
  readonly state: CoverageState
  readonly reasons: readonly string[]
}
/** Sources that are made from other people’s telemetry: they carry calls, not audit events. */
const FOREIGN_SOURCES = new Set(['span', 'adapter', 'otlp_log'])

const outside = (allowed: readonly string[] | undefined, seen: ReadonlySet<string>): boolean =>
  allowed !== undefined && seen.size > 0 && ![...seen].some((value) => allowed.includes(value))

export function judgeCoverage(rule: AnyRule & { readonly mode?: RuleMode }, seen: Arrived): Judged {
  if (rule.mode === 'off') return { state: 'NOT_APPLICABLE', reasons: ['switched off in the configuration'] }
  if (outside(rule.applies?.eras, seen.eras))
    return { state: 'NOT_APPLICABLE', reasons: [`era is ${[...seen.eras].join(', ')}`] }
  if (outside(rule.applies?.transports, seen.transports))
    return { state: 'NOT_APPLICABLE', reasons: [`transport is ${[...seen.transports].join(', ')}`] }
  if (seen.types.size === 0) return { state: 'INACTIVE', reasons: ['nothing arrived'] }
  const types = Object.keys(rule.requires)
  const main = types.filter((type) => !rule.occasional?.includes(type))
  const foreign = seen.sources.size > 0 && [...seen.sources].every((source) => FOREIGN_SOURCES.has(source))
  // Where all of it only comes when something happens, silence is no gap.
  if (main.length > 0 && !main.some((type) => seen.types.has(type))) {
    const reason = foreign ? `comes only as ${[...seen.sources].join(', ')}, without` : 'not seen:'
    return { state: foreign ? 'NOT_OBSERVABLE' : 'INACTIVE', reasons: [`${reason} ${main.join(', ')}`] }
  }
  const reasons = types.flatMap((type) => gaps(rule, type, seen))
  // Without its key the rule keeps nothing, whatever else comes; a producer of ours may still fill it, another's telemetry does not.
  if (foreign && main.length > 0 && main.every((type) => lacksKey(rule, type, seen)))
    return { state: 'NOT_OBSERVABLE', reasons }
  return { state: reasons.length === 0 ? 'ACTIVE' : 'DEGRADED', reasons }
}

function lacksKey(rule: AnyRule, type: string, seen: Arrived): boolean {
  const at = seen.types.get(type)
  if (at === undefined) return true
  const keys: readonly string[] = rule.per === undefined ? [] : SCOPES[rule.per]
  return at.missing.some((field) => keys.includes(field) && (rule.requires[type] ?? []).includes(field))
}

function gaps(rule: AnyRule, type: string, seen: Arrived): string[] {
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
