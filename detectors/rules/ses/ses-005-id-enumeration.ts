/** Somebody tries out ids of sessions, tasks or handles. */
import { z } from 'zod'
import { days, defineRule, minutes } from '../../rule.ts'
import { example, exampleWith, sample } from '../../sample.ts'
import {
  isJustBorn,
  judgeGuess,
  MOST_GUESSES,
  noGuesses,
  noteGiven,
  noteLife,
  noteRestart,
  notGiven,
  unseen,
} from '../../sessions/enumeration.ts'

const LATER = minutes(30)
type Request = NonNullable<Parameters<typeof sample<'http.request'>>[1]>
const lost = { refusal: 'session', processed: false, producer: 'p1', sourceAddress: 'e11' } as const
const miss = (i: number, more: Request = {}) =>
  sample('http.request', { ...lost, ts: LATER + i * 1_000, session: `5e55${i}`, ...more })
const misses = (n: number, more: Request | ((i: number) => Request) = {}, from = 0) =>
  Array.from({ length: n }, (_, i) => miss(from + i, typeof more === 'function' ? more(i) : more))
const eachElsewhere = (i: number) => ({ sourceAddress: `c${i}` })
const roams = (i: number) => ({ principal: 'mallory', sourceAddress: `b${i}` })
type Access = NonNullable<Parameters<typeof sample<'task.accessed'>>[1]>
const access = {
  principal: 'mallory',
  producer: 'p1',
  op: 'get',
  outcome: 'protocol_error',
  errorCode: '-32602',
} as const
const task = (i: number, more: Access) =>
  sample('task.accessed', { ...access, ts: LATER + i * 1_000, taskFp: `7a5${i}`, ...more })
const tasks = (n: number, more: Access = {}) => Array.from({ length: n }, (_, i) => task(i, more))
const state = (i: number) => sample('mrtr.retry', { ...access, ts: LATER + minutes(1) + i, stateFp: `57a7e${i}` })
const made = (taskFp: string) => sample('task.created', { ts: 3, taskFp })
const starts = (ts: number, producer = 'p1') => sample('server.started', { ts, producer })
const up = [starts(0), ...['p2', 'p4'].map((producer) => sample('server.heartbeat', { ts: 1, producer }))]
const created = (i: number, more: Parameters<typeof sample<'session.created'>>[1] = {}) =>
  sample('session.created', { ts: 2, producer: 'p1', session: `5e55${i}`, ...more })

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
    many: z.int().min(2).max(MOST_GUESSES).default(40).describe('So many are high.'),
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
  on: {
    'http.request'(e, guesses, config, { session, server, instance }) {
      if (e.refusal !== 'session' || e.session === '' || session.isKnown) return
      if (isJustBorn(e.ts, [server, instance], config.graceMs)) return
      return judgeGuess(e.session, 'session', e.ts, guesses, config)
    },
    'handle.presented'(e, guesses, config, { handle, server, instance }) {
      if (e.outcome !== 'protocol_error' || e.errorCode !== '-32602' || handle.isKnown) return
      if (isJustBorn(e.ts, [server, instance], config.graceMs)) return
      return judgeGuess(e.handle, e.handleKind, e.ts, guesses, config)
    },
  },
  examples: {
    match: [
      example('forty sessions from one address, and more', ...up, ...misses(56)),
      example('fifteen are enough', ...up, ...misses(15)),
      example('fifteen tasks', ...up, ...tasks(15)),
      example('ten tasks, and five states', ...up, ...tasks(10), ...[0, 1, 2, 3, 4].map(state)),
      example('one principal from many addresses', ...up, ...misses(15, roams)),
      example('the last one in time', ...up, ...misses(14), miss(299)),
      example('again, later', ...up, ...misses(16), ...misses(15, {}, 1_000)),
      example('a process that is known', ...up, ...misses(15, { producer: 'p2' })),
      example('since it opened a session', created(900, { producer: 'p3' }), ...misses(15, { producer: 'p3' })),
      example('15 minutes after a start', starts(LATER - minutes(15)), ...misses(15)),
    ],
    noMatch: [
      example('fourteen', ...up, ...misses(14), miss(14, { session: '' }), ...tasks(14)),
      example('many clients after a deployment, each with one', ...up, ...misses(40, eachElsewhere)),
      example('the first is five minutes old', ...up, ...misses(14), miss(300)),
      example('one id again and again', ...up, ...misses(40, { session: '5e55' })),
      example('given out before', ...up, created(0), ...misses(15)),
      example('in use before', ...up, miss(0, { ts: 3, processed: true, refusal: '' }), ...misses(15)),
      example('a task that was made', ...up, made('7a50'), made('7a51'), ...tasks(15)),
      example('a start less than 15 minutes ago', ...up, starts(LATER + 1 - minutes(15), 'p9'), ...misses(15)),
      example('a process not heard of', starts(0), ...misses(40, { producer: 'p7' })),
      example('nor by tasks', starts(0), ...tasks(40, { producer: 'p8', principal: '', sourceAddress: 'e11' })),
      example('refused for other reasons', ...up, ...misses(40, { refusal: 'authorization' })),
      example('tasks that are there', ...up, ...tasks(40, { outcome: 'ok' })),
      example('tasks that fail otherwise', ...up, ...tasks(40, { errorCode: '-32603' })),
      exampleWith({ atLeast: 41, many: 41 }, 'as configured', ...up, ...misses(40)),
    ],
  },
})
