/** A client that has always sent bound tokens sends one that is bound to nothing. */
import { z } from 'zod'
import { isReleasedNear, noReleases, noteRelease } from '../../access/client-releases.ts'
import { days, defineRule, minutes } from '../../rule.ts'
import { example, exampleWith, sample } from '../../sample.ts'

type Fields = Parameters<typeof sample<'auth.token.validated'>>[1]
const token = (cnfKind: 'jkt' | 'x5t' | 'none' | '', fields: Fields = {}) =>
  sample('auth.token.validated', {
    cnfKind,
    tokenKind: 'jwt',
    introspected: false,
    principal: 'alice',
    client: 'ide',
    decision: 'allow',
    ...fields,
  } as Fields)
const bound = (n: number, fields: Fields = {}) => Array<ReturnType<typeof token>>(n).fill(token('jkt', fields))
const released = (at: number, deployedClient: string) => sample('deployment.event', { ts: at, deployedClient })

export default defineRule({
  id: 'tok-009-binding-dropped',
  version: 1,
  title: 'Tokens are no longer bound to a key',
  severity: 'high',
  why: 'Who cannot prove the key of a stolen grant asks for a token that needs none; the client itself has no reason to change.',
  falsePositives: [
    'A release of the client that gives up bound tokens: feed in its deployment.',
    'Persons with one device that binds and one that does not: each plain token starts the count anew.',
    'An issuer that moves to opaque tokens: whether those are bound is known by introspection only, and not judged without.',
  ],
  blindSpots: ['The first twenty tokens of a client. Opaque tokens without introspection.'],
  triage: [
    'Which grant was the token issued for, and why without a key?',
    'Let the authorization server and this server require bound tokens of this client.',
  ],
  refs: ['MCP01:2025', 'T1550.001', 'RFC 9449'],
  requires: {
    'auth.token.validated': ['cnfKind', 'tokenKind', 'introspected', 'principal', 'client'],
    'deployment.event': ['deployedClient'],
  },
  occasional: ['deployment.event', 'introspected', 'deployedClient'],
  config: z.object({
    learn: z.int().min(1).default(20).describe('Bound tokens in a row that are a habit.'),
    releaseMs: z
      .int()
      .min(0)
      .default(minutes(30))
      .describe('How far from a release of the client a change is its own, milliseconds.'),
  }),
  per: 'grant',
  ttl: days(30),
  cell: () => ({ bound: 0 }),
  where: (e) => e.decision === 'allow',
  beside: {
    releases: { per: 'server', cell: noReleases, on: { 'deployment.event': noteRelease } },
    everywhere: { per: 'fleet', cell: noReleases, on: { 'deployment.event': noteRelease } },
  },
  on: {
    'auth.token.validated'(e, cell, { learn, releaseMs }, { releases, everywhere }) {
      if (e.cnfKind === '') return
      if (e.cnfKind !== 'none') {
        cell.bound++
        return
      }
      if (e.tokenKind !== 'jwt' && !e.introspected) return
      const before = cell.bound
      cell.bound = 0
      if (before < learn || isReleasedNear(e.client, e.ts, releaseMs, releases, everywhere)) return
      return {
        saw: `a plain token after ${before} bound ones`,
        expected: 'a token bound to a key',
        evidence: { baseline: before },
      }
    },
  },
  examples: {
    match: [
      example('after twenty bound tokens', ...bound(20), token('none')),
      example('after certificates', ...Array(20).fill(token('x5t')), token('none')),
      example('opaque, and introspected', ...bound(20), token('none', { tokenKind: 'opaque', introspected: true })),
      example('a refused one changes nothing', ...bound(20), token('none', { decision: 'deny' }), token('none')),
      example('an opaque one changes nothing', ...bound(20), token('none', { tokenKind: 'opaque' }), token('none')),
      example('another client was released', ...bound(20), released(20_500, 'cli'), token('none')),
      example('released long ago', ...bound(20), released(20_000, 'ide'), token('none', { ts: minutes(30) + 20_001 })),
      exampleWith({ learn: 1 }, 'after one', token('jkt'), token('none')),
    ],
    noMatch: [
      example('after nineteen', ...bound(19), token('none')),
      example('not in a row', ...bound(19), token('none'), ...bound(19), token('none')),
      example('refused ones do not count', ...bound(19), token('jkt', { decision: 'deny' }), token('none')),
      example('unknown ones do not count', ...bound(19), token(''), token('none')),
      example('the client was released', ...bound(20), released(20_500, 'ide'), token('none')),
      example(
        'released for all servers',
        ...bound(20),
        sample('deployment.event', { ts: 20_500, server: '*', deployedClient: 'ide' }),
        token('none'),
      ),
      example('half an hour ago', ...bound(20), released(20_000, 'ide'), token('none', { ts: minutes(30) + 20_000 })),
      example('opaque', ...bound(20), token('none', { tokenKind: 'opaque' })),
      example('another person', ...bound(20), token('none', { principal: 'bob', client: 'cli' })),
    ],
  },
})
