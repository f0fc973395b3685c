/** A stream is resumed by somebody else, or suddenly from elsewhere. */
import { z } from 'zod'
import { wasRefused } from '../../finding.ts'
import { days, defineRule, seconds } from '../../rule.ts'
import { example, exampleWith, idOf, sample } from '../../sample.ts'
import {
  judgeRelics,
  judgeResume,
  noEras,
  noStreams,
  noteBroken,
  noteOpened,
  noteVersions,
} from '../../sessions/stream-resume.ts'

type Opened = NonNullable<Parameters<typeof sample<'stream.opened'>>[1]>
type Request = NonNullable<Parameters<typeof sample<'http.request'>>[1]>
const opens = (principal: string, more: Opened = {}) =>
  sample('stream.opened', { session: 's1', principal, sourceAddress: 'a1', streamKind: 'get', ...more })
const resumes = (principal: string, more: Opened = {}) => opens(principal, { lastEventFp: 'e9', ...more })
const refused = (principal: string, more: Request = {}) =>
  sample('http.request', { session: 's1', principal, decision: 'deny', lastEventIdPresent: true, ...more })
const breaks = (closedBy: 'client' | 'server', sourceAddress = 'a1') =>
  sample('stream.closed', { session: 's1', closedBy, sourceAddress, ts: 10_000 })
const created = (principal: string, more: Parameters<typeof sample<'session.created'>>[1] = {}) =>
  sample('session.created', { session: 's1', principal, ...more })
const speaks = (...supportedVersions: string[]) => sample('server.identity', { supportedVersions })
const relic = (more: Request = {}) => sample('http.request', { sessionHeaderPresent: true, decision: 'allow', ...more })
const alice = opens('alice')
const gone = breaks('client')
const modern = speaks('2026-07-28', '2027-01-15')
const forAlice = { actors: ['alice'] }
const closed = { session: 's2', sourceAddress: 'a2', closedBy: 'client' } as const
const away = { sourceAddress: 'a2' } as const
const other = { session: 's2', sourceAddress: 'a2' } as const

export default defineRule({
  id: 'ses-006-stream-resume',
  version: 1,
  title: 'Stream resumed by another principal',
  severity: { allowed: 'high', denied: 'medium' },
  why: 'Who resumes the stream of somebody else reads the messages meant for them, and can answer what the server asks.',
  falsePositives: [
    'A laptop that changes its network: the same principal from another address is low, and from the same address silent.',
    'An identity migration gives the same person a new subject: list the alias.',
    'A service that acts for the owner, as its token says, is low.',
    'Old clients send headers of sessions to a server that has none: info, once a day.',
  ],
  blindSpots: [
    'Networks and countries: any other address counts as elsewhere.',
    'Which stream a Last-Event-ID belongs to: a server that replays events of another stream to the same person goes unseen.',
    'Servers without sessions (2026-07-28), which have nothing to resume.',
  ],
  triage: [
    'Do both principals share a device or a network?',
    'What was replayed: answers of tools, questions of the server?',
    'End the session; make the server compare the principal before it replays.',
  ],
  refs: ['MCP10:2025', 'MCP06:2025', 'T1563', 'AML.T0080'],
  applies: { transports: ['http'] },
  requires: {
    'session.created': ['session', 'principal'],
    'stream.opened': ['session', 'principal', 'actors', 'lastEventFp', 'sourceAddress'],
    'stream.closed': ['session', 'closedBy', 'sourceAddress'],
    'http.request': ['session', 'principal', 'actors', 'sourceAddress', 'lastEventIdPresent', 'sessionHeaderPresent'],
    'server.identity': ['supportedVersions'],
  },
  occasional: ['session.created', 'stream.closed', 'http.request', 'server.identity', 'actors', 'lastEventFp'],
  config: z.object({
    soonMs: z.int().default(seconds(60)).describe('How soon after a break another address is odd, milliseconds.'),
    repeatMs: z.int().default(days(1)).describe('How long headers of sessions are not reported again, milliseconds.'),
    aliases: z
      .record(z.string(), z.string())
      .default({})
      .describe('Subjects of the same person: principal key -> the key that counts.'),
  }),
  per: 'session',
  ttl: days(1),
  cell: noStreams,
  beside: {
    eras: {
      per: 'server',
      ttl: days(30),
      cell: noEras,
      on: {
        'server.identity': noteVersions,
        'http.request': (e, eras, config) => judgeRelics(e, eras, config.repeatMs),
      },
    },
  },
  on: {
    'session.created': noteOpened,
    'stream.opened'(e, streams, { aliases, soonMs }) {
      if (e.lastEventFp !== '') return judgeResume(e, streams, aliases, soonMs)
      noteOpened(e, streams)
    },
    'stream.closed': noteBroken,
    // What was let in is told by its stream.
    'http.request'(e, streams, { aliases, soonMs }) {
      if (e.lastEventIdPresent && wasRefused(e)) return judgeResume(e, streams, aliases, soonMs)
    },
  },
  examples: {
    match: [
      example('bob resumes the stream of alice', alice, resumes('bob')),
      example('bob resumes in her session', created('alice'), opens(''), resumes('bob', { actors: ['ci'] })),
      example('bob is refused', alice, refused('bob')),
      example('a service that acts for alice', alice, resumes('robot', forAlice), refused('robot', forAlice)),
      example('alice from elsewhere, a minute later', alice, gone, resumes('alice', { ...away, ts: 70_000 })),
      example('somebody from elsewhere at once', opens(''), gone, resumes('', away)),
      example('a session header where there are no sessions', modern, relic()),
      example('something to resume there', modern, relic({ lastEventIdPresent: true, sessionHeaderPresent: false })),
      example('each day anew', modern, ...[0, days(1) - 1, days(1)].map((ts) => relic({ ts: ts + 5_000 }))),
    ],
    noMatch: [
      example('alice resumes after her network was gone', alice, gone, resumes('alice')),
      example('another stream of the session', alice, opens('bob')),
      example('alice from elsewhere, later', alice, gone, resumes('alice', { ...away, ts: 70_001 })),
      example('the server ended it', alice, breaks('server'), resumes('alice', away)),
      example('it did not break', alice, resumes('alice', away)),
      example('addresses that are not known', alice, breaks('client', ''), resumes('alice', away)),
      example('nor this one', alice, gone, resumes('alice', { sourceAddress: '' })),
      example('nobody is known', alice, resumes(''), resumes('bob', other), refused('', away)),
      example('refused from elsewhere', alice, gone, refused('alice', { ...away, ts: 11_000 })),
      example('a refused stranger owns nothing', created('bob', { decision: 'deny' }), alice, resumes('alice')),
      example('bob is refused something else', alice, refused('bob', { lastEventIdPresent: false })),
      example('bob is let in: his stream tells', alice, refused('bob', { decision: 'allow' })),
      exampleWith({ aliases: { [idOf('alice2')]: idOf('alice') } }, 'a new subject', alice, resumes('alice2')),
      example('both eras', speaks('2026-07-28', '2025-11-25'), relic(), speaks(), relic({ session: 's3' })),
      example('nothing of sessions', modern, relic({ sessionHeaderPresent: false })),
      example('another session', created('alice', { session: 's2' }), sample('stream.closed', closed)),
    ],
  },
})
