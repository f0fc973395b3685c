/** Which protocol era a client speaks, and whether it falls back to the one before. */

import { isReleasedNear, type Releases } from '../access/client-releases.ts'
import { type Deployments, deployedNear } from '../deployments.ts'
import { type Match, NEVER } from '../rule.ts'
import { shortName } from '../short-name.ts'

/** `isMixed`: it spoke the legacy era before it was known for the modern one, as several programs under one id do. */
export type EraHistory = {
  modern: number
  isMixed: boolean
  names: string[]
  addresses: string[]
  reportedMs: number
}
export const noHistory = (): EraHistory => ({
  modern: 0,
  isMixed: false,
  names: [],
  addresses: [],
  reportedMs: NEVER,
})
/** Names and addresses that are remembered; the oldest goes. */
const MAX_VALUES = 8

export interface DowngradeOptions {
  readonly atLeast: number
  readonly releaseMs: number
  readonly repeatMs: number
  readonly modernOnly: readonly string[]
  readonly modernOnlyTags: readonly string[]
}
interface Request {
  readonly ts: number
  readonly era: string
  readonly client: string
  readonly clientName: string
  readonly sourceAddress: string
  tagsOf(kind: 'clients', name: string): readonly string[]
}

/** A request of the modern era. */
export function noteModern(e: Request, history: EraHistory): void {
  history.modern++
  remember(history.names, shortName(e.clientName))
  remember(history.addresses, e.sourceAddress)
}
function remember(list: string[], value: string): void {
  if (value === '' || list.includes(value)) return
  list.push(value)
  if (list.length > MAX_VALUES) list.shift()
}

interface Beside {
  readonly releases: Releases
  readonly everywhere: Releases
  readonly deployments: Deployments
}
/** The client begins anew, in the legacy era. */
export function judgeLegacy(
  e: Request,
  history: EraHistory,
  { releases, everywhere, deployments }: Beside,
  options: DowngradeOptions,
): Match | undefined {
  const isDeclared =
    options.modernOnly.includes(e.client) ||
    e.tagsOf('clients', e.client).some((tag) => options.modernOnlyTags.includes(tag))
  if (history.modern < options.atLeast) history.isMixed = true
  const isOtherProgram = e.clientName !== '' && !history.names.includes(shortName(e.clientName))
  if (!isDeclared) {
    if (history.isMixed || isOtherProgram) return undefined
    if (isReleasedNear(e.client, e.ts, options.releaseMs, releases, everywhere)) return undefined
    // A server that was rolled back takes all its clients with it.
    if (deployedNear(deployments, '', e.ts, options.releaseMs)) return undefined
  }
  if (e.ts - history.reportedMs < options.repeatMs) return undefined
  history.reportedMs = e.ts
  const { addresses } = history
  const isElsewhere = e.sourceAddress !== '' && addresses.length > 0 && !addresses.includes(e.sourceAddress)
  return {
    severity: isDeclared || isElsewhere ? 'medium' : 'low',
    saw: `initialize of a client that ${isDeclared ? 'is to be modern only' : `spoke the modern era ${history.modern} times`}${isElsewhere ? ', from a new address' : ''}`,
    expected: 'protocol version 2026-07-28 or later',
    evidence: { modernRequests: history.modern, clientName: e.clientName },
  }
}

/** A session is opened on a request of the era that has none. */
export function judgeSession(
  e: { readonly ts: number; readonly era: string },
  server: { reportedMs: number },
  repeatMs: number,
): Match | undefined {
  if (e.era !== 'modern' || e.ts - server.reportedMs < repeatMs) return undefined
  server.reportedMs = e.ts
  return { severity: 'low', saw: 'a session id for a request of the modern era', expected: 'none: it has no sessions' }
}
