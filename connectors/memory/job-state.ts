/** What jobs remember, in memory, for tests. Who stands first is elected until it closes. */
import { assertJobValue, type Candidate, type JobState } from '../../schemas/job-state.ts'

export function memoryJobState(values = new Map<string, string>()): JobState {
  const candidates: Candidate[] = []
  return {
    get: async (name) => values.get(name),
    async set(name, value) {
      assertJobValue(name, value)
      values.set(name, value)
    },
    async stand(candidate) {
      candidates.push(candidate)
      if (candidates[0] === candidate) await candidate.elected()
      return {
        async close() {
          const leads = candidates[0] === candidate
          candidates.splice(candidates.indexOf(candidate), 1)
          if (!leads) return
          await candidate.deposed()
          await candidates[0]?.elected()
        },
      }
    },
    async close() {},
  }
}
