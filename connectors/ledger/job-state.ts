/** What jobs remember, in the ledger. The data folder belongs to one process, so who stands is elected. */
import { assertJobValue, type JobState } from '../../schemas/job-state.ts'
import type { Database } from './database.ts'

export function ledgerJobState(database: Database): JobState {
  return {
    async get(name) {
      const row = database.get('SELECT value FROM job_state WHERE name = ?', name)
      return row === undefined ? undefined : String(row['value'])
    },
    async set(name, value) {
      assertJobValue(name, value)
      database.transaction(() =>
        database.run('INSERT OR REPLACE INTO job_state (name, value) VALUES (?, ?)', name, value),
      )
    },
    async stand(candidate) {
      await candidate.elected()
      return { close: () => candidate.deposed() }
    },
    async close() {},
  }
}
