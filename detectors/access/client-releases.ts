/** Releases of clients, fed in from outside, on one server or on all: what explains that many ask for more, or for what is not there. */
import { keepNewest } from '../newest.ts'

export type Releases = { clients: string[]; atMs: number[] }
export const noReleases = (): Releases => ({ clients: [], atMs: [] })
const MAX_RELEASES = 16
export function noteRelease(e: { readonly deployedClient: string; readonly ts: number }, known: Releases): void {
  if (e.deployedClient === '') return
  known.clients.push(e.deployedClient)
  known.atMs.push(e.ts)
  keepNewest(MAX_RELEASES, known.clients, known.atMs)
}
/** At most `withinMs` before or after. A release on all servers comes with the server `*`, into a cell of the fleet. */
export const isReleasedNear = (client: string, ts: number, withinMs: number, ...all: readonly Releases[]): boolean =>
  all.some(({ clients, atMs }) => clients.some((name, i) => name === client && Math.abs(ts - atMs[i]!) <= withinMs))
