/** A client's granted scopes grow although the server never asked for more. */
import { z } from 'zod'
import { days, defineRule, minutes } from '../../rule.ts'
import { example, sample } from '../../sample.ts'
import { judgeGrant, newGrant, noReleases, noteChallenge, noteRelease } from '../../scope-growth.ts'

const who = { principal: 'alice', client: 'ide' }
const token = (at: number, ...scopes: string[]) =>
  sample('auth.token.validated', { ...who, ts: minutes(at), scopes, roles: [], decision: 'allow' })
const asks = (at: number, ...scopesChallenged: string[]) =>
  sample('auth.challenge.sent', { ...who, ts: minutes(at), scopesChallenged, decision: 'challenge' })
const issued = (at: number, ...scopes: string[]) => sample('oauth.token', { ...who, ts: minutes(at), scopes })
const released = (at: number, deployedClient: string) => sample('deployment.event', { ts: minutes(at), deployedClient })
const five = [1, 2, 3, 4, 5].map((at) => token(at, 'files:read'))
const many = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((name) => `${name}:read`)
const wide = [1, 2, 3, 4, 5].map((at) => token(at, ...many))
const keys = ['principal', 'client'] as const

export default defineRule({
  id: 'scp-002-scope-creep',
  version: 1,
  title: 'Scope creep',
  severity: 'medium',
  why: 'Rights that grow without a request of the server were obtained elsewhere: a changed grant, a stolen refresh token, a careless consent.',
  falsePositives: [
    'A release of the client asks for more at login: feed in its deployment.',
    'Step-up is challenged by the server and stays silent, until it adds up.',
  ],
  blindSpots: [
    'The first tokens of a client are taken as normal.',
    'Growth during the 30 minutes after a challenge for the same scope.',
    'A release that is fed in after the token was seen.',
  ],
  triage: [
    'Which grant or consent added the scope, and who gave it?',
    'Was the new scope used? List the calls of this principal and client since.',
    'Revoke the grant when nobody can explain it.',
  ],
  refs: ['MCP02:2025', 'T1098.003', 'T1528'],
  requires: {
    'auth.token.validated': [...keys, 'scopes', 'roles'],
    'auth.challenge.sent': [...keys, 'scopesChallenged'],
    'oauth.token': [...keys, 'scopes'],
    'deployment.event': ['deployedClient'],
  },
  occasional: ['auth.challenge.sent', 'roles', 'deployedClient'],
  producerGaps: {
    'oauth.token': 'only servers that host or proxy OAuth see it, with auditOAuthProvider',
    'deployment.event': 'comes only by replay or from a pipeline that sends it',
  },
  config: z.object({
    learn: z.int().min(0).default(5).describe('Tokens of a grant taken as normal.'),
    challengeMs: z.int().default(minutes(30)).describe('How long a challenge explains a new scope, milliseconds.'),
    releaseMs: z
      .int()
      .default(minutes(30))
      .describe('How far from a release of the client growth is its own, milliseconds.'),
    growthMs: z.int().default(days(7)).describe('Time over which explained growth adds up, milliseconds.'),
    growthScopes: z
      .int()
      .min(1)
      .default(3)
      .describe('Scopes added in that time that are too many, although each was asked for.'),
    growthShare: z
      .number()
      .default(0.5)
      .describe('The same as a share of the scopes before, from two added scopes on.'),
    highRisk: z
      .array(z.string())
      .default(['admin', 'owner', 'write_all'])
      .describe('Parts of names of high-risk scopes; wildcards always are.'),
  }),
  per: 'grant',
  ttl: days(30),
  cell: newGrant,
  beside: {
    releases: { per: 'server', cell: noReleases, on: { 'deployment.event': noteRelease } },
  },
  on: {
    'auth.challenge.sent': (e, cell, config) => noteChallenge(e, cell, config),
    'auth.token.validated'(e, cell, config, beside) {
      if (e.decision !== 'allow') return
      const granted = e.roles.length === 0 ? e.scopes : [...e.scopes, ...e.roles]
      const match = judgeGrant(e, granted, cell, config, beside)
      cell.tokens++
      return match
    },
    'oauth.token': (e, cell, config, beside) =>
      e.decision === 'deny' ? undefined : judgeGrant(e, e.scopes, cell, config, beside),
  },
  examples: {
    match: [
      example('an admin scope appears with no challenge', ...five, token(6, 'files:read', 'db:admin')),
      example('a plain scope appears with no challenge', ...five, token(6, 'files:read', 'files:list')),
      example(
        'an application role appears',
        ...five,
        sample('auth.token.validated', {
          ...who,
          ts: minutes(6),
          scopes: ['files:read'],
          roles: ['Files.Admin'],
          decision: 'allow',
        }),
      ),
      example('the proxy issues more', ...five, issued(6, 'files:read', 'files:write')),
      example(
        'the challenge was too long ago',
        ...five,
        asks(6, 'files:write'),
        token(37, 'files:read', 'files:write'),
      ),
      example(
        'three scopes in a week, each asked for',
        ...five,
        ...['b', 'c', 'd'].flatMap((scope, i) => [
          asks(100 * i + 6, scope),
          token(100 * i + 7, 'files:read', ...'bcd'.slice(0, i + 1)),
        ]),
      ),
      example('another client was released', ...five, released(5, 'cli'), token(6, 'files:read', 'files:list')),
      example(
        'a scope that was forgotten after 30 days comes back',
        ...wide,
        ...[10, 20, 28].map((day) => token(day * 1440, ...many.slice(1))),
        token(33 * 1440, ...many),
      ),
    ],
    noMatch: [
      example('the server asked for it', ...five, asks(6, 'files:write'), token(7, 'files:read', 'files:write')),
      example('two challenges before one token', ...wide, asks(6, 'x'), asks(7, 'y'), token(8, ...many, 'x', 'y')),
      example('the first five tokens are learned', token(1, 'files:read'), token(2, 'files:read', 'files:write')),
      example('the client was released', ...five, released(5, 'ide'), token(6, 'files:read', 'files:list')),
      example('fewer scopes than before', ...wide, issued(6, 'a:read'), token(7, 'a:read')),
      example(
        'the server refused the token',
        ...five,
        sample('auth.token.validated', { ...who, scopes: ['db:admin'], decision: 'deny' }),
      ),
      example(
        'another person and another client have grants of their own',
        ...five,
        sample('auth.token.validated', { principal: 'bob', client: 'cli', scopes: ['db:admin'], decision: 'allow' }),
        sample('auth.challenge.sent', { principal: 'bob', client: 'cli', scopesChallenged: [] }),
        sample('oauth.token', { principal: 'bob', client: 'cli', scopes: ['db:admin'] }),
      ),
    ],
  },
})
