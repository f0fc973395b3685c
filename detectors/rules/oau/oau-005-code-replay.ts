/** An authorization code is redeemed a second time. */
import { z } from 'zod'
import { judgeRedemption, unused } from '../../oauth/replay.ts'
import { days, defineRule, seconds } from '../../rule.ts'
import { example, exampleWith, graded, sample } from '../../sample.ts'

type Token = NonNullable<Parameters<typeof sample<'oauth.token'>>[1]>
const redeems = (second: number, more: Token = {}) =>
  sample('oauth.token', {
    ts: second * 1_000,
    grantType: 'authorization_code',
    codeFp: 'c1',
    client: 'app',
    sourceAddress: 'a1',
    decision: 'allow',
    ...more,
  })
const refused = { decision: 'deny' } as const
const thief = { client: 'other', sourceAddress: 'a2' } as const

export default defineRule({
  id: 'oau-005-code-replay',
  version: 1,
  title: 'Authorization code redeemed twice',
  severity: { allowed: 'high', denied: 'medium' },
  why: 'A code is good once: a second redemption is by somebody who saw the code on its way, and one of the two is a thief.',
  falsePositives: [
    'A client that lost the answer repeats its request within five seconds: silent.',
    'A first try that was refused, and a second by the same client at the same place: silent.',
  ],
  blindSpots: [
    'Whether the code came from the browser it was made for: requests for codes name none.',
    'Another address is another network only where clients redeem their codes from one place.',
  ],
  triage: [
    'Which of the two was first, and what did it get? Revoke all tokens of the code.',
    'How did the code get out: a redirect (oau-002), a log, a referrer?',
    'Refuse a second redemption, and revoke what the first one got (RFC 6749 §4.1.2).',
  ],
  refs: ['MCP07:2025', 'T1528', 'RFC 6749'],
  requires: { 'oauth.token': ['codeFp', 'grantType', 'client', 'sourceAddress'] },
  config: z.object({
    retryMs: z.int().default(seconds(5)).describe('How long the same client may repeat its request, milliseconds.'),
  }),
  per: 'code',
  ttl: days(1),
  cell: unused,
  on: {
    'oauth.token'(e, first, { retryMs }) {
      if (e.grantType === 'authorization_code') return judgeRedemption(e, 'a code', first, retryMs)
    },
  },
  examples: {
    match: [
      graded('high', example('two clients', redeems(1), redeems(2, { client: 'other' }))),
      graded('medium', example('two clients, the second is refused', redeems(1), redeems(2, { ...thief, ...refused }))),
      graded('high', example('two addresses', redeems(1), redeems(2, { sourceAddress: 'a2' }))),
      graded(
        'medium',
        example('two addresses, the second is refused', redeems(1), redeems(2, { sourceAddress: 'a2', ...refused })),
      ),
      graded('high', example('later', redeems(1), redeems(6.001))),
      graded('low', example('later, and refused', redeems(1), redeems(60, refused))),
      graded('high', example('a thief tries first', redeems(1, { ...thief, ...refused }), redeems(2))),
      graded('high', example('the third time', redeems(1, refused), redeems(9), redeems(20))),
    ],
    noMatch: [
      example('a repetition in a second', redeems(1), redeems(2)),
      example('in five', redeems(1), redeems(6)),
      example('the first was refused', redeems(1, refused), redeems(60), redeems(61)),
      example('both were', redeems(1, refused), redeems(60, refused)),
      example('two codes', redeems(1), redeems(60, { codeFp: 'c2' })),
      example('nothing is known of who', redeems(1, { client: '', sourceAddress: '' }), redeems(2)),
      example('nor of the second', redeems(1), redeems(2, { client: '', sourceAddress: '' })),
      example(
        'an assertion: oau-011',
        redeems(1, { grantType: 'jwt-bearer' }),
        redeems(60, { grantType: 'jwt-bearer' }),
      ),
      exampleWith({ retryMs: 60_000 }, 'as configured', redeems(1), redeems(61)),
    ],
  },
})
