/** Several agents call under one application identity. */
import { z } from 'zod'
import { days, defineRule, hours } from '../../rule.ts'
import { example, exampleWith, sample } from '../../sample.ts'

type Fields = Parameters<typeof sample<'tool.call'>>[1]
const call = (at: number, clientName: string, more: Fields = {}) =>
  sample('tool.call', { ts: at, client: 'sp', clientName, principalKind: 'workload', decision: 'allow', ...more })
const three = (more: Fields = {}) => ['claude', 'copilot', 'cursor'].map((name, i) => call(1 + i, name, more))
const DAY = hours(24)

export default defineRule({
  id: 'tok-014-many-agents',
  version: 1,
  title: 'One identity for several agents',
  severity: 'medium',
  why: 'With one service principal for all agents nobody can say which agent did what, and each has the rights of all.',
  falsePositives: ['A workload that is meant to serve several clients, such as a gateway: list its client id.'],
  blindSpots: [
    'Names of agents are what they say of themselves: a liar stays one agent, and one agent under three names looks like three.',
    'The people an application says it acts for, where its token does not name them.',
  ],
  triage: ['Register an identity for each agent.', 'Which of the agents made the calls that matter?'],
  refs: ['MCP07:2025', 'MCP02:2025', 'MCP08:2025', 'T1078'],
  requires: { 'tool.call': ['client', 'clientName', 'principalKind'] },
  config: z.object({
    agents: z.int().min(2).max(64).default(3).describe('Agents that are several.'),
    withinMs: z.int().min(1).default(days(1)).describe('Time in which they are seen, milliseconds.'),
    workloads: z.array(z.string()).default([]).describe('Client ids that serve several agents by design.'),
  }),
  per: 'fleetClient',
  ttl: days(2),
  cooldown: days(1),
  distinct: ({ agents, withinMs, workloads }) => ({
    where: (e) => e.principalKind === 'workload' && e.decision === 'allow' && !workloads.includes(e.client),
    of: (e) => e.clientName,
    atLeast: agents,
    within: withinMs,
    found: (_, seen) => ({ saw: `${seen} agents under one application identity`, expected: 'an identity for each' }),
  }),
  examples: {
    match: [
      example('three agents', ...three()),
      example('in the last moment of a day', call(1, 'a'), call(2, 'b'), call(DAY, 'c')),
      example('at several servers', call(1, 'a', { server: 'hr' }), call(2, 'b'), call(3, 'c', { server: 'wiki' })),
      exampleWith({ agents: 2 }, 'two where two are several', call(1, 'a'), call(2, 'b')),
    ],
    noMatch: [
      example('two agents', call(1, 'a'), call(2, 'b'), call(3, 'a')),
      example('in more than a day', call(1, 'a'), call(2, 'b'), call(DAY + 1, 'c')),
      example('one says no name', call(1, 'a'), call(2, 'b'), call(3, '')),
      example('people', ...three({ principalKind: 'user' })),
      example('refused', ...three({ decision: 'deny' })),
      example('several identities', call(1, 'a'), call(2, 'b', { client: 'two' }), call(3, 'c', { client: 'three' })),
      exampleWith({ workloads: ['sp'] }, 'a gateway', ...three()),
    ],
  },
})
