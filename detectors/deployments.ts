/** Deployments of a server, fed in from outside: what explains that its tools change. */
import { keepNewest } from './newest.ts'

export type Deployments = { builds: string[]; atMs: number[] }
export const noDeployments = (): Deployments => ({ builds: [], atMs: [] })
const MAX_DEPLOYMENTS = 16
interface DeploymentEvent {
  readonly server: string
  readonly deployedServer: string
  readonly deployedClient: string
  readonly newBuildDigest: string
  readonly ts: number
}
/** Releases of clients and of other servers explain nothing here. */
export function rememberDeployment(e: DeploymentEvent, known: Deployments): void {
  if (e.deployedClient !== '' || (e.deployedServer !== '' && e.deployedServer !== e.server)) return
  known.builds.push(e.newBuildDigest)
  known.atMs.push(e.ts)
  keepNewest(MAX_DEPLOYMENTS, known.builds, known.atMs)
}
/** A deployment within `withinMs` brought this build; builds that either side does not name are taken as the same. */
export const deployedNear = (known: Deployments, build: string, ts: number, withinMs: number): boolean =>
  known.builds.some(
    (each, i) => Math.abs(ts - known.atMs[i]!) <= withinMs && (each === '' || build === '' || each === build),
  )
