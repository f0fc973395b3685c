/** Really sends an alert that is marked as a test, by the way that alerts go, once. */
import { performance } from 'node:perf_hooks'
import { sleepReally } from '../../connectors/webhook/delivery/pauses.ts'
import type { Alert } from '../../schemas/alert.ts'
import type { Config } from '../../schemas/config.ts'
import type { TargetRequest, TargetVerdict } from '../../schemas/ports.ts'
import type { TargetConfig } from '../../schemas/target-config.ts'
import { silentTelemetry } from '../wire-store.ts'
import { openTargets } from '../wire-targets.ts'
import { deliveryOf, testAlert } from './sample-alerts.ts'

export interface Trial {
  readonly what: 'opened' | 'resolved'
  readonly verdict: TargetVerdict
  readonly latencyMs: number
}
const LIMIT_MS = 60_000

/** Opens this target alone: a secret that is missing elsewhere is nobody's business here. Nothing is tried again. */
export async function tryTarget(
  name: string,
  config: TargetConfig,
  settings: Config,
  withResolution: boolean,
): Promise<readonly Trial[]> {
  const { configured, send } = await openTargets({ ...settings, targets: { [name]: config } }, silentTelemetry)
  const { target, minimumSeverity } = configured[0]!
  const opened = testAlert(name, minimumSeverity, Date.now())
  const resolved = { ...opened, revision: 2, status: 'resolved', owner: 'mcp-auditd', statusReason: 'the test is over' }
  const trials: Trial[] = []
  try {
    for (const alert of withResolution ? [opened, resolved as Alert] : [opened]) {
      const startMs = performance.now()
      const signal = AbortSignal.timeout(LIMIT_MS)
      const clock = { nowMs: () => Date.now() }
      const exchange = { send: (request: TargetRequest) => send(request, signal), clock, signal }
      const [verdict] = await target
        .deliver([deliveryOf(name, alert)], exchange)
        .catch((error: unknown): TargetVerdict[] => [{ kind: 'retry', reason: reasonOf(error) }])
      const what = alert === opened ? 'opened' : 'resolved'
      trials.push({
        what,
        verdict: verdict ?? { kind: 'retry', reason: 'the target gave no verdict' },
        latencyMs: Math.round(performance.now() - startMs),
      })
      if (verdict?.kind !== 'delivered') break
      if (target.paceMs !== undefined) await sleepReally(target.paceMs, signal)
    }
  } finally {
    await target.close?.()
  }
  return trials
}
const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
