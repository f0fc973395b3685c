/** A refresh token comes again although it was replaced, or is never replaced. */
import { z } from 'zod'
import { judgeRefresh, unused } from '../../oauth/replay.ts'
import { days, defineRule, seconds } from '../../rule.ts'
import { example, exampleWith, graded, sample } from '../../sample.ts'

type Token = NonNullable<Parameters<typeof sample<'oauth.token'>>[1]>
const used = (second: number, issuedRefreshFp: string, more: Token = {}) =>
  sample('oauth.token', {
    ts: second * 1_000,
    refreshFp: 'f1',
    issuedRefreshFp,
    client: 'app',
    decision: 'allow',
    ...more,
  })
type Registered = NonNullable<Parameters<typeof sample<'oauth.client_registered'>>[1]>
const registers = (tokenAuthMethod: string, more: Registered = {}) =>
  sample('oauth.client_registered', { ts: 0, client: 'app', decision: 'allow', tokenAuthMethod, ...more })
const refused = { decision: 'deny' } as const

export default defineRule({
  id: 'oau-009-refresh-reuse',
  version: 1,
  title: 'Refresh token used after it was replaced',
  severity: { allowed: 'high', denied: 'medium' },
  why: 'A refresh token that was replaced and comes again is in two hands: the client and the thief both hold a copy.',
  falsePositives: [
    'Two tabs, or a request that is sent twice, within ten seconds: silent.',
    'Servers that do not replace refresh tokens of confidential clients: silent.',
  ],
  blindSpots: [
    'A thief who uses the token before its owner, until the owner comes.',
    'Tokens that were replaced before the audit began, or more than 90 days ago.',
  ],
  triage: [
    'From where does each of the two come? Revoke the whole family of the token.',
    'Was it a client that failed to store the new one? Then it comes again and again from the same place.',
    'Replace refresh tokens of public clients at each use, and revoke the family when an old one comes.',
  ],
  refs: ['MCP01:2025', 'T1528', 'RFC 9700'],
  requires: {
    'oauth.token': ['refreshFp', 'issuedRefreshFp', 'client', 'sourceAddress'],
    'oauth.client_registered': ['client', 'tokenAuthMethod'],
  },
  occasional: ['oauth.client_registered', 'sourceAddress'],
  config: z.object({
    graceMs: z.int().default(seconds(10)).describe('How long a replaced token may still come, milliseconds.'),
  }),
  per: 'refresh',
  about: 'grant',
  ttl: days(90),
  cooldown: days(1),
  cell: unused,
  beside: {
    client: {
      per: 'client',
      ttl: days(365),
      cell: (): { isPublic: boolean } => ({ isPublic: false }),
      on: {
        'oauth.client_registered'(e, client) {
          if (e.decision === 'allow') client.isPublic = e.tokenAuthMethod === 'none'
        },
      },
    },
  },
  on: {
    'oauth.token': (e, first, { graceMs }, { client }) => judgeRefresh(e, first, client.isPublic, graceMs),
  },
  examples: {
    match: [
      graded('high', example('used again after an hour', used(1, 'f2'), used(3_601, 'f3'))),
      graded('medium', example('and refused', used(1, 'f2'), used(3_601, '', refused))),
      graded('high', example('just beyond ten seconds', used(1, 'f2'), used(11.001, ''))),
      graded('high', example('replaced at its second use', used(1, 'f1'), used(20, 'f2'), used(40, 'f3'))),
      graded('high', example('by another client', used(1, ''), used(2, '', { client: 'other' }))),
      graded(
        'medium',
        example(
          'by another client, refused',
          used(1, ''),
          used(2, '', { client: 'other', sourceAddress: 'a1', ...refused }),
        ),
      ),
      graded(
        'low',
        example('a public client whose token is never replaced', registers('none'), used(1, ''), used(3_601, 'f1')),
      ),
    ],
    noMatch: [
      example('sent twice in two seconds', used(1, 'f2'), used(3, 'f3'), used(11, 'f4')),
      example('a confidential client keeps its token', registers('client_secret_post'), used(1, ''), used(3_601, 'f1')),
      example('nothing is known of the client', used(1, ''), used(3_601, ''), used(7_201, 'f1')),
      example('a public one that failed once', registers('none'), used(1, '', refused), used(3_601, 'f1')),
      example('a public one that is refused', registers('none'), used(1, ''), used(3_601, '', refused)),
      example('a public one that is served late', registers('none'), used(1, ''), used(3_601, 'f2')),
      example('the next one', used(1, 'f2'), used(3_601, 'f3', { refreshFp: 'f2' })),
      example('a client that was not let in', registers('none', refused), used(1, ''), used(3_601, '')),
      example('another public client', registers('none', { client: 'other' }), used(1, ''), used(3_601, '')),
      example('a client that is not known', used(1, '', { client: '' }), used(2, ''), used(3, '', { client: '' })),
      exampleWith({ graceMs: seconds(60) }, 'as configured', used(1, 'f2'), used(61, 'f3')),
    ],
  },
})
