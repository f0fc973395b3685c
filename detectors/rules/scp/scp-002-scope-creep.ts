/** A client's granted scopes grow although the server never asked for more. */

import { noReleases, noteRelease } from '../../access/client-releases.ts'
import { grantedBy } from '../../access/implied-scopes.ts'
import * as growth from '../../access/scope-growth.ts'
import { days, defineRule, minutes } from '../../rule.ts'
import { example, exampleWith, graded, sample } from '../../sample.ts'

const who = { principal: 'alice', client: 'ide' }
const other = { principal: 'bob', client: 'cli' }
type Token = NonNullable<Parameters<typeof sample<'auth.token.validated'>>[1]>
type Scopes = readonly (string | Token)[]
const namesIn = (scopes: Scopes) => scopes.filter((scope) => typeof scope === 'string')
const moreIn = (scopes: Scopes): Token => Object.assign({}, ...scopes.filter((scope) => typeof scope !== 'string'))
const token = (at: number, ...scopes: Scopes) =>
  sample('auth.token.validated', {
    ...{ ...who, ts: minutes(at), scopes: namesIn(scopes), roles: [], decision: 'allow' },
    ...moreIn(scopes),
  })
const rolled = (at: number, role: string) => token(at, READ, { roles: [role] })
const asks = (at: number, ...scopes: Scopes) =>
  sample('auth.challenge.sent', {
    ...{ ...who, ts: minutes(at), scopesChallenged: namesIn(scopes), decision: 'challenge' },
    ...moreIn(scopes),
  })
const issued = (at: number, ...scopes: string[]) => sample('oauth.token', { ...who, ts: minutes(at), scopes })
const released = (at: number, deployedClient: string, server?: string) =>
  sample('deployment.event', { ts: minutes(at), deployedClient, ...(server && { server }) })
const READ = 'files:read'
const WRITE = 'files:write'
const many = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((name) => `${name}:read`)
const first = (...scopes: string[]) => [1, 2, 3, 4, 5].map((at) => token(at, ...scopes))
const [five, four, fifth, wide] = [first(READ), first(...many.slice(0, 4)), first(...many.slice(0, 5)), first(...many)]
/** Asked for and granted at once. */
const added = (at: number, scope: string) => [asks(at, scope), token(at, scope)]
const stepUps = (from: number, to: number) =>
  many.slice(0, 3).flatMap((scope, i) => added(from + ((to - from) * i) / 3, scope))
const kept = (...onDays: number[]) => onDays.map((day) => token(day * 1440, ...many.slice(1)))
const keys = ['principal', 'client'] as const

export default defineRule({
  id: 'scp-002-scope-creep',
  version: 1,
  title: 'Scope creep',
  severity: 'medium',
  why: 'Rights that grow without a request of the server were obtained elsewhere: a changed grant, a stolen refresh token, a careless consent.',
  falsePositives: [
    'A release of the client asks for more at login: feed in its deployment, for all servers as server *.',
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
  config: growth.growthLimits,
  per: 'grant',
  ttl: days(30),
  cell: growth.newGrant,
  beside: {
    releases: { per: 'server', cell: noReleases, on: { 'deployment.event': noteRelease } },
    everywhere: { per: 'fleet', cell: noReleases, on: { 'deployment.event': noteRelease } },
  },
  on: {
    'auth.challenge.sent': (e, cell, config) => growth.noteChallenge(e, cell, config),
    'auth.token.validated'(e, cell, config, beside) {
      if (e.decision !== 'allow') return
      const match = growth.judgeGrant(e, grantedBy(e), cell, config, beside)
      cell.tokens++
      return match
    },
    'oauth.token': (e, cell, config, beside) =>
      e.decision === 'deny' ? undefined : growth.judgeGrant(e, e.scopes, cell, config, beside),
  },
  examples: {
    match: [
      graded('high', example('an admin scope appears with no challenge', ...five, token(6, READ, 'db:Admin'))),
      graded('high', example('a wildcard does', ...five, token(6, READ, 'db:*'))),
      graded('medium', example('a plain scope appears with no challenge', ...five, token(6, READ, 'files:list'))),
      example('an application role appears', ...five, rolled(6, 'Files.Admin')),
      example('the proxy issues more', ...five, issued(6, READ, WRITE)),
      example('the challenge was more than half an hour ago', ...five, asks(6, WRITE), token(36.001, READ, WRITE)),
      example('one of two challenges was too long ago', ...wide, asks(6, 'x'), asks(36.001, 'y'), token(37, 'x', 'y')),
      example('the challenge was for another scope', ...five, asks(6, 'files:list'), token(7, READ, WRITE)),
      example('three scopes in a week, each asked for', ...five, ...stepUps(6, 9)),
      example('two of four at once', ...four, asks(6, 'x', 'y'), token(7, 'x', 'y')),
      example('one after the other', ...four, ...added(6, 'x'), ...added(7, 'y')),
      example('two of two', ...first('a', 'b'), ...added(6, 'x'), ...added(7, 'y')),
      example('three within seven days', ...wide, ...added(6, 'x'), ...added(7, 'y'), ...added(10_085, 'z')),
      example('another client was released', ...five, released(5, 'cli'), token(6, READ, 'files:list')),
      example('it was released on another server', ...five, released(5, 'ide', 'other'), token(6, READ, 'x')),
      example('more than half an hour after its release', ...five, released(6, 'ide', '*'), token(36.001, READ, 'x')),
      example('a scope that was forgotten comes back', ...wide, ...kept(10, 20, 28), token(30 * 1440 + 6, ...many)),
      exampleWith({ learn: 0 }, 'nothing is learned', token(1, READ)),
    ],
    noMatch: [
      example('the server asked for it', ...five, asks(6, WRITE), token(7, READ, WRITE)),
      example('half an hour ago', ...five, asks(6, WRITE), token(36, READ, WRITE)),
      example('two challenges before one token', ...wide, asks(6, 'x'), asks(36, 'y'), token(37, 'x', 'y')),
      example('the first five tokens are learned', ...five.slice(1), token(6, READ, WRITE)),
      example('two of five, each asked for', ...fifth, asks(6, 'x', 'y'), token(7, 'x', 'y')),
      example('one of two, each asked for', ...first('a', 'b'), ...added(6, 'x')),
      example('two of one, each asked for', ...five, asks(6, 'x', 'y'), token(7, 'x', 'y')),
      example('the third after seven days', ...wide, ...added(6, 'x'), ...added(7, 'y'), ...added(10_086, 'z')),
      example('the client was released', ...five, released(5, 'ide'), token(6, READ, 'files:list')),
      example('it was released on all servers', ...five, released(5, 'ide', '*'), token(6, READ, 'files:list')),
      example('half an hour after its release', ...five, released(6, 'ide', '*'), token(36, READ, 'x')),
      example('half an hour before it', ...five, released(36, 'ide'), token(6, READ, 'x')),
      example('remembered for 30 days', ...wide, ...kept(10, 20, 28), token(30 * 1440 + 5, ...many)),
      example('the others are remembered', ...wide, ...kept(10, 20, 28, 31)),
      example('fewer scopes than before', ...wide, issued(6, 'a:read'), token(7, 'a:read')),
      example('a token that was refused', ...five, token(6, { decision: 'deny' }, 'db:admin')),
      example('a grant that was refused', ...five, sample('oauth.token', { ...who, scopes: ['a'], decision: 'deny' })),
      example(
        'another person and another client have grants of their own',
        ...five,
        ...[token(6, other, 'db:admin'), asks(6, other), sample('oauth.token', { ...other, scopes: ['db:admin'] })],
      ),
    ],
  },
})
