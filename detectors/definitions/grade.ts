/**
 * How grave a change of a definition is, by what changed: never by the hash alone. Pure; live rules, `scan` and `definitions diff` ask it.
 * Most honest changes are rewording, new options and new tools, a third of them with `must` and `always`: tone counts for nothing.
 */
import type { Severity } from '../../schemas/finding.ts'
import {
  BOUND,
  classesOf,
  type DefinitionFacts,
  factsOf,
  nameOfLine,
  PARTS,
  type Part,
  type PropertyShape,
  propertiesOf,
  propertyOf,
  riskBefore,
  type SeenDefinition,
  TYPE,
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
  /** What was seen, gravest first; facts, not prose: names of properties, annotations and classes. At most MAX_REASONS. */
  readonly reasons: readonly string[]
  readonly parts: readonly Part[]
}
const MAX_REASONS = 8

/** `before` undefined: the definition is new. `after` undefined: it is gone. */
export function gradeChange(
  before: (SeenDefinition & { readonly name?: string }) | undefined,
  after: (SeenDefinition & { readonly name?: string }) | undefined,
): ChangeGrade {
  if (after === undefined) return graded([['removed', 'gone']], [])
  if (before === undefined) return gradeAdded(after)
  const isRenamed = before.name !== undefined && after.name !== undefined && before.name !== after.name
  return gradeAfter(factsOf(before), after, isRenamed)
}

type Reason = readonly [Grade, string]
function graded(reasons: readonly Reason[], parts: readonly Part[]): ChangeGrade {
  const sorted = [...reasons].sort(([a], [b]) => GRADES.indexOf(b) - GRADES.indexOf(a))
  const grade = sorted[0]?.[0] ?? 'none'
  return {
    grade,
    severity: SEVERITIES[grade],
    reasons: sorted.slice(0, MAX_REASONS).map(([, reason]) => reason),
    parts,
  }
}

/** A new tool that takes commands lets a caller do what none of the others did. */
const gradeAdded = (after: SeenDefinition): ChangeGrade =>
  graded([['added', 'new'], ...foundIn(after), ...commandsOf(after)], [])
const commandsOf = ({ inputShape = [] }: SeenDefinition): Reason[] =>
  inputShape.flatMap((line): Reason[] =>
    line.endsWith(' role=shell') ? [['widened', `${nameOfLine(line)} takes a shell`]] : [],
  )

/** The same, where only the facts of the definition of before are known. */
export function gradeAfter(before: DefinitionFacts, after: SeenDefinition, isRenamed = false): ChangeGrade {
  const now = factsOf(after)
  const parts = changedParts(before.parts, now.parts)
  const reasons: Reason[] = [
    ...injectedSince(before.risks, after),
    ...weakenedSince(before.hints, now.hints),
    ...(before.shape !== '' && now.shape !== '' ? widenedSince(before.shape, after.inputShape ?? []) : []),
  ]
  if (isRenamed) reasons.push(['identity', 'another name'])
  if (reasons.length === 0 && parts.length > 0)
    reasons.push(isCosmetic(before, now, parts) ? ['cosmetic', parts.join(', ')] : ['compatible', parts.join(', ')])
  return graded(reasons, parts)
}

/** The parts that differ. */
export const changedParts = (before: readonly string[], after: readonly string[]): readonly Part[] =>
  PARTS.filter((_, i) => (before[i] ?? '') !== (after[i] ?? ''))

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
  const risen = classesOf(after).filter(
    ([kind, risk]) => riskBefore(risks, kind) < risk && (risk > 0 || kind.startsWith('injection.')),
  )
  const isOrder = risen.length > 1 || risen.some(([, risk]) => risk > 0)
  return risen.map(([kind]): Reason => [isOrder ? 'injected' : 'suspected', kind])
}
const foundIn = (after: SeenDefinition): Reason[] =>
  classesOf(after).flatMap(([kind, risk]): Reason[] => (risk > 0 ? [['injected', kind]] : []))

/**
 * Clients ask people less for tools that only read, destroy nothing or reach nothing: saying so where the contrary was said before, and
 * no longer holding to it, both weaken what was approved. What is said for the first time is no change of it.
 */
function weakenedSince(before: string, now: string): Reason[] {
  const said = (hints: string, hint: string): string =>
    hints
      .split(' ')
      .find((each) => each.startsWith(`${hint}=`))
      ?.slice(hint.length + 1) ?? ''
  const turns: readonly (readonly [hint: string, from: string, to: string])[] = [
    ['readOnlyHint', 'true', 'false'],
    ['readOnlyHint', 'true', ''],
    ['readOnlyHint', 'false', 'true'],
    ['destructiveHint', 'true', 'false'],
    ['destructiveHint', 'false', 'true'],
    ['openWorldHint', 'false', 'true'],
  ]
  return turns.flatMap(([hint, from, to]): Reason[] =>
    said(before, hint) === from && said(now, hint) === to
      ? [['annotation_weakened', `${hint} ${from} became ${to || 'absent'}`]]
      : [],
  )
}

/** What a caller may send now and could not before. */
function widenedSince(before: string, lines: readonly string[]): Reason[] {
  const known = propertiesOf(before)
  return lines.flatMap((line): Reason[] => {
    const now = [...propertiesOf(factsOf({ hash: '', inputShape: [line] }).shape).values()][0]!
    const old = propertyOf(known, line)
    const why = old === undefined ? newReach(now) : wider(old, now)
    return why === '' ? [] : [['widened', `${nameOfLine(line)} ${why}`]]
  })
}
const ROLES: Readonly<Record<string, string>> = { p: 'path', u: 'url', s: 'shell', q: 'sql', c: 'code' }
const newReach = ({ role }: PropertyShape): string =>
  role === '-' ? '' : `is new and takes a ${ROLES[role] ?? 'text'}`

function wider(old: PropertyShape, now: PropertyShape): string {
  const isFree = (now.types & (TYPE.string | TYPE.any | TYPE.object)) !== 0
  const lost = old.bounds & ~now.bounds
  if (lost & BOUND.closed) return 'takes properties it did not name'
  if (lost & BOUND.enum && isFree) return 'is free text and was a choice'
  if (lost & (BOUND.pattern | BOUND.format) && isFree) return 'lost its pattern'
  if (lost & BOUND.max) return 'lost its limit'
  const gained = now.types & ~old.types & (TYPE.string | TYPE.object | TYPE.any)
  return gained !== 0 && (old.types & TYPE.any) === 0 && old.types !== 0 ? 'takes what it did not' : ''
}
