/** Somebody tries out ids of sessions, tasks or handles. */
import { z } from 'zod'
import { days, defineRule, minutes } from '../../rule.ts'
import {
  isJustBorn,
  isUnknownId,
  judgeGuess,
  MAX_GUESSES,
  noGuesses,
  noteGiven,
  noteLife,
  noteRestart,
  notGiven,
  unseen,
} from '../../sessions/enumeration.ts'
import { match, noMatch } from './examples/ses-005-id-enumeration.ts'

export default defineRule({
  id: 'ses-005-id-enumeration',
  version: 1,
  title: 'Ids of sessions or handles tried out',
  severity: 'medium',
  why: 'Who asks for one unknown id after the other is looking for one that opens the session or the task of somebody else.',
  falsePositives: [
    'After a restart all clients present ids that are gone: nothing counts for 15 minutes after a process was first seen.',
    'Ids that were given out before do not count, expired or not.',
    'A gateway or office behind one address, whose sessions were opened before the audit began.',
  ],
  blindSpots: [
    'Values in arguments of tools: a call does not say why it failed.',
    'Guesses spread over many addresses, or slower than 15 in five minutes.',
    'The first 15 minutes of each process; requests without an address and without a principal.',
  ],
  triage: [
    'Did one of the tries hit? Look for calls of the same principal or address in a session it did not open.',
    'Can the ids be guessed at all? See ses-004.',
    'Slow the address down, or shut it out.',
  ],
  refs: ['MCP07:2025', 'T1110', 'T1087'],
  requires: {
    'http.request': ['refusal', 'session', 'processed', 'producer', 'principal', 'sourceAddress'],
    'handle.presented': ['handle', 'handleKind', 'errorCode', 'producer', 'principal', 'sourceAddress'],
    'handle.minted': ['handle'],
    'session.created': ['session', 'producer'],
    'server.started': ['producer'],
    'server.heartbeat': ['producer'],
  },
  occasional: ['refusal', 'handle.presented', 'handle.minted', 'session', 'errorCode', 'principal', 'sourceAddress'],
  config: z.object({
    atLeast: z.int().min(2).default(15).describe('Different unknown ids within the window.'),
    many: z.int().min(2).max(MAX_GUESSES).default(40).describe('So many are high.'),
    windowMs: z.int().default(minutes(5)).describe('The window, milliseconds.'),
    graceMs: z.int().default(minutes(15)).describe('How long after a restart nothing counts, milliseconds.'),
  }),
  per: 'asker',
  ttl: days(1),
  cell: noGuesses,
  beside: {
    server: { per: 'server', cell: unseen, on: { 'server.started': noteRestart } },
    instance: {
      per: 'instance',
      ttl: days(30),
      cell: unseen,
      on: {
        'server.started': noteLife,
        'server.heartbeat': noteLife,
        'session.created': noteLife,
        'http.request': noteLife,
        'handle.presented': noteLife,
      },
    },
    session: {
      per: 'session',
      cell: notGiven,
      on: {
        'session.created': noteGiven,
        'http.request': (e, session) => (e.processed ? noteGiven(e, session) : undefined),
      },
    },
    handle: { per: 'handle', ttl: days(30), cell: notGiven, on: { 'handle.minted': noteGiven } },
  },
  where: (e) => (e.type === 'http.request' || e.type === 'handle.presented') && isUnknownId(e),
  on: {
    'http.request'(e, guesses, config, { session, server, instance }) {
      if (session.isKnown || isJustBorn(e.ts, [server, instance], config.graceMs)) return
      return judgeGuess(e.session, 'session', e.ts, guesses, config)
    },
    'handle.presented'(e, guesses, config, { handle, server, instance }) {
      if (handle.isKnown || isJustBorn(e.ts, [server, instance], config.graceMs)) return
      return judgeGuess(e.handle, e.handleKind, e.ts, guesses, config)
    },
  },
  examples: { match, noMatch },
})
