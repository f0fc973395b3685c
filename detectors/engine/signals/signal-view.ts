/** Facts: the words of a view that travel in a signal, and the view they make again where its key is owned. */
import { type Definition, definition } from '../../../schemas/events/registry.ts'
import type { Facts, Signal } from '../../../schemas/signal.ts'
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

type Fact = Facts[string]
/** How a word of a type is read. Wire events are read without their getters: facts are made for many events, of few fields each. */
export interface WordReader {
  readonly word: string
  readonly read: (view: View) => Fact | undefined
}
export const readersOfWords = (type: string, words: readonly string[]): readonly WordReader[] =>
  words.map((word) => ({
    word,
    read: isDerived(type) ? readDerived(word) : readWire(MAPPINGS.get(word)?.field ?? word),
  }))

const readWire =
  (field: string) =>
  (view: View): Fact | undefined =>
    view.wire[field] as Fact | undefined
/** What is empty is as good as absent, unless the producer said it. */
const readDerived =
  (word: string) =>
  (view: View): Fact | undefined => {
    const value = (view as unknown as Record<string, Fact | undefined>)[word]
    const isEmpty = value === '' || value === 0 || value === false || (Array.isArray(value) && value.length === 0)
    return isEmpty && !view.says(word) ? undefined : value
  }

/** As they stand in a signal: lists apart, what is absent left out. */
export function factsOf(view: View, readers: readonly WordReader[]): Pick<Signal, 'facts' | 'lists'> {
  const facts: Signal['facts'] = {}
  let lists: NonNullable<Signal['lists']> | undefined
  for (const { word, read } of readers) {
    const value = read(view)
    if (value === undefined) continue
    if (typeof value !== 'object') facts[word] = value
    else {
      lists ??= {}
      lists[word] = value
    }
  }
  return lists === undefined ? { facts } : { facts, lists }
}
export const unpacked = ({ facts, lists }: Signal): Facts => (lists === undefined ? facts : { ...facts, ...lists })

/** The view of a signal, in the words of its facts. */
export function viewOfFacts(signal: Signal, facts: Facts, inventory: Inventory): View {
  const { eventType, eventId, eventTime, tenant, serverId } = signal
  const wire: Record<string, unknown> = { eventId, eventTime, tenant, serverId }
  for (const word in facts) if (word !== 'tenant') wire[MAPPINGS.get(word)?.field ?? word] = facts[word]
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
