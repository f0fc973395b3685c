/** Rules whose key crosses servers: which they are, and what one may not ask for because the order of servers is chance. */
import type { AnyRule } from '../../loaded-rule.ts'
import { crossesServers, SCOPES } from '../scope.ts'
import { ENVELOPE_NAMES } from '../vocabulary.ts'

/** It keeps state about a key that no one partition of events owns, so it is evaluated on signals. */
export const isCrossing = (rule: AnyRule): boolean =>
  rule.check === undefined && rule.per !== undefined && crossesServers(rule.per)

/** `own`: the rule’s own cell and those of its scope. `fleet`: cells of facts about all servers. */
export function typesOf(rule: AnyRule, part: 'own' | 'fleet'): readonly string[] {
  if (rule.cell === undefined) return part === 'own' ? Object.keys(rule.requires) : []
  const besides = Object.values(rule.beside ?? {}).filter(({ per }) => (per === 'fleet') === (part === 'fleet'))
  const handlers = [...(part === 'own' ? [rule.on ?? {}] : []), ...besides.map(({ on }) => on ?? {})]
  return Object.keys(rule.requires).filter((type) => handlers.some((on) => on[type] !== undefined))
}

/** Shapes whose outcome depends on which event comes first. */
const ORDERED = ['sequence', 'absence', 'baseline', 'drift'] as const

/** Why a rule can be evaluated neither in one partition of events nor on signals; undefined when it can. */
export function crossingFault(rule: AnyRule): { readonly field: string; readonly reason: string } | undefined {
  if (rule.check !== undefined || rule.per === undefined) return undefined
  const { per } = rule
  if (per === 'fleet')
    return { field: 'per', reason: 'fleet holds facts beside other cells; a key such as fleetPrincipal is needed' }
  const besides = Object.entries(rule.beside ?? {})
  if (!isCrossing(rule)) {
    const across = besides.find(([, beside]) => crossesServers(beside.per))
    if (across === undefined) return undefined
    const [name, beside] = across
    return {
      field: `beside.${name}`,
      reason: `${beside.per} crosses servers and ${per} does not: only fleet may stand beside both`,
    }
  }
  const other = besides.find(([, beside]) => beside.per !== per && beside.per !== 'fleet')
  if (other !== undefined)
    return {
      field: `beside.${other[0]}`,
      reason: `${other[1].per} is not ${per}: a rule that crosses servers has cells of its own key and of fleet`,
    }
  const ordered = [...ORDERED, 'onTimer' as const].find((name) => rule[name] !== undefined)
  if (ordered !== undefined)
    return {
      field: ordered,
      reason: `needs the order of events, and which server’s event comes first is chance for ${per}; use count, distinct, firstSeen or a cell that does not ask for it`,
    }
  const columns: readonly string[] = SCOPES[per]
  for (const type of typesOf(rule, 'own'))
    for (const column of columns)
      if (!Object.hasOwn(ENVELOPE_NAMES, column) && !rule.requires[type]?.includes(column))
        return { field: 'requires', reason: `${type} must require ${column}, the key of ${per}` }
  return undefined
}
