/** A copy of a recorded session: other people, another time, another pace, ids of its own; everything else as it was recorded. */
import { type Fleet, HOUR_MS, type Person, peopleOf, type Server, START_MS } from './fleet.ts'
import { type Random, stableHex } from './random.ts'
import type { Template } from './templates.ts'

/** One event of the week. `ms` decides its place; numbers, build and receipt are given when it is its turn. */
export interface Event {
  ms: number
  fields: Record<string, unknown>
  /** Which of the processes of a server that listens answers, when there are two; absent where the process is the client's own. */
  lane?: number
}
export interface Session {
  readonly server: Server
  readonly template: Template
  readonly people: ReadonlyMap<string, Person>
  readonly events: Event[]
}

/** Keyed hashes and ids that are new in each copy; equal ones stay equal. */
const OWN = new Set(
  `requestUid logicalCallId traceId sessionFp tokenFp taskFp stateFp codeFp refreshFp issuedFp issuedRefreshFp proofFp handleFp
  lastEventFp subscriptionIdHash causeRequestUid targetSessionFp argsHmac contentHmac spanHash`.split(/\s+/),
)
const OF_PEOPLE = new Set(['principalKey', 'producerPrincipal', 'webPrincipalKey'])
const EPOCHS = new Set(['expAt', 'issuedAt', 'notBefore', 'authTime'])
const HANDLES = new Set(['argHandles', 'mintedHandles'])
const UUID = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/
/** Calls that are alike are made by many; the other half has arguments of its own. */
const SAME_CONTENT = 0.5
/** Versions of client programs, and from when on they are out. */
export const CLIENT_RELEASES: Readonly<Record<string, readonly [version: string, fromMs: number]>> = {
  editor: ['1.93.0', START_MS + 50 * HOUR_MS],
  'demo-desk': ['3.3.0', START_MS + 74 * HOUR_MS],
}

export interface CopyOptions {
  /** Whom recorded personas are; others are drawn. */
  readonly people?: ReadonlyMap<string, Person>
  /** Mean time between requests, ms. */
  readonly paceMs?: number
}

export function copyOf(
  fleet: Fleet,
  server: Server,
  template: Template,
  startMs: number,
  random: Random,
  options: CopyOptions = {},
): Session {
  const people = new Map<string, Person>()
  for (const persona of template.personas)
    people.set(
      persona,
      options.people?.get(persona) ?? drawn(peopleOf(fleet, server, persona), people, startMs, random),
    )
  const ids = new Map<string, string>()
  const own = (value: string): string => {
    let mine = ids.get(value)
    if (mine === undefined) {
      mine = UUID.test(value) ? uuidOf(random.hex()) : random.hex()
      ids.set(value, mine)
    }
    return mine
  }
  const isSame = random.next() < SAME_CONTENT
  const pace = options.paceMs ?? (random.next() < 0.6 ? 1_500 : 8_000)
  const meanMs = Math.min(pace, (0.5 * Math.min(template.tokenLifeMs, HOUR_MS)) / template.beats)
  const producer = random.hex()
  const lane = random.below(2)
  const address = random.next() < 0.8 ? 0 : 1
  const shifts = new Map<string, number>()
  let shiftMs = 0
  let beat = 0
  const events = template.events.map(({ fields: recorded, offsetMs, beat: of }): Event => {
    if (of > beat) {
      // Twice the mean at most three times: a session ends within the life of its tokens.
      shiftMs += beat === 0 ? 0 : Math.min(random.waits(meanMs), 3 * meanMs)
      beat = of
    }
    const ms = Math.round(startMs + offsetMs + shiftMs)
    const fields: Record<string, unknown> = { ...recorded }
    const person = people.get(recorded['principalKey'] as string)
    for (const name in recorded) {
      const value = recorded[name]
      if (value === '') continue
      if (OWN.has(name)) {
        if (!(isSame && (name === 'argsHmac' || name === 'contentHmac' || name === 'spanHash')))
          fields[name] = own(value as string)
      } else if (OF_PEOPLE.has(name)) fields[name] = people.get(value as string)?.key ?? value
      else if (HANDLES.has(name))
        fields[name] = (value as { fp: string }[]).map((handle) => ({ ...handle, fp: own(handle.fp) }))
      else if (EPOCHS.has(name)) {
        const token = (recorded['tokenFp'] as string | undefined) ?? ''
        let shift = shifts.get(token)
        if (shift === undefined) {
          shift = Math.round((ms - (template.startMs + offsetMs)) / 1_000)
          shifts.set(token, shift)
        }
        fields[name] = (value as number) === 0 ? 0 : (value as number) + shift
      }
    }
    fields['eventId'] = uuidOf(random.hex())
    fields['serverId'] = server.id
    fields['tenant'] = server.tenant
    if (template.isProcess) fields['producerId'] = producer
    if (recorded['revokedAt'] !== undefined) fields['revokedAt'] = Math.floor(ms / 1_000)
    if (recorded['subjectKey'] !== undefined)
      fields['subjectKey'] = people.get(recorded['subjectKey'] as string)?.key ?? own(recorded['subjectKey'] as string)
    for (const name of ['clientKey', 'oauthClientId'] as const) {
      const id = recorded[name] as string | undefined
      if (id !== undefined && id !== '') fields[name] = UUID.test(id) ? own(id) : `${id}${person?.clientTag ?? ''}`
    }
    const release = CLIENT_RELEASES[recorded['clientName'] as string]
    if (release !== undefined && ms >= release[1]) fields['clientVersion'] = release[0]
    placed(fields, server, person ?? [...people.values()][0], address)
    if (fields['correlationKey'] !== undefined)
      fields['correlationKey'] =
        recorded['correlationKey'] === recorded['sessionFp']
          ? fields['sessionFp']
          : correlation(server, person, fields['clientKey'] as string)
    return template.isProcess ? { ms, fields } : { ms, fields, lane }
  })
  return { server, template, people, events }
}

/** A protected server listens inside; the others are for their own machine. */
export const listenerOf = ({ kind, port }: Server): string => `${kind.isProtected ? '10.4.0.12' : '127.0.0.1'}:${port}`

/** Where the request came from, and under which name the server is known there. */
function placed(fields: Record<string, unknown>, server: Server, person: Person | undefined, at: number): void {
  if (fields['host'] !== undefined && fields['host'] !== '')
    fields['host'] = server.kind.isProtected ? server.host : `127.0.0.1:${server.port}`
  if (fields['bindAddress'] !== undefined && fields['bindAddress'] !== '') fields['bindAddress'] = listenerOf(server)
  if (person === undefined || fields['sourceAddressFp'] === undefined || !server.kind.isProtected) return
  const { fp, addressClass } = person.addresses[at % person.addresses.length]!
  fields['sourceAddressFp'] = fp
  fields['addressClass'] = addressClass
  if (fields['tlsVersion'] !== undefined) fields['tlsVersion'] = 'TLSv1.3'
}

/** One of them whose account is open, and who does not take part yet. */
function drawn(pool: readonly Person[], taken: ReadonlyMap<string, Person>, atMs: number, random: Random): Person {
  const others = new Set(taken.values())
  const free = pool.filter((person) => !others.has(person) && person.endsMs > atMs + 2 * HOUR_MS)
  return random.pick(free)
}

const correlations = new Map<string, string>()
function correlation(server: Server, person: Person | undefined, client: string): string {
  const key = `${person?.key ?? ''} ${client} ${server.id}`
  let hash = correlations.get(key)
  if (hash === undefined) {
    hash = stableHex(key)
    correlations.set(key, hash)
  }
  return hash
}
export const uuidOf = (hex: string): string =>
  `${hex.slice(0, 8)}-${hex.slice(8, 12)}-7${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`
