/** A rule as the engine takes it: whatever its types, checked, with its options parsed. */
import { z } from 'zod'
import { AuditdError } from '../schemas/errors.ts'
import { EVENT_TYPES } from '../schemas/event.ts'
import { SEVERITIES, type Severity } from '../schemas/finding.ts'
import type { Suppression } from '../schemas/suppression.ts'
import type { RuleMode } from './disposition.ts'
import { SCOPES, type Scope } from './engine/scope.ts'
import { crossingFault } from './engine/signals/crossing.ts'
import { DERIVED_TYPES } from './engine/vocabulary.ts'
import type { Answer, Cell, Example } from './rule.ts'

type Handler = (event: never, ...rest: never[]) => Answer
export type AnyHandlers = Readonly<Record<string, Handler | undefined>>
export interface AnyBeside {
  readonly per: Scope
  /** ms; the rule’s own when not given. */
  readonly ttl?: number
  readonly cell: () => Cell
  readonly on?: AnyHandlers
}
export const SHAPE_NAMES = ['count', 'distinct', 'firstSeen', 'sequence', 'baseline', 'drift', 'absence'] as const
export type ShapeName = (typeof SHAPE_NAMES)[number]
/** Any rule that `defineRule` made. */
export type AnyRule = {
  readonly id: string
  readonly version: number
  readonly title: string
  readonly severity: Severity | { readonly allowed: Severity; readonly denied: Severity }
  readonly why: string
  readonly falsePositives: readonly string[]
  readonly blindSpots: readonly string[]
  readonly triage: readonly string[]
  readonly refs: readonly string[]
  readonly requires: Readonly<Record<string, readonly string[] | undefined>>
  readonly config: z.ZodType
  readonly occasional?: readonly string[]
  readonly producerGaps?: Readonly<Record<string, string | undefined>>
  readonly asksInventory?: true
  readonly applies?: { readonly eras?: readonly string[]; readonly transports?: readonly string[] }
  readonly examples: { readonly match: readonly Example[]; readonly noMatch: readonly Example[] }
  readonly per?: Scope
  readonly about?: Scope
  readonly ttl?: number
  readonly cooldown?: number
  readonly check?: AnyHandlers
  readonly cell?: () => Cell
  readonly beside?: Readonly<Record<string, AnyBeside>>
  readonly on?: AnyHandlers
  readonly where?: (event: never, beside: never, config: never) => boolean
  readonly onTimer?: Handler
} & { readonly [S in ShapeName]?: (config: never) => unknown }

export type LoadedRule = AnyRule & {
  /** Parsed by the rule’s config. */
  readonly options: unknown
  /** Its verdict is statistics. */
  readonly inferred: boolean
  readonly mode: RuleMode
}
export interface LoadedRules {
  /** Those that are off included: coverage says so of them. */
  readonly rules: readonly LoadedRule[]
  /** Changes with the rules’ files, versions and options, and with nothing else. */
  readonly hash: string
  readonly suppressions?: readonly Suppression[]
}

const ID = /^[a-z]{3}-\d{3}-[a-z0-9]+(-[a-z0-9]+)*$/
export const isRuleId = (name: string): boolean => ID.test(name)
const KNOWN_TYPES: ReadonlySet<string> = new Set<string>([...EVENT_TYPES, ...DERIVED_TYPES])
const DOCS = ['falsePositives', 'blindSpots', 'triage', 'refs'] as const
const broken = (id: string, field: string, reason: string, cause?: unknown): AuditdError =>
  new AuditdError('config_invalid', `rule ${id}`, field, reason, cause)

/** Types the rule has logic for. */
export function handledTypes(rule: AnyRule): readonly string[] {
  if (SHAPE_NAMES.some((name) => rule[name] !== undefined)) return Object.keys(rule.requires)
  const handlers = [rule.check ?? rule.on ?? {}, ...Object.values(rule.beside ?? {}).map(({ on }) => on ?? {})]
  return Object.keys(rule.requires).filter((type) => handlers.some((on) => on[type] !== undefined))
}

/** Check a rule as a whole and parse its options; what is wrong is named by rule and field. */
export function configure(rule: AnyRule, options: Readonly<Record<string, unknown>> = {}): LoadedRule {
  const { id } = rule
  if (!ID.test(id)) throw broken(id, 'id', 'must be family, number and words, such as tok-001-audience-mismatch')
  if (!Number.isInteger(rule.version) || rule.version < 1) throw broken(id, 'version', 'must be a whole number from 1')
  for (const severity of typeof rule.severity === 'string' ? [rule.severity] : Object.values(rule.severity))
    if (!SEVERITIES.includes(severity)) throw broken(id, 'severity', `unknown: ${severity}`)
  for (const field of DOCS)
    if (!rule[field]?.length || rule[field].some((line) => line.trim() === ''))
      throw broken(id, field, 'must not be empty')
  for (const field of ['title', 'why'] as const) if (!rule[field]?.trim()) throw broken(id, field, 'must not be empty')
  if (!rule.examples?.match.length || !rule.examples.noMatch.length) throw broken(id, 'examples', 'both lists need one')
  checkLogic(rule)
  const known = rule.config instanceof z.ZodObject ? Object.keys(rule.config.shape) : undefined
  for (const name of Object.keys(options))
    if (known !== undefined && !known.includes(name))
      throw broken(id, name, `no such option; there are ${known.join(', ') || 'none'}`)
  const parsed = rule.config.safeParse(options)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    throw broken(id, issue?.path.join('.') ?? '', issue?.message ?? 'invalid', parsed.error)
  }
  const inferred = rule.baseline !== undefined || rule.drift !== undefined
  return { ...rule, options: parsed.data, inferred, mode: 'on' }
}

function checkLogic(rule: AnyRule): void {
  const { id } = rule
  const logics = [rule.check, rule.cell, ...SHAPE_NAMES.map((name) => rule[name])].filter(
    (logic) => logic !== undefined,
  )
  if (logics.length !== 1) throw broken(id, 'logic', 'must be exactly one of check, cell or a shape')
  if (rule.check === undefined && !(typeof rule.ttl === 'number' && rule.ttl > 0))
    throw broken(id, 'ttl', 'must be above 0')
  if (rule.check === undefined && rule.per === undefined) throw broken(id, 'per', 'must name a scope')
  if (rule.about !== undefined && (rule.check ?? rule.onTimer ?? rule.absence) !== undefined)
    throw broken(id, 'about', 'is for rules that keep state and have no timer')
  for (const scope of [rule.per, rule.about, ...Object.values(rule.beside ?? {}).map(({ per }) => per)])
    if (scope !== undefined && !Object.hasOwn(SCOPES, scope)) throw broken(id, 'per', `no such scope: ${scope}`)
  if (rule.onTimer !== undefined && typeof rule.cell?.()['dueMs'] !== 'number')
    throw broken(id, 'cell', 'a rule with onTimer needs a number dueMs in its cell')
  const crossing = crossingFault(rule)
  if (crossing !== undefined) throw broken(id, crossing.field, crossing.reason)
  const types = Object.keys(rule.requires)
  if (types.length === 0) throw broken(id, 'requires', 'must name an event type')
  for (const type of types) {
    if (!KNOWN_TYPES.has(type)) throw broken(id, 'requires', `no such event type: ${type}`)
    if (!handledTypes(rule).includes(type)) throw broken(id, 'requires', `${type} is required and nothing handles it`)
  }
}
