/** Releases of clients, fed in from outside, on one server or on all: what explains that many ask for more, or for what is not there. */
import { EVERY_SERVER } from './scope.ts'

export type Releases = { clients: string[]; atMs: number[] }
export const noReleases = (): Releases => ({ clients: [], atMs: [] })
const MAX_RELEASES = 16
interface Release {
  readonly server: string
  readonly deployedClient: string
  readonly ts: number
}
export function noteRelease({ deployedClient, ts }: Pick<Release, 'deployedClient' | 'ts'>, known: Releases): void {
  if (deployedClient === '') return
  known.clients.push(deployedClient)
  known.atMs.push(ts)
  if (known.clients.length <= MAX_RELEASES) return
  known.clients.shift()
  known.atMs.shift()
}
/** A release is of a client, whatever server it speaks to: it is told with the server `*`. */
export function noteReleaseEverywhere(e: Release, known: Releases): void {
  if (e.server === EVERY_SERVER) noteRelease(e, known)
}
/** At most `withinMs` before or after. */
export const isReleasedNear = (client: string, ts: number, withinMs: number, ...all: readonly Releases[]): boolean =>
  client !== '' &&
  all.some(({ clients, atMs }) => clients.some((name, i) => name === client && Math.abs(ts - atMs[i]!) <= withinMs))
