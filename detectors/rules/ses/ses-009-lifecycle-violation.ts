/** A session or task is used after its end, or lives too long. */
import { z } from 'zod'
import { days, defineRule, hours, seconds } from '../../rule.ts'
import {
  judgeElevation,
  judgeTaskUse,
  judgeUse,
  noTask,
  noteCreated,
  noteTask,
  unborn,
} from '../../sessions/lifecycle.ts'
import { match, noMatch } from './examples/ses-009-lifecycle-violation.ts'

export default defineRule({
  id: 'ses-009-lifecycle-violation',
  version: 1,
  title: 'Session or task used beyond its life',
  severity: 'medium',
  why: 'A session that goes on after its end, or for days, is one that a thief can go on with; ending it must end it.',
  falsePositives: [
    'Requests that had begun before the end may finish; clocks may be five seconds apart.',
    'A server that answers 404 does the right thing: silent.',
    'A connection that closes is no end: the session may go on elsewhere.',
    'Editors keep sessions open over night and for days: low, once a day.',
    'Scopes that grow in a session, as a step-up makes them: silent, unless asked for.',
  ],
  blindSpots: ['Sessions that a server ends without saying so.', 'Lifetimes of other handles, which nobody declares.'],
  triage: [
    'Who used it after its end, and from where?',
    'Make the server forget the session on DELETE, and after a time without use.',
  ],
  refs: ['MCP07:2025', 'T1550'],
  requires: {
    'session.created': ['session'],
    'session.terminated': ['session', 'reason'],
    'tool.result': ['session', 'durationMs'],
    'http.request': ['session', 'durationMs', 'processed'],
    'auth.token.validated': ['session', 'scopes'],
    'task.created': ['taskFp', 'ttlMs'],
    'task.ended': ['taskFp'],
    'task.accessed': ['taskFp'],
  },
  occasional: ['session.terminated', 'auth.token.validated', 'task.created', 'task.ended', 'task.accessed', 'session'],
  config: z.object({
    finalReasons: z
      .array(z.string())
      .default(['deleted by the client', 'expired'])
      .describe('Reasons of an end after which nothing may come.'),
    skewMs: z.int().default(seconds(5)).describe('How far clocks may be apart, milliseconds.'),
    maxAgeMs: z.int().default(hours(24)).describe('How old a session may become, milliseconds.'),
    maxIdleMs: z.int().default(hours(8)).describe('How long a session may be unused, milliseconds.'),
    flagElevation: z
      .boolean()
      .default(false)
      .describe('Report as low a session that keeps its id when its token gains scopes.'),
  }),
  per: 'session',
  ttl: days(7),
  cooldown: days(1),
  cell: unborn,
  beside: {
    task: {
      per: 'handle',
      cell: noTask,
      on: {
        'task.created': noteTask,
        'task.ended'(e, task) {
          task.lastMs = e.ts
        },
        'task.accessed': (e, task, config) => judgeTaskUse(e, task, config.skewMs),
      },
    },
  },
  on: {
    'session.created': noteCreated,
    'session.terminated'(e, life, { finalReasons }) {
      if (finalReasons.includes(e.reason)) life.endedMs = e.ts
    },
    'tool.result': (e, life, config) => judgeUse(e, life, config),
    'http.request': (e, life, config) => (e.processed ? judgeUse(e, life, config) : undefined),
    'auth.token.validated'(e, life, { flagElevation }) {
      if (flagElevation && e.decision === 'allow') return judgeElevation(e.scopes, life)
    },
  },
  examples: { match, noMatch },
})
