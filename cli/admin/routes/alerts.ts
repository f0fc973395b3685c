/** Alerts: which there are, one with its history, and what people decide about them. */
import { z } from 'zod'
import { ALERT_STATUSES } from '../../../schemas/alert.ts'
import { SEVERITIES } from '../../../schemas/finding.ts'
import { decide, decision } from '../../alerts/decision.ts'
import { type AskRows, alertNamed, historyOf, listAlerts } from '../../alerts/questions.ts'
import { type AdminContext, route } from '../route.ts'

const asking =
  ({ store }: Pick<AdminContext, 'store'>): AskRows =>
  (sql, parameters) =>
    store.query(sql, { format: 'JSONEachRow', own: true, parameters })
const id = z.string().describe('Id of the alert, or its beginning.')
const text = z.string().max(512).optional()

export default [
  route({
    method: 'GET',
    path: '/v1/alerts',
    summary: 'Alerts, the gravest and latest first',
    asked: z.strictObject({
      status: z.enum(ALERT_STATUSES).optional().describe('These alone.'),
      severity: z.enum(SEVERITIES).optional().describe('At least this severity.'),
      rule: text.describe('Rule id, or its beginning.'),
      server: text.describe('This server alone.'),
      principal: text.describe('Key of a principal, or its beginning.'),
      tenant: text.describe('This tenant alone.'),
      since: z.iso.datetime().optional().describe('Seen last at this time or later.'),
      limit: z.coerce.number().int().min(1).max(10_000).default(100).describe('At most so many.'),
    }),
    answers: 'Alerts.',
    async answer({ since, ...filter }, context) {
      const sinceMs = since === undefined ? undefined : Date.parse(since)
      return { body: { alerts: await listAlerts(asking(context), { ...filter, sinceMs }) } }
    },
  }),
  route({
    method: 'GET',
    path: '/v1/alerts/:id',
    summary: 'An alert with what became of it and what people decided',
    asked: z.strictObject({ id }),
    answers: 'The alert and its history, the oldest first.',
    async answer(asked, context) {
      const found = await alertNamed(asking(context), asked.id)
      return { body: { alert: found, history: await historyOf(asking(context), found.alertId) } }
    },
  }),
  route({
    method: 'POST',
    path: '/v1/alerts/:id/changes',
    summary: 'Acknowledges, resolves, reopens, suppresses or unsuppresses an alert, or says what it was',
    asked: z.strictObject({ ...decision.shape, id }),
    answers: 'The alert afterwards. 202: it is durable, and no alert role has taken it in yet.',
    async answer({ id, ...asked }, context) {
      const decided = await decide(id, asked, asking(context), context)
      return { status: decided.applied ? 200 : 202, body: decided }
    },
  }),
]
