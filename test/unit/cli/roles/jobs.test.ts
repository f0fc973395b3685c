/** Jobs: run by the replica that leads, at their times and once for what was missed, isolated from each other, and waited for at the end. */
import { afterEach, describe, expect, it, vi } from 'vitest'
import { isCron, nextTime } from '../../../../cli/cron-times.ts'
import { type Job, type JobContext, loadJobs, type NamedJob } from '../../../../cli/job-schedule.ts'
import coverage from '../../../../cli/jobs/coverage.ts'
import mergeYesterday from '../../../../cli/jobs/merge-yesterday.ts'
import { type JobsRole, listJobs, startJobs } from '../../../../cli/roles/jobs.ts'
import { memoryEventStore } from '../../../../connectors/memory/event-store.ts'
import { memoryJobState } from '../../../../connectors/memory/job-state.ts'
import { config } from '../../../../schemas/config.ts'
import type { AuditEvent } from '../../../../schemas/event.ts'
import { recordingTelemetry } from '../../../contract/samples.ts'

const merged: string[] = []
const published: AuditEvent[] = []
const never = (): never => {
  throw new Error('a job does not consume')
}
const HOUR_MS = 3_600_000
const NOW_MS = Date.UTC(2026, 10, 24, 1, 15)
let nowMs = NOW_MS
const context = (state = memoryJobState(), settings: object = {}) => ({
  settings: config.parse(settings),
  store: Object.assign(memoryEventStore(), { mergeDay: async (day: string) => void merged.push(day) }),
  bus: {
    publish: async (events: readonly AuditEvent[]) => void published.push(...events),
    consume: never,
    close: async () => {},
  },
  clock: { nowMs: () => nowMs },
  telemetry: recordingTelemetry(),
  state,
})
const signal = new AbortController().signal
const daily = (run: Job['run'], atStart = false): Job => ({ schedule: '0 3 * * *', atStart, run })
const roles: JobsRole[] = []
async function start(
  jobs: readonly NamedJob[],
  given = context(),
  more: { scheduled?: boolean; alone?: boolean } = {},
): Promise<JobsRole> {
  const role = await startJobs({ context: given, scheduled: true, alone: true, jobs, ...more })
  roles.push(role)
  return role
}
afterEach(async () => {
  vi.useRealTimers()
  for (const role of roles.splice(0)) await role.stop()
  nowMs = NOW_MS
})
const settled = async (role: JobsRole, name: string) => {
  for (;;) {
    const line = (await role.list()).find((one) => one.name === name)
    if (line?.sinceMs !== undefined && !line.running) return line
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

describe('a job', () => {
  it('runs at its time in UTC, and the role waits for one that is running before it has stopped', async () => {
    vi.useFakeTimers({ now: Date.UTC(2026, 10, 24, 2, 59, 58) })
    let open = () => {}
    const shut = new Promise<void>((resolve) => {
      open = resolve
    })
    let started = 0
    const role = await start([
      [
        'night',
        daily(() => {
          started += 1
          return shut
        }),
      ],
    ])
    await vi.advanceTimersByTimeAsync(1_000)
    expect(started).toBe(0)
    await vi.advanceTimersByTimeAsync(3_000)
    expect(started).toBe(1)
    let stopped = false
    const stopping = role.stop().then(() => {
      stopped = true
    })
    await vi.advanceTimersByTimeAsync(5_000)
    expect(stopped).toBe(false)
    open()
    await stopping
  })
  it('that fails is told, remembered with its reason, and keeps no other from running', async () => {
    const given = context()
    let ran = 0
    const role = await start(
      [
        ['bad', daily(() => Promise.reject(new Error('no disk')), true)],
        ['good', daily(async () => ++ran, true)],
      ],
      given,
    )
    expect(await settled(role, 'good')).toMatchObject({ result: 'ok', why: 'start' })
    expect(await settled(role, 'bad')).toMatchObject({ result: 'failed', said: 'no disk' })
    expect(ran).toBe(1)
    expect(given.telemetry.logs).toEqual(expect.arrayContaining(['job_failed', 'job_done']))
    expect(given.telemetry.counts.get('mcp_auditd_job_runs_total')).toBe(2)
  })
  it('that was due while nobody led runs once at the next start; one that is new does not', async () => {
    const state = memoryJobState()
    let ran = 0
    const jobs: readonly NamedJob[] = [['night', daily(async () => ++ran)]]
    const first = await start(jobs, context(state))
    await settled(first, 'night')
    await first.stop()
    nowMs += HOUR_MS
    const second = await start(jobs, context(state))
    await settled(second, 'night')
    await second.stop()
    expect(ran).toBe(0)
    nowMs += 72 * HOUR_MS
    const third = await start(jobs, context(state))
    await vi.waitFor(async () => expect((await third.list())[0]).toMatchObject({ result: 'ok', why: 'missed' }))
    await third.stop()
    const fourth = await start(jobs, context(state))
    await settled(fourth, 'night')
    expect(ran).toBe(1)
  })
  it('runs on one replica alone, and on another when that one leaves', async () => {
    const state = memoryJobState()
    const ran: string[] = []
    const jobs = (who: string): readonly NamedJob[] => [['night', daily(async () => ran.push(who), true)]]
    const first = await start(jobs('first'), context(state), { alone: false })
    const second = await start(jobs('second'), context(state), { alone: false })
    await vi.waitFor(() => expect(ran).toEqual(['first']))
    await expect(second.run('night')).rejects.toMatchObject({ code: 'ownership_lost' })
    expect([(await first.list())[0]!.leads, (await second.list())[0]!.leads]).toEqual([true, false])
    await first.stop()
    await vi.waitFor(() => expect(ran).toEqual(['first', 'second']))
  })
})

describe('a person', () => {
  it('runs a job now, and two who ask at once get one run', async () => {
    let ran = 0
    const role = await start([['night', daily(async () => `did ${++ran}`)]], context(), { scheduled: false })
    const [one, two] = await Promise.all([role.run('night'), role.run('night')])
    expect(one).toMatchObject({ result: 'ok', said: 'did 1', why: 'person' })
    expect(two).toEqual(one)
    await expect(role.run('nothing')).rejects.toMatchObject({
      code: 'not_found',
      message: expect.stringContaining('night'),
    })
  })
  it('sees the schedule that the configuration says, and jobs that are off', async () => {
    const settings = { jobs: { night: { schedule: '30 4 * * 1', enabled: false } } }
    const role = await start([['night', daily(async () => {}, true)]], context(memoryJobState(), settings))
    const [line] = await role.list()
    expect(line).toEqual({ name: 'night', schedule: '30 4 * * 1', enabled: false, running: false, leads: true })
  })
  it.each([
    [{ nothing: { enabled: false } }, 'jobs.nothing'],
    [{ night: { schedule: 'at noon' } }, 'jobs.night.schedule'],
  ])('is told which setting is wrong: %j', async (jobs, field) => {
    await expect(start([['night', daily(async () => {})]], context(memoryJobState(), { jobs }))).rejects.toMatchObject({
      code: 'config_invalid',
      field,
    })
  })
})

describe('the jobs of the service', () => {
  it('are found by folder, each with a schedule that is one', async () => {
    const names = (await loadJobs(config.parse({}))).map(([name]) => name)
    expect(names).toEqual(expect.arrayContaining(['checkpoint', 'coverage', 'merge-yesterday', 'retention']))
    const lines = await listJobs(config.parse({}), memoryJobState(), { nowMs: () => NOW_MS })
    expect(lines.map(({ nextAtMs }) => nextAtMs! > NOW_MS)).toEqual(names.map(() => true))
  })
  it('are made of what the configuration names, each by a name of its own', async () => {
    const settings = config.parse({
      probes: [{ name: 'vendor', url: 'https://mcp.example/mcp', schedule: '*/5 * * * *' }],
      inventorySources: [{ name: 'center', kind: 'mcp-registry', url: 'https://registry.example' }],
      threatIntel: [{ name: 'isac', kind: 'taxii', url: 'https://taxii.example/c' }],
      jobs: { 'inventory-center': { schedule: '0 1 * * *' } },
    })
    const lines = await listJobs(settings, memoryJobState(), { nowMs: () => NOW_MS })
    const schedules = new Map(lines.map(({ name, schedule }) => [name, schedule]))
    expect(['probe-vendor', 'inventory-center', 'threat-intel-isac'].map((name) => schedules.get(name))).toEqual([
      ...['*/5 * * * *', '0 1 * * *', '20 * * * *'],
    ])
  })
  it.each([
    { probes: [{ name: 'a' }] },
    { probes: [{ name: 'a', url: 'https://a.example', command: ['x'] }] },
    { probes: [{ name: 'a', url: 'ftp://a.example' }] },
    { probes: ['a', 'a'].map((name) => ({ name, url: 'https://a.example' })) },
    { threatIntel: [{ name: 'A b', kind: 'taxii' }] },
    { inventorySources: [{ name: 'a', kind: 'else' }] },
    { digest: { days: 0 } },
  ])('are refused with a wrong setting: %j', (settings) => {
    expect(config.safeParse(settings).success).toBe(false)
  })
  it('merge yesterday, by UTC', async () => {
    await mergeYesterday.run({ ...context(), signal } as JobContext)
    expect(merged).toEqual(['2026-11-23'])
  })
})

describe('nextTime', () => {
  it.each([
    ['15 1 * * *', '2026-11-24T01:15:00Z', '2026-11-25T01:15:00Z'],
    ['15 1 * * *', '2026-11-24T01:14:59Z', '2026-11-24T01:15:00Z'],
    ['*/30 * * * *', '2026-11-24T23:59:00Z', '2026-11-25T00:00:00Z'],
    ['0 7 * * 1', '2026-11-24T00:00:00Z', '2026-11-30T07:00:00Z'],
    ['0 0 29 2 *', '2026-11-24T00:00:00Z', '2028-02-29T00:00:00Z'],
    ['0 9 * * 0', '2026-11-24T00:00:00Z', '2026-11-29T09:00:00Z'],
    ['0 9 * * 7', '2026-11-24T00:00:00Z', '2026-11-29T09:00:00Z'],
  ])('%s after %s is %s', (expression, after, next) => {
    expect(new Date(nextTime(expression, Date.parse(after))!).toISOString()).toBe(next.replace('Z', '.000Z'))
  })
  it('is asked of no day that never comes', () => {
    expect([isCron('0 0 31 2 *'), isCron('0 0 29 2 *'), isCron('x'), isCron('')]).toEqual([false, true, false, false])
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
    await coverage.run({ ...given, store, signal })
    await coverage.run({ ...given, store, signal })
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
