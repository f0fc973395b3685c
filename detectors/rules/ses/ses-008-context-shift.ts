/** The surroundings of a session or handle change in several ways at once. */
import { z } from 'zod'
import { days, defineRule, minutes, seconds } from '../../rule.ts'
import { example, exampleWith, sample } from '../../sample.ts'
import { judgeShift, noSurroundings, requestFactors } from '../../sessions/context-shift.ts'

const at = {
  session: 's1',
  principal: 'alice',
  sourceAddress: 'a1',
  clientName: 'ide',
  protocolVersion: '2025-11-25',
} as const
type Call = NonNullable<Parameters<typeof sample<'tool.call'>>[1]>
const call = (minute: number, more: Call = {}) => sample('tool.call', { ...at, ts: minutes(minute), ...more })
type Request = NonNullable<Parameters<typeof sample<'http.request'>>[1]>
const request = (minute: number, more: Request = {}) =>
  sample('http.request', { ...at, userAgentFamily: 'node', ts: minutes(minute), ...more })
type Token = NonNullable<Parameters<typeof sample<'auth.token.validated'>>[1]>
const token = (minute: number, more: Token = {}) =>
  sample('auth.token.validated', {
    session: 's1',
    principal: 'alice',
    sourceAddress: 'a1',
    userAgentFamily: 'node',
    cnfFp: 'c1',
    ts: minutes(minute),
    ...more,
  })
type Task = NonNullable<Parameters<typeof sample<'task.accessed'>>[1]>
const task = (minute: number, more: Task = {}) =>
  sample('task.accessed', {
    principal: 'alice',
    sourceAddress: 'a1',
    clientName: 'ide',
    protocolVersion: '2026-07-28',
    taskFp: 't1',
    ts: minutes(minute),
    ...more,
  })
const away = { sourceAddress: 'a2' } as const
const both = { sourceAddress: 'a2', clientName: 'curl' } as const
const worn = (n: number) => Array.from({ length: n }, (_, i) => call(i / 10, { sourceAddress: `b${i}` }))
const curl = { sourceAddress: 'a2', userAgentFamily: 'curl' }
const newer = { sourceAddress: 'a2', protocolVersion: '2027-01-01' }
const shared = { argHandles: [{ fp: 'ab12cd34', path: '/number', policy: 'unknown' as const }] }
const common = ['principal', 'sourceAddress'] as const

export default defineRule({
  id: 'ses-008-context-shift',
  version: 1,
  title: 'Session or handle in other surroundings',
  severity: 'medium',
  why: 'A stolen session or handle goes on in the hands of the thief: another address, and another program as well.',
  falsePositives: [
    'One change alone, such as another network, is silent; so is whatever was seen in the session before.',
    'What is new in the first minute, or after half an hour without use, is taken as normal.',
    'A client behind many addresses that is updated while it runs.',
  ],
  blindSpots: [
    'Networks and countries are not known: any other address is a change. The User-Agent family stands for its fingerprint.',
    'Name and version of a client are its own words: a thief who repeats them changes nothing.',
    'A token that moves without a session: see tok-008.',
  ],
  triage: [
    'Ask the owner: a new machine, a VPN, an update of the client?',
    'What was called after the change that was not called before?',
    'End the session and revoke the token when nobody can explain it.',
  ],
  refs: ['MCP07:2025', 'T1550.001'],
  requires: {
    'tool.call': [...common, 'session', 'clientName', 'protocolVersion'],
    'http.request': [...common, 'session', 'clientName', 'protocolVersion', 'userAgentFamily'],
    'auth.token.validated': [...common, 'session', 'userAgentFamily', 'cnfFp'],
    'handle.presented': [...common, 'handle', 'handlePolicy', 'clientName', 'protocolVersion'],
  },
  occasional: ['auth.token.validated', 'handle.presented', 'session', 'cnfFp', 'userAgentFamily', 'clientName'],
  config: z.object({
    atLeast: z.int().min(2).default(2).describe('Things that change.'),
    windowMs: z.int().default(minutes(30)).describe('Within so long, milliseconds.'),
    settleMs: z.int().default(seconds(60)).describe('What is new is normal for so long, milliseconds.'),
  }),
  per: 'session',
  about: 'caller',
  ttl: days(1),
  cell: noSurroundings,
  beside: {
    handle: {
      per: 'handle',
      cell: noSurroundings,
      on: {
        'handle.presented': (e, cell, config) =>
          e.handlePolicy === 'private' ? judgeShift(e, requestFactors(e), cell, config) : undefined,
      },
    },
  },
  on: {
    'tool.call': (e, cell, config) => judgeShift(e, requestFactors(e), cell, config),
    'http.request': (e, cell, config) =>
      judgeShift(e, { ...requestFactors(e), program: e.userAgentFamily }, cell, config),
    'auth.token.validated': (e, cell, config) =>
      judgeShift(e, { address: e.sourceAddress, program: e.userAgentFamily, key: e.cnfFp }, cell, config),
  },
  examples: {
    match: [
      example('another address, program and client name', request(0), request(5, { ...both, userAgentFamily: 'curl' })),
      example('another address and client', call(0), call(1, both)),
      example('another address and version', call(0), call(1, { ...away, protocolVersion: '2025-03-26' })),
      example('another address and key', token(0), token(1, { ...away, cnfFp: 'c2' })),
      example('another program, as its token tells', call(0), token(0), call(5, away), token(9, curl)),
      example('one after the other', call(0), call(1, away), call(30, away), call(31 - 1 / 60_000, both)),
      example('a pause that is no pause', call(0), call(30 - 1 / 60_000, both)),
      example('a task in other hands', task(0), task(5, both)),
      example('of a task nobody is known', task(0, { principal: '' }), task(5, { ...newer, principal: '' })),
      example('of nobody, in her session', call(0), call(1, { ...both, principal: '' })),
      example('the oldest of five is forgotten', call(0), ...worn(4), call(2, { clientName: 'curl' })),
      example('it is told once', call(0), call(1, both), call(2, { ...both, sourceAddress: 'a3' })),
    ],
    noMatch: [
      example('the address alone', call(0), call(1, away), call(2, { sourceAddress: 'a3' })),
      example('back where she was', call(0, both), call(0), call(2, both), call(3)),
      example('two programs that begin together', call(0), call(1 - 1 / 60_000, both), token(0), token(2)),
      example('four are remembered', call(0), ...worn(3), call(2, { clientName: 'curl' })),
      example('a name not known before', call(0, { clientName: '' }), call(1, away)),
      example('after a long pause', call(0), call(30, both)),
      example('more than half an hour apart', call(0), call(1, away), call(16, away), call(31, both)),
      example('another person: ses-001', call(0), call(1, { ...both, principal: 'bob' })),
      example(
        'refused',
        call(0),
        call(1, { ...both, decision: 'deny' }),
        request(2, { session: 's2', principal: 'bob', protocolVersion: '' }),
      ),
      example('nothing is known of it', call(0), call(1, { sourceAddress: '', clientName: '', protocolVersion: '' })),
      example(
        'other sessions',
        call(0),
        call(1, { ...both, session: 's2' }),
        token(1, { ...away, session: 's3', principal: 'bob' }),
      ),
      example('a value that nobody declared', call(0, shared), call(1, { ...shared, ...both, session: 's2' })),
      exampleWith({ atLeast: 3 }, 'as configured', call(0), call(1, both)),
    ],
  },
})
