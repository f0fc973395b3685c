/** Jobs: which there are, when they ran and run, and one run now. */
import { z } from 'zod'
import { route } from '../route.ts'

export default [
  route({
    method: 'GET',
    path: '/v1/jobs',
    summary: 'Jobs with their schedule, last run and next run',
    asked: z.strictObject({}),
    answers: 'A line for each job.',
    answer: async (_, { jobs }) => ({ body: { jobs: await jobs.list() } }),
  }),
  route({
    method: 'POST',
    path: '/v1/jobs/run',
    summary: 'Runs a job now and waits for its end',
    asked: z.strictObject({ name: z.string().min(1).max(128).describe('Name of the job.') }),
    answers: 'How the run ended.',
    answer: async ({ name }, { jobs }) => ({ body: await jobs.run(name) }),
  }),
]
