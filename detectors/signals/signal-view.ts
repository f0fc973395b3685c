/** Facts: the words of a view that travel in a signal, and the view they make again where its key is owned. */
import { type Definition, definition } from '../../schemas/events/registry.ts'
import type { Facts, Signal } from '../../schemas/signal.ts'
import { millisecondsOf } from '../event-time.ts'
import type { Inventory } from '../inventory.ts'
import { DefinitionView, HandleView, MentionView, View } from '../view.ts'
import { type EventType, type HandleFields, isDerived, MAPPINGS } from '../vocabulary.ts'

/** Words of a finding that come from the event, whatever the rule reads. */
const NAMED_IN_FINDINGS = ['principal', 'client', 'session', 'tool', 'decision', 'outcome', 'vantage'] as const
const PART_FIELDS = Object.keys(definition.shape).filter((field) => field !== 'name')
/** What `parts` of a definition is made of. */
const PARTS_OF = PART_FIELDS.filter((field) => field.endsWith('Hash'))
const HANDLE_WORDS = new Set(['handle', 'handleKind', 'handlePolicy', 'handlePath', 'inList'])

/** Words to send so that these can be read again, without repeats. */
export function wordsToSend(type: string, words: readonly string[]): readonly string[] {
  const all = new Set<string>([...words, ...NAMED_IN_FINDINGS])
  if (all.delete('parts')) for (const field of PARTS_OF) all.add(field)
  if (type.startsWith('handle.')) for (const word of HANDLE_WORDS) all.add(word)
  return [...all].sort()
}

const isEmpty = (value: unknown): boolean =>
  value === undefined || value === '' || value === 0 || value === false || (Array.isArray(value) && value.length === 0)

/** What is absent is left out; a false or 0 that the producer said stays. */
export function factsOf(view: View, words: readonly string[]): Facts {
  const facts: Facts = {}
  for (const word of words) {
    const value = (view as unknown as Record<string, unknown>)[word]
    if (isEmpty(value) && !(value !== undefined && view.says(word))) continue
    facts[word] = value as Facts[string]
  }
  return facts
}

/** As they stand in a signal: lists apart. */
export function packed(facts: Facts): Pick<Signal, 'facts' | 'lists'> {
  const entries = Object.entries(facts)
  const lists = entries.filter(([, value]) => Array.isArray(value))
  const scalars = entries.filter(([, value]) => !Array.isArray(value))
  return {
    facts: Object.fromEntries(scalars) as Signal['facts'],
    ...(lists.length > 0 && { lists: Object.fromEntries(lists) as NonNullable<Signal['lists']> }),
  }
}
export const unpacked = ({ facts, lists }: Signal): Facts => (lists === undefined ? facts : { ...facts, ...lists })

/** The view of a signal, in the words of its facts. */
export function viewOfFacts(signal: Signal, facts: Facts, inventory: Inventory): View {
  const { eventType, eventId, eventTime, tenant, serverId } = signal
  const wire: Record<string, unknown> = {}
  for (const [word, value] of Object.entries(facts)) wire[MAPPINGS.get(word)?.field ?? word] = value
  Object.assign(wire, { eventId, eventTime, tenant, serverId })
  const type = eventType as EventType
  const tool = typeof facts['tool'] === 'string' ? facts['tool'] : ''
  const base = new View(wire, type, millisecondsOf(eventTime), serverId, tool, inventory)
  if (!isDerived(type)) return base
  if (type === 'definition.seen') {
    const part = Object.fromEntries(PART_FIELDS.flatMap((field) => (field in facts ? [[field, facts[field]]] : [])))
    return new DefinitionView(base, { name: tool, ...part } as Definition)
  }
  const text = (word: string): string => String(facts[word] ?? '')
  if (type === 'tool.mentioned')
    return new MentionView(base, tool, text('mention'), (facts['verdicts'] as readonly string[] | undefined) ?? [])
  return new HandleView(base, type, text('handleKind') as HandleFields['handleKind'], {
    fp: text('handle'),
    policy: (text('handlePolicy') || 'unknown') as HandleFields['handlePolicy'],
    path: text('handlePath'),
    inList: facts['inList'] === true,
  })
}
