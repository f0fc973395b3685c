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
    parameters: z
      .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,63}$/), z.string().max(100_000))
      .default({})
      .describe('Values of {name:Type} in the statement, as texts.'),
  }),
  answers: 'The answer in the format that was asked for.',
  async answer({ sql, format, parameters }, { store }) {
    return { type: 'text/plain', body: await store.query(sql, { format, parameters }) }
  },
})
