/** What a running service says of its targets. */
import type { TargetState } from '../../connectors/webhook/delivery/target-state.ts'
import { runningService } from '../admin/running-service.ts'

export type { TargetState }

/** By name; undefined when no service runs on this data folder, or it has no alert role. */
export async function targetStates(
  dataDir: string | undefined,
): Promise<Readonly<Record<string, TargetState>> | undefined> {
  const service = dataDir === undefined ? undefined : runningService(dataDir)
  if (service === undefined) return undefined
  // A service that is not ready says so with its status, and tells of its targets all the same.
  const answer = await fetch(`${service.url}/readyz`).catch(() => undefined)
  const { targets } = ((await answer?.json().catch(() => ({}))) ?? {}) as { targets?: Record<string, TargetState> }
  return targets
}
