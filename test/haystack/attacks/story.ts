/** An attack as it is told: sessions that are benign copies at first, then what an attacker changes in them. What is changed is marked. */
import { ENVELOPE_FIELDS } from '../../../schemas/envelope.ts'
import { copyOf, type Event, type Session, uuidOf } from '../copy.ts'
import { type Fleet, HOUR_MS, type Person, type Server } from '../fleet.ts'
import { type Random, stableHex } from '../random.ts'
import type { Fields, ServerKind, Template } from '../templates.ts'

export type Changes = Record<string, unknown>
export interface AttackKind {
  readonly name: string
  /** Rules or families whose alert would be about it. */
  readonly fits: readonly string[]
  /** Servers it can happen to. */
  on(kind: ServerKind): boolean
  tell(story: Story): void
}
/** Kinds of servers whose recording has events of all these types. */
export const has =
  (...types: string[]) =>
  (kind: ServerKind): boolean =>
    types.every((type) => kind.sessions.some((template) => hasType(template, type)))
export const hasType = ({ events }: Template, type: string): boolean =>
  events.some(({ fields }) => fields['eventType'] === type)
export const isProtected = (kind: ServerKind): boolean =>
  kind.isProtected && has('tool.call', 'auth.token.validated')(kind)

const OF_ENVELOPE: ReadonlySet<string> = new Set(ENVELOPE_FIELDS)
/** What another event of the same request does not share. */
const NOT_SHARED = new Set(['eventId', 'producerSeq', 'durationMs', 'outcome', 'errorCode', 'labels'])

/** A session without what the story needs. */
export class UnfitSession extends Error {}

export class Story {
  readonly fleet: Fleet
  readonly server: Server
  readonly startMs: number
  /** 0, 1, … : another order, pace or detail each time. */
  readonly variant: number
  readonly random: Random
  readonly events: Event[] = []
  readonly marked = new Set<Event>()
  readonly tools: string[] = []
  readonly others: string[] = []
  readonly #samples: ReadonlyMap<string, Fields>

  constructor(
    fleet: Fleet,
    server: Server,
    startMs: number,
    variant: number,
    random: Random,
    samples: ReadonlyMap<string, Fields>,
  ) {
    this.fleet = fleet
    this.server = server
    this.startMs = startMs
    this.variant = variant
    this.random = random
    this.#samples = samples
  }

  /** A benign session that has events of these types. */
  session(types: readonly string[]): Session {
    // Beside a deployment much is explained: attackers who know of one are not told of here.
    const fitting = this.server.kind.sessions.filter(
      (template) => types.every((type) => hasType(template, type)) && !hasType(template, 'deployment.event'),
    )
    if (fitting.length === 0) throw new UnfitSession(`haystack: no session of ${this.server.id} with ${types}`)
    return this.#copied(this.random.pick(fitting), this.startMs)
  }
  #copied(template: Template, atMs: number, people?: ReadonlyMap<string, Person>): Session {
    const session = copyOf(this.fleet, this.server, template, atMs, this.random, {
      ...(people !== undefined && { people }),
      paceMs: this.variant % 2 === 0 ? 1_000 : 6_000,
    })
    this.events.push(...session.events)
    return session
  }
  /** The same session of the same people so many times before, a few hours apart: what is usual for them. */
  past({ template, people }: Session, count: number): void {
    for (let n = count; n > 0; n--) this.#copied(template, this.startMs - n * 2 * HOUR_MS, people)
  }

  all(session: Session, type: string, where: (fields: Fields) => boolean = () => true): Event[] {
    return session.events.filter(({ fields }) => fields['eventType'] === type && where(fields))
  }
  first(session: Session, type: string, where?: (fields: Fields) => boolean): Event {
    const [found] = this.all(session, type, where)
    if (found === undefined) throw new UnfitSession(`haystack: no such ${type} in a session of ${this.server.id}`)
    return found
  }
  last(session: Session, type: string, where?: (fields: Fields) => boolean): Event {
    const found = this.all(session, type, where).at(-1)
    if (found === undefined) throw new UnfitSession(`haystack: no such ${type} in a session of ${this.server.id}`)
    return found
  }

  change(event: Event, changes: Changes): Event {
    Object.assign(event.fields, changes)
    this.marked.add(event)
    return event
  }
  remove(...events: Event[]): void {
    for (const event of events) this.events.splice(this.events.indexOf(event), 1)
  }
  /** Another event of the same request; what belongs to its type is as recorded somewhere, but for the changes. */
  after(event: Event, eventType: string, changes: Changes, waitMs = 20): Event {
    const fields: Changes = {}
    for (const [name, value] of Object.entries(event.fields))
      if (OF_ENVELOPE.has(name) && !NOT_SHARED.has(name)) fields[name] = value
    const sample = this.#samples.get(eventType) ?? {}
    for (const [name, value] of Object.entries(sample)) if (!OF_ENVELOPE.has(name)) fields[name] = value
    Object.assign(fields, { eventType, eventId: uuidOf(this.random.hex()) }, changes)
    const made: Event = { ms: event.ms + waitMs, fields, ...(event.lane !== undefined && { lane: event.lane }) }
    this.events.push(made)
    this.marked.add(made)
    return made
  }
  /** The same again, as a request of its own. */
  again(event: Event, changes: Changes, waitMs: number): Event {
    const { eventType, ...fields } = event.fields
    const made = this.after(event, eventType as string, {}, waitMs)
    const requestUid = uuidOf(this.random.hex())
    Object.assign(
      made.fields,
      fields,
      { eventId: uuidOf(this.random.hex()), requestUid, logicalCallId: requestUid },
      changes,
    )
    return made
  }
  /** From another system. */
  ingested(ms: number, eventType: string, changes: Changes, serverId = this.server.id): Event {
    const made: Event = {
      ms,
      fields: {
        eventType,
        eventId: uuidOf(this.random.hex()),
        serverId,
        tenant: this.server.tenant,
        vantage: 'server',
        source: 'ingest',
        ...changes,
      },
    }
    this.events.push(made)
    this.marked.add(made)
    return made
  }

  /** Somebody else of the same company. */
  stranger(session: Session): Person {
    const taken = new Set(session.people.values())
    const pool = this.fleet.people.filter(
      (person) =>
        person.tenant === this.server.tenant &&
        !person.isWorkload &&
        !taken.has(person) &&
        person.endsMs === Number.POSITIVE_INFINITY,
    )
    const stranger = this.random.pick(pool)
    this.others.push(stranger.key)
    return stranger
  }
  /** What a request of this person says of its sender. */
  sender(person: Person): Changes {
    const { fp, addressClass } = person.addresses.at(-1)!
    return {
      principalKey: person.key,
      correlationKey: stableHex(`${person.key} ${this.server.id}`),
      sourceAddressFp: fp,
      addressClass,
    }
  }
  /** The first who takes part. */
  victim(session: Session): Person {
    return [...session.people.values()][0]!
  }
  hex(): string {
    return this.random.hex()
  }
  /** Tools that the attack is about. */
  about(...tools: string[]): void {
    this.tools.push(...tools)
  }
}
