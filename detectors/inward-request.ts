/** A request of a server to an address that only its own network reaches: whose idea it was, and what that is worth. */
import type { Severity } from '../schemas/finding.ts'

/** Fields it takes. */
export const INWARD_FIELDS = [
  'transport',
  'destinationHost',
  'ipClass',
  'argumentMatch',
  'redirects',
  'redirectHosts',
] as const
interface Outbound {
  readonly destinationHost: string
  readonly ipClass: string
  /** The caller named the host; `says` tells whether that is known. */
  readonly argumentMatch: boolean
  readonly redirects: number
  readonly redirectHosts: readonly string[]
  readonly transport: string
  says(name: 'argumentMatch'): boolean
}
const INWARD: ReadonlySet<string> = new Set(['loopback', 'private', 'link_local'])
const MAX_HOSTS = 32

/** Undefined: it leads outside, every host on its way is declared, or nothing says that it is not the server's own business. */
export function inwardSeverity(e: Outbound, isKnown: (host: string) => boolean): Severity | undefined {
  const { ipClass, argumentMatch, destinationHost, redirectHosts, redirects } = e
  if (!INWARD.has(ipClass)) return undefined
  if (redirectHosts.length < MAX_HOSTS && isKnown(destinationHost) && redirectHosts.every(isKnown)) return undefined
  // Cloud libraries ask it for the server's own credentials: no argument names it then.
  if (ipClass === 'link_local') return !argumentMatch && e.says('argumentMatch') && redirects === 0 ? 'low' : 'high'
  const isLocal = e.transport === 'stdio'
  // The first host may be one's own too: then nobody outside chose where it leads.
  if (redirects > 0) return argumentMatch && !(isLocal && ipClass === 'loopback') ? 'high' : 'medium'
  if (!argumentMatch) return undefined
  // The machine of the person whom a stdio server works for, who may well be developing on it.
  if (ipClass === 'loopback') return isLocal ? undefined : 'medium'
  return isLocal ? 'medium' : 'high'
}
