/** The week: sessions of the fleet one beside the other, deployments, restarts, releases, a rotation of keys, and what was hidden among them. */
import { CLIENT_RELEASES, copyOf, type Event, listenerOf, uuidOf } from './copy.ts'
import { DAY_MS, DAYS, type Fleet, HOUR_MS, type Server, START_MS, TENANTS } from './fleet.ts'
import { inventoryEvents } from './inventory.ts'
import { Random, stableHex } from './random.ts'
import { rotate } from './rotation.ts'
import type { Template } from './templates.ts'
import { buildOf, built } from './versions.ts'

/** What is planned: events that are made when their time has come. */
export interface Planned {
  readonly startMs: number
  make(): readonly Event[]
}
const ROLLING_MS = 10 * 60_000
/** Deployments of a server in the week, at most; every third of them rolls. */
const DEPLOYMENTS = 2
const RESTARTS = 2

/** Benign sessions so that about `count` events come of it. */
export function benignPlan(fleet: Fleet, count: number, seed: number): Planned[] {
  const random = new Random(seed)
  const plan: Planned[] = []
  // Protected servers are what most people of a company share.
  const weighted = fleet.servers.flatMap((server) => (server.kind.isProtected ? [server, server, server] : [server]))
  for (let drawn = 0; drawn < count; ) {
    const server = random.pick(weighted)
    const template = random.pick(server.kind.sessions)
    if (isDeployment(template) && random.next() > RARE) continue
    const startMs = timeOfWeek(random)
    const own = new Random(random.below(2 ** 32))
    plan.push({ startMs, make: () => copyOf(fleet, server, template, startMs, own).events })
    drawn += template.events.length
  }
  return plan
}

/** A recorded run in which a build is rolled out: that happens now and then, not every few minutes. */
const RARE = 0.01
const isDeployment = ({ events }: Template): boolean =>
  events.some(({ fields }) => fields['eventType'] === 'deployment.event')

/** Five days of ten busy hours; a little at night and at the weekend. */
export function timeOfWeek(random: Random): number {
  for (;;) {
    const ms = START_MS + HOUR_MS + random.next() * (DAYS * DAY_MS - 2 * HOUR_MS)
    const date = new Date(ms)
    const isBusy = date.getUTCDay() % 6 !== 0 && date.getUTCHours() >= 8 && date.getUTCHours() < 18
    if (isBusy || random.next() < 0.15) return ms
  }
}

/** Starts, restarts and deployments of servers that listen; releases of clients; what operators say. */
export function operationsPlan(fleet: Fleet, seed: number): Planned[] {
  const random = new Random(seed)
  const plan: Planned[] = []
  for (const tenant of TENANTS) plan.push({ startMs: START_MS, make: () => inventoryEvents(fleet, tenant) })
  for (const [name, [version, fromMs]] of Object.entries(CLIENT_RELEASES))
    for (const tenant of TENANTS)
      plan.push({
        startMs: fromMs - 60_000,
        make: () => [ingested(tenant, '*', fromMs - 60_000, { deployedClient: name, runId: `release-${version}` })],
      })
  for (const server of fleet.servers) {
    if (!server.kind.isProcess)
      plan.push({ startMs: START_MS + 1_000, make: () => started(server, START_MS + 1_000, server.producers[0]!) })
    const times = Array.from({ length: DEPLOYMENTS }, () => timeOfWeek(random)).sort((a, b) => a - b)
    for (const [n, startMs] of times.entries()) {
      if (random.next() < 0.5) continue
      const isRolling = !server.kind.isProcess && n % 2 === 1
      const producer = random.hex()
      plan.push({ startMs, make: () => deployed(server, startMs, isRolling, producer) })
      if (isRolling) plan.push({ startMs: startMs + ROLLING_MS, make: () => retired(server, startMs + ROLLING_MS) })
    }
    for (let n = 0; n < RESTARTS && !server.kind.isProcess; n++) {
      const startMs = timeOfWeek(random)
      const producer = random.hex()
      plan.push({ startMs, make: () => restarted(server, startMs, producer) })
    }
  }
  return plan
}

const ingested = (tenant: string, serverId: string, ms: number, fields: object): Event => ({
  ms,
  fields: {
    eventType: 'deployment.event',
    eventId: uuidOf(stableHex(`${tenant} ${serverId} ${ms} ${JSON.stringify(fields)}`)),
    serverId,
    tenant,
    vantage: 'server',
    source: 'ingest',
    actor: 'pipeline',
    ...fields,
  },
})
type Producer = Server['producers'][number]
function said(server: Server, ms: number, producer: Producer, recorded: readonly object[]): Event[] {
  return recorded.map((each, n) => {
    const fields: Record<string, unknown> = { ...each }
    Object.assign(fields, {
      eventId: uuidOf(stableHex(`${server.id} ${producer.id} ${ms} ${n}`)),
      serverId: server.id,
      tenant: server.tenant,
      producerId: producer.id,
    })
    if (fields['bindAddress']) fields['bindAddress'] = listenerOf(server)
    if (fields['eventType'] === 'server.started' && server.kind.isProtected) fields['tls'] = true
    built(fields, server, producer.version)
    return { ms: ms + n, fields }
  })
}
const started = (server: Server, ms: number, producer: Producer): Event[] =>
  said(server, ms, producer, server.kind.prologue)
function restarted(server: Server, ms: number, id: string): Event[] {
  const before = server.producers[0]!
  const next = { id, version: server.version }
  server.producers = [next]
  return [...said(server, ms, before, server.kind.epilogue), ...started(server, ms + 2_000, next)]
}
function deployed(server: Server, ms: number, isRolling: boolean, id: string): Event[] {
  const before = server.producers[0]!
  server.version++
  const next = { id, version: server.version }
  server.producers = isRolling ? [next, before] : [next]
  const announced = ingested(server.tenant, server.id, ms, {
    newBuildDigest: buildOf(server, server.version),
    runId: `run-${ms}`,
  })
  if (server.kind.isProcess) return [announced]
  const end = isRolling ? [] : said(server, ms + 1_000, before, server.kind.epilogue)
  return [announced, ...end, ...started(server, ms + 3_000, next)]
}
function retired(server: Server, ms: number): Event[] {
  const [next, before] = server.producers
  if (before === undefined || next === undefined) return []
  server.producers = [next]
  return said(server, ms, before, server.kind.epilogue)
}

/** All that was planned, event by event in the order of time, numbered by its producers. */
export function* inOrder(plan: readonly Planned[], fleet: Fleet): Generator<Record<string, unknown>> {
  const waiting = plan.toSorted((a, b) => a.startMs - b.startMs)
  const heap: { events: readonly Event[]; at: number }[] = []
  const servers = new Map(fleet.servers.map((server) => [server.id, server]))
  const numbers = new Map<string, number>()
  const begun = new Map<string, number>()
  const msOf = (n: number): number => heap[n]!.events[heap[n]!.at]!.ms
  let next = 0
  for (;;) {
    while (next < waiting.length && (heap.length === 0 || waiting[next]!.startMs <= msOf(0))) {
      const events = waiting[next++]!.make().toSorted((a, b) => a.ms - b.ms)
      if (events.length > 0) sink(heap, { events, at: 0 }, msOf)
    }
    const first = heap[0]
    if (first === undefined) return
    const event = first.events[first.at++]!
    if (first.at === first.events.length) {
      const last = heap.pop()!
      if (heap.length > 0) heap[0] = last
    }
    settle(heap, msOf)
    yield finished(event, servers, numbers, begun)
  }
}
function sink(
  heap: { events: readonly Event[]; at: number }[],
  entry: (typeof heap)[number],
  msOf: (n: number) => number,
): void {
  let at = heap.push(entry) - 1
  while (at > 0) {
    const up = (at - 1) >> 1
    if (msOf(up) <= msOf(at)) return
    ;[heap[up], heap[at]] = [heap[at]!, heap[up]!]
    at = up
  }
}
function settle(heap: { events: readonly Event[]; at: number }[], msOf: (n: number) => number): void {
  let at = 0
  for (;;) {
    const [left, right] = [2 * at + 1, 2 * at + 2]
    let least = at
    if (left < heap.length && msOf(left) < msOf(least)) least = left
    if (right < heap.length && msOf(right) < msOf(least)) least = right
    if (least === at) return
    ;[heap[least], heap[at]] = [heap[at]!, heap[least]!]
    at = least
  }
}

/** What only its turn decides: time, process and number, and the version of the keys. */
function finished(
  { ms, fields, lane }: Event,
  servers: ReadonlyMap<string, Server>,
  numbers: Map<string, number>,
  begun: Map<string, number>,
): Record<string, unknown> {
  const server = servers.get(fields['serverId'] as string)
  fields['eventTime'] = new Date(ms).toISOString()
  fields['receivedAt'] = new Date(ms + 40).toISOString()
  if (server !== undefined && fields['source'] !== 'ingest') {
    if (lane !== undefined) {
      const { producers } = server
      const process = producers[lane % producers.length]!
      built(fields, server, process.version)
      fields['producerId'] = process.id
    }
    const producer = fields['producerId'] as string
    // A process of a client's own has the build that was there when it began.
    if (lane === undefined && server.kind.isProcess) {
      const version = begun.get(producer) ?? server.version
      begun.set(producer, version)
      built(fields, server, version)
    }
    const number = (numbers.get(producer) ?? 0) + 1
    numbers.set(producer, number)
    fields['producerSeq'] = number
    if (fields['eventsSent'] !== undefined) fields['eventsSent'] = number
  }
  delete fields['previousProducerId']
  return rotate(fields, ms)
}
