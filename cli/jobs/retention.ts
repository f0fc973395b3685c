/** Once a day: rows of `events` whose class has been kept long enough get a tombstone and are deleted. Days are deleted whole, never a part. */
import { ACTIVITY_TYPES } from '../../connectors/clickhouse/retention.ts'
import type { Job } from '../job-schedule.ts'
import { removeWhere } from '../proof/removal.ts'

const DAY_MS = 86_400_000
const BY = 'job retention'
const listed = ACTIVITY_TYPES.map((type) => `'${type}'`).join(', ')

/** Received before the day that lies `days` back began. */
const before = (nowMs: number, days: number): string => {
  const day = new Date(Math.floor(nowMs / DAY_MS) * DAY_MS - days * DAY_MS).toISOString().slice(0, 10)
  return `toDate(received_at, 'UTC') < toDate('${day}')`
}

export default {
  schedule: '30 2 * * *',
  atStart: false,
  async run({ settings, store, proof, clock, signal }) {
    if (proof === undefined) return 'no proof is kept here'
    const { activity, security } = settings.retentionDays
    const nowMs = clock.nowMs()
    await proof.store.resumeRemovals()
    const leave = (note: string) => ({ reason: 'retention', by: BY, note, atMs: nowMs }) as const
    const ofActivity = await removeWhere(
      { store, proof, signal },
      `${before(nowMs, activity)} AND event_type IN (${listed})`,
      leave(`activity is kept ${activity} days`),
    )
    const ofSecurity = await removeWhere(
      { store, proof, signal },
      `${before(nowMs, security)} AND event_type NOT IN (${listed})`,
      leave(`security facts are kept ${security} days`),
    )
    return `removed ${ofActivity} rows of activity, ${ofSecurity} of security`
  },
} satisfies Job
