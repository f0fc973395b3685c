/** An agent acts for somebody with a tool of high risk, for the first time. */
import { z } from 'zod'
import { isReleasedNear, noReleases, noteRelease } from '../../access/client-releases.ts'
import { isHighRiskTool } from '../../access/sensitive-tools.ts'
import { days, defineRule, hours, minutes } from '../../rule.ts'
import { example, exampleWith, sample } from '../../sample.ts'
import { noDelegations, noteActor } from '../../token/delegation.ts'

type Fields = Parameters<typeof sample<'tool.call'>>[1]
/** At minutes. */
const call = (at: number, actor: string, more: Fields = {}) =>
  sample('tool.call', {
    ts: minutes(at),
    actors: actor === '' ? [] : [actor],
    principal: 'cfo',
    client: 'agent',
    tool: 'transfer_money',
    decision: 'allow',
    ...more,
  })
const week = days(7) / minutes(1)
const usual = [call(0, 'assistant'), call(1, 'assistant')]
const others = { principal: 'bob' }
const released = (at: number, more: object = {}) =>
  sample('deployment.event', { ts: minutes(at), deployedClient: 'agent', ...more })

export default defineRule({
  id: 'tok-016-new-actor',
  version: 1,
  title: 'New agent acts with high risk',
  severity: 'medium',
  why: 'An agent that nobody has worked with and that begins with what cannot be undone may have its delegation from a thief.',
  falsePositives: [
    'The rollout of a new agent: feed in its release, which explains it for a day.',
    'A known agent that acts for somebody new is not reported.',
    'The first week, or five hundred calls, of a server and of a person are taken for usual.',
  ],
  blindSpots: [
    'Agents that call with the token of the person, or of their own: then no actor is named.',
    'More than 48 agents at one server: those unseen for longest are forgotten.',
  ],
  triage: [
    'Who rolled the agent out, and does the person know it?',
    'What did it call for this person and for others?',
  ],
  refs: ['MCP07:2025', 'MCP02:2025', 'T1550.001'],
  asksInventory: true,
  requires: {
    'tool.call': ['actors', 'principal', 'client', 'tool'],
    'deployment.event': ['deployedClient'],
  },
  occasional: ['actors', 'deployment.event', 'deployedClient'],
  config: z.object({
    learn: z.int().min(1).default(500).describe('Calls with an actor that are taken for usual.'),
    learnMs: z.int().min(1).default(days(7)).describe('Time that is taken for usual, milliseconds.'),
    releaseMs: z.int().min(0).default(hours(24)).describe('How far from its release a client is new, milliseconds.'),
  }),
  per: 'caller',
  ttl: days(90),
  cell: noDelegations,
  beside: {
    agents: { per: 'server', cell: noDelegations },
    releases: { per: 'server', cell: noReleases, on: { 'deployment.event': noteRelease } },
    everywhere: { per: 'fleet', cell: noReleases, on: { 'deployment.event': noteRelease } },
  },
  where: (e) => e.decision === 'allow',
  on: {
    'tool.call'(e, cell, config, { agents, releases, everywhere }) {
      const [actor] = e.actors
      if (actor === undefined) return
      const news = noteActor(actor, e.ts, cell, agents, config)
      if (news === '' || !isHighRiskTool(e, e.tool)) return
      if (isReleasedNear(e.client, e.ts, config.releaseMs, releases, everywhere)) return
      return {
        saw: `${actor}, ${news === 'agent' ? 'an agent never seen here' : 'for the first time for this person'}, calls ${e.tool}`,
        expected: 'a known agent',
        evidence: { actor, tool: e.tool },
      }
    },
  },
  examples: {
    match: [
      example('an unknown agent after a week', ...usual, call(week, 'payroll')),
      example('for somebody it has no history with', ...usual, call(week, 'payroll', { principal: 'carol' })),
      example('another agent, known to others', ...usual, call(2, 'payroll', others), call(week, 'payroll')),
      exampleWith({ learn: 2 }, 'after so many calls', ...usual, call(2, 'assistant'), call(3, 'payroll')),
      example(
        'another client was released',
        ...usual,
        released(week, { deployedClient: 'ide' }),
        call(week, 'payroll'),
      ),
      example('released a day before', ...usual, released(week), call(week + 1441, 'payroll')),
      example(
        'the 49th forgets the first',
        ...[...Array(49).keys()].map((i) => call(i, `a${i}`, { principal: `p${i}` })),
        call(week, 'a0'),
      ),
    ],
    noMatch: [
      example('as ever', ...usual, call(week, 'assistant')),
      example('a known agent, somebody new', ...usual, call(week, 'assistant', { principal: 'carol', client: 'b' })),
      example('within the week', ...usual, call(week - 1, 'payroll')),
      example('a tool without risk', ...usual, call(week, 'payroll', { tool: 'list_files' })),
      example('refused', ...usual, call(week, 'payroll', { decision: 'deny' })),
      example('nobody acts', ...usual, call(week, '')),
      example('the first call of all', call(0, 'payroll')),
      example(
        'a new person, with an agent that is known',
        ...usual,
        call(week, 'assistant', { principal: 'new' }),
        call(week + 1, 'assistant', { principal: 'new' }),
      ),
      exampleWith({ learn: 3 }, 'too few calls', ...usual, call(2, 'assistant'), call(3, 'payroll')),
      example('it was released', ...usual, released(week), call(week + 1440, 'payroll')),
      example('released for all servers', ...usual, released(week, { server: '*' }), call(week + 1, 'payroll')),
      example(
        '48 agents are known',
        ...[...Array(48).keys()].map((i) => call(i, `a${i}`, { principal: `p${i}` })),
        call(week, 'a0'),
      ),
    ],
  },
})
