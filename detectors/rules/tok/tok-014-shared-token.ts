/** One key without an end is used on several machines. */
import { z } from 'zod'
import { days, defineRule, hours } from '../../rule.ts'
import { example, exampleWith, idOf, SAMPLE_EPOCH_MS, sample } from '../../sample.ts'
import { isAppOnly, isDeclared, isStatic } from '../../token/static-credential.ts'

type Fields = Parameters<typeof sample<'auth.token.validated'>>[1]
const NOW = SAMPLE_EPOCH_MS / 1_000
const key = (at: number, sourceAddress: string, more: Fields = {}) => {
  const { expAt, ...fields } = {
    ts: at,
    tokenFp: 'one',
    sourceAddress,
    tokenKind: 'opaque',
    issuedAt: 0,
    expAt: -1,
    principalKind: 'user',
    idtyp: '',
    principal: 'alice',
    client: 'ide',
    decision: 'allow',
    ...more,
  } as const
  return sample('auth.token.validated', expAt === -1 ? fields : { ...fields, expAt })
}
const three = (more: Fields = {}) => ['a', 'b', 'c'].map((address, i) => key(1 + i, address, more))
const DAY = hours(24)
const jwt = { tokenKind: 'jwt', issuedAt: NOW, expAt: NOW + 86_400 } as const
const tagged = (inventoryKind: 'principals' | 'clients', name: string, tag: string) =>
  sample('inventory.snapshot', { server: '*', inventoryKind, tags: [`${name}=${tag}`] })

export default defineRule({
  id: 'tok-014-shared-token',
  version: 1,
  title: 'One static key on several machines',
  severity: 'medium',
  why: 'A key that several machines share cannot be traced to who used it, and cannot be withdrawn from one of them.',
  falsePositives: [
    'Declared workloads and hosted clients: tag the principal or client `workload` or `hosted`.',
    'One person who moves between networks three times in a day with a personal key.',
  ],
  blindSpots: [
    'Machines behind one address translation, and servers without an edge.',
    'Who the key is shared by: only addresses are seen.',
  ],
  triage: [
    'Whose key is it, and who has it? Give each machine and person one of their own.',
    'Prefer tokens that end and are bound to a key.',
  ],
  refs: ['MCP07:2025', 'MCP02:2025', 'MCP08:2025', 'T1078'],
  asksInventory: true,
  requires: {
    'auth.token.validated': [
      'tokenFp',
      'sourceAddress',
      'tokenKind',
      'issuedAt',
      'expAt',
      'principalKind',
      'idtyp',
      'principal',
      'client',
    ],
  },
  occasional: ['idtyp', 'issuedAt', 'expAt'],
  config: z.object({
    machines: z.int().min(2).max(64).default(3).describe('Addresses that are several machines.'),
    withinMs: z.int().min(1).default(DAY).describe('Time in which they are seen, milliseconds.'),
    longMs: z.int().min(1).default(DAY).describe('A token that lives longer is as good as a static key, milliseconds.'),
    exemptTags: z.array(z.string()).default(['workload', 'hosted']).describe('Tags of principals and clients.'),
  }),
  per: 'fleetToken',
  ttl: days(2),
  cooldown: days(1),
  distinct: ({ machines, withinMs, longMs, exemptTags }) => ({
    where: (e) => e.decision === 'allow' && isStatic(e, longMs) && !isAppOnly(e) && !isDeclared(e, exemptTags),
    of: (e) => e.sourceAddress,
    atLeast: machines,
    within: withinMs,
    found: (_, seen) => ({ saw: `one key from ${seen} addresses`, expected: 'a key for each machine' }),
  }),
  examples: {
    match: [
      example('one key on five machines', ...three(), key(5, 'd'), key(6, 'e')),
      example('on three', ...three()),
      example('in the last moment of a day', key(1, 'a'), key(2, 'b'), key(DAY, 'c')),
      example('at several servers', key(1, 'a', { server: 'hr' }), key(2, 'b'), key(3, 'c', { server: 'wiki' })),
      example('a token for a day and a second', ...three({ ...jwt, expAt: NOW + 86_401 })),
      example('a token without an end', ...three({ ...jwt, expAt: -1 })),
      exampleWith({ machines: 2 }, 'two where two are several', key(1, 'a'), key(2, 'b')),
    ],
    noMatch: [
      example('on two machines', key(1, 'a'), key(2, 'b'), key(3, 'a')),
      example('in more than a day', key(1, 'a'), key(2, 'b'), key(DAY + 1, 'c')),
      example('the address is not known', key(1, 'a'), key(2, 'b'), key(3, '')),
      example('refused', ...three({ decision: 'deny' })),
      example('a token for a day', ...three(jwt)),
      example('opaque, with an end', ...three({ expAt: NOW + 86_400 })),
      example('no token at all', ...three({ tokenKind: 'none' })),
      example('what it is, is not known', ...three({ tokenKind: '' })),
      example('several keys', key(1, 'a'), key(2, 'b', { tokenFp: 'two' }), key(3, 'c', { tokenFp: 'three' })),
      example('an application by itself has a rule of its own', ...three({ principalKind: 'workload' })),
      example('the same, as Entra says it', ...three({ idtyp: 'app' })),
      example('a declared workload', tagged('principals', idOf('bob'), 'workload'), ...three({ principal: 'bob' })),
      example('a hosted client', tagged('clients', 'web', 'hosted'), ...three({ client: 'web' })),
    ],
  },
})
