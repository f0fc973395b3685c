/** Projection: the signals an event makes, for the rules whose key crosses servers. A pure function of event, position and rules. */
import { type AuditEvent, TYPE_FIELDS } from '../../../schemas/event.ts'
import type { Position } from '../../../schemas/position.ts'
import type { Signal } from '../../../schemas/signal.ts'
import type { LoadedRule } from '../../loaded-rule.ts'
import { lineOf } from '../compile.ts'
import { type Inventory, NO_INVENTORY } from '../inventory.ts'
import { KeyAliases } from '../key-aliases.ts'
import { EVERY_SERVER, readersOf, SCOPE_NAMES, SCOPES, type Scope } from '../scope.ts'
import { derivedViews, type View, viewOf } from '../view.ts'
import { DERIVED_FROM, isDerived } from '../vocabulary.ts'
import { typesOf } from './crossing.ts'
import { factsOf, readersOfWords, type WordReader, wordsToSend } from './signal-view.ts'

type Wanted = (view: View) => boolean
/** What the rules of one scope ask of one type. */
interface Need {
  readonly scope: Scope
  /** Its place among the ordinals of a view. */
  readonly rank: number
  readonly line: string
  readonly words: readonly WordReader[]
  readonly read: (view: View) => string
  /** Answers false when no rule can want the event: it is not sent. */
  readonly wanted: Wanted
}

/**
 * Ordinals say what a signal is, not how many came before: rules that come or go between two owners leave the others’ as they were.
 * Room for 32 scopes, each with a copy under a rotated key.
 */
const ORDINALS_PER_VIEW = 64
const INVENTORY = 'inventory.snapshot'
const NONE: readonly Signal[] = Object.freeze([])
/** Nothing is known of where it stands: events of tests and examples. */
const NOWHERE: Position = { log: '', partition: 0, offset: 0, index: 0 }

export class Projection {
  private readonly needs = new Map<string, readonly Need[]>()
  /** Types of wire events that may make a signal. */
  private readonly concerned = new Set<string>()

  /** `rules`: those that cross servers. */
  constructor(rules: readonly LoadedRule[]) {
    for (const scope of SCOPE_NAMES) {
      const own = rules.filter(({ per }) => per === scope)
      for (const type of new Set(own.flatMap((rule) => typesOf(rule, 'own')))) {
        const users = own.filter((rule) => typesOf(rule, 'own').includes(type))
        this.add(type, needOf(scope, type, users))
      }
    }
    for (const type of new Set(rules.flatMap((rule) => typesOf(rule, 'fleet')))) {
      const users = rules.filter((rule) => typesOf(rule, 'fleet').includes(type))
      this.add(type, { ...needOf('fleet', type, users), wanted: ({ server }) => server === EVERY_SERVER })
    }
    // Who asks the inventory asks for the lists of each server too, and their owner may be in any partition.
    if (rules.some(({ asksInventory }) => asksInventory === true)) {
      const others = this.needs.get(INVENTORY) ?? []
      this.needs.set(
        INVENTORY,
        others.filter(({ scope }) => scope !== 'fleet'),
      )
      this.add(INVENTORY, {
        ...needOf('fleet', INVENTORY, rules),
        words: readersOfWords(INVENTORY, Object.keys(TYPE_FIELDS[INVENTORY])),
      })
    }
  }

  private add(type: string, need: Need): void {
    const all = [...(this.needs.get(type) ?? []), need]
    this.needs.set(
      type,
      all.sort((a, b) => SCOPE_NAMES.indexOf(a.scope) - SCOPE_NAMES.indexOf(b.scope)),
    )
    for (const wire of isDerived(type) ? DERIVED_FROM[type] : [type]) this.concerned.add(wire)
  }

  /** Whether the event may make a signal at all. */
  isConcerned({ eventType }: AuditEvent): boolean {
    return this.concerned.has(eventType)
  }

  /**
   * What the event’s signals would say, on the views themselves: `take` is called with the line of the rules and the view, in the order of
   * the ordinals. Not while hashes have two names: answers false then, and nothing was taken. `view` and `derived`: of the event as it
   * came, where somebody has them.
   */
  direct(
    event: AuditEvent,
    inventory: Inventory,
    take: (line: string, view: View) => void,
    view = viewOf(event, event.serverId, inventory),
    derived = derivedViews(view),
  ): boolean {
    if (event.formerHashes !== undefined && event.formerHashes.length > 0) return false
    this.takeNeeds(view, take)
    for (const each of derived) this.takeNeeds(each, take)
    return true
  }

  private takeNeeds(view: View, take: (line: string, view: View) => void): void {
    const needs = this.needs.get(view.type)
    if (needs === undefined) return
    for (const { read, line, scope } of needs)
      if (read(view) !== '' && (scope !== 'fleet' || view.server === EVERY_SERVER)) take(line, view)
  }

  /** In the order of their ordinals. `inventory` is that of the tenant, as the log stood at this event. */
  signalsOf(event: AuditEvent, position: Position = NOWHERE, inventory: Inventory = NO_INVENTORY): readonly Signal[] {
    if (!this.concerned.has(event.eventType)) return NONE
    const signals: Signal[] = []
    const came = viewOf(event, event.serverId, inventory)
    if (event.formerHashes !== undefined && event.formerHashes.length > 0)
      this.renamed(signals, event, position, came, event.formerHashes)
    else {
      this.plain(signals, event, position, 0, came)
      const derived = derivedViews(came)
      for (let i = 0; i < derived.length; i++) this.plain(signals, event, position, i + 1, derived[i]!)
    }
    return signals
  }

  private plain(signals: Signal[], event: AuditEvent, position: Position, number: number, view: View): void {
    for (const need of this.needs.get(view.type) ?? NO_NEEDS) {
      const key = need.read(view)
      if (key !== '' && need.wanted(view)) signals.push(signalOf(event, position, number, need, key, view))
    }
  }

  /**
   * While keys are rotated, the former name is the one that servers which have not rotated yet still say: the signal is under that. A
   * silent copy under the new one remembers it for those that will know no other.
   */
  private renamed(
    signals: Signal[],
    event: AuditEvent,
    position: Position,
    came: View,
    formerHashes: readonly string[],
  ): void {
    const pairs = new Map(formerHashes.map((pair) => [pair.slice(0, pair.indexOf('=')), pair]))
    const former = viewOf(new KeyAliases().canonical(event), event.serverId, came.inventory)
    const later = [came, ...derivedViews(came)]
    for (const [number, view] of [former, ...derivedViews(former)].entries())
      for (const need of this.needs.get(view.type) ?? NO_NEEDS) {
        const key = need.read(view)
        if (key === '' || !need.wanted(view)) continue
        const signal = signalOf(event, position, number, need, key, view)
        signals.push(signal)
        const newer = need.read(later[number]!)
        const copy = signalOf(event, position, number, need, newer, later[number]!)
        const said = pairsIn(pairs, copy)
        if (said.length > 0) for (const each of [signal, copy]) each.formerHashes = said
        if (newer !== key) signals.push({ ...copy, ordinal: copy.ordinal + 1, silent: true })
      }
  }
}

/** Written out: it is done for many events. */
function signalOf(
  event: AuditEvent,
  { log, partition, offset, index }: Position,
  number: number,
  { scope, rank, words }: Need,
  key: string,
  view: View,
): Signal {
  const { eventId, eventTime, serverId, tenant = '' } = event
  const ordinal = number * ORDINALS_PER_VIEW + rank
  const { facts, lists } = factsOf(view, words)
  const eventType = view.type
  const made = { log, partition, offset, index, ordinal, tenant, scope, key, eventId, eventType, eventTime, serverId }
  return lists === undefined ? { ...made, facts } : { ...made, facts, lists }
}
const NO_NEEDS: readonly Need[] = []

function needOf(scope: Scope, type: string, users: readonly LoadedRule[]): Need {
  const columns: readonly string[] = SCOPES[scope]
  const words = users.flatMap((rule) => [
    ...(rule.requires[type] ?? []),
    ...(rule.about === undefined ? [] : SCOPES[rule.about]),
  ])
  const known = [...words, ...columns].filter((word) => word !== 'fleet' && word !== 'server')
  const predicates = users.map(predicateOf)
  return {
    scope,
    rank: SCOPE_NAMES.indexOf(scope) * 2,
    line: lineOf(scope, type),
    words: readersOfWords(type, wordsToSend(type, known)),
    read: readersOf(scope)[0]!,
    wanted: (view) => predicates.some((wants) => wants === undefined || wantsQuietly(wants, view)),
  }
}

/** What can be asked where the event is, before it is sent: a condition on the event alone, and on the inventory as it is known there. */
function predicateOf(rule: LoadedRule): Wanted | undefined {
  if (rule.cell !== undefined) {
    const listens = Object.values(rule.beside ?? {}).some(({ on, per }) => per !== 'fleet' && on !== undefined)
    return listens || rule.where === undefined || rule.where.length > 1 ? undefined : (rule.where as unknown as Wanted)
  }
  const shape = rule.count ?? rule.distinct ?? rule.firstSeen
  return (shape as unknown as (options: unknown) => { readonly where?: Wanted })(rule.options).where
}

/** Where it throws the event is sent: the engine of the key counts it against the rule. */
function wantsQuietly(wants: Wanted, view: View): boolean {
  try {
    return wants(view)
  } catch {
    return true
  }
}

/** The pairs, by their new hash, whose new hash stands in these facts. */
function pairsIn(pairs: ReadonlyMap<string, string>, { facts, lists = {} }: Pick<Signal, 'facts' | 'lists'>): string[] {
  const found = new Set<string>()
  const look = (said: unknown): void => {
    const pair = typeof said === 'string' ? pairs.get(said) : undefined
    if (pair !== undefined) found.add(pair)
  }
  Object.values(facts).forEach(look)
  for (const value of Object.values(lists))
    for (const element of value) look(typeof element === 'object' ? element['fp'] : element)
  return [...found]
}
