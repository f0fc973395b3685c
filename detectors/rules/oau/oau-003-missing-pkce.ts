/** A code is given out without PKCE, or somebody tries verifiers. */
import { z } from 'zod'
import { judgeChallenge, judgeVerifier, noMisfits } from '../../oauth/proof-key.ts'
import { days, defineRule, minutes } from '../../rule.ts'
import { example, exampleWith, graded, sample } from '../../sample.ts'

type Asked = NonNullable<Parameters<typeof sample<'oauth.authorize'>>[1]>
const asks = (more: Asked = {}) =>
  sample('oauth.authorize', { client: 'app', decision: 'allow', pkcePresent: true, pkceMethod: 'S256', ...more })
type Token = NonNullable<Parameters<typeof sample<'oauth.token'>>[1]>
const wrong = (second: number, more: Token = {}) =>
  sample('oauth.token', {
    client: 'app',
    decision: 'deny',
    verifierOk: false,
    sourceAddress: 'a1',
    ts: second * 1_000,
    ...more,
  })
const tagged = (tag: string) =>
  sample('inventory.snapshot', { server: '*', inventoryKind: 'clients', tags: [`app=${tag}`] })
const without = { pkcePresent: false, pkceMethod: 'none' } as const

export default defineRule({
  id: 'oau-003-missing-pkce',
  version: 1,
  title: 'Authorization without PKCE',
  severity: 'high',
  why: 'Without PKCE whoever sees the answer of the authorization server can redeem its code: OAuth 2.1 asks for it from every client.',
  falsePositives: [
    'A confidential client from before PKCE: list it, or tag it `no-pkce`.',
    'One verifier that does not fit, such as of a second tab, is silent.',
  ],
  blindSpots: [
    'Verifiers that are compared by a server behind: only its refusal is seen.',
    'Whether a code that was asked for with a challenge is redeemed with a verifier at all.',
    'Guesses spread over many addresses.',
  ],
  triage: [
    'Which client is it, and what kind of application?',
    'Verifiers that do not fit: whose code is tried, and how did it get out?',
    'Refuse requests without a challenge of S256.',
  ],
  refs: ['MCP07:2025', 'T1528', 'RFC 7636'],
  asksInventory: true,
  requires: {
    'oauth.authorize': ['client', 'pkcePresent', 'pkceMethod'],
    'oauth.token': ['client', 'verifierOk', 'principal', 'sourceAddress'],
  },
  occasional: ['principal'],
  config: z.object({
    exempt: z.array(z.string()).default([]).describe('Clients that need no PKCE.'),
    exemptTags: z.array(z.string()).default(['no-pkce']).describe('Tags of clients that need no PKCE.'),
    failures: z.int().min(1).default(3).describe('Verifiers that do not fit, of one asker within the window.'),
    windowMs: z.int().default(minutes(10)).describe('The window, milliseconds.'),
  }),
  per: 'client',
  ttl: days(30),
  cell: () => ({}),
  beside: { misfits: { per: 'asker', cell: noMisfits } },
  on: {
    'oauth.authorize': (e, _, config) => judgeChallenge(e, config),
    'oauth.token': (e, _, config, { misfits }) => judgeVerifier(e, misfits, config),
  },
  examples: {
    match: [
      graded('high', example('a request without a challenge succeeds', asks(without))),
      graded('medium', example('a plain challenge', asks({ pkceMethod: 'plain' }))),
      graded('high', example('tagged otherwise', tagged('legacy'), asks(without))),
      graded('high', example('a verifier that does not fit is accepted', wrong(1, { decision: 'allow' }))),
      graded('medium', example('three that do not fit', ...[1, 2, 3, 4].map((second) => wrong(second)))),
      graded('medium', example('for several clients', wrong(1), wrong(2, { client: 'b' }), wrong(3, { client: 'c' }))),
      graded('medium', example('just in time', wrong(1), wrong(2), wrong(601 - 0.001))),
    ],
    noMatch: [
      example('S256', asks(), asks({ client: 'b' })),
      example('the request is refused', asks({ ...without, decision: 'deny' })),
      example('nothing is said of it', asks({ pkcePresent: undefined as never, pkceMethod: '' })),
      example(
        'one that does not fit, then another flow',
        wrong(1),
        asks(),
        wrong(2, { decision: 'allow', verifierOk: true }),
      ),
      example('two', wrong(1), wrong(2), wrong(3, { sourceAddress: 'a2' }), wrong(4, { principal: 'alice' })),
      example('too late', wrong(1), wrong(2), wrong(601)),
      example(
        'nothing is said of the verifier',
        ...[1, 2, 3].map((second) => wrong(second, { verifierOk: undefined as never })),
      ),
      example('a legacy client that is tagged', tagged('no-pkce'), asks(without)),
      exampleWith({ exempt: ['app'] }, 'a legacy client that is listed', asks(without)),
    ],
  },
})
