/** Which stateless rules match an event: a pure function of event and rules, for the row of the event. Rules that ask the inventory are left out. */
import type { AuditEvent } from '../../schemas/event.ts'
import type { LoadedRule } from '../loaded-rule.ts'
import type { Match } from '../rule.ts'
import { derivedViews, type View, viewOf } from './view.ts'
import { DERIVED_TYPES } from './vocabulary.ts'

export type StatelessCheck = (view: View, options: unknown) => Match | undefined
/** The check of a stateless rule for a type of event. */
export const checkOf = (rule: LoadedRule, type: string): StatelessCheck | undefined =>
  (rule.check as unknown as Record<string, StatelessCheck | undefined> | undefined)?.[type]

/** Answers the ids of the rules that match, sorted. A rule that throws does not match here; the engine counts it. */
export function statelessMatcher(rules: readonly LoadedRule[]): (event: AuditEvent) => readonly string[] {
  const checks = new Map<string, Named[]>()
  for (const rule of rules.filter(({ asksInventory, mode }) => asksInventory !== true && mode === 'on'))
    for (const type of Object.keys(rule.requires)) {
      const check = checkOf(rule, type)
      if (check === undefined) continue
      checks.set(type, [...(checks.get(type) ?? []), { id: rule.id, check, options: rule.options }])
    }
  const readsDerived = DERIVED_TYPES.some((type) => checks.has(type))
  return (event) => {
    const ofType = checks.get(event.eventType)
    if (ofType === undefined && !readsDerived) return NONE
    const base = viewOf(event)
    const matched = new Set(matching(base, ofType))
    if (readsDerived)
      for (const view of derivedViews(base)) for (const id of matching(view, checks.get(view.type))) matched.add(id)
    return matched.size === 0 ? NONE : [...matched].sort()
  }
}
interface Named {
  readonly id: string
  readonly check: StatelessCheck
  readonly options: unknown
}
const NONE: readonly string[] = Object.freeze([])

function matching(view: View, checks: readonly Named[] | undefined): readonly string[] {
  let ids = NONE
  for (const named of checks ?? NOTHING) if (matchesQuietly(view, named)) ids = [...ids, named.id]
  return ids
}
const NOTHING: readonly Named[] = []

function matchesQuietly(view: View, { check, options }: Named): boolean {
  try {
    return Boolean(check(view, options))
  } catch {
    return false
  }
}
