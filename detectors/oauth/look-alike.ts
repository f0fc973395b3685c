/** Clients that look like one that is known: the same name, or nearly, whose codes go elsewhere. */
import type { Match } from '../rule.ts'
import { isLoopbackHost } from './redirects.ts'

/** Names that registered, each with the hosts its codes go to (joined by a space) and how often. */
export type KnownClients = { names: string[]; hosts: string[]; times: number[] }
export const noClients = (): KnownClients => ({ names: [], hosts: [], times: [] })
const MAX_CLIENTS = 16
/** A name with more is nobody’s. */
const MAX_HOSTS = 4
const MAX_NAME_CHARS = 32
const MAX_HOST_CHARS = 32
/** Registrations by which a name is known. */
const KNOWN_FROM = 3
/** Times of a name that is nobody’s. */
const NOBODYS = -1_000_000_000
/** Shorter names are too much alike by chance. */
const LONG_ENOUGH = 6

export interface LookAlikeOptions {
  readonly knownClients: Readonly<Record<string, readonly string[]>>
  readonly distance: number
}
interface Registered {
  readonly clientNameKey: string
  readonly redirectHosts: readonly string[]
}

/** A registration. Codes that stay on the machine of the user, or go to a scheme without a host, cannot be lured away. */
export function judgeName(e: Registered, known: KnownClients, options: LookAlikeOptions): Match | undefined {
  const name = plain(e.clientNameKey)
  const hosts = e.redirectHosts
    .slice(0, MAX_CLIENTS)
    .filter((host) => !isLoopbackHost(host))
    .map(hostOf)
  if (name === '' || hosts.length === 0) return undefined
  for (const [listed, own] of Object.entries(options.knownClients)) {
    const isOwn = hosts.some((host) => own.includes(host))
    if (!isOwn && isAlike(name, plain(listed), options.distance)) return matchOf(e, listed, own.join(' '), 'high')
  }
  const learned = known.names.findIndex((other, i) => {
    const isElsewhere = !hosts.some((host) => known.hosts[i]!.split(' ').includes(host))
    return known.times[i]! >= KNOWN_FROM && isElsewhere && isAlike(name, other, options.distance)
  })
  if (learned >= 0) return matchOf(e, known.names[learned]!, known.hosts[learned]!, 'medium')
  learn(name, hosts, known)
  return undefined
}

const matchOf = (e: Registered, name: string, hosts: string, severity: 'medium' | 'high'): Match => ({
  severity,
  saw: `a client called ${e.clientNameKey} with redirects to ${e.redirectHosts.slice(0, MAX_HOSTS).join(' ')}`,
  expected: `the redirects of ${name}: ${hosts}`,
})

/** Versions are no part of a name. */
const plain = (nameKey: string): string => nameKey.slice(0, MAX_NAME_CHARS).replace(/\d+$/, '')
const hostOf = (host: string): string => host.replace(/:\d+$/, '').slice(0, MAX_HOST_CHARS)

function learn(name: string, hosts: readonly string[], known: KnownClients): void {
  let at = known.names.indexOf(name)
  const before = at >= 0 ? known.hosts[at]!.split(' ') : hosts
  if (at < 0) {
    at = known.names.push(name) - 1
    known.hosts.push('')
    known.times.push(0)
  }
  const all = [...new Set([...before, ...hosts])]
  known.times[at]!++
  // A name that goes here and there before it is known is one that many give themselves.
  if (all.length > MAX_HOSTS || !hosts.some((host) => before.includes(host))) known.times[at] = NOBODYS
  known.hosts[at] = all.slice(0, MAX_HOSTS).join(' ')
  if (known.names.length > MAX_CLIENTS) forgetRarest(known)
}
/** The first of those that came least often, but never the newest. */
function forgetRarest({ names, hosts, times }: KnownClients): void {
  const at = times.indexOf(Math.min(...times.slice(0, -1)))
  for (const list of [names, hosts, times]) list.splice(at, 1)
}

/** Equal, or both long and at most `distance` insertions, deletions and replacements apart. */
export function isAlike(a: string, b: string, distance: number): boolean {
  if (a === b) return true
  if (Math.min(a.length, b.length) < LONG_ENOUGH) return false
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1))
    }
    row = next
  }
  return row[b.length]! <= distance
}
