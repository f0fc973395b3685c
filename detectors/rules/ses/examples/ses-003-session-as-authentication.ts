/** A session id or handle in place of a token: examples. */
import { counted, example, exampleWith, sample } from '../../../sample.ts'

const p = { producer: 'p1', request: 'r1' }
const started = (authRequired = true) =>
  sample('server.started', {
    producer: 'p1',
    authRequired,
    anonymousMethods: ['server/discover'],
    anonymousTools: ['status'],
  })
const validated = (decision: 'allow' | 'deny') => sample('auth.token.validated', { ...p, decision })
type Result = Parameters<typeof sample<'tool.result'>>[1]
const result = (more: Result = {}) =>
  sample('tool.result', { ...p, session: 's1', tool: 'read_file', outcome: 'ok', ...more })
type Request = Parameters<typeof sample<'http.request'>>[1]
const request = (more: Request = {}) =>
  sample('http.request', { ...p, session: 's1', method: 'tools/list', verb: 'POST', processed: true, ...more })
type Access = Parameters<typeof sample<'task.accessed'>>[1]
const task = (more: Access = {}) =>
  sample('task.accessed', { ...p, taskFp: 't1', op: 'get', method: 'tasks/get', outcome: 'ok', ...more })
const call = (policy: 'private' | 'unknown') =>
  sample('tool.call', { ...p, argHandles: [{ fp: 'ab12cd34', path: '/basket', policy }] })
const other = { producer: 'p2', request: 'r2' }
const elsewhere = [
  started(),
  sample('server.started', { producer: 'p3', authRequired: false, anonymousMethods: [], anonymousTools: [] }),
  sample('auth.token.validated', { ...p, request: 'r3', decision: 'allow' }),
]
const gateway = { hop: 'gateway', principal: 'alice' } as const

export const match = [
  example('a tool answers who only knows a session', started(), result()),
  example('a list in a session', started(), request()),
  example('it is not said whether it was processed', started(), request({ processed: undefined as never })),
  example('the token was refused, the session was enough', started(), validated('deny'), result()),
  example('a private handle is enough', started(), call('private'), result({ session: '' })),
  example('a task is', started(), task()),
  example('a gateway that does not say for whom', started(), result({ hop: 'gateway' })),
  example('the caller is known from elsewhere', started(), result({ principal: 'alice' })),
  example('for half an hour', started(), result({ durationMs: 1_800_000 })),
  example('the token was for another request', started(), validated('allow'), result({ request: 'r2' })),
  counted(1, example('a request is one finding', started(), result(), request())),
]

export const noMatch = [
  example('the token comes before the start is told', validated('allow'), started(), request()),
  example('the same is refused with 401', started(), request({ decision: 'challenge', processed: false })),
  example('with a token', started(), validated('allow'), call('private'), result(), request(), task()),
  example('no session and no handle: tok-011', started(), result({ session: '' }), request({ session: '' })),
  example('a value that nobody declared', started(), call('unknown'), result({ session: '' })),
  example('the call alone', started(), call('private')),
  example('the request reached no handler', started(), request({ processed: false })),
  example('anonymous by design', started(false), result(), request(), task()),
  example('not known whether by design', result(), request(), task(), sample('server.started', { producer: 'p1' })),
  example('discovery is anonymous', started(), request({ method: 'server/discover' })),
  example('the tool is anonymous', started(), result({ tool: 'status' })),
  example('a health check', started(), request({ method: 'ping' })),
  example('a gateway vouches for alice', started(), result(gateway), request(gateway), task(gateway)),
  example('it ran for longer', started(), result({ durationMs: 1_800_001 }), request({ durationMs: 1_800_001 })),
  example('so did the task', started(), task({ durationMs: 1_800_001, session: 's1' })),
  example('another process', ...elsewhere, result(other), request(other), task(other), call('private')),
  exampleWith(
    { anonymousMethods: ['docs/read'], anonymousTools: ['help'], healthMethods: ['health'] },
    'declared in the configuration',
    started(),
    request({ method: 'docs/read' }),
    request({ method: 'health', verb: 'GET' }),
    result({ tool: 'help' }),
  ),
  example('refused, as its result tells', started(), result({ decision: 'deny' })),
]
