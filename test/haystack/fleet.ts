/** Who and what there is in the simulated week: servers with their builds, people with their clients and addresses. */
import { Random, stableHex } from './random.ts'
import type { ServerKind } from './templates.ts'

export const START_MS = Date.UTC(2026, 9, 5)
export const DAY_MS = 86_400_000
export const HOUR_MS = 3_600_000
export const DAYS = 7
export const TENANTS = ['default', 'acme'] as const

export interface Person {
  readonly index: number
  readonly tenant: string
  readonly key: string
  readonly isWorkload: boolean
  /** The program they use; a tag behind the recorded client. */
  readonly clientTag: string
  readonly addresses: readonly { readonly fp: string; readonly addressClass: 'private' | 'public' }[]
  /** From then on the account is closed. */
  endsMs: number
}
export interface Server {
  readonly id: string
  readonly kind: ServerKind
  readonly tenant: string
  readonly host: string
  readonly port: number
  /** Newest build, from 0. */
  version: number
  /** Until then the build before also answers. */
  rollingUntilMs: number
  /** Processes that answer: of the newest build, and of the one before. */
  producers: readonly { readonly id: string; readonly version: number }[]
}
export interface Fleet {
  readonly servers: readonly Server[]
  readonly people: readonly Person[]
}

const CLIENT_TAGS = ['', '-beta', '-web', '-cli']
const PRINCIPALS = { default: 230, acme: 40 } as const
const WORKLOADS = 12

/** `instances`: servers of each kind in the first tenant; the second has one of every other kind. */
export function fleetOf(kinds: readonly ServerKind[], seed: number, instances = 2): Fleet {
  const random = new Random(seed)
  const servers: Server[] = []
  for (const tenant of TENANTS)
    for (const [at, kind] of kinds.entries()) {
      const count = tenant === 'default' ? instances : at % 2
      for (let n = 0; n < count; n++) {
        const id = `${kind.kind.replace(/^demo-/, '')}-${tenant === 'default' ? 'eu' : 'acme'}-${n + 1}`
        servers.push({
          id,
          kind,
          tenant,
          host: `${id}.corp.example`,
          port: 20_000 + servers.length,
          version: 0,
          rollingUntilMs: 0,
          producers: [{ id: random.hex(), version: 0 }],
        })
      }
    }
  const people: Person[] = []
  for (const tenant of TENANTS)
    for (let n = 0; n < PRINCIPALS[tenant]; n++) {
      const index = people.length
      const name = `${tenant}/${n}`
      const isWorkload = n < WORKLOADS
      people.push({
        index,
        tenant,
        key: stableHex(`principal ${name}`),
        isWorkload,
        clientTag: isWorkload ? `-${n}` : CLIENT_TAGS[n % CLIENT_TAGS.length]!,
        addresses: isWorkload
          ? [{ fp: stableHex(`address ${name}`), addressClass: 'private' }]
          : [
              // An office shares one address; at home everybody has one of their own.
              { fp: stableHex(`office ${tenant} ${n % 9}`), addressClass: 'private' },
              { fp: stableHex(`home ${name}`), addressClass: 'public' },
            ],
        endsMs: Number.POSITIVE_INFINITY,
      })
    }
  return { servers, people }
}

/** Whoever has this recorded persona’s rights at the server, always the same ones. */
export function peopleOf(fleet: Fleet, server: Server, persona: string): readonly Person[] {
  const at = server.kind.personas.findIndex(({ key }) => key === persona)
  const { isWorkload } = server.kind.personas[at]!
  const alike = server.kind.personas.filter((each) => each.isWorkload === isWorkload)
  const place = alike.findIndex(({ key }) => key === persona)
  const key = `${server.id}/${persona}`
  const known = pools.get(fleet) ?? new Map<string, readonly Person[]>()
  pools.set(fleet, known)
  let pool = known.get(key)
  if (pool === undefined) {
    const salt = Number.parseInt(stableHex(server.id, 6), 16)
    pool = fleet.people.filter(
      (person) =>
        person.tenant === server.tenant &&
        person.isWorkload === isWorkload &&
        (person.index + salt) % alike.length === place,
    )
    known.set(key, pool)
  }
  return pool
}
const pools = new WeakMap<Fleet, Map<string, readonly Person[]>>()
