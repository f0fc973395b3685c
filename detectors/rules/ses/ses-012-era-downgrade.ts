/** A client that spoke the modern protocol falls back to the one with sessions. */
import { z } from 'zod'
import { noReleases, noteRelease } from '../../access/client-releases.ts'
import { noDeployments, rememberDeployment } from '../../deployments.ts'
import { days, defineRule, hours, NEVER } from '../../rule.ts'
import { judgeLegacy, judgeSession, noHistory, noteModern } from '../../sessions/era-history.ts'
import { match, noMatch } from './examples/ses-012-era-downgrade.ts'

const fields = ['client', 'clientName', 'sourceAddress', 'era'] as const

export default defineRule({
  id: 'ses-012-era-downgrade',
  version: 1,
  title: 'Client falls back to the protocol with sessions',
  severity: 'low',
  why: 'The older protocol has sessions to steal and fewer checks; who is known to speak the newer one has no reason to go back.',
  falsePositives: [
    'Several programs under one client id: silent when the older protocol was spoken before, or under another name.',
    'A release or rollback of client or server: feed in the deployment.',
  ],
  blindSpots: [
    'Callers without a client id; names of clients are their own words.',
    'Networks are not known: any other address counts as new.',
    'A client that was never seen speaking the modern era twenty times.',
  ],
  triage: [
    'Is it the same program? Compare name, version and address with those of before.',
    'What was called in the session that the modern client never called?',
    'Serve the modern era alone when all clients speak it.',
  ],
  refs: ['MCP07:2025', 'T1689'],
  asksInventory: true,
  requires: {
    'tool.call': fields,
    'http.request': fields,
    'client.hello': fields,
    'session.created': ['era'],
    'deployment.event': ['deployedClient', 'deployedServer', 'newBuildDigest'],
  },
  occasional: ['session.created', 'deployment.event', 'deployedClient', 'deployedServer', 'sourceAddress'],
  producerGaps: { 'deployment.event': 'comes only by replay or from a pipeline that sends it' },
  config: z.object({
    atLeast: z.int().min(1).default(20).describe('Modern requests by which a client is known as modern.'),
    releaseMs: z
      .int()
      .default(hours(1))
      .describe('How far from a release of the client it is explained, milliseconds.'),
    repeatMs: z.int().default(days(1)).describe('How long the same client is not reported again, milliseconds.'),
    modernOnly: z.array(z.string()).default([]).describe('Clients that speak nothing else.'),
    modernOnlyTags: z.array(z.string()).default(['modern-only']).describe('Tags of clients that speak nothing else.'),
  }),
  per: 'client',
  ttl: days(30),
  cell: noHistory,
  beside: {
    releases: { per: 'server', cell: noReleases, on: { 'deployment.event': noteRelease } },
    everywhere: { per: 'fleet', cell: noReleases, on: { 'deployment.event': noteRelease } },
    deployments: { per: 'server', cell: noDeployments, on: { 'deployment.event': rememberDeployment } },
    server: {
      per: 'server',
      cell: () => ({ reportedMs: NEVER }),
      on: { 'session.created': (e, server, { repeatMs }) => judgeSession(e, server, repeatMs) },
    },
  },
  on: {
    'tool.call'(e, history) {
      if (e.era === 'modern') noteModern(e, history)
    },
    'http.request'(e, history) {
      if (e.era === 'modern') noteModern(e, history)
    },
    'client.hello'(e, history, config, beside) {
      if (e.era === 'legacy') return judgeLegacy(e, history, beside, config)
    },
  },
  examples: { match, noMatch },
})
