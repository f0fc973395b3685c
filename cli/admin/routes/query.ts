/** Read-only SQL. */
import { z } from 'zod'
import { route } from '../route.ts'

export default route({
  method: 'POST',
  path: '/v1/query',
  summary: 'Runs one statement that only reads',
  asked: z.strictObject({
    sql: z.string().min(1).max(100_000).describe('The statement.'),
    format: z.string().max(64).default('PrettyCompactMonoBlock').describe('A ClickHouse output format.'),
  }),
  answers: 'The answer in the format that was asked for.',
  async answer({ sql, format }, { store }) {
    return { type: 'text/plain', body: await store.query(sql, { format }) }
  },
})
