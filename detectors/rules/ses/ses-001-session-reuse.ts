/** One session, two people. */
import { z } from 'zod'
import { days, defineRule } from '../../rule.ts'
import { example, exampleWith, idOf, sample } from '../../sample.ts'
import { judgeSession, type SessionOwner } from '../../sessions/ownership.ts'
import { match, noMatch } from './examples/ses-001-session-reuse.ts'

const fields = ['session', 'principal', 'client', 'actors', 'request'] as const
type Words = Parameters<typeof sample<'tool.call'>>[1]
const of = (principal: string, more: Words = {}) =>
  ({ session: 's1', principal, client: 'ide', decision: 'allow', ...more }) as const
const call = (principal: string, more: Words = {}) => sample('tool.call', of(principal, more))
const bobOnce = { request: 'r7', actors: [] }

export default defineRule({
  id: 'ses-001-session-reuse',
  version: 1,
  title: 'Session id used by another principal',
  severity: { allowed: 'critical', denied: 'medium' },
  why: "A session id in other hands is a stolen session: the server answers the thief with the owner's context.",
  falsePositives: [
    'An identity migration gives the same person a new subject: list the alias.',
    'A service that acts for the owner, as its token says, is reported as low.',
    'An anonymous session that logs in binds at the first authenticated request.',
  ],
  blindSpots: [
    "A thief who also holds the owner's token.",
    'Servers without sessions (2026-07-28): see ses-002.',
    'Requests without a verified principal: see tok-011.',
  ],
  triage: [
    'Do both principals share a device or network?',
    'What did the second one call, and what was in the answers?',
    'End the session; make the server bind session ids to the principal that opened them.',
  ],
  refs: ['MCP07:2025', 'MCP10:2025', 'T1563', 'T1539', 'AML.T0091'],
  applies: { eras: ['legacy'] },
  requires: {
    'session.created': fields,
    'tool.call': fields,
    'tool.result': fields,
    'http.request': fields,
    'auth.token.validated': fields,
  },
  occasional: ['session.created', 'actors'],
  config: z.object({
    aliases: z
      .record(z.string(), z.string())
      .default({})
      .describe('Subjects of the same person: principal key -> the key that counts.'),
  }),
  per: 'session',
  ttl: days(1),
  cell: (): SessionOwner => ({ principal: '', client: '', request: '', said: '' }),
  on: {
    'session.created': (e, owner, { aliases }) => judgeSession(e, owner, aliases),
    'tool.call': (e, owner, { aliases }) => judgeSession(e, owner, aliases),
    'tool.result': (e, owner, { aliases }) => judgeSession(e, owner, aliases),
    'http.request': (e, owner, { aliases }) => judgeSession(e, owner, aliases),
    // The token is good; whether the server accepts it in this session is told by the request.
    'auth.token.validated': (e, owner, { aliases }) => judgeSession(e, owner, aliases, 'medium'),
  },
  examples: {
    match: [
      ...match,
      example('bob speaks in the session of alice', call('alice'), call('bob')),
      example('bob is refused', call('alice'), call('bob', { decision: 'deny' })),
      example('the same person from another client', call('alice'), call('alice', { client: 'curl' })),
      example('a service that acts for the owner', call('alice'), call('robot', { actors: ['alice'] })),
      example(
        'the request turns out worse than its token told',
        sample('session.created', of('alice')),
        sample('auth.token.validated', of('alice', { actors: ['robot'], request: 'r1' })),
        sample('auth.token.validated', of('bob', bobOnce)),
        sample('http.request', of('bob', bobOnce)),
      ),
      example(
        'only the result tells',
        sample('http.request', of('alice', { client: 'cli' })),
        sample('tool.result', of('alice', { client: 'cli', request: 'r1' })),
        sample('tool.result', of('bob', { actors: ['ci'], client: 'ide' })),
      ),
    ],
    noMatch: [
      ...noMatch,
      example(
        'a refreshed token is the same person',
        call('alice', { request: 'r1' }),
        sample('auth.token.validated', of('alice')),
        call('alice'),
      ),
      example('anonymous, then logged in', call(''), call('alice')),
      example(
        'two sessions',
        call('alice'),
        call('bob', { session: 's2' }),
        sample('tool.result', of('bob', { session: 's2' })),
      ),
      exampleWith(
        { aliases: { [idOf('alice2')]: idOf('alice') } },
        'a new subject of the same person',
        call('alice'),
        call('alice2'),
      ),
      example(
        'a refused stranger does not take an unowned session',
        sample('auth.token.validated', of('bob', { decision: 'deny', session: 's3', client: '' })),
        call('alice', { session: 's3' }),
      ),
      example(
        'each in a session of their own',
        sample('session.created', of('bob', { session: 's2', client: 'cli', request: 'r1', actors: ['ci'] })),
        sample('http.request', of('bob', { session: 's2', client: 'cli', actors: ['ci'] })),
      ),
    ],
  },
})
