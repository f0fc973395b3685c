/** One person is asked to visit a page, and another completes it. */
import { z } from 'zod'
import { wasRefused } from '../../finding.ts'
import { days, defineRule } from '../../rule.ts'
import { isOwner } from '../../sessions/ownership.ts'
import { match, noMatch } from './examples/ses-011-elicitation-identity.ts'

export default defineRule({
  id: 'ses-011-elicitation-identity',
  version: 1,
  title: 'Elicitation completed by another person',
  severity: 'critical',
  why: 'Who sends the link of an elicitation on to a victim gets the victim’s account connected to their own session: the same person must start and finish.',
  falsePositives: [
    'The browser knows the person under another subject: list the alias.',
    'Who only opened the page, or declined, has given nothing away: medium and low.',
  ],
  blindSpots: [
    'Pages that do not tell who is logged in: they need auditElicitation, or an event of their own.',
    'Elicitations of callers without a verified principal, as over stdio.',
  ],
  triage: [
    'How did the second person come by the link?',
    'Remove what the page has stored: tokens, accounts, payments, for the session that asked.',
    'Make the page compare its login with the principal that was asked, before it stores anything.',
  ],
  refs: ['MCP07:2025', 'T1566.002', 'T1528'],
  requires: {
    'elicitation.requested': ['handleFp', 'mode', 'principal', 'urlHost'],
    'elicitation.completed': ['handleFp', 'webPrincipalKey', 'stage', 'action'],
  },
  producerGaps: { 'elicitation.completed': 'who completed a page is told where it calls auditElicitation' },
  config: z.object({
    aliases: z
      .record(z.string(), z.string())
      .default({})
      .describe('Subjects of the same person: principal key -> the key that counts.'),
  }),
  per: 'handle',
  ttl: days(7),
  cell: () => ({ principal: '', host: '' }),
  on: {
    'elicitation.requested'(e, asked) {
      if (e.mode !== 'url' || asked.principal !== '') return
      asked.principal = e.principal
      asked.host = e.urlHost.slice(0, 64)
    },
    'elicitation.completed'(e, { principal, host }, { aliases }) {
      if (e.webPrincipalKey === '' || principal === '' || isOwner(e.webPrincipalKey, principal, aliases)) return
      const hasDeclined = e.action === 'decline' || e.action === 'cancel'
      const isDone = e.stage === 'done' && !wasRefused(e)
      return {
        severity: hasDeclined ? 'low' : isDone ? 'critical' : 'medium',
        saw: `principal ${e.webPrincipalKey} ${isDone ? 'completes' : 'opens'} the page at ${host || 'an unknown host'}`,
        expected: `principal ${principal}, who was asked`,
        evidence: { stage: e.stage, action: e.action },
      }
    },
  },
  examples: { match, noMatch },
})
