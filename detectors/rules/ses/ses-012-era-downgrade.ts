/** A client that spoke the modern protocol falls back to the one with sessions. */
import { z } from 'zod'
import { noReleases, noteRelease } from '../../client-releases.ts'
import { noDeployments, rememberDeployment } from '../../deployments.ts'
import { days, defineRule, hours } from '../../rule.ts'
import { example, exampleWith, sample } from '../../sample.ts'
import { judgeLegacy, judgeSession, noHistory, noteModern } from '../../sessions/era-history.ts'

const ide = { client: 'ide', clientName: 'Ide', sourceAddress: 'a1' } as const
type Call = NonNullable<Parameters<typeof sample<'tool.call'>>[1]>
const calls = (n: number, more: Call = {}) =>
  Array.from({ length: n }, () => sample('tool.call', { ...ide, era: 'modern', ...more }))
type Request = NonNullable<Parameters<typeof sample<'http.request'>>[1]>
const requests = (n: number, more: Request = {}) =>
  Array.from({ length: n }, () => sample('http.request', { ...ide, era: 'modern', ...more }))
type Hello = NonNullable<Parameters<typeof sample<'client.hello'>>[1]>
const hello = (more: Hello = {}) => sample('client.hello', { ...ide, era: 'legacy', ...more })
type Created = NonNullable<Parameters<typeof sample<'session.created'>>[1]>
const session = (more: Created = {}) => sample('session.created', { era: 'modern', ...more })
const releases = (ts: number, deployedClient = 'ide') => sample('deployment.event', { ts, deployedClient })
const tagged = (tag: string) =>
  sample('inventory.snapshot', { server: '*', inventoryKind: 'clients', tags: [`ide=${tag}`] })
const rolledBack = sample('deployment.event', { deployedServer: 'mcp.example.com', newBuildDigest: 'b0' })
const nobody = { client: '', clientName: '', sourceAddress: '' }
const named = (n: number) => Array.from({ length: n }, (_, i) => calls(1, { clientName: `n${i}` })).flat()
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
      cell: () => ({ reportedMs: 0 }),
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
  examples: {
    match: [
      example('suddenly legacy, from a new address', ...calls(20), hello({ sourceAddress: 'a2' })),
      example('from where it always was', ...requests(20), hello()),
      example(
        'from where it was before',
        ...calls(10, { sourceAddress: 'a0' }),
        ...calls(10),
        hello({ sourceAddress: 'a0' }),
      ),
      example('whatever name, when none was told', ...calls(20, { clientName: '' }), ...calls(1), hello()),
      example('it does not give its name', ...calls(20), hello({ clientName: '', sourceAddress: '' })),
      example('its other name', ...calls(10, { clientName: 'Ide 2' }), ...calls(10), hello({ clientName: 'Ide 2' })),
      example('each day anew', ...calls(20), ...[0, days(1) - 1, days(1)].map((ts) => hello({ ts: ts + 30_000 }))),
      example('a client that is to be modern only', tagged('modern-only'), hello()),
      exampleWith({ modernOnly: ['ide'] }, 'as configured', releases(0), hello({ ts: 1 })),
      example('another client was released', ...calls(20), releases(21_000, 'cli'), hello()),
      example('released too long ago', ...calls(20), releases(21_000), hello({ ts: 21_001 + hours(1) })),
      example('a session for a modern request', ...[0, days(1) - 1, days(1)].map((ts) => session({ ts: ts + 1 }))),
      example('the oldest of eight names', ...named(9), ...calls(11), hello({ clientName: 'n2' })),
    ],
    noMatch: [
      example('nineteen', ...calls(19), hello(), ...calls(1), hello()),
      example('two programs, each with its own id', ...calls(20), hello({ client: 'old', sourceAddress: 'a2' })),
      example('two programs with one id', ...calls(20), hello({ clientName: 'Old' })),
      example('a ninth name is forgotten', ...named(9), ...calls(11), hello({ clientName: 'n1' })),
      example('the server was rolled back', ...calls(20), rolledBack, hello()),
      example('legacy from the beginning', hello(), ...calls(20), hello()),
      example('it says hello in the modern era', ...calls(20), hello({ era: 'modern' })),
      example('no name was ever told', ...calls(20, { clientName: '' }), hello()),
      example('it never was modern', ...calls(20, { era: 'legacy' }), ...requests(20, { era: 'legacy' }), hello()),
      example('a client that was released', ...calls(20), releases(21_000), hello({ ts: 21_000 + hours(1) })),
      example('everywhere', ...calls(20), sample('deployment.event', { server: '*', deployedClient: 'ide' }), hello()),
      example('nobody is known', ...calls(20, nobody), ...requests(1, nobody), hello({ client: '' })),
      example('a client with another tag', tagged('slow'), hello()),
      example('a session of the legacy era', session({ era: 'legacy' })),
    ],
  },
})
