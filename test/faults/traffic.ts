// Events as producers make them: calls of busy servers, and between them stories that need state to be told from harmless ones.
import type { LoadedRules } from '../../detectors/loaded-rule.ts'
import { exampleEvents, SAMPLE_EPOCH_MS } from '../../detectors/sample.ts'
import type { AuditEvent } from '../../schemas/event.ts'
import type { Random } from './random.ts'

/** Older events would be clamped at admission. */
const LONGEST_STORY_MS = 6 * 86_400_000
const TOOLS = ['search', 'read_file', 'write_file', 'run_query', 'send_mail']

/** What is left of one story: the example of a rule, told on a server of its own. */
interface Story {
  readonly server: string
  readonly startMs: number
  readonly events: readonly AuditEvent[]
  told: number
}

/** Traffic of `senders` senders; each server belongs to one of them, so its events leave in order. */
export class Traffic {
  readonly #random: Random
  readonly #stories: Story[][]
  readonly #sequences = new Map<string, number>()

  constructor(rules: LoadedRules, random: Random, senders: number, stories: number) {
    this.#random = random
    this.#stories = Array.from({ length: senders }, () => [])
    const examples = rules.rules.flatMap((rule) => [
      ...rule.examples.match,
      ...rule.examples.match,
      ...rule.examples.noMatch,
    ])
    const tellable = examples
      .filter(({ config }) => config === undefined)
      .map(({ events }) => exampleEvents(events))
      .filter((events) => events.length > 1 && spanMs(events) < LONGEST_STORY_MS)
    for (let i = 0; i < stories; i++) {
      const events = random.pick(tellable)
      const startMs = Date.now() - spanMs(events) - 60_000
      this.#stories[i % senders]!.push({ server: `story-${i}`, startMs, events, told: 0 })
    }
  }

  /** Events of stories that this sender still has to tell. */
  left(sender: number): number {
    return this.#stories[sender]!.reduce((sum, { events, told }) => sum + events.length - told, 0)
  }

  /** `size` events of busy servers, and the next event of `told` stories that are under way at the same time. */
  batch(sender: number, size: number, told: number): AuditEvent[] {
    const events: AuditEvent[] = []
    while (events.length < size) events.push(...this.#call(sender))
    const stories = this.#stories[sender]!
    for (let i = 0; i < told; i++) {
      const open = stories.filter((story) => story.told < story.events.length).slice(0, 12)
      if (open.length === 0) break
      events.push(this.#tell(this.#random.pick(open)))
    }
    return events
  }

  #tell(story: Story): AuditEvent {
    const { eventId: _id, tenant: _tenant, ...event } = story.events[story.told++]!
    const instance = Buffer.from(`${story.server}/${event.producerId ?? ''}`).toString('hex')
    const eventTime = new Date(story.startMs + Date.parse(event.eventTime) - SAMPLE_EPOCH_MS).toISOString()
    return this.#numbered({ ...event, serverId: story.server, eventTime }, instance)
  }

  #call(sender: number): AuditEvent[] {
    const random = this.#random
    const serverId = `busy-${sender}-${random.between(0, 1)}`
    const user = random.between(0, 20)
    const request = random.hex(32)
    const shared = {
      serverId,
      eventTime: new Date().toISOString(),
      era: 'legacy',
      transport: 'http',
      vantage: 'server',
      source: 'native',
      principalKey: `aa${String(user).padStart(6, '0')}`,
      clientKey: 'ide',
      sessionFp: `bb${String(user).padStart(6, '0')}`,
      requestUid: request,
      method: 'tools/call',
      toolName: random.pick(TOOLS),
      decision: 'allow',
    }
    const instance = Buffer.from(serverId).toString('hex')
    return [
      this.#numbered({ ...shared, eventType: 'tool.call', argsBytes: random.between(10, 900) }, instance),
      this.#numbered({ ...shared, eventType: 'tool.result', outcome: 'ok', bytes: random.between(10, 9000) }, instance),
    ]
  }

  #numbered(event: object, producerId: string): AuditEvent {
    const producerSeq = (this.#sequences.get(producerId) ?? 0) + 1
    this.#sequences.set(producerId, producerSeq)
    return {
      ...event,
      eventId: uuid(this.#random),
      producerId: producerId.slice(0, 64),
      producerSeq,
    } as unknown as AuditEvent
  }
}

const spanMs = (events: readonly AuditEvent[]): number =>
  Math.max(...events.map(({ eventTime }) => Date.parse(eventTime))) - SAMPLE_EPOCH_MS

/** A UUIDv7 of now. */
export function uuid(random: Random): string {
  const time = Date.now().toString(16).padStart(12, '0')
  return `${time.slice(0, 8)}-${time.slice(8)}-7${random.hex(3)}-8${random.hex(3)}-${random.hex(12)}`
}
