/** Jobs: run at the start when they ask for it, isolated from each other, and waited for at the end. */
import { afterEach, describe, expect, it, vi } from 'vitest'
import { type Job, type JobContext, startJobs } from '../../../cli/job-schedule.ts'
import coverage from '../../../cli/jobs/coverage.ts'
import mergeYesterday from '../../../cli/jobs/merge-yesterday.ts'
import { memoryEventStore } from '../../../connectors/memory/event-store.ts'
import { config } from '../../../schemas/config.ts'
import type { AuditEvent } from '../../../schemas/event.ts'
import { recordingTelemetry } from '../../contract/samples.ts'

const merged: string[] = []
const published: AuditEvent[] = []
const never = (): never => {
  throw new Error('a job does not consume')
}
const context = (): JobContext & { telemetry: ReturnType<typeof recordingTelemetry> } => ({
  settings: config.parse({}),
  store: Object.assign(memoryEventStore(), { mergeDay: async (day: string) => void merged.push(day) }),
  bus: { publish: async (events) => void published.push(...events), consume: never, close: async () => {} },
  clock: { nowMs: () => Date.UTC(2026, 10, 24, 1, 15) },
  telemetry: recordingTelemetry(),
})
const daily = (run: Job['run'], atStart = true): Job => ({ schedule: '0 3 * * *', atStart, run })
afterEach(() => void vi.useRealTimers())

describe('startJobs', () => {
  it('runs at the start only the jobs that ask for it, with the context', async () => {
    const ran: [string, JobContext][] = []
    const jobs = (['a', 'b'] as const).map(
      (name) => [name, daily(async (given) => void ran.push([name, given]), name === 'a')] as const,
    )
    const given = context()
    await (await startJobs(given, jobs)).stop()
    expect(ran).toEqual([['a', given]])
  })
  it('logs a job that fails, and runs the others', async () => {
    const given = context()
    let ran = 0
    const jobs = await startJobs(given, [
      ['bad', daily(() => Promise.reject(new Error('no')))],
      ['good', daily(async () => void ran++)],
    ])
    await jobs.stop()
    expect(given.telemetry.logs).toEqual(['store_retry'])
    expect(ran).toBe(1)
  })
  it('runs a job at its time in UTC, and waits for one that is running before it has stopped', async () => {
    vi.useFakeTimers({ now: Date.UTC(2026, 10, 24, 2, 59, 58) })
    let open = () => {}
    const shut = new Promise<void>((resolve) => {
      open = resolve
    })
    let started = 0
    const jobs = await startJobs(context(), [
      [
        'night',
        daily(() => {
          started += 1
          return shut
        }, false),
      ],
    ])
    await vi.advanceTimersByTimeAsync(1_000)
    expect(started).toBe(0)
    await vi.advanceTimersByTimeAsync(3_000)
    expect(started).toBe(1)
    let stopped = false
    const stopping = jobs.stop().then(() => {
      stopped = true
    })
    await vi.advanceTimersByTimeAsync(5_000)
    expect(stopped).toBe(false)
    open()
    await stopping
  })
  it('finds the jobs of the service by itself, and runs none of them before its time', async () => {
    await (await startJobs(context())).stop()
    expect(merged).toEqual([])
  })
  it('merges yesterday, by UTC', async () => {
    await mergeYesterday.run(context())
    expect(merged).toEqual(['2026-11-23'])
  })
})

describe('the daily coverage', () => {
  const line = {
    tenant: 'default',
    server_id: 'files',
    rule: 'tok-001-audience-mismatch',
    state: 'degraded',
    reasons: ['auth.token.validated.aud: never filled'],
    evaluations_24h: '7',
    matches_24h: '0',
  }
  it('makes one event of each rule and server, the same ones when it runs twice in a day', async () => {
    const given = context()
    const store = { ...given.store, query: async () => `${JSON.stringify(line)}\n` }
    await coverage.run({ ...given, store })
    await coverage.run({ ...given, store })
    expect(published).toHaveLength(2)
    expect(published[1]).toEqual(published[0])
    expect(published[0]).toMatchObject({
      eventType: 'auditd.coverage',
      serverId: 'files',
      rule: 'tok-001-audience-mismatch',
      coverageState: 'degraded',
      missing: ['auth.token.validated.aud: never filled'],
      evaluations: 7,
    })
  })
})
