/** Surroundings that change: examples. */
import { minutes } from '../../../rule.ts'
import { example, exampleWith, sample } from '../../../sample.ts'

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

export const match = [
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
]

export const noMatch = [
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
  example(
    'what is told late changes nothing',
    ...[call(0), call(10, away), call(30, away), call(45, both), call(20, both)],
  ),
]
