/** The rules that can say anything of a row: those with logic for an event it has. The others would only make its engine dearer. */

import { DERIVED_FROM, isDerived } from '../../detectors/engine/vocabulary.ts'
import type { LoadedRules } from '../../detectors/load.ts'
import { handledTypes } from '../../detectors/loaded-rule.ts'
import type { AuditEvent } from '../../schemas/event.ts'

/** Rows have a handful of sets of event types between them. */
const known = new WeakMap<LoadedRules, Map<string, LoadedRules>>()

export function applicableRules(rules: LoadedRules, events: readonly { readonly event: AuditEvent }[]): LoadedRules {
  const types = new Set<string>(events.map(({ event }) => event.eventType))
  const key = [...types].sort().join(' ')
  let byTypes = known.get(rules)
  if (byTypes === undefined) {
    byTypes = new Map()
    known.set(rules, byTypes)
  }
  let some = byTypes.get(key)
  if (some === undefined) {
    const applies = (type: string): boolean =>
      types.has(type) || (isDerived(type) && DERIVED_FROM[type].some((from) => types.has(from)))
    some = { ...rules, rules: rules.rules.filter((rule) => handledTypes(rule).some(applies)) }
    byTypes.set(key, some)
  }
  return some
}
