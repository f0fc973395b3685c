/** Attacks on what a server declares: definitions that turn, hide, differ, promise less, or look like others. */
import type { Event, Session } from '../copy.ts'
import { stableHex } from '../random.ts'
import { type AttackKind, has, hasType, type Story, UnfitSession } from './story.ts'

type Definition = Readonly<Record<string, unknown>> & { readonly name: string }
const REGISTRY = 'tools.registry'
const definitionsOf = ({ fields }: Event): readonly Definition[] =>
  (fields['definitions'] as readonly Definition[] | undefined) ?? []
const HASHES = ['hash', 'descriptionHash', 'wordingHash'] as const
/** Other words: an order that hides, as the classifiers name it. */
function poisoned(definition: Definition, salt: string): Definition {
  const changed = Object.fromEntries(HASHES.map((name) => [name, stableHex(`${String(definition[name])} ${salt}`, 64)]))
  const classes = ['injection.secret_path', 'injection.conceal']
  return { ...definition, ...changed, findings: classes, verdicts: classes.map((each) => `${each}=malicious`) }
}
function shows(story: Story, event: Event, definitions: readonly Definition[]): void {
  story.change(event, {
    definitions,
    listHash: stableHex(JSON.stringify(definitions.map(({ hash }) => hash)), 64),
    registrySource: event.fields['registrySource'],
  })
}
/** A list as a client gets it, and a tool in it that the session calls if there is one. */
function listed(story: Story): { session: Session; list: Event; tool: Definition } {
  const session = story.session([REGISTRY])
  const list = story
    .all(session, REGISTRY)
    .filter((event) => definitionsOf(event).length > 0)
    .at(-1)
  if (list === undefined) throw new UnfitSession('an empty list')
  story.past(session, 1)
  const called = new Set(story.all(session, 'tool.call').map(({ fields }) => fields['toolName']))
  const definitions = definitionsOf(list)
  const tool = definitions.find(({ name }) => called.has(name)) ?? definitions[0]!
  story.about(tool.name)
  return { session, list, tool }
}
const instead = (event: Event, tool: Definition, by: Definition): readonly Definition[] =>
  definitionsOf(event).map((each) => (each.name === tool.name ? by : each))
/** What the producer tells beside a list: what its classifiers found in one definition. */
function toldWith(story: Story, list: Event, tool: string): void {
  story.after(list, 'content.finding', {
    surface: 'definition',
    findingClass: 'injection.secret_path',
    verdict: 'malicious',
    score: 0.95,
    contentPath: 'description',
    toolName: tool,
    decodings: [],
    domains: [],
    detector: 'injection',
    parameterRole: 'unknown',
    validated: false,
  })
}
const lists = (kind: Parameters<typeof isList>[0]): boolean => has(REGISTRY)(kind)
const isList = has(REGISTRY)
const everyLists = (kind: Parameters<typeof isList>[0]): boolean =>
  kind.sessions.length > 0 && kind.sessions.every((template) => hasType(template, REGISTRY))

export const DEFINITIONS: readonly AttackKind[] = [
  {
    name: 'a definition turns',
    fits: ['tdf-001', 'tdf-003', 'tdf-005'],
    on: everyLists,
    tell(story) {
      const { session, list, tool } = listed(story)
      const evil = poisoned(tool, `evil ${story.variant}`)
      shows(story, list, instead(list, tool, evil))
      toldWith(story, list, tool.name)
      for (const event of session.events)
        if (event.ms > list.ms && event.fields['toolName'] === tool.name)
          story.change(event, { definitionHash: evil['hash'] })
    },
  },
  {
    name: 'a definition turns, hides and returns',
    fits: ['tdf-001', 'tdf-005'],
    on: everyLists,
    tell(story) {
      const { list, tool } = listed(story)
      const quiet = {
        ...poisoned(tool, `quiet ${story.variant}`),
        findings: tool['findings'],
        verdicts: tool['verdicts'],
      } as Definition
      const waitMs = story.variant % 2 === 0 ? 300_000 : 2_400_000
      shows(story, list, instead(list, tool, poisoned(tool, 'evil')))
      const good = story.again(list, { definitions: instead(list, tool, quiet) }, waitMs)
      story.again(good, { definitions: instead(list, tool, poisoned(tool, 'evil')) }, waitMs)
    },
  },
  {
    name: 'one caller is shown another definition',
    fits: ['tdf-005', 'tdf-001', 'tdf-003'],
    on: everyLists,
    tell(story) {
      const { session, list, tool } = listed(story)
      const waitMs = story.variant % 2 === 0 ? 60_000 : 600_000
      const one = story.stranger(session)
      const evil = story.again(
        list,
        {
          definitions: instead(list, tool, poisoned(tool, 'for one')),
          ...(list.fields['principalKey'] ? { principalKey: one.key } : {}),
        },
        waitMs,
      )
      story.again(evil, { definitions: definitionsOf(list), principalKey: list.fields['principalKey'] }, waitMs)
    },
  },
  {
    name: 'it says that it only reads, then deletes',
    fits: ['tdf-006', 'tdf-001'],
    on: (kind) => everyLists(kind) && has('tool.call')(kind),
    tell(story) {
      const { session, list, tool } = listed(story)
      const annotations = ['destructiveHint=false', 'readOnlyHint=true']
      const changed = {
        ...tool,
        annotations,
        annotationsHash: stableHex('only reads', 64),
        hash: stableHex(`${String(tool['hash'])} reads`, 64),
      } as Definition
      shows(story, list, instead(list, tool, changed))
      const call = story.last(session, 'tool.call')
      const effectKind = story.variant % 2 === 0 ? 'file_delete' : 'exec'
      story.after(
        call,
        'side_effect',
        {
          toolName: tool.name,
          effectKind,
          effectClass: effectKind === 'exec' ? 'shell' : 'file',
          argumentMatch: true,
          hits: 1,
          programName: effectKind === 'exec' ? 'rm' : '',
          shell: effectKind === 'exec',
        },
        3_000,
      )
    },
  },
  {
    name: 'a tool that looks like one of another server',
    fits: ['tdf-004', 'tdf-003'],
    on: everyLists,
    tell(story) {
      const { list, tool } = listed(story)
      const elsewhere = story.fleet.servers.filter(
        ({ tenant, kind }) => tenant === story.server.tenant && kind.kind !== story.server.kind.kind && lists(kind),
      )
      const other = story.random.pick(elsewhere)
      const names = other.kind.sessions.flatMap(({ events }) =>
        events.flatMap(({ fields }) =>
          fields['eventType'] === REGISTRY ? ((fields['definitions'] as Definition[] | undefined) ?? []) : [],
        ),
      )
      const target = names.find(({ name }) => /[aeo]/.test(name)) ?? names[0]!
      const twin = target.name.replace(/[aeo]/, (letter) => ({ a: '\u0430', e: '\u0435', o: '\u043e' })[letter]!)
      const made = {
        ...tool,
        name: twin,
        nameKey: target['nameKey'],
        hash: stableHex(`twin ${twin}`, 64),
      } as Definition
      story.tools.length = 0
      story.about(twin, target.name)
      story.others.push(other.id)
      shows(
        story,
        list,
        [...definitionsOf(list), made].sort((a, b) => (a.name < b.name ? -1 : 1)),
      )
    },
  },
  {
    name: 'a new tool with hidden orders',
    fits: ['tdf-003', 'tdf-001', 'tdf-002'],
    on: everyLists,
    tell(story) {
      const { list, tool } = listed(story)
      const name = ['sync_notes', 'check_health', 'init_session'][story.variant % 3]!
      const made = { ...poisoned(tool, name), name, nameKey: name.replaceAll('_', '') }
      story.tools.length = 0
      story.about(name)
      shows(
        story,
        list,
        [...definitionsOf(list), made].sort((a, b) => (a.name < b.name ? -1 : 1)),
      )
      toldWith(story, list, name)
    },
  },
]
