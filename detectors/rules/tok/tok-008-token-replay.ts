/** One token is used from two places that take turns, or by two programs in two places. */
import { z } from 'zod'
import { days, defineRule, hours, minutes } from '../../rule.ts'
import { example, exampleWith, graded, idOf, sample } from '../../sample.ts'
import { judgeDivergence, noContexts, noteUse } from '../../token/contexts.ts'

type Fields = Parameters<typeof sample<'auth.token.validated'>>[1]
/** At minutes. */
const use = (at: number, sourceAddress: string, more: Fields = {}) =>
  sample('auth.token.validated', {
    ts: minutes(at),
    tokenFp: 'one',
    sourceAddress,
    addressClass: 'public',
    userAgentFamily: 'node',
    tokenType: 'access',
    principal: 'alice',
    client: 'ide',
    decision: 'allow',
    ...more,
  })
const row = (addresses: string) => [...addresses].map((address, i) => use(1 + i, address))
const bob = { principal: 'bob', client: 'job' }
const curl = { userAgentFamily: 'curl' }
const inside = { addressClass: 'private' } as const
const tagged = (inventoryKind: 'clients' | 'principals', entry: string) =>
  sample('inventory.snapshot', { server: '*', inventoryKind, tags: [entry] })

export default defineRule({
  id: 'tok-008-token-replay',
  version: 1,
  title: 'Token used from diverging places',
  severity: 'high',
  why: 'A bearer token works for whoever has it: two places that take turns with one are its owner and a thief.',
  falsePositives: [
    'A change of network goes one way, with the same program: it is not reported.',
    'Hosted clients leave through many addresses: from four on it is low. List them, or tag the client `hosted`.',
    'Workloads on several machines: tag the principal `workload`. Shared keys have a rule of their own, tok-014.',
    'A client that reaches the server over IPv4 and IPv6 in turns is medium.',
  ],
  blindSpots: [
    'Country and provider of an address are not known: only that it is another one, and whether it is public.',
    'A thief behind the same proxy or address translation as the owner, and servers without an edge.',
    'Used codes, DPoP proofs and refresh tokens: see oau-005, tok-009 and oau-009. One token at two servers: see beh-011.',
  ],
  triage: [
    'Ask the person which of the two they were; revoke the token.',
    'What did the other place call? List the calls of its address.',
    'Bind tokens to a key (DPoP, mTLS) so that a stolen one is worth nothing.',
  ],
  refs: ['MCP07:2025', 'MCP01:2025', 'T1550.001', 'T1528', 'AML.T0091.000'],
  asksInventory: true,
  requires: {
    'auth.token.validated': [
      'tokenFp',
      'tokenType',
      'sourceAddress',
      'addressClass',
      'userAgentFamily',
      'principal',
      'client',
    ],
  },
  config: z.object({
    withinMs: z.int().min(1).default(minutes(15)).describe('Time in which places count together, milliseconds.'),
    pool: z.int().min(2).default(4).describe('Addresses in that time that are those of a hosted client.'),
    poolClients: z.array(z.string()).default([]).describe('Clients that leave through many addresses.'),
    exemptTags: z
      .array(z.string())
      .default(['hosted', 'egress_pool', 'workload'])
      .describe('Tags of clients and principals with many addresses.'),
  }),
  per: 'token',
  about: 'grant',
  ttl: days(1),
  cooldown: hours(1),
  cell: noContexts,
  where: (e) => e.decision === 'allow' && (e.sourceAddress !== '' || e.tokenType === 'id_jag'),
  on: {
    'auth.token.validated'(e, cell, { withinMs, pool, poolClients, exemptTags }) {
      if (e.tokenType === 'id_jag' && cell.uses++ > 0)
        return { saw: 'an assertion that is good for one use, used again', expected: 'one use' }
      if (e.sourceAddress === '') return
      const divergence = noteUse(e, cell, withinMs)
      const match = divergence && judgeDivergence(divergence, pool)
      if (match === undefined || poolClients.includes(e.client)) return
      const tags = [...e.tagsOf('clients', e.client), ...e.tagsOf('principals', e.principal)]
      return tags.some((tag) => exemptTags.includes(tag)) ? undefined : match
    },
  },
  examples: {
    match: [
      graded('medium', example('two addresses take turns', use(0, 'a'), use(2, 'b'), use(4, 'a'))),
      graded('high', example('with two programs', use(0, 'a'), use(2, 'b', curl), use(4, 'a'))),
      graded('high', example('inside and outside take turns', use(0, 'a', inside), use(2, 'b'), use(4, 'a', inside))),
      graded('high', example('another program in another place', use(0, 'a'), use(2, 'b', curl))),
      graded('low', example('two programs in one place', use(0, 'a'), use(2, 'a', curl))),
      graded('low', example('four addresses', use(0, 'a'), use(1, 'b'), use(2, 'c'), use(3, 'd'), use(4, 'a'))),
      graded('medium', example('three addresses', use(0, 'a'), use(1, 'b'), use(2, 'c'), use(3, 'a'))),
      graded('medium', exampleWith({ pool: 5 }, 'four are no pool', ...row('abcda'))),
      graded(
        'high',
        example(
          'an assertion is used twice',
          use(0, 'a', { tokenType: 'id_jag' }),
          use(1, 'a', { tokenType: 'id_jag' }),
        ),
      ),
      example('an assertion, from who knows where', ...Array(2).fill(use(0, '', { tokenType: 'id_jag' }))),
      example('in the last moment of a quarter of an hour', use(0, 'a'), use(1, 'b'), use(14.999, 'a')),
      graded('medium', example('many uses in between', use(0, 'b'), ...Array(9).fill(use(1, 'a')), use(2, 'b'))),
      graded('high', exampleWith({ pool: 20 }, 'eight stretches', use(0, 'x', inside), ...row('abcdefga'))),
      graded('medium', exampleWith({ pool: 20 }, 'nine stretches', use(0, 'x', inside), ...row('abcdefgha'))),
    ],
    noMatch: [
      example('a change of network', use(0, 'a'), use(2, 'b'), use(4, 'b')),
      example('a change of network into the house', use(0, 'a'), use(2, 'b', inside)),
      example('back after a quarter of an hour', use(0, 'a'), use(14, 'b'), use(15, 'a')),
      example('back after the other was done', use(0, 'a'), use(1, 'b'), use(16, 'a')),
      example('refused', use(0, 'a'), use(2, 'b', { ...curl, decision: 'deny' }), use(4, 'a')),
      example('the program is not known', use(0, 'a'), use(2, 'b', { userAgentFamily: '' })),
      example('it was not known before', use(0, 'a', { userAgentFamily: '' }), use(2, 'b')),
      example('a program not told there', use(0, 'a'), use(2, 'b'), use(3, 'b', { userAgentFamily: '' })),
      example('two tokens', use(0, 'a'), use(2, 'b', { ...curl, tokenFp: 'two' })),
      example('the address is not known', use(0, 'a'), use(2, '', curl), use(4, 'a')),
      example('an assertion, used once', use(0, 'a', { tokenType: 'id_jag' })),
      exampleWith({ poolClients: ['ide'] }, 'a hosted client', use(0, 'a'), use(2, 'b', curl), use(4, 'a')),
      example('a client that is tagged', tagged('clients', 'ide=hosted'), use(0, 'a'), use(2, 'b', curl)),
      example(
        'a workload',
        tagged('principals', `${idOf('bob')}=workload`),
        use(0, 'a', bob),
        use(2, 'b', { ...curl, ...bob }),
      ),
    ],
  },
})
