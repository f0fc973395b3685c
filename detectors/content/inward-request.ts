/** A request of a server to an address that only its own network reaches: whose idea it was, and what that is worth. */
import type { Severity } from '../../schemas/finding.ts'

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
const MAX_HOSTS = 32
/** A longer list may have been cut. */
export const areKnown = (hosts: readonly string[], isKnown: (host: string) => boolean): boolean =>
  hosts.length <= MAX_HOSTS && hosts.every(isKnown)

/** Over HTTP, and over stdio, where the server works on the machine of one person, who may well be developing on it. */
type Grades = readonly [http: Severity | undefined, stdio: Severity | undefined]
const HIGH: Grades = ['high', 'high']
const MEDIUM: Grades = ['medium', 'medium']
const NONE: Grades = [undefined, undefined]
type Idea = 'named' | 'unnamed' | 'unknown'
/** By kind of address: whose idea it was, where the request went straight there, and where a redirect led it. */
const TABLE: ReadonlyMap<string, Readonly<Record<'straight' | 'redirected', Readonly<Record<Idea, Grades>>>>> = new Map(
  Object.entries({
    link_local: {
      // Cloud libraries ask it for the server's own credentials: no argument names it then.
      straight: { named: HIGH, unnamed: ['low', 'low'], unknown: HIGH },
      redirected: { named: HIGH, unnamed: HIGH, unknown: HIGH },
    },
    private: {
      // Not named, it is the server's own business.
      straight: { named: ['high', 'medium'], unnamed: NONE, unknown: NONE },
      // The first host may be one's own too: then nobody outside chose where it leads.
      redirected: { named: HIGH, unnamed: MEDIUM, unknown: MEDIUM },
    },
    loopback: {
      straight: { named: ['medium', undefined], unnamed: NONE, unknown: NONE },
      redirected: { named: ['high', 'medium'], unnamed: MEDIUM, unknown: MEDIUM },
    },
  }),
)

/** Undefined: it leads outside, every host on its way is declared, or nothing says that it is not the server's own business. */
export function inwardSeverity(e: Outbound, isKnown: (host: string) => boolean): Severity | undefined {
  const { ipClass, argumentMatch, destinationHost, redirectHosts, redirects, transport } = e
  if (areKnown([destinationHost, ...redirectHosts], isKnown)) return undefined
  const idea = argumentMatch ? 'named' : e.says('argumentMatch') ? 'unnamed' : 'unknown'
  const [http, stdio] = TABLE.get(ipClass)?.[redirects > 0 ? 'redirected' : 'straight'][idea] ?? NONE
  return transport === 'stdio' ? stdio : http
}
