/** The jobs role: one replica is elected, runs what is due and what nobody ran while nobody led, and says how it went. */
import cron, { type ScheduledTask } from 'node-cron'
import type { Config } from '../../schemas/config.ts'
import { AuditdError } from '../../schemas/errors.ts'
import type { JobState } from '../../schemas/job-state.ts'
import type { Clock } from '../../schemas/ports.ts'
import { isCron, nextTime } from '../cron-times.ts'
import { type Job, type JobContext, loadJobs, type NamedJob } from '../job-schedule.ts'

/** How the last run ended, as it is remembered. */
export interface JobRecord {
  /** When this job was first known: what was due before was not missed. */
  readonly sinceMs: number
  readonly startedAtMs?: number
  readonly tookMs?: number
  readonly result?: 'ok' | 'failed'
  /** Why it failed, or what it did. */
  readonly said?: string
  readonly why?: RunReason
}
export type RunReason = 'schedule' | 'missed' | 'start' | 'person'
export interface JobLine extends Partial<JobRecord> {
  readonly name: string
  readonly schedule: string
  readonly enabled: boolean
  readonly nextAtMs?: number
  readonly running: boolean
  /** Whether the asked process runs the jobs. */
  readonly leads: boolean
}
export interface JobsRole {
  list(): Promise<readonly JobLine[]>
  /** Now, whatever the schedule says; one that runs already is waited for. Throws `not_found`, or `ownership_lost` where another replica leads. */
  run(name: string): Promise<JobRecord>
  stop(): Promise<void>
}
export interface JobsOptions {
  readonly context: Omit<JobContext, 'signal'>
  /** False: nothing runs by itself, and nobody is elected; a person may still run what this process alone can. */
  readonly scheduled: boolean
  /** Nobody else has this state: a person's run needs no election. */
  readonly alone: boolean
  /** Those of the folder when absent. */
  readonly jobs?: readonly NamedJob[]
  /** Runs beside the jobs of who leads until the signal aborts, and is waited for. */
  readonly whileLeading?: (signal: AbortSignal) => Promise<void>
}

const LONGEST_RUN_MS = 30 * 60_000
const SAID_CHARS = 500
const keyOf = (name: string): string => `run/${name}`

interface Entry {
  readonly name: string
  readonly job: Job
  readonly schedule: string
  readonly enabled: boolean
  running?: Promise<JobRecord>
}

interface Leading {
  readonly stop: AbortController
  readonly tasks: readonly ScheduledTask[]
  readonly beside: Promise<void> | undefined
}

/** Throws AuditdError('config_invalid') for a setting about a job that does not exist, or a schedule that is none. */
export async function startJobs({ context, scheduled, alone, jobs, whileLeading }: JobsOptions): Promise<JobsRole> {
  const { settings, state, clock, telemetry } = context
  const entries = entriesOf(jobs ?? (await loadJobs(settings)), settings.jobs)
  let leading: Leading | undefined
  const ending = new AbortController()
  // Before anybody stands: who is elected uses them at once.
  const recordOf = (name: string): Promise<JobRecord | undefined> => recordIn(state, name)
  const remember = (name: string, record: JobRecord): Promise<void> => state.set(keyOf(name), JSON.stringify(record))
  const standing = scheduled ? await state.stand({ elected, deposed }) : undefined

  async function elected(): Promise<void> {
    const stop = new AbortController()
    const tasks = entries
      .filter(({ enabled }) => enabled)
      .map((entry) =>
        cron.schedule(entry.schedule, () => started(entry, 'schedule', stop.signal), {
          ...{ timezone: 'UTC', noOverlap: true, name: entry.name },
        }),
      )
    const beside = whileLeading?.(stop.signal).catch((error: unknown) =>
      telemetry.log('job_failed', { job: 'beside', reason: textOf(error) }),
    )
    leading = { stop, tasks, beside }
    telemetry.gauge('mcp_auditd_jobs_leader', 1)
    telemetry.log('jobs_led', { jobs: tasks.length })
    void runMissed(stop.signal)
  }
  async function deposed(): Promise<void> {
    const led = leading
    leading = undefined
    if (led === undefined) return
    telemetry.gauge('mcp_auditd_jobs_leader', 0)
    led.stop.abort()
    for (const task of led.tasks) await task.stop()
    // Another replica, or the end of the service, comes next: nothing of ours may still run then.
    await Promise.allSettled([led.beside, ...entries.map(({ running }) => running)])
  }

  /** One after the other: many may have been missed, and none is in a hurry any more. */
  async function runMissed(signal: AbortSignal): Promise<void> {
    for (const entry of entries) {
      if (!entry.enabled || signal.aborted) continue
      try {
        const record = await recordOf(entry.name)
        const nowMs = clock.nowMs()
        if (record === undefined) await remember(entry.name, { sinceMs: nowMs })
        const lastMs = record?.startedAtMs ?? record?.sinceMs ?? nowMs
        const dueMs = nextTime(entry.schedule, lastMs)
        const missed = dueMs !== undefined && dueMs <= nowMs
        if ((missed || entry.job.atStart) && !signal.aborted) await started(entry, missed ? 'missed' : 'start', signal)
      } catch (error) {
        telemetry.log('job_failed', { job: entry.name, reason: textOf(error) })
      }
    }
  }

  function started(entry: Entry, why: RunReason, signal: AbortSignal): Promise<JobRecord> {
    entry.running ??= run(entry, why, signal).finally(() => {
      delete entry.running
    })
    return entry.running
  }
  async function run({ name, job }: Entry, why: RunReason, stop: AbortSignal): Promise<JobRecord> {
    const startedAtMs = clock.nowMs()
    const began = performance.now()
    const signal = AbortSignal.any([stop, ending.signal, AbortSignal.timeout(LONGEST_RUN_MS)])
    let result: 'ok' | 'failed' = 'ok'
    let said = ''
    try {
      const answer = await job.run({ ...context, signal })
      if (typeof answer === 'string') said = answer
    } catch (error) {
      result = 'failed'
      said = textOf(error)
    }
    const tookMs = Math.round(performance.now() - began)
    telemetry.count('mcp_auditd_job_runs_total', 1, { job: name, result })
    telemetry.gauge('mcp_auditd_job_seconds', tookMs / 1_000, { job: name })
    telemetry.log(result === 'ok' ? 'job_done' : 'job_failed', { job: name, why, tookMs, reason: said })
    const sinceMs = (await recordOf(name).catch(() => undefined))?.sinceMs ?? startedAtMs
    const record: JobRecord = { sinceMs, startedAtMs, tookMs, result, said: said.slice(0, SAID_CHARS), why }
    // What cannot be remembered is run once more after the next election, which a job must stand.
    await remember(name, record).catch((error: unknown) =>
      telemetry.log('job_failed', { job: name, reason: textOf(error) }),
    )
    return record
  }

  return {
    list: () => linesOf(entries, state, clock, leading !== undefined),
    async run(name) {
      const entry = entries.find((one) => one.name === name)
      if (entry === undefined)
        throw new AuditdError(
          'not_found',
          'jobs',
          name,
          `is no job; there are ${entries.map((one) => one.name).join(', ')}`,
        )
      if (leading === undefined && !alone)
        throw new AuditdError('ownership_lost', 'jobs', name, 'another replica runs the jobs: ask that one')
      return started(entry, 'person', leading?.stop.signal ?? ending.signal)
    },
    async stop() {
      ending.abort()
      await standing?.close()
      await deposed()
      await Promise.allSettled(entries.map(({ running }) => running))
    },
  }
}

/** The same list where no service runs. */
export const listJobs = async (settings: Config, state: JobState, clock: Clock): Promise<readonly JobLine[]> =>
  linesOf(entriesOf(await loadJobs(settings), settings.jobs), state, clock, false)

const linesOf = (
  entries: readonly Entry[],
  state: JobState,
  clock: Clock,
  leads: boolean,
): Promise<readonly JobLine[]> =>
  Promise.all(
    entries.map(async ({ name, schedule, enabled, running }): Promise<JobLine> => {
      const nextAtMs = enabled ? nextTime(schedule, clock.nowMs()) : undefined
      const known = { name, schedule, enabled, running: running !== undefined, leads }
      return { ...known, ...(await recordIn(state, name)), ...(nextAtMs !== undefined && { nextAtMs }) }
    }),
  )
async function recordIn(state: JobState, name: string): Promise<JobRecord | undefined> {
  const text = await state.get(keyOf(name))
  return text === undefined ? undefined : (JSON.parse(text) as JobRecord)
}

function entriesOf(
  jobs: readonly NamedJob[],
  settings: Readonly<Record<string, { readonly schedule?: string | undefined; readonly enabled: boolean }>>,
): readonly Entry[] {
  const wrong = (field: string, reason: string): AuditdError =>
    new AuditdError('config_invalid', 'configuration', `jobs.${field}`, reason)
  const unknown = Object.keys(settings).find((name) => !jobs.some(([known]) => known === name))
  if (unknown !== undefined) throw wrong(unknown, `is no job; there are ${jobs.map(([name]) => name).join(', ')}`)
  return jobs.map(([name, job]) => {
    const { schedule = job.schedule, enabled = true } = settings[name] ?? {}
    if (!isCron(schedule)) throw wrong(`${name}.schedule`, 'must be five fields of cron')
    return { name, job, schedule, enabled }
  })
}
const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error)).slice(0, SAID_CHARS)
