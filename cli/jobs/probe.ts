/** A job for each server that others host: what it offers is listed and told when it changed, seen as a client sees it. Nothing is called. */
import { resolveSecret } from '../../collector/instrument/keys/secret.ts'
import type { ProbeConfig } from '../../schemas/job-config.ts'
import type { SecretReference } from '../../schemas/secret-reference.ts'
import type { JobContext, JobFile } from '../job-schedule.ts'
import { changedEvents, type Told } from '../probe/changed-events.ts'
import { listServer } from '../probe/connect.ts'
import { probeObserver } from '../probe/probe-observer.ts'

async function run(probe: ProbeConfig, { bus, clock, state, signal }: JobContext): Promise<string> {
  const observer = probeObserver(probe.server ?? probe.name, probe.command === undefined ? 'http' : 'stdio')
  const secrets = { headers: await resolved(probe.headers, probe.name), env: await resolved(probe.env, probe.name) }
  await listServer(probe, secrets, observer, AbortSignal.any([signal, AbortSignal.timeout(probe.timeoutMs)]))
  const key = `probe/${probe.name}`
  const before = JSON.parse((await state.get(key)) ?? '{}') as Told
  const { events, told, refused } = changedEvents(probe, observer.events(), before, clock.nowMs())
  if (events.length > 0) await bus.publish(events)
  // Only now: a run that dies in between tells the same events again, under the same ids.
  await state.set(key, JSON.stringify(told))
  const changed = events.filter(({ eventType }) => eventType.endsWith('.registry')).length
  return `${changed} changed lists, ${events.length} events${refused === 0 ? '' : `, ${refused} were no events`}`
}

const resolved = async (
  secrets: Readonly<Record<string, SecretReference>>,
  name: string,
): Promise<Record<string, string>> =>
  Object.fromEntries(
    await Promise.all(
      Object.entries(secrets).map(async ([key, secret]) => [
        key,
        await resolveSecret(secret, { component: 'probes', field: `${name}.${key}` }),
      ]),
    ),
  ) as Record<string, string>

export default (({ probes }) =>
  probes.map((probe) => [
    `probe-${probe.name}`,
    { schedule: probe.schedule, atStart: true, run: (context) => run(probe, context) },
  ])) satisfies JobFile
