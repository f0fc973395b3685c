/** A session id or handle takes the place of a token. */
import { z } from 'zod'
import { noteStart, notVerified, unknownPosture } from '../../authorization.ts'
import { days, defineRule, hours } from '../../rule.ts'
import { example, exampleWith, sample } from '../../sample.ts'
import { type Held, judgeHeld } from '../../sessions/held-credential.ts'

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
const caller = ['request', 'producer', 'session', 'hop', 'principal'] as const

export default defineRule({
  id: 'ses-003-session-as-authentication',
  version: 1,
  title: 'Session or handle used as authentication',
  severity: 'critical',
  why: 'Sessions must not be used for authentication: whoever learns the id of one is then as good as its owner.',
  falsePositives: [
    'Servers, methods and tools that are anonymous by design: declare them at start-up, or list them here.',
    'A gateway in front has authenticated the caller and says who it is: silent.',
  ],
  blindSpots: [
    'Servers whose start was not seen, or that do not say whether authorization is required.',
    'Handles in arguments that nobody declared as private.',
    'Requests that ran for more than half an hour: their authorization may be forgotten.',
  ],
  triage: [
    'Which code path takes the session for a proof of identity? tok-011 tells of the same request.',
    'List what was done in this session without a token, and from which addresses.',
    'End the session and demand a token for every request.',
  ],
  refs: ['MCP07:2025', 'T1563'],
  applies: { transports: ['http', 'sse_legacy'] },
  requires: {
    'server.started': ['producer', 'authRequired', 'anonymousMethods', 'anonymousTools'],
    'auth.token.validated': ['request'],
    'handle.presented': [...caller, 'handleKind', 'handlePolicy', 'method', 'durationMs'],
    'tool.result': [...caller, 'tool', 'durationMs'],
    'http.request': [...caller, 'method', 'verb', 'processed', 'durationMs'],
  },
  occasional: ['handle.presented', 'anonymousMethods', 'anonymousTools', 'session', 'hop'],
  config: z.object({
    anonymousMethods: z.array(z.string()).default([]).describe('Methods that need no authorization, on any server.'),
    anonymousTools: z.array(z.string()).default([]).describe('Tools that need no authorization, on any server.'),
    healthMethods: z.array(z.string()).default(['ping']).describe('Methods of health checks.'),
  }),
  per: 'request',
  // One forgotten path is one alert, however many sessions find it.
  about: 'tool',
  ttl: hours(1),
  cell: (): Held => ({ ...notVerified(), handle: '' }),
  beside: {
    posture: { per: 'instance', ttl: days(400), cell: unknownPosture, on: { 'server.started': noteStart } },
  },
  // The first token of a process may be checked before the process says how it started.
  where: (_, { posture }) => posture.required || !posture.known,
  on: {
    'auth.token.validated'(e, cell) {
      if (e.decision === 'allow') cell.authorized = true
      else cell.refused = true
    },
    'handle.presented'(e, cell, config, beside) {
      if (e.handlePolicy !== 'private') return
      cell.handle = e.handleKind
      // How a call ends is told by its result; an access to a task is over.
      if (e.outcome === 'ok') return judgeHeld(e, { method: e.method, tool: '', verb: '' }, cell, config, beside)
    },
    'tool.result': (e, cell, config, beside) =>
      judgeHeld(e, { method: 'tools/call', tool: e.tool, verb: '' }, cell, config, beside),
    'http.request'(e, cell, config, beside) {
      if (e.processed || !e.says('processed'))
        return judgeHeld(e, { method: e.method, tool: '', verb: e.verb }, cell, config, beside)
    },
  },
  examples: {
    match: [
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
    ],
    noMatch: [
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
    ],
  },
})
