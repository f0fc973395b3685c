/**
 * How grave a change of a definition is, by what changed: never by the hash alone. Pure; live rules, `scan` and `definitions diff` ask it.
 * Most honest changes are rewording, new options and new tools, a third of them with `must` and `always`: tone counts for nothing.
 */
import type { Severity } from '../../schemas/finding.ts'
import {
  classesOf,
  codesIn,
  type DefinitionFacts,
  factsOf,
  PARTS,
  type Part,
  placeOfLine,
  propertiesIn,
  propertyOf,
  riskIn,
  roleOfLine,
  type SeenDefinition,
} from './facts.ts'

/** From harmless to grave. A change is graded by the gravest thing in it. */
export const GRADES = [
  'none',
  'cosmetic',
  'compatible',
  'removed',
  'added',
  'identity',
  'widened',
  'annotation_weakened',
  'suspected',
  'injected',
] as const
export type Grade = (typeof GRADES)[number]
const SEVERITIES: Readonly<Record<Grade, Severity>> = {
  none: 'info',
  cosmetic: 'info',
  compatible: 'low',
  removed: 'info',
  added: 'low',
  identity: 'medium',
  widened: 'medium',
  annotation_weakened: 'medium',
  suspected: 'medium',
  injected: 'high',
}
export interface ChangeGrade {
  readonly grade: Grade
  readonly severity: Severity
  /** What was seen, gravest first; facts, not prose: names of properties, annotations and classes. */
  readonly reasons: readonly string[]
  readonly parts: readonly Part[]
}
const MAX_REASONS = 8

export type Reason = readonly [Grade, string]
/** By the gravest of the reasons. */
export function graded(reasons: readonly Reason[], parts: readonly Part[]): ChangeGrade {
  const sorted = [...reasons].sort(([a], [b]) => GRADES.indexOf(b) - GRADES.indexOf(a))
  const grade = sorted[0]?.[0] ?? 'none'
  return {
    grade,
    severity: SEVERITIES[grade],
    reasons: sorted.slice(0, MAX_REASONS).map(([, reason]) => reason),
    parts,
  }
}

/** A tool that goes. */
export const gradeRemoved = (): ChangeGrade => graded([['removed', 'gone']], [])

/** A new tool. One that takes commands lets a caller do what none of the others did. */
export function gradeAdded(after: SeenDefinition): ChangeGrade {
  const found = classesOf(after).filter(([, risk]) => risk > 0)
  const shells = (after.inputShape ?? []).filter((line) => line.endsWith(' role=shell'))
  return graded(
    [
      ['added', 'new'],
      ...found.map(([kind]): Reason => ['injected', kind]),
      ...shells.map((line): Reason => ['widened', `${placeOfLine(line)} takes a shell`]),
    ],
    [],
  )
}

/** A definition after another one, of which the facts are known. `now`: its own facts, where the caller has them. */
export function gradeAfter(before: DefinitionFacts, after: SeenDefinition, now = factsOf(after)): ChangeGrade {
  const parts = changedParts(before.parts, now.parts)
  const reasons = [
    ...injectedSince(before.risks, after),
    ...weakenedSince(before.hints, now.hints),
    ...widenedSince(before.shape, now.shape, after.inputShape ?? []),
  ]
  const harmless: Grade = isCosmetic(before, now, parts) ? 'cosmetic' : 'compatible'
  return graded(reasons.length > 0 ? reasons : [[harmless, parts.join(', ') || 'other members']], parts)
}

/** The parts that differ. */
const changedParts = (before: readonly string[], after: readonly string[]): readonly Part[] =>
  PARTS.filter((_, i) => before[i] !== after[i])

/** Not a word differs, nor what a caller may send, nor what the tool says it does. */
const isCosmetic = (before: DefinitionFacts, now: DefinitionFacts, parts: readonly Part[]): boolean =>
  before.wording !== '' &&
  before.wording === now.wording &&
  before.shape === now.shape &&
  before.hints === now.hints &&
  !parts.includes('meta') &&
  !parts.includes('output')

/**
 * Classes that were not found before, or not with this verdict. A classifier that finds something and calls it harmless has seen a trace
 * of an order: one that was not there before asks for a look, two of different kinds are one order.
 */
function injectedSince(risks: string, after: SeenDefinition): Reason[] {
  const before = riskIn(risks)
  const risen = classesOf(after).filter(
    ([kind, risk]) => before(kind) < risk && (risk > 0 || kind.startsWith('injection.')),
  )
  const isOrder = risen.length > 1 || risen.some(([, risk]) => risk > 0)
  return risen.map(([kind]): Reason => [isOrder ? 'injected' : 'suspected', kind])
}

/** Turns of an annotation that weaken what was approved: name, value before, value now. */
const WEAKER = [
  ['readOnlyHint', 'true', 'false'],
  ['readOnlyHint', 'true', ''],
  ['readOnlyHint', 'false', 'true'],
  ['destructiveHint', 'true', 'false'],
  ['destructiveHint', 'false', 'true'],
  ['openWorldHint', 'false', 'true'],
] as const
/**
 * Clients ask people less for tools that only read, destroy nothing or reach nothing: saying so where the contrary was said before, and
 * no longer holding to it, both weaken what was approved. What is said for the first time is no change of it.
 */
const weakenedSince = (before: string, now: string): Reason[] =>
  WEAKER.filter(([hint, from, to]) => valueIn(before, hint) === from && valueIn(now, hint) === to).map(
    ([hint, from, to]): Reason => ['annotation_weakened', `${hint} ${from} became ${to || 'absent'}`],
  )
const valueIn = (hints: string, hint: string): string =>
  hints
    .split(' ')
    .find((each) => each.startsWith(`${hint}=`))
    ?.split('=')[1] ?? ''

/** What a caller may send now and could not before; nothing where the shape of before is not known. */
function widenedSince(before: string, now: string, lines: readonly string[]): Reason[] {
  if (before === '') return []
  const old = codesIn(before)
  const same = new Set(old)
  const known = propertiesIn(old)
  return codesIn(now)
    .map((code, at) => [code, lines[at]!] as const)
    .filter(([code]) => !same.has(code))
    .map(
      ([code, line]): Reason => ['widened', `${placeOfLine(line)} ${reachOf(known.get(code.slice(0, 4)), code, line)}`],
    )
    .filter(([, why]) => !why.endsWith(' '))
}

/** Ends in a blank where it is nothing. */
function reachOf(codeBefore: string | undefined, code: string, line: string): string {
  if (codeBefore === undefined) return `is new and takes a ${roleOfLine(line)}`
  const old = propertyOf(codeBefore)
  const now = propertyOf(code)
  if (old.closed && !now.closed) return 'takes properties it did not name'
  if (old.choice && !now.choice) return 'is free and was a choice'
  if (old.pattern && !now.pattern) return 'lost its pattern'
  if (old.limit && !now.limit) return 'lost its limit'
  return (now.text && !old.text) || (now.object && !old.object) ? 'takes what it did not' : ''
}
