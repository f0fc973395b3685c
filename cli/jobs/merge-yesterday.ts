/** Merges yesterday: a hand-over may have left a row twice in `events`; after this it stands there once, as in `events_exact`. */
import type { Job } from '../job-schedule.ts'

const DAY_MS = 86_400_000

export default {
  schedule: '15 1 * * *',
  atStart: false,
  run: ({ store, clock }) => store.mergeDay(new Date(clock.nowMs() - DAY_MS).toISOString().slice(0, 10)),
} satisfies Job
