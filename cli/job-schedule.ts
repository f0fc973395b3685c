/** What a job is. Every file of jobs/ is one, or makes some from the configuration. A job must be safe to run twice. */
import { readdirSync } from 'node:fs'
import type { Config } from '../schemas/config.ts'
import type { JobState } from '../schemas/job-state.ts'
import type { Clock, DeadLetterCount, EventBus, EventStore, StoreUpkeep, Telemetry } from '../schemas/ports.ts'
import type { Proof } from './proof/proof.ts'

export interface JobContext {
  readonly settings: Config
  readonly store: EventStore & StoreUpkeep
  readonly bus: EventBus
  readonly proof?: Proof
  readonly deadLetters?: DeadLetterCount
  readonly clock: Clock
  readonly telemetry: Telemetry
  /** What jobs remember from run to run. Names begin with the job's own. */
  readonly state: JobState
  /** Aborted when the service stops, another replica leads, or the job took too long. */
  readonly signal: AbortSignal
}
export interface Job {
  /** Five fields of cron, UTC. The configuration may say another one. */
  readonly schedule: string
  readonly atStart: boolean
  /** What it answers as a text is kept: a line about what it did. What it throws is told and counted; it runs again at its next time. */
  readonly run: (context: JobContext) => Promise<unknown>
}
export type NamedJob = readonly [name: string, job: Job]
/** A file of jobs/ exports a job by its own name, or makes jobs by names of their own. */
export type JobFile = Job | ((settings: Config) => readonly NamedJob[])

/** The jobs of the folder under these settings, by name. */
export async function loadJobs(settings: Config): Promise<readonly NamedJob[]> {
  const folder = new URL('./jobs/', import.meta.url)
  const files = readdirSync(folder)
    .filter((file) => /^[a-z-]+\.(ts|js)$/.test(file))
    .sort()
  const loaded = await Promise.all(
    files.map(async (file): Promise<readonly NamedJob[]> => {
      const { default: made } = (await import(new URL(file, folder).href)) as { default: JobFile }
      return typeof made === 'function' ? made(settings) : [[file.replace(/\.(ts|js)$/, ''), made]]
    }),
  )
  return loaded.flat()
}
