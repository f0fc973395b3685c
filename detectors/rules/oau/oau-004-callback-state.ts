/** An answer of another authorization server that nobody here asked for, or that comes from elsewhere. */
import { z } from 'zod'
import { judgeCallback, noTrip } from '../../oauth/callback-state.ts'
import { days, defineRule, minutes } from '../../rule.ts'
import { example, exampleWith, graded, sample } from '../../sample.ts'

const sound = { statePresent: true, stateOk: true, stateReused: false, issuerOk: 'ok', decision: 'allow' } as const
type Back = NonNullable<Parameters<typeof sample<'oauth.callback'>>[1]>
const back = (more: Back = {}) => sample('oauth.callback', { stateFp: 'a1', sourceAddress: 'e1', ...sound, ...more })
const sends = (stateFp = 'a1', ts = 0) => sample('oauth.upstream_redirect', { stateFp, ts })
const again = { sourceAddress: 'e2' } as const
const refused = { decision: 'deny' } as const
const foreign = { stateOk: false, stateFp: 'a9' } as const

export default defineRule({
  id: 'oau-004-callback-state',
  version: 1,
  title: 'Answer of an authorization server that does not fit',
  severity: { allowed: 'high', denied: 'low' },
  why: 'Who gets a server to take up the answer to another request connects his account with the session of a victim, or his server with the code of another.',
  falsePositives: [
    'The back button brings a state again, from the same person or address: low.',
    'A tab that stood open too long is turned away: silent.',
    'Several processes that do not share their states: what any of them sent counts.',
  ],
  blindSpots: [
    'The nonce of an ID token is checked where no event is made.',
    'Servers that do not tell which states they send.',
    'Whose browser it is, beyond its address.',
  ],
  triage: [
    'Who started the flow, and who finished it? What was connected with what?',
    'Undo it: tokens and accounts that were stored by this answer.',
    'Bind states to the browser, use each once, for ten minutes, and compare the issuer.',
  ],
  refs: ['MCP07:2025', 'T1557', 'T1528', 'RFC 9207'],
  requires: {
    'oauth.callback': [
      'stateFp',
      'statePresent',
      'stateOk',
      'stateReused',
      'stateAgeMs',
      'issuerOk',
      'principal',
      'sourceAddress',
    ],
    'oauth.upstream_redirect': ['stateFp'],
  },
  occasional: ['oauth.upstream_redirect', 'principal', 'stateReused'],
  producerGaps: { 'oauth.callback': 'comes where the server calls auditCallback' },
  config: z.object({
    maxAgeMs: z.int().default(minutes(10)).describe('How old a state may be, milliseconds.'),
  }),
  per: 'server',
  about: 'asker',
  ttl: days(30),
  cell: (): { tells: boolean } => ({ tells: false }),
  beside: {
    trip: {
      per: 'state',
      ttl: days(1),
      cell: noTrip,
      on: {
        'oauth.upstream_redirect'(e, trip) {
          trip.handedMs = e.ts
        },
      },
    },
  },
  on: {
    'oauth.upstream_redirect'(_, server) {
      server.tells = true
    },
    'oauth.callback': (e, server, { maxAgeMs }, { trip }) => judgeCallback(e, trip, server.tells, maxAgeMs),
  },
  examples: {
    match: [
      graded(
        'high',
        example('a state of alice comes again from bob', back({ principal: 'alice' }), back({ principal: 'bob' })),
      ),
      graded('high', example('from another address', back(), back(again), back())),
      graded('high', example('of alice, from elsewhere', back({ principal: 'alice' }), back(again))),
      graded('high', example('by bob, from elsewhere', back(), back({ principal: 'bob', ...again }))),
      graded('medium', example('from nowhere known', back({ sourceAddress: '' }), back({ sourceAddress: '' }))),
      graded('medium', example('and is refused', back(), back({ ...again, ...refused }))),
      graded('low', example('from the same one', back(), back())),
      graded('medium', example('from who knows where', back(), back({ sourceAddress: '' }))),
      graded('low', example('and refused', back(), back({ sourceAddress: '', ...refused }))),
      graded(
        'low',
        example('alice from elsewhere', back({ principal: 'alice' }), back({ principal: 'alice', ...again })),
      ),
      graded('medium', example('used before, as the server says', back({ stateReused: true }))),
      graded('high', example('no state', back({ statePresent: false, stateFp: '' }))),
      graded('low', example('no state, refused', back({ statePresent: false, ...refused }))),
      graded('high', example('another issuer', back({ issuerOk: 'mismatch' }))),
      graded('low', example('another issuer, refused', back({ issuerOk: 'mismatch', ...refused }))),
      graded('high', example('no issuer where one was expected', back({ issuerOk: 'missing' }))),
      graded('high', example('a state that was never sent', sends(), back(foreign))),
      graded('medium', example('too old, as the server says', back({ stateAgeMs: minutes(10) + 1 }))),
      graded('medium', example('too old by its events', sends('a1', 1), back({ ts: minutes(10) + 2 }))),
    ],
    noMatch: [
      example('back in time', sends(), back({ ts: minutes(10), stateAgeMs: minutes(10) })),
      example('a stale tab is turned away', sends(), back({ stateOk: false, ts: minutes(30), ...refused })),
      example('the first was turned away', back({ ...refused, ...again }), back()),
      example('a stranger is', sends(), back({ ...foreign, ...refused })),
      example('another process sent it', sends(), sends('a2'), back({ stateOk: false })),
      example('the server does not tell what it sends', back(foreign)),
      example('no issuer was expected', back({ issuerOk: 'not_expected' })),
      exampleWith({ maxAgeMs: minutes(20) }, 'as configured', back({ stateAgeMs: minutes(20) })),
    ],
  },
})
