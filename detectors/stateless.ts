/** Which stateless rules match an event: a pure function of event and rules, for the row of the event. */
import type { AuditEvent } from '../schemas/event.ts'
import type { LoadedRule } from './loaded-rule.ts'
import type { Match } from './rule.ts'
import { derivedViews, type View, viewOf } from './view.ts'

export type StatelessCheck = (view: View, options: unknown) => Match | undefined
/** The check of a stateless rule for a type of event. */
export const checkOf = (rule: LoadedRule, type: string): StatelessCheck | undefined =>
  (rule.check as unknown as Record<string, StatelessCheck | undefined> | undefined)?.[type]

/** Answers the ids of the rules that match, sorted. A rule that throws does not match here; the engine counts it. */
export function statelessMatcher(rules: readonly LoadedRule[]): (event: AuditEvent) => readonly string[] {
  const stateless = rules.filter(({ check }) => check !== undefined)
  const types = new Set(stateless.flatMap(({ requires }) => Object.keys(requires)))
  return (event) => {
    const base = viewOf(event)
    const matched = new Set<string>()
    for (const view of [base, ...derivedViews(base)]) {
      if (!types.has(view.type)) continue
      for (const rule of stateless) {
        const check = checkOf(rule, view.type)
        if (check !== undefined && matchesQuietly(check, view, rule.options)) matched.add(rule.id)
      }
    }
    return [...matched].sort()
  }
}

function matchesQuietly(check: StatelessCheck, view: View, options: unknown): boolean {
  try {
    return Boolean(check(view, options))
  } catch {
    return false
  }
}
