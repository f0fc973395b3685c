/** A stream is resumed by somebody else, or suddenly from elsewhere. */
import { z } from 'zod'
import { wasRefused } from '../../finding.ts'
import { days, defineRule, seconds } from '../../rule.ts'
import {
  judgeRelics,
  judgeResume,
  noEras,
  noStreams,
  noteBroken,
  noteOpened,
  noteVersions,
} from '../../sessions/stream-resume.ts'
import { match, noMatch } from './examples/ses-006-stream-resume.ts'

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
  // What was let in is told by its stream.
  where: (e) => e.type !== 'http.request' || (e.lastEventIdPresent && wasRefused(e)),
  on: {
    'session.created': noteOpened,
    'stream.opened'(e, streams, { aliases, soonMs }) {
      if (e.lastEventFp !== '') return judgeResume(e, streams, aliases, soonMs)
      noteOpened(e, streams)
    },
    'stream.closed': noteBroken,
    'http.request': (e, streams, { aliases, soonMs }) => judgeResume(e, streams, aliases, soonMs),
  },
  examples: { match, noMatch },
})
