/** An application’s own credential is used on several machines that nobody declared. */
import { z } from 'zod'
import { days, defineRule, hours } from '../../rule.ts'
import { example, exampleWith, idOf, sample } from '../../sample.ts'
import { isAppOnly, isDeclared } from '../../token/static-credential.ts'

type Fields = Parameters<typeof sample<'auth.token.validated'>>[1]
const use = (at: number, sourceAddress: string, more: Fields = {}) =>
  sample('auth.token.validated', {
    ts: at,
    client: 'job',
    sourceAddress,
    principalKind: 'workload',
    idtyp: '',
    principal: 'job',
    decision: 'allow',
    ...more,
  })
const three = (more: Fields = {}) => ['a', 'b', 'c'].map((address, i) => use(1 + i, address, more))
const DAY = hours(24)
const tagged = (inventoryKind: 'principals' | 'clients', name: string, tag: string) =>
  sample('inventory.snapshot', { server: '*', inventoryKind, tags: [`${name}=${tag}`] })

export default defineRule({
  id: 'tok-014-shared-client',
  version: 1,
  title: 'One application identity on several machines',
  severity: 'medium',
  why: 'When one application identity runs everywhere, its calls can be laid to nobody, and its secret is in many places.',
  falsePositives: [
    'A workload with several replicas: tag its principal or client `workload`.',
    'A hosted service that leaves through many addresses: tag it `hosted`.',
  ],
  blindSpots: ['Machines behind one address translation, and servers without an edge.'],
  triage: [
    'Which deployments use this client id? Give each one of its own, with its own rights.',
    'Is one of the addresses unknown? Then the secret is stolen: rotate it.',
  ],
  refs: ['MCP07:2025', 'MCP02:2025', 'MCP08:2025', 'T1078'],
  asksInventory: true,
  requires: { 'auth.token.validated': ['client', 'sourceAddress', 'principalKind', 'idtyp', 'principal'] },
  occasional: ['idtyp'],
  config: z.object({
    machines: z.int().min(2).max(64).default(3).describe('Addresses that are several machines.'),
    withinMs: z.int().min(1).default(days(1)).describe('Time in which they are seen, milliseconds.'),
    exemptTags: z.array(z.string()).default(['workload', 'hosted']).describe('Tags of principals and clients.'),
  }),
  per: 'fleetClient',
  ttl: days(2),
  cooldown: days(1),
  distinct: ({ machines, withinMs, exemptTags }) => ({
    where: (e) => e.decision === 'allow' && isAppOnly(e) && !isDeclared(e, exemptTags),
    of: (e) => e.sourceAddress,
    atLeast: machines,
    within: withinMs,
    found: (_, seen) => ({ saw: `one application identity from ${seen} addresses`, expected: 'a declared workload' }),
  }),
  examples: {
    match: [
      example('on five machines', ...three(), use(5, 'd'), use(6, 'e')),
      example('on three', ...three()),
      example('as Entra says it', ...three({ principalKind: 'user', idtyp: 'app' })),
      example('in the last moment of a day', use(1, 'a'), use(2, 'b'), use(DAY, 'c')),
      example('at several servers', use(1, 'a', { server: 'hr' }), use(2, 'b'), use(3, 'c', { server: 'wiki' })),
      exampleWith({ machines: 2 }, 'two where two are several', use(1, 'a'), use(2, 'b')),
    ],
    noMatch: [
      example('a job on two replicas', use(1, 'a'), use(2, 'b'), use(3, 'a'), use(4, 'b')),
      example('in more than a day', use(1, 'a'), use(2, 'b'), use(DAY + 1, 'c')),
      example('the address is not known', use(1, 'a'), use(2, 'b'), use(3, '')),
      example('refused', ...three({ decision: 'deny' })),
      example('people with the same client', ...three({ principalKind: 'user', idtyp: 'user' })),
      example('several applications', use(1, 'a'), use(2, 'b', { client: 'two' }), use(3, 'c', { client: 'three' })),
      example('a declared workload', tagged('clients', 'job', 'workload'), ...three()),
      example(
        'a declared principal',
        tagged('principals', idOf('nightly'), 'hosted'),
        ...three({ principal: 'nightly' }),
      ),
    ],
  },
})
