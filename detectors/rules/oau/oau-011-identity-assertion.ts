/** An assertion of an enterprise’s identity provider does not fit its use. */
import { z } from 'zod'
import { judgeAssertion, noRefusals } from '../../oauth/identity-assertion.ts'
import { unused } from '../../oauth/replay.ts'
import { days, defineRule, minutes, seconds } from '../../rule.ts'
import { example, exampleWith, graded, sample } from '../../sample.ts'

type Token = NonNullable<Parameters<typeof sample<'oauth.token'>>[1]>
const GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const presents = (second: number, more: Token = {}) =>
  sample('oauth.token', {
    ts: second * 1_000,
    grantType: GRANT,
    codeFp: 'c1',
    client: 'agent',
    assertionClient: 'agent',
    assertionFlaws: [],
    sourceAddress: 'a1',
    decision: 'allow',
    ...more,
  })
const wrong = (flaw: string, more: Token = {}) => presents(1, { assertionFlaws: [flaw], ...more })
const refused = (second: number, more: Token = {}) =>
  presents(second, { decision: 'deny', codeFp: `d${second}`, assertionFlaws: ['audience'], ...more })

export default defineRule({
  id: 'oau-011-identity-assertion',
  version: 1,
  title: 'Assertion of an identity provider that does not fit',
  severity: 'high',
  why: 'With such a grant nobody is asked: a server that takes an assertion made for another server, resource or client gives its tokens to whoever holds one.',
  falsePositives: [
    'Clocks of the identity provider may be off by two minutes.',
    'A client that has another id at the identity provider: list the alias.',
    'A single refusal is silent.',
  ],
  blindSpots: [
    'Token endpoints that do not call auditAssertion.',
    'Whether the signature is good: that is for the endpoint to find.',
    'An assertion without an id, which cannot be known again; it is medium for that.',
  ],
  triage: [
    'For whom was the assertion made, and how did this client come by it?',
    'Revoke the tokens that were issued for it.',
    'Make the endpoint compare issuer, client, resource and type, and remember ids.',
  ],
  refs: ['MCP07:2025', 'T1606', 'RFC 7523'],
  requires: {
    'oauth.token': ['grantType', 'codeFp', 'client', 'assertionClient', 'assertionFlaws', 'sourceAddress'],
  },
  occasional: ['assertionFlaws', 'sourceAddress'],
  producerGaps: { 'oauth.token': 'assertions are told where the token endpoint calls auditAssertion' },
  config: z.object({
    clientAliases: z
      .record(z.string(), z.string())
      .default({})
      .describe('Ids of the same client: id -> the id that counts.'),
    severe: z
      .array(z.string())
      .default(['type', 'audience', 'resource'])
      .describe('What is high when it is wrong; the rest is medium.'),
    refusals: z.int().min(1).default(3).describe('Refused assertions of one client within the window.'),
    windowMs: z.int().default(minutes(10)).describe('The window, milliseconds.'),
    retryMs: z.int().default(seconds(5)).describe('How long the same client may repeat its request, milliseconds.'),
  }),
  per: 'client',
  ttl: days(30),
  cell: noRefusals,
  beside: { first: { per: 'code', cell: unused } },
  on: {
    'oauth.token'(e, refusals, config, { first }) {
      if (e.grantType === GRANT) return judgeAssertion(e, first, refusals, config)
    },
  },
  examples: {
    match: [
      graded('high', example('made for another client, and accepted', presents(1, { assertionClient: 'other' }))),
      ...['type', 'audience', 'resource'].map((flaw) => graded('high', example(`a wrong ${flaw}`, wrong(flaw)))),
      graded('medium', example('it has expired', wrong('expired'))),
      graded('medium', example('it has no id', wrong('no_id', { codeFp: '' }))),
      graded('high', example('used again', presents(1), presents(6.001))),
      graded('medium', example('refused three times', refused(1), refused(2), refused(3), refused(4))),
      graded('medium', example('just in time', refused(1), refused(2), refused(601 - 0.001))),
      graded(
        'high',
        exampleWith({ clientAliases: { agent: 'x' } }, 'an alias of another', presents(1, { client: 'y' })),
      ),
    ],
    noMatch: [
      example('made for this client', presents(1), presents(6)),
      example('rejected once', refused(1), refused(2, { assertionFlaws: [], assertionClient: 'other' })),
      example('for several clients', refused(1), refused(2), refused(3, { client: 'b', assertionClient: 'b' })),
      example('too late', refused(1), refused(2), refused(601)),
      example('refused for other reasons', ...[1, 2, 3].map((second) => refused(second, { assertionFlaws: [] }))),
      example('it names no client', presents(1, { assertionClient: '' })),
      example('a code: oau-005', wrong('audience', { grantType: 'authorization_code' })),
      example('another assertion', presents(1), presents(60, { codeFp: 'c2', sourceAddress: 'a2' })),
      exampleWith(
        { clientAliases: { agent: 'a', robot: 'a' } },
        'during a migration',
        presents(1, { client: 'robot' }),
      ),
    ],
  },
})
