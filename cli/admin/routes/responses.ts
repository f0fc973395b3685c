/** Responses: what is proposed and what became of it; a person's confirmation, or the opposite. */
import { z } from 'zod'
import { AuditdError } from '../../../schemas/errors.ts'
import { accessEvent } from '../../access-event.ts'
import { type Decision, decisionFinding } from '../../responses/decision.ts'
import { proposalText } from '../../responses/proposal.ts'
import { chosenProposal, decisions, openProposals, standingOfProposal } from '../../responses/standing.ts'
import { type AdminContext, route } from '../route.ts'

const id = z
  .string()
  .regex(/^[0-9a-f]{8,32}$/, 'must be the id of a proposal, or its beginning')
  .describe('Id of the proposal, or its beginning.')
/** It becomes a row: what is typed in a shell may hold what no row may. */
const words = (most: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(most)
    .transform((text) => text.toWellFormed().replaceAll('\0', '\ufffd'))
const decided = z.strictObject({
  id,
  by: words(256).describe('Who decides.'),
  reason: words(2_048).describe('Why.'),
})

export default [
  route({
    method: 'GET',
    path: '/v1/responses',
    summary: 'Responses that can be confirmed, and what became of others',
    asked: z.strictObject({}),
    answers: 'A line for each, proposals first.',
    async answer(_, { store, settings, clock }) {
      const nowMs = clock.nowMs()
      const known = await decisions(store, nowMs)
      const proposals = await openProposals(store, settings.responses, nowMs)
      const open = proposals.filter((one) => !known.has(one.id)).map(standingOfProposal)
      return { body: { responses: [...open, ...known.values()] } }
    },
  }),
  route({
    method: 'GET',
    path: '/v1/responses/:id',
    summary: 'Exactly what a confirmation of this proposal would lead to',
    asked: z.strictObject({ id }),
    answers: 'The whole id, and what will happen as one line.',
    async answer({ id: asked }, { store, settings, clock }) {
      const proposal = chosenProposal(await openProposals(store, settings.responses, clock.nowMs()), asked)
      return { body: { ...standingOfProposal(proposal), what: proposalText(proposal) } }
    },
  }),
  route({
    method: 'POST',
    path: '/v1/responses/:id/confirm',
    summary: 'Confirms a proposal: it is sent, once',
    asked: decided,
    answers: 'What will happen.',
    answer: (asked, context) => decide('confirmed', asked, context),
  }),
  route({
    method: 'POST',
    path: '/v1/responses/:id/reject',
    summary: 'Rejects a proposal: it can be confirmed no more',
    asked: decided,
    answers: 'What will not happen.',
    answer: (asked, context) => decide('rejected', asked, context),
  }),
]

/**
 * The event of the audit first: who decided is on record before anything follows from it. What follows is one finding under the id of
 * the proposal, so of two decisions that cross only the first is taken in.
 */
async function decide(
  kind: Decision['kind'],
  { id: asked, by, reason }: z.output<typeof decided>,
  { store, settings, outbox, bus, clock, telemetry }: AdminContext,
) {
  const nowMs = clock.nowMs()
  const proposal = chosenProposal(await openProposals(store, settings.responses, nowMs), asked)
  const { tenant } = proposal.alert
  const known = (await outbox.remembered([proposal.id])).size > 0 || (await decisions(store, nowMs)).has(proposal.id)
  if (known) throw new AuditdError('usage', 'responses', proposal.id, 'is decided already')
  const what = proposalText(proposal)
  const subject = `${proposal.id} ${proposal.action} ${proposal.subject.id}`
  await bus.publish([
    accessEvent({ operation: 'response', actor: by, subject, reason: `${kind}: ${reason}`, tenant }, nowMs),
  ])
  await outbox.offer([decisionFinding(proposal, { kind, by, reason, at: new Date(nowMs).toISOString() })], [])
  telemetry.count('mcp_auditd_responses_total', 1, { response: proposal.response, result: kind })
  return { body: { id: proposal.id, decision: kind, what } }
}
