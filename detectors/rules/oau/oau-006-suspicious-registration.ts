/** Clients register in numbers, in a hurry, or where nobody may register. */
import { z } from 'zod'
import { wasRefused } from '../../finding.ts'
import { judgeBurst, judgeHaste, type Newcomer, noRegistrations } from '../../oauth/registrations.ts'
import { days, defineRule, hours, minutes } from '../../rule.ts'
import { example, exampleWith, graded, sample } from '../../sample.ts'

type Registered = NonNullable<Parameters<typeof sample<'oauth.client_registered'>>[1]>
const registers = (more: Registered = {}) =>
  sample('oauth.client_registered', { client: 'c1', registrationKind: 'dcr', decision: 'allow', ...more })
const burst = (n: number, more: (i: number) => Registered = () => ({})) =>
  Array.from({ length: n }, (_, i) =>
    registers({ sourceAddress: 'a1', addressClass: 'public', ts: minutes(1) + i, ...more(i) }),
  )
const asks = (ms: number, scopes: string[], more: Parameters<typeof sample<'oauth.authorize'>>[1] = {}) =>
  sample('oauth.authorize', { ts: ms, client: 'c1', decision: 'allow', scopes, ...more })
const only = (tag: string) =>
  sample('inventory.snapshot', { server: '*', inventoryKind: 'servers', tags: [`mcp.example.com=${tag}`] })

export default defineRule({
  id: 'oau-006-suspicious-registration',
  version: 1,
  title: 'Suspicious registration of a client',
  severity: 'medium',
  why: 'Registration is open to anybody: who registers again and again prepares names, redirects or consents to be tried on people.',
  falsePositives: [
    'Many installations behind one address: raise the number. From inside the network it is low.',
    'Tests: from loopback nothing counts.',
    'Most clients ask for all scopes at once after they registered: low.',
  ],
  blindSpots: [
    'Registrations spread over many addresses.',
    'A proxy that is not trusted to name the caller: all registrations come from its address.',
  ],
  triage: [
    'Which names and redirects were registered (oau-006-look-alike-client)?',
    'Was any of them used, and did anybody agree (oau-001)?',
    'Limit registrations, or take metadata documents (CIMD) alone.',
  ],
  refs: ['MCP07:2025', 'MCP09:2025', 'T1098.001'],
  asksInventory: true,
  requires: {
    'oauth.client_registered': ['client', 'registrationKind', 'sourceAddress', 'principal', 'addressClass'],
    'oauth.authorize': ['client', 'scopes'],
  },
  occasional: ['oauth.authorize', 'principal'],
  config: z.object({
    registrations: z.int().min(1).max(100).default(10).describe('Registrations of one asker within the window.'),
    windowMs: z.int().default(hours(1)).describe('The window, milliseconds.'),
    hasteMs: z.int().default(minutes(5)).describe('How long a client is new, milliseconds.'),
    highRisk: z
      .array(z.string())
      .default(['admin', 'owner', 'write_all'])
      .describe('Parts of names of high-risk scopes.'),
    closedTags: z.array(z.string()).default(['cimd-only']).describe('Tags of servers where nobody may register.'),
  }),
  per: 'server',
  ttl: days(1),
  cell: () => ({}),
  beside: {
    burst: { per: 'asker', cell: noRegistrations, on: { 'oauth.client_registered': judgeBurst } },
    newcomer: {
      per: 'client',
      cell: (): Newcomer => ({ registeredMs: 0 }),
      on: {
        'oauth.client_registered'(e, newcomer) {
          newcomer.registeredMs = e.ts
        },
        'oauth.authorize': judgeHaste,
      },
    },
  },
  on: {
    'oauth.client_registered'(e, _, config) {
      if (e.registrationKind !== 'dcr') return
      if (e.tagsOf('servers', e.server).some((tag) => config.closedTags.includes(tag)))
        return { severity: wasRefused(e) ? 'low' : 'high', saw: 'a client that registers itself', expected: 'none' }
    },
  },
  examples: {
    match: [
      graded('medium', example('eleven in an hour', ...burst(11))),
      graded('low', example('from inside', ...burst(11, () => ({ addressClass: 'private' })))),
      graded('medium', example('just within', ...burst(11, (i) => ({ ts: i === 10 ? minutes(61) - 1 : minutes(1) })))),
      graded(
        'medium',
        example('by one principal', ...burst(11, (i) => ({ sourceAddress: `b${i}`, principal: 'alice' }))),
      ),
      graded(
        'low',
        example('an administrator’s scope at once', registers({ ts: 1 }), asks(minutes(5) + 1, ['db:Admin'])),
      ),
      graded('low', example('all scopes at once', registers({ ts: 1 }), asks(2, ['read', 'files:*']))),
      graded('high', example('where documents alone are taken', only('cimd-only'), registers())),
      graded('low', example('there, and refused', only('cimd-only'), registers({ decision: 'deny' }))),
    ],
    noMatch: [
      example('ten in an hour', ...burst(10), ...burst(10, () => ({ sourceAddress: 'a2' }))),
      example('the first is an hour old', ...burst(11, (i) => ({ ts: i === 10 ? minutes(61) : minutes(1) }))),
      example('tests on the machine', ...burst(40, () => ({ addressClass: 'loopback' }))),
      example('a plain scope', registers(), asks(minutes(1), ['files:read'])),
      example('later', registers({ ts: 1 }), asks(minutes(5) + 2, ['db:admin'])),
      example('refused at once', registers(), asks(minutes(1), ['db:admin'], { decision: 'deny' })),
      example('an older client', asks(minutes(1), ['db:admin'], { client: 'c2' })),
      example('by an administrator', only('cimd-only'), registers({ registrationKind: 'prereg', client: 'c3' })),
      example('of a server with another tag', only('dev'), registers()),
      exampleWith({ registrations: 40 }, 'as configured', ...burst(40)),
    ],
  },
})
