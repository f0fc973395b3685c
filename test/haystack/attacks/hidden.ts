/** The attacks of a week: each kind in several variants, on other servers, at other times, fast or slow. */
import type { Attack } from '../attack.ts'
import { DAY_MS, type Fleet, HOUR_MS, START_MS } from '../fleet.ts'
import { Random } from '../random.ts'
import type { Fields } from '../templates.ts'
import { CONTENT } from './content.ts'
import { DEFINITIONS } from './definitions.ts'
import { EDGES } from './edges.ts'
import { SCOPES } from './scopes.ts'
import { SESSIONS } from './sessions.ts'
import { Story, UnfitSession } from './story.ts'
import { TOKENS } from './tokens.ts'

export const ATTACK_KINDS = [...TOKENS, ...SCOPES, ...SESSIONS, ...EDGES, ...DEFINITIONS, ...CONTENT]
/** Nobody attacks in the first hours, nor so late that an hour to find it would be missing. */
const [FROM_MS, TO_MS] = [START_MS + DAY_MS, START_MS + 6.5 * DAY_MS]
const MOST_TRIES = 200
const QUARTER_MS = HOUR_MS / 4

/** `count` of them: every kind once, then every kind again. */
export function hiddenAttacks(fleet: Fleet, count: number, seed: number): Attack[] {
  const random = new Random(seed ^ 0x5eed)
  const samples = samplesOf(fleet)
  const used = new Map<string, number>()
  return Array.from({ length: count }, (_, n) => {
    const kind = ATTACK_KINDS[n % ATTACK_KINDS.length]!
    const variant = Math.floor(n / ATTACK_KINDS.length)
    const possible = fleet.servers.filter((server) => kind.on(server.kind))
    const startMs = Math.round(FROM_MS + random.next() * (TO_MS - FROM_MS) + variant * QUARTER_MS)
    const told = (): Story => {
      const least = Math.min(...possible.map(({ id }) => used.get(id) ?? 0))
      const server = random.pick(possible.filter(({ id }) => (used.get(id) ?? 0) === least))
      used.set(server.id, least + 1)
      const story = new Story(fleet, server, startMs, variant, new Random(random.below(2 ** 32)), samples)
      kind.tell(story)
      return story
    }
    const story = firstThatFits(told)
    const marked = [...story.marked].filter((event) => story.events.includes(event))
    if (marked.length === 0) throw new Error(`haystack: ${kind.name} changes nothing on ${story.server.id}`)
    const times = marked.map(({ ms }) => ms)
    return {
      name: `${kind.name} #${variant + 1}`,
      fits: kind.fits,
      serverId: story.server.id,
      startMs: Math.min(...story.events.map(({ ms }) => ms)),
      lastMs: Math.max(...times),
      eventIds: marked.map(({ fields }) => fields['eventId'] as string),
      tools: story.tools,
      others: story.others,
      events: story.events,
    }
  })
}

/** Not every session has what the story needs; another one has. */
function firstThatFits(told: () => Story): Story {
  for (let tries = 1; ; tries++)
    try {
      return told()
    } catch (error) {
      if (!(error instanceof UnfitSession) || tries === MOST_TRIES) throw error
    }
}

/** One recorded event of each type, for what belongs to the type alone. */
function samplesOf(fleet: Fleet): ReadonlyMap<string, Fields> {
  const samples = new Map<string, Fields>()
  for (const { kind } of fleet.servers)
    for (const fields of [
      ...kind.prologue,
      ...kind.sessions.flatMap(({ events }) => events.map((event) => event.fields)),
    ])
      if (!samples.has(fields['eventType'] as string)) samples.set(fields['eventType'] as string, fields)
  return samples
}
