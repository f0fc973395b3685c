/** The jobs role: every file of jobs/ is a job, run by node-cron. A job must be safe to run twice. */
import { existsSync, readdirSync } from 'node:fs'
import cron, { type ScheduledTask } from 'node-cron'
import type { Config } from '../schemas/config.ts'
import type { Clock, EventBus, EventStore, StoreUpkeep, Telemetry } from '../schemas/ports.ts'
import type { Proof } from './proof/proof.ts'

export interface JobContext {
  readonly settings: Config
  readonly store: EventStore & StoreUpkeep
  readonly bus: EventBus
  readonly proof?: Proof
  readonly clock: Clock
  readonly telemetry: Telemetry
}
export interface Job {
  /** Five fields of cron, UTC. */
  readonly schedule: string
  readonly atStart: boolean
  readonly run: (context: JobContext) => Promise<void>
}

export type NamedJob = readonly [name: string, job: Job]

/** `jobs`: those of the folder. A job that fails is logged and runs again at its next time. */
export async function startJobs(context: JobContext, jobs?: readonly NamedJob[]): Promise<{ stop(): Promise<void> }> {
  const tasks: ScheduledTask[] = []
  const running = new Set<Promise<void>>()
  for (const [name, job] of jobs ?? (await loadJobs())) {
    const run = (): Promise<void> => {
      const done = job
        .run(context)
        .catch((error: unknown) => context.telemetry.log('store_retry', { what: `job ${name}`, reason: String(error) }))
        .finally(() => running.delete(done))
      running.add(done)
      return done
    }
    if (job.atStart) await run()
    tasks.push(cron.schedule(job.schedule, run, { timezone: 'UTC', noOverlap: true, name }))
  }
  return {
    async stop() {
      for (const task of tasks) await task.stop()
      // The store is closed next: a job must not lose it halfway.
      await Promise.all(running)
    },
  }
}

/** Without a job there is no folder. */
async function loadJobs(): Promise<readonly NamedJob[]> {
  const folder = new URL('./jobs/', import.meta.url)
  if (!existsSync(folder)) return []
  const files = readdirSync(folder)
    .filter((file) => /^[a-z-]+\.(ts|js)$/.test(file))
    .sort()
  return Promise.all(
    files.map(
      async (file) =>
        [
          file.replace(/\.(ts|js)$/, ''),
          ((await import(new URL(file, folder).href)) as { default: Job }).default,
        ] as const,
    ),
  )
}
