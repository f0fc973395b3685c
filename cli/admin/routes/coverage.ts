/** Where rules could see in the last 24 hours, and what nobody can see from a server. */
import { z } from 'zod'
import { BLIND_SPOTS } from '../../../detectors/blind-spots.ts'
import { coverageSql } from '../../coverage-report.ts'
import { route } from '../route.ts'

export default route({
  method: 'GET',
  path: '/v1/coverage',
  summary: 'What each rule can see on each server',
  asked: z.strictObject({
    server: z.string().optional().describe('This server alone.'),
    rule: z.string().optional().describe('This rule alone.'),
    state: z.string().optional().describe('This state alone.'),
  }),
  answers: 'Lines of coverage, and the blind spots of all servers.',
  async answer(filter, { store }) {
    const answer = await store.query(coverageSql(filter), { format: 'JSON', own: true })
    return { body: { coverage: (JSON.parse(answer) as { data: unknown }).data, blindSpots: BLIND_SPOTS } }
  },
})
