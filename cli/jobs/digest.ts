/** Once a day, or a week: what happened, to the targets that want it. Each target gets the digest of a period once. */
import { setTimeout as wait } from 'node:timers/promises'
import type { OpenTargets } from '../../connectors/webhook/target-factory.ts'
import type { Alert } from '../../schemas/alert.ts'
import { AuditdError } from '../../schemas/errors.ts'
import type { TargetRequest, TargetVerdict } from '../../schemas/ports.ts'
import { digestAlert } from '../digest/digest-alert.ts'
import { summarize } from '../digest/summary.ts'
import type { JobContext, JobFile } from '../job-schedule.ts'
import { openTargets } from '../wire-targets.ts'

const HOUR_MS = 3_600_000
const EXCHANGE_MS = 60_000
/** Waits before a target is asked again; what it asks for itself is kept to when it is not longer. */
const PAUSES_MS = [5_000, 30_000]
const LONGEST_PAUSE_MS = 60_000

interface Told {
  readonly alertId: string
  readonly targets: readonly string[]
  /** Dead letters there were at the digest before this one. */
  readonly deadLetters: number
}
const NOTHING: Told = { alertId: '', targets: [], deadLetters: 0 }

/** `open`: the targets by these names. */
export async function tellDigest(
  context: JobContext,
  open: (names: readonly string[]) => Promise<OpenTargets & { close(): Promise<void> }>,
): Promise<string> {
  const { settings, store, state, clock, deadLetters } = context
  const { targets: names, days, tenant } = settings.digest
  if (names.length === 0) return 'no targets are configured: digest.targets'
  const toMs = Math.floor(clock.nowMs() / HOUR_MS) * HOUR_MS
  const period = { fromMs: toMs - days * 24 * HOUR_MS, toMs, tenant }
  const before = JSON.parse((await state.get('digest')) ?? JSON.stringify(NOTHING)) as Told
  const letters = (await deadLetters?.total()) ?? before.deadLetters
  const alert = digestAlert(period, await summarize(store, period), Math.max(0, letters - before.deadLetters))
  const done = new Set(before.alertId === alert.alertId ? before.targets : [])
  const opened = await open(names.filter((name) => !done.has(name)))
  const failures: string[] = []
  try {
    for (const { target } of opened.configured) {
      const verdict = await deliver(target, alert, opened, context)
      if (verdict.kind !== 'delivered') failures.push(`${target.name}: ${verdict.reason}`)
      else {
        done.add(target.name)
        // A run for the same period later tells only those that are missing; the next one counts letters from here.
        const told: Told = { alertId: alert.alertId, targets: [...done], deadLetters: letters }
        await state.set('digest', JSON.stringify(told))
      }
    }
  } finally {
    await opened.close()
  }
  if (failures.length > 0) throw new AuditdError('target_failed', 'digest', 'targets', failures.join('; '))
  return alert.title
}

async function deliver(
  target: OpenTargets['configured'][number]['target'],
  alert: Alert,
  { send }: OpenTargets,
  { clock, signal: stop }: JobContext,
): Promise<TargetVerdict> {
  for (let attempt = 1; ; attempt++) {
    const signal = AbortSignal.any([stop, AbortSignal.timeout(EXCHANGE_MS)])
    const exchange = { send: (request: TargetRequest) => send(request, signal), clock, signal }
    const delivery = { target: target.name, alert, idempotencyKey: `${alert.alertId}.1`, attempt }
    const [verdict = { kind: 'retry', reason: 'the target gave no verdict' } as const] = await target
      .deliver([delivery], exchange)
      .catch((error: unknown): TargetVerdict[] => [
        { kind: 'retry', reason: error instanceof Error ? error.message : String(error) },
      ])
    const pauseMs = PAUSES_MS[attempt - 1]
    if (verdict.kind !== 'retry' || pauseMs === undefined || stop.aborted) return verdict
    const waitMs = Math.max(pauseMs, verdict.afterMs ?? 0)
    if (waitMs > LONGEST_PAUSE_MS) return verdict
    await wait(waitMs, undefined, { signal: stop }).catch(() => undefined)
  }
}

export default ((settings) => {
  const unknown = settings.digest.targets.find((name) => !Object.hasOwn(settings.targets, name))
  if (unknown !== undefined)
    throw new AuditdError('config_invalid', 'configuration', 'digest.targets', `${unknown} is not one of the targets`)
  return [
    [
      'digest',
      {
        schedule: settings.digest.schedule,
        atStart: false,
        run: (context) =>
          tellDigest(context, (names) => {
            const targets = Object.fromEntries(names.map((name) => [name, settings.targets[name]!]))
            return openTargets({ ...settings, targets }, context.telemetry)
          }),
      },
    ],
  ]
}) satisfies JobFile
